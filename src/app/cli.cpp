#include "app/cli.hpp"

#include "app/commands/commands.hpp"
#include "app/complain.hpp"
#include "app/config.hpp"
#include "app/serve.hpp"
#include "app/version.hpp"
#include "base/log.hpp"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <CLI/CLI.hpp>

#include <cstdlib>
#include <exception>
#include <functional>
#include <map>

namespace gibsey::app {
namespace {

/// What the user runs as, where no --user is given.
std::string local_user() {
  const char* name = std::getenv("USER");
  return name != nullptr && *name != '\0' ? name : "local";
}

/// The program's commands; each callback keeps what to run, which happens after flags and configuration are known.
class CommandLine {
 public:
  CommandLine() : cli_("Gibsey: talk with the characters of a book. Every quotation stands on its page.", "gibsey") {
    cli_.set_version_flag("--version", kVersion);
    cli_.require_subcommand(1);
    cli_.add_option("--data", flags_.data, "Data folder (default ./data)")->type_name("DIR");
    cli_.add_option("--config", flags_.config_file, "Configuration file (default ./gibsey.toml where it exists)")
        ->type_name("FILE");
    cli_.add_option("--log-level", flags_.log_level, "trace, debug, info, warning, error, off");
    cli_.fallthrough();
    add_serve();
    add_ingest();
    add_ask();
    add_retrieve();
    add_quote();
    add_eval();
    add_credit();
    add_character();
    add_models();
    add_page();
    add_notes();
    add_care();
  }

  int run(int argc, char** argv) {
    try {
      cli_.parse(argc, argv);
    } catch (const CLI::ParseError& problem) {
      return cli_.exit(problem) == 0 ? 0 : 2;
    }
    const auto environment = process_environment();
    auto config = load_config(flags_, environment);
    if (!config) return complain(config.error());
    // Commands are quiet unless asked; a server tells what it does.
    const bool asked = flags_.log_level || environment.contains("LOG_LEVEL");
    const auto level = !serving_ && !asked ? std::string("warning") : config->log_level;
    if (!log::set_level(level)) {
      return complain(
          {ErrorCode::invalid_argument, "LOG_LEVEL '" + level + "' is none of trace, debug, info, warning, error, off"});
    }
    return chosen_({.config = std::move(*config), .installation = find_installation(environment)});
  }

 private:
  void add_serve() {
    auto* command = cli_.add_subcommand("serve", "Serve the page and the API until SIGTERM");
    command->add_option("--world", flags_.worlds, "World folder to serve (may be repeated; default: the bundled ones)")
        ->type_name("DIR");
    command->add_option("--host", flags_.host, "Address to listen on (default 127.0.0.1)");
    command->add_option("--port", flags_.ports,
                        "Port (may be repeated; 0 picks one; default 8002, memory alone 8001, ledger alone 9000)");
    command->add_option("--roles", flags_.roles, "What this process serves: chat, memory, ledger, worker (default: all)")
        ->type_name("LIST");
    command->add_option("--model", flags_.model, "Chat model, any GGUF (default: the bundled small one)")->type_name("FILE");
    command->add_option("--script", flags_.script, "Answer from a script, for tests")->type_name("FILE");
    command->add_flag("--debug", flags_.debug, "Keep what models are sent in the turns' records (GET /v1/turns/{id}, trace)");
    command->callback([this] {
      serving_ = true;
      chosen_ = [](const Place& place) { return serve(place.config, place.installation); };
    });
  }

  void add_ingest() {
    auto* command =
        cli_.add_subcommand("ingest", "Make a world of a book: TXT, Markdown, JSONL, HTML, EPUB, DOCX, PDF or a folder");
    command->add_option("--world", ingest_.world, "Name of the world")->required()->type_name("NAME");
    command->add_flag("--replace", ingest_.replace, "Take the place of what has that name");
    command->add_option("paths", ingest_.paths, "Files or folders")->required();
    command->callback([this] { chosen_ = [this](const Place& place) { return ingest_book(place, ingest_); }; });
  }

  void add_ask() {
    auto* command = cli_.add_subcommand("ask", "Ask a character a question");
    command->add_option("character", ask_.character, "Character id, or 'narrator'")->required();
    command->add_option("text", ask_.text, "The question")->required();
    command->add_option("--user", ask_.user, "Whose credits pay")->default_val(local_user());
    command->add_option("--model", flags_.model, "Chat model, any GGUF (only where no server runs)")->type_name("FILE");
    command->callback([this] { chosen_ = [this](const Place& place) { return ask(place, ask_); }; });
  }

  void add_quote() {
    auto* group = cli_.add_subcommand("quote", "Quotations")->require_subcommand(1);
    auto* command = group->add_subcommand("verify", "Say whether words stand in the book, and where; exit 1 where they do not");
    command->add_option("claim", verify_.claim, "The words, with or without marks around them")->required();
    command->add_option("--world", verify_.world, "World whose book is meant (default: the first)");
    command->add_option("--page", verify_.page, "Page to look at first");
    command->callback([this] { chosen_ = [this](const Place& place) { return verify_quote(place, verify_); }; });
  }

  void add_retrieve() {
    auto* command = cli_.add_subcommand("retrieve", "Find the lines of the book that fit a text");
    command->add_option("text", retrieve_.text, "A question or a half-remembered line")->required();
    command->add_option("--world", retrieve_.world, "World to search (default: the first)");
    command->add_option("--character", retrieve_.character, "Prefer the pages in this character's voice");
    command->add_option("-k", retrieve_.k, "How many lines")->default_val(8)->check(CLI::Range(1, 50));
    command->callback([this] { chosen_ = [this](const Place& place) { return retrieve(place, retrieve_); }; });
  }

  void add_eval() {
    auto* group = cli_.add_subcommand("eval", "Measure retrieval and the check of quotations")->require_subcommand(1);
    auto* retrieval = group->add_subcommand("retrieval", "How well the right pages are found, signal by signal and fused");
    retrieval->add_option("folders", eval_.folders, "Folders in BEIR layout, or world folders with questions.jsonl")->required();
    retrieval->add_option("--limit", eval_.limit, "At most so many questions a set, evenly taken (default: all)");
    retrieval->add_option("--vectors", eval_.vectors, "Keep vectors between runs")->type_name("FILE");
    retrieval->add_flag("--text", eval_.text_only, "Without vectors");
    retrieval->add_option("--half", eval_.half, "The books of one half: all, first, second")
        ->transform(CLI::CheckedTransformer(
            std::map<std::string, Half>{{"all", Half::all}, {"first", Half::first}, {"second", Half::second}}));
    retrieval->add_option("--line", eval_.line, "Questions that quote a line: as-is, unmarked, alone")
        ->transform(CLI::CheckedTransformer(std::map<std::string, LineForm>{
            {"as-is", LineForm::as_is}, {"unmarked", LineForm::unmarked}, {"alone", LineForm::alone}}));
    retrieval->callback([this] { chosen_ = [this](const Place& place) { return eval_retrieval(place, eval_); }; });
    auto* quotes = group->add_subcommand("quotes", "Errors of the check of quotations; exit 1 where there is one");
    quotes->add_option("folders", eval_.folders, "Folders with claims.jsonl")->required();
    quotes->callback([this] { chosen_ = [this](const Place&) { return eval_quotes(eval_.folders); }; });
  }

  void add_credit() {
    auto* command = cli_.add_subcommand("credit", "Credits of a reader");
    command->require_subcommand(1);
    auto* grant = command->add_subcommand("grant", "Give credits");
    grant->add_option("user", user_, "User id")->required();
    grant->add_option("amount", amount_, "How many")->required()->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000'000}));
    grant->add_option("--reason", reason_, "Kept in the ledger");
    grant->callback([this] { chosen_ = [this](const Place& place) { return credit_grant(place, user_, amount_, reason_); }; });
    auto* balance = command->add_subcommand("balance", "Show the balance");
    balance->add_option("user", user_, "User id")->required();
    balance->callback([this] { chosen_ = [this](const Place& place) { return credit_balance(place, user_); }; });
    auto* statement = command->add_subcommand("statement", "Show the ledger, newest first");
    statement->add_option("user", user_, "User id")->required();
    statement->callback([this] { chosen_ = [this](const Place& place) { return credit_statement(place, user_); }; });
  }

  void add_character() {
    auto* command = cli_.add_subcommand("character", "The characters");
    command->require_subcommand(1);
    auto* list = command->add_subcommand("list", "List them");
    list->add_option("--world", world_, "Of this world only");
    list->callback([this] { chosen_ = [this](const Place& place) { return list_characters(place, world_); }; });
  }

  void add_models() {
    auto* command = cli_.add_subcommand("model", "The chat models of this machine");
    command->require_subcommand(1);
    auto* list = command->add_subcommand("list", "List them, with the memory that they need; * marks the one in use");
    list->callback([this] { chosen_ = [](const Place& place) { return list_models(place); }; });
    auto* add = command->add_subcommand("add", "Take in a GGUF file, or fetch one; a download that was interrupted goes on");
    add->add_option("source", model_.source, "The file, or its http or https address")->required()->type_name("FILE-or-URL");
    add->add_option("--name", model_.name, "Name here (default: the file's)");
    add->add_option("--sha256", model_.sha256, "Take it only if it is this file")->type_name("HEX");
    add->add_flag("--use", model_.use, "Make it answer too");
    add->callback([this] { chosen_ = [this](const Place& place) { return add_model(place, model_); }; });
    auto* use = command->add_subcommand("use", "Choose the one that answers, from the next start of the server on");
    use->add_option("name", model_name_, "Its name, or 'bundled'")->required();
    use->callback([this] { chosen_ = [this](const Place& place) { return use_model(place, model_name_); }; });
    auto* remove = command->add_subcommand("rm", "Remove one, or what has come of it");
    remove->add_option("name", model_name_, "Its name")->required();
    remove->callback([this] { chosen_ = [this](const Place& place) { return remove_model(place, model_name_); }; });
  }

  void add_page() {
    auto* command = cli_.add_subcommand("page", "Single pages of a book");
    command->require_subcommand(1);
    auto* get = command->add_subcommand("get", "Print a page's text");
    get->add_option("--version", page_.version, "An older version")->check(CLI::PositiveNumber);
    get->callback([this] { chosen_ = [this](const Place& place) { return get_page(place, page_); }; });
    auto* put = command->add_subcommand("put", "Write a page, new or not");
    put->add_option("--title", page_.title, "Its title");
    put->callback([this] { chosen_ = [this](const Place& place) { return put_page(place, page_); }; });
    auto* remove = command->add_subcommand("rm", "Remove a page; its versions stay readable");
    remove->callback([this] { chosen_ = [this](const Place& place) { return remove_page(place, page_); }; });
    for (auto* each : {get, put, remove}) {
      each->add_option("id", page_.id, "Page id; 42 and 042 are the same")->required();
      each->add_option("--world", page_.world, "World of the page (default: the first)");
    }
    put->add_option("file", page_.file, "Text, or Markdown (.md); - is standard input")->default_val("-");
  }

  void add_notes() {
    auto* nightly = cli_.add_subcommand("nightly", "The run in which the book writes notes about itself")->require_subcommand(1);
    auto* run = nightly->add_subcommand("run", "Have it done now, and wait for it");
    run->add_option("--world", nightly_.world, "This world only");
    run->add_flag("--force", nightly_.force, "Write every note anew");
    run->add_option("--model", flags_.model, "Chat model, any GGUF (only where no server runs)")->type_name("FILE");
    run->callback([this] { chosen_ = [this](const Place& place) { return run_nightly(place, nightly_); }; });
    auto* runs = nightly->add_subcommand("list", "List the last runs");
    runs->callback([this] { chosen_ = [](const Place& place) { return list_nightly(place); }; });
    auto* note = cli_.add_subcommand("note", "The notes that the book wrote")->require_subcommand(1);
    auto* list = note->add_subcommand("list", "List them");
    list->add_option("--world", note_.world, "World (default: the first)");
    list->add_option("--page", note_.page, "Those on this page");
    list->callback([this] { chosen_ = [this](const Place& place) { return list_notes(place, note_); }; });
    auto* show = note->add_subcommand("show", "Print one");
    show->add_option("id", note_.id, "Its id")->required();
    show->add_option("--version", note_.version, "An older version")->check(CLI::PositiveNumber);
    show->callback([this] { chosen_ = [this](const Place& place) { return show_note(place, note_); }; });
    auto* revert = note->add_subcommand("revert", "Make an older version its text again");
    revert->add_option("id", note_.id, "Its id")->required();
    revert->add_option("version", note_.version, "The version")->required()->check(CLI::PositiveNumber);
    revert->callback([this] { chosen_ = [this](const Place& place) { return revert_note(place, note_); }; });
  }

  void add_care() {
    auto* examine = cli_.add_subcommand("doctor", "Check the data folder: files, balances, holds");
    examine->callback([this] { chosen_ = [](const Place& place) { return doctor(place); }; });
    auto* form = cli_.add_subcommand("migrate", "Bring the stores to this program's form; on Cassandra, make the tables");
    form->add_flag("--print", print_, "Only print the schema of the tables on Cassandra");
    form->callback([this] { chosen_ = [this](const Place& place) { return migrate(place, print_); }; });
    auto* copy = cli_.add_subcommand("backup", "Write a copy of the data folder, also while a server runs");
    copy->add_option("file", file_, "New tar file (.tar, .tar.gz, .tar.zst)")->required();
    copy->callback([this] { chosen_ = [this](const Place& place) { return backup(place, file_); }; });
  }

  CLI::App cli_;
  std::filesystem::path file_;
  Flags flags_;
  IngestOptions ingest_;
  AskOptions ask_;
  EvalOptions eval_;
  RetrieveOptions retrieve_;
  AddModelOptions model_;
  std::string model_name_;
  VerifyOptions verify_;
  PageOptions page_;
  NightlyOptions nightly_;
  NoteOptions note_;
  std::string user_;
  std::string reason_ = "grant by command";
  std::string world_;
  std::int64_t amount_ = 0;
  bool serving_ = false;
  bool print_ = false;
  std::function<int(const Place&)> chosen_;
};

}  // namespace

int run(int argc, char** argv) {
  try {
    // Standard output belongs to answers; the log goes to standard error.
    spdlog::set_default_logger(spdlog::stderr_color_mt("gibsey"));
    return CommandLine().run(argc, argv);
  } catch (const std::exception& bug) {
    return complain({ErrorCode::internal, bug.what()});
  }
}

}  // namespace gibsey::app
