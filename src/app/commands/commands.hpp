#pragma once
#include "app/config.hpp"
#include "app/eval/question_set.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

/// The commands of `gibsey`. Each answers the exit status: 0, 1 (it failed), 2 (wrong input). They talk to the server that has
/// the data folder open; where none runs, they open the files.
namespace gibsey::app {

struct Place {
  Config config;
  Installation installation;
};

struct IngestOptions {
  std::string world;
  std::vector<std::filesystem::path> paths;
  bool replace = false;
};
int ingest_book(const Place& place, const IngestOptions& options);

struct AskOptions {
  std::string user;
  std::string character;  ///< "" or "narrator": the narrator
  std::string text;
};
int ask(const Place& place, const AskOptions& options);

struct RetrieveOptions {
  std::string text;
  std::string world;  ///< "": the first
  std::string character;
  int k = 8;
};
int retrieve(const Place& place, const RetrieveOptions& options);

struct VerifyOptions {
  std::string claim;
  std::string world;  ///< "": the first
  std::string page;   ///< looked at first; "": none
};
/// Prints where the claim stands; 1 when it stands nowhere, with the nearest line.
int verify_quote(const Place& place, const VerifyOptions& options);

/// What is done with a question that quotes a line.
enum class LineForm { as_is, unmarked, alone };

struct EvalOptions {
  std::vector<std::filesystem::path> folders;
  std::filesystem::path vectors;  ///< keeps vectors between runs; "": nothing is kept
  std::size_t limit = 0;          ///< questions a set; 0: all
  Half half = Half::all;
  LineForm line = LineForm::as_is;
  bool text_only = false;
};
/// Prints how well the right pages are found, signal by signal and fused.
int eval_retrieval(const Place& place, const EvalOptions& options);
/// Prints how the check of quotations judges claims; 1 when it judges one wrongly.
int eval_quotes(const std::vector<std::filesystem::path>& folders);

int credit_grant(const Place& place, const std::string& user, std::int64_t amount, const std::string& reason);
int credit_balance(const Place& place, const std::string& user);
int credit_statement(const Place& place, const std::string& user);

/// Makes or brings up to date what the stores need; `print`: only prints the schema of the tables on Cassandra.
int migrate(const Place& place, bool print);
/// Looks at the data folder, also while a server has it open, and prints a line for each thing; 1 when something is wrong.
int doctor(const Place& place);
/// Writes a consistent copy of the data folder's files into a new tar (.gz and .zst compress), also while a server has it open.
int backup(const Place& place, const std::filesystem::path& file);

struct PageOptions {
  std::string id;
  std::string world;           ///< "": the first
  std::filesystem::path file;  ///< "-": standard input; .md and .markdown are Markdown
  std::optional<std::string> title;
  std::int64_t version = 0;  ///< 0: the newest
};
/// Prints a page's text.
int get_page(const Place& place, const PageOptions& options);
/// Writes a page, new or not.
int put_page(const Place& place, const PageOptions& options);
/// Removes it; its versions stay readable.
int remove_page(const Place& place, const PageOptions& options);

struct NightlyOptions {
  std::string world;  ///< "": all
  bool force = false;
};
/// Has the book write notes about itself, and waits until it has; 1 when that failed.
int run_nightly(const Place& place, const NightlyOptions& options);
/// Prints the last runs.
int list_nightly(const Place& place);

struct NoteOptions {
  std::string id;
  std::string world;         ///< "": the first
  std::string page;          ///< the notes on this page; "": all
  std::int64_t version = 0;  ///< 0: the newest
};
int list_notes(const Place& place, const NoteOptions& options);
int show_note(const Place& place, const NoteOptions& options);
/// Makes `version` the note's text again.
int revert_note(const Place& place, const NoteOptions& options);

int list_characters(const Place& place, const std::string& world);

struct AddModelOptions {
  std::string source;  ///< a GGUF file, or its http or https address
  std::string name;    ///< "": as the file is called
  std::string sha256;  ///< what it must be; "": anything
  bool use = false;    ///< make it answer too
};
/// Goes on with a download that was interrupted.
int add_model(const Place& place, const AddModelOptions& options);
int list_models(const Place& place);
/// `name` "bundled": the one that set-up made.
int use_model(const Place& place, const std::string& name);
int remove_model(const Place& place, const std::string& name);

}  // namespace gibsey::app
