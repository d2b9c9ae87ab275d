#include "store/sqlite/database.hpp"

#include "store/sqlite/group_commit.hpp"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <system_error>

namespace gibsey::store::sqlite {
namespace {

// One transaction takes about 20 us a small write: a longer group would make its first caller wait for more than 5 ms.
constexpr std::size_t kLongestGroup = 256;
constexpr std::chrono::milliseconds kMostPatience{1};

Result<void> make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (!error) return {};
  return fail(ErrorCode::unavailable, "the folder " + folder.string() + " cannot be made (" + error.message() +
                                          "); choose a data folder that this user may write");
}

void name_this_thread(const std::string& name) {
  pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());  // the kernel's limit
}

}  // namespace

Database::Database(std::string path, DatabaseOptions options)
    : writes_(path, options.queue_bound), reads_(std::move(path), options.queue_bound) {}

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& path, Migrations migrations,
                                                 DatabaseOptions options) {
  if (path.has_parent_path()) GIBSEY_CHECK(make_folder(path.parent_path()));
  std::unique_ptr<Database> database(new Database(path.string(), options));
  GIBSEY_TRY(database->writer_, Connection::open(path.string(), Access::read_write));
  GIBSEY_CHECK(migrate(*database->writer_, migrations));
  for (std::size_t i = 0; i < options.readers; ++i) {
    GIBSEY_TRY(auto reader, Connection::open(path.string(), Access::read_only));
    database->readers_.push_back(std::move(reader));
  }
  const auto name = path.filename().string();
  database->threads_.emplace_back([&opened = *database, name] {
    name_this_thread(name + " write");
    opened.run_writes();
  });
  for (const auto& reader : database->readers_) {
    database->threads_.emplace_back([&opened = *database, &connection = *reader, name] {
      name_this_thread(name + " read");
      opened.run_reads(connection);
    });
  }
  return database;
}

void Database::run_writes() {
  // Callers of one group tend to come back together. To take the first of them at once would split the next group in two,
  // and each of them would wait for two syncs; so a part of the time that a commit takes is given to the others to arrive.
  std::size_t last_size = 1;
  std::chrono::nanoseconds patience{};
  for (;;) {
    auto group = writes_.take(kLongestGroup, last_size, patience);
    if (group.empty()) return;
    const auto begun = std::chrono::steady_clock::now();
    commit_group(*writer_, group);
    patience = std::min<std::chrono::nanoseconds>((std::chrono::steady_clock::now() - begun) / 4, kMostPatience);
    last_size = group.size();
    for (auto& write : group) write.resume();
  }
}

void Database::run_reads(Connection& connection) {
  for (auto taken = reads_.take(1); !taken.empty(); taken = reads_.take(1)) {
    auto& read = taken.front();
    // A transaction gives all statements of the read the same state of the file.
    if (auto begun = connection.run("BEGIN"); !begun) {
      read.job->refuse(std::move(begun).error());
    } else {
      read.job->run(connection);
      if (connection.in_transaction()) static_cast<void>(connection.run("COMMIT"));
    }
    read.resume();
  }
}

void Database::close() {
  writes_.close();
  reads_.close();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
  readers_.clear();
  writer_.reset();  // last, so that it folds the log into the file
}

}  // namespace gibsey::store::sqlite
