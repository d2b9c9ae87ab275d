// Kills a process that writes, and looks whether all that it had acknowledged is there. The process is this test program
// itself, started again with the folder in its environment, because a process with threads cannot simply be forked.
#include "store/sqlite/ledger_store.hpp"
#include "store/sqlite/turn_store.hpp"
#include "store/testing/await.hpp"
#include "store/testing/temporary_folder.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <cstdlib>

#include <algorithm>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace gibsey::store {
namespace {

using testing::value_of;

constexpr const char* kFolderVariable = "GIBSEY_TEST_WRITE_UNTIL_KILLED";

/// One line a durable write on standard output, in one call each, so that the parent never reads half of one.
void acknowledge(const std::string& line) {
  if (write(STDOUT_FILENO, line.data(), line.size()) != static_cast<ssize_t>(line.size())) _exit(1);
}

boost::asio::awaitable<void> write_forever(SqliteTurnStore& turns, SqliteLedgerStore& ledger, int writer) {
  for (int i = 0;; ++i) {
    model::Turn turn;
    turn.id = fmt::format("turn-{}-{}", writer, i);
    turn.conversation_id = fmt::format("conversation-{}", writer);
    turn.user_id = fmt::format("user-{}", writer);
    if (!co_await turns.begin(turn)) _exit(2);
    acknowledge(fmt::format("begin {}\n", turn.id));
    std::vector<model::TurnEvent> events{model::TurnStarted{.turn_id = turn.id}, model::TokenText{"said"}};
    if (!co_await turns.append_events(turn.id, 1, std::move(events))) _exit(3);
    acknowledge(fmt::format("append {}\n", turn.id));
    const auto outcome = co_await ledger.hold(turn.user_id, turn.id, 1, 1'000'000);
    if (!outcome) _exit(4);
    const auto& hold = std::get<model::CreditHold>(*outcome);
    acknowledge(fmt::format("hold {} {}\n", turn.user_id, hold.id));
    if (i % 2 == 0) {
      if (!co_await ledger.settle(hold.id, 1, "test")) _exit(5);
      acknowledge(fmt::format("settle {} {}\n", turn.user_id, hold.id));
      turn.status = model::TurnStatus::complete;
      turn.reply = "said at last";
      std::vector<model::TurnEvent> last{model::TurnDone{.turn_id = turn.id}};
      if (!co_await turns.finish(turn, 3, std::move(last))) _exit(6);
      acknowledge(fmt::format("finish {}\n", turn.id));
    } else {
      if (!co_await ledger.debit(turn.user_id, 1, turn.id, 1'000'000)) _exit(7);
      acknowledge(fmt::format("debit {} {}\n", turn.user_id, turn.id));
    }
  }
}

class WriterProcess : public ::testing::Environment {
 public:
  void SetUp() override {
    const char* folder = std::getenv(kFolderVariable);
    if (folder == nullptr) return;
    const auto turns = SqliteTurnStore::open(folder).value();
    const auto ledger = SqliteLedgerStore::open(folder).value();
    std::vector<boost::asio::awaitable<void>> writers;
    for (int i = 0; i < 8; ++i) writers.push_back(write_forever(*turns, *ledger, i));
    testing::run_all(std::move(writers), 2);
  }
};
const auto* const kWriterProcess = ::testing::AddGlobalTestEnvironment(new WriterProcess);

/// Starts the writer and kills it in the midst of its work, when it has acknowledged `lines` lines; answers all of those.
std::string output_of_killed_writer(const std::filesystem::path& folder, std::size_t lines) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  std::string variable = std::string(kFolderVariable) + "=" + folder.string();
  std::string program = "store_test";
  std::string quiet = "--gtest_brief=1";  // what the test framework says of itself does not belong to the acknowledgements
  std::vector<char*> environment{variable.data()};
  for (char** entry = environ; *entry != nullptr; ++entry) environment.push_back(*entry);
  environment.push_back(nullptr);
  char* arguments[] = {program.data(), quiet.data(), nullptr};
  pid_t writer = 0;
  const int failed = posix_spawn(&writer, "/proc/self/exe", &actions, nullptr, arguments, environment.data());
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  if (failed != 0) throw std::runtime_error("the writer did not start");

  std::string output;
  bool killed = false;
  char buffer[4096];
  for (ssize_t size = 0; (size = read(ends[0], buffer, sizeof buffer)) > 0;) {
    output.append(buffer, static_cast<std::size_t>(size));
    const auto count = static_cast<std::size_t>(std::count(output.begin(), output.end(), '\n'));
    if (!killed && count >= lines) killed = kill(writer, SIGKILL) == 0;
  }
  close(ends[0]);
  int status = 0;
  waitpid(writer, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "the writer ended by itself: " << status << " " << output;
  return output;
}

/// What was acknowledged, by the first word of its line.
std::map<std::string, std::vector<std::string>> acknowledged(const std::string& output) {
  std::map<std::string, std::vector<std::string>> all;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    const auto space = line.find(' ');
    if (space != std::string::npos) all[line.substr(0, space)].push_back(line.substr(space + 1));
  }
  return all;
}

void check_turns(const std::filesystem::path& folder, std::map<std::string, std::vector<std::string>>& written) {
  const auto turns = SqliteTurnStore::open(folder).value();
  for (const auto& id : written["begin"]) EXPECT_TRUE(value_of(turns->find(id))) << id;
  for (const auto& id : written["append"]) {
    // A finish may have been stored without having been acknowledged.
    const auto turn = *value_of(turns->find(id));
    EXPECT_EQ(turn.reply, turn.status == model::TurnStatus::running ? "said" : "said at last") << id;
    EXPECT_GE(value_of(turns->events(id, 0, 10)).size(), 2U) << id;
  }
  for (const auto& id : written["finish"]) {
    EXPECT_EQ(value_of(turns->find(id))->status, model::TurnStatus::complete) << id;
    const auto events = value_of(turns->events(id, 0, 10));
    ASSERT_EQ(events.size(), 3U) << id;
    EXPECT_TRUE(std::holds_alternative<model::TurnDone>(events[2].event)) << id;
  }
  value_of(turns->check_integrity());
}

void check_ledger(const std::filesystem::path& folder, std::map<std::string, std::vector<std::string>>& written) {
  const auto ledger = SqliteLedgerStore::open(folder).value();
  value_of(ledger->verify());
  std::map<std::string, int> mentions;  // "kind user hold-or-key"
  for (int writer = 0; writer < 8; ++writer) {
    const auto user = fmt::format("user-{}", writer);
    for (const auto& entry : value_of(ledger->statement(user, 1'000'000))) {
      ++mentions[entry.kind + " " + user + " " + (entry.kind == "hold" ? entry.id : entry.ref)];
    }
  }
  for (const auto* kind : {"hold", "settle", "debit"}) {
    for (const auto& name : written[kind]) EXPECT_EQ(mentions[std::string(kind) + " " + name], 1) << kind << " " << name;
  }
}

TEST(CrashTest, nothing_acknowledged_is_lost_when_the_process_is_killed) {
  for (int round = 0; round < 3; ++round) {
    const testing::TemporaryFolder folder;
    auto written = acknowledged(output_of_killed_writer(folder.path(), 400));
    EXPECT_GE(written["begin"].size() + written["append"].size() + written["hold"].size() + written["settle"].size() +
                  written["finish"].size() + written["debit"].size(),
              400U);
    for (const auto* kind : {"settle", "finish", "debit"}) EXPECT_FALSE(written[kind].empty()) << kind;
    check_turns(folder.path(), written);
    check_ledger(folder.path(), written);
  }
}

}  // namespace
}  // namespace gibsey::store
