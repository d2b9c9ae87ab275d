#include "store/sqlite/database.hpp"

#include "store/testing/await.hpp"
#include "store/testing/temporary_folder.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include <cstdio>
#include <latch>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

namespace gibsey::store::sqlite {
namespace {

using testing::answer_of;
using testing::error_of;
using testing::keep_answer;
using testing::value_of;

constexpr const char* kMigrations[] = {"CREATE TABLE notes (text TEXT NOT NULL UNIQUE) STRICT;"};

class DatabaseTest : public ::testing::Test {
 protected:
  std::unique_ptr<Database> open(DatabaseOptions options = {}) {
    return Database::open(folder_.path() / "notes.db", kMigrations, options).value();
  }
  static Async<void> add(Database& database, std::string text) {
    return database.write([text = std::move(text)](Connection& db) { return db.run("INSERT INTO notes VALUES (?)", text); });
  }
  static Async<std::int64_t> count(Database& database) {
    return database.read([](Connection& db) { return db.value<std::int64_t>("SELECT count(*) FROM notes"); });
  }
  /// Keeps the writing thread busy until `go` is counted down, so that what is written meanwhile makes one group.
  static Async<void> block(Database& database, std::latch& running, std::latch& go) {
    return database.write([&](Connection&) -> Result<void> {
      running.count_down();
      go.wait();
      return {};
    });
  }

  testing::TemporaryFolder folder_;
};

TEST_F(DatabaseTest, a_read_sees_every_acknowledged_write) {
  const auto database = open();
  for (int i = 0; i < 20; ++i) {
    value_of(add(*database, std::to_string(i)));
    EXPECT_EQ(value_of(count(*database)), i + 1);
  }
}

TEST_F(DatabaseTest, a_failing_write_undoes_only_itself) {
  const auto database = open();
  std::latch running(1);
  std::latch go(1);
  std::optional<Result<void>> blocked;
  std::thread blocker([&] { blocked = answer_of(block(*database, running, go)); });
  running.wait();

  std::vector<std::optional<Result<void>>> answers(4);
  boost::asio::io_context io;
  const auto queue = [&](std::size_t place, Async<void> write) {
    boost::asio::co_spawn(io, keep_answer(std::move(write), answers[place]), [](std::exception_ptr) {});
  };
  queue(0, add(*database, "first"));
  queue(1, database->write([](Connection& db) -> Result<void> {
    GIBSEY_CHECK(db.run("INSERT INTO notes VALUES ('half of a failing write')"));
    return db.run("INSERT INTO notes VALUES ('first')");  // breaks the UNIQUE of the row before it in the group
  }));
  queue(2, database->write([](Connection& db) -> Result<void> {
    GIBSEY_CHECK(db.run("INSERT INTO notes VALUES ('taken back')"));
    return fail(ErrorCode::not_found, "changed its mind");
  }));
  queue(3, add(*database, "last"));
  io.poll();
  go.count_down();
  io.run();
  blocker.join();

  EXPECT_TRUE(*blocked);
  EXPECT_TRUE(*answers[0]);
  EXPECT_EQ(answers[1]->error().code, ErrorCode::conflict);
  EXPECT_EQ(answers[2]->error().message, "changed its mind");
  EXPECT_TRUE(*answers[3]);
  const auto texts = value_of(database->read([](Connection& db) {
    return db.list<std::string>("SELECT text FROM notes ORDER BY text", [](Row row) {
      std::string text;
      row >> text;
      return text;
    });
  }));
  EXPECT_EQ(texts, (std::vector<std::string>{"first", "last"}));
}

TEST_F(DatabaseTest, a_full_queue_answers_busy) {
  const auto database = open({.readers = 1, .queue_bound = 2});
  std::latch running(1);
  std::latch go(1);
  std::optional<Result<void>> blocked;
  std::thread blocker([&] { blocked = answer_of(block(*database, running, go)); });
  running.wait();

  std::vector<std::optional<Result<void>>> answers(5);
  boost::asio::io_context io;
  int done = 0;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    boost::asio::co_spawn(io, keep_answer(add(*database, std::to_string(i)), answers[i]), [&](std::exception_ptr) { ++done; });
  }
  while (done < 3) io.run_one();  // those for which there is no room are answered while the writer still works
  go.count_down();
  io.run();
  blocker.join();

  int busy = 0;
  for (const auto& answer : answers) busy += !*answer && answer->error().code == ErrorCode::busy ? 1 : 0;
  EXPECT_EQ(busy, 3);
  EXPECT_EQ(value_of(count(*database)), 2);
}

boost::asio::awaitable<void> note_thread(Async<std::int64_t> operation, std::thread::id& after) {
  const auto answer = co_await std::move(operation);
  EXPECT_TRUE(answer);
  after = std::this_thread::get_id();
}

TEST_F(DatabaseTest, the_caller_goes_on_on_its_own_executor) {
  const auto database = open();
  std::thread::id after;
  std::vector<boost::asio::awaitable<void>> operations;
  operations.push_back(note_thread(count(*database), after));
  testing::run_all(std::move(operations), 1);
  EXPECT_EQ(after, std::this_thread::get_id());
}

TEST_F(DatabaseTest, reads_go_on_while_a_write_runs) {
  const auto database = open();
  std::latch running(1);
  std::latch go(1);
  std::optional<Result<void>> blocked;
  std::thread blocker([&] { blocked = answer_of(block(*database, running, go)); });
  running.wait();
  EXPECT_EQ(value_of(count(*database)), 0);
  go.count_down();
  blocker.join();
}

TEST_F(DatabaseTest, a_read_cannot_write) {
  const auto database = open();
  const auto error = error_of(database->read([](Connection& db) { return db.run("INSERT INTO notes VALUES ('x')"); }));
  EXPECT_EQ(error.code, ErrorCode::unavailable);
  EXPECT_EQ(value_of(count(*database)), 0);
}

TEST_F(DatabaseTest, an_exception_is_an_internal_error_and_the_writer_lives_on) {
  const auto database = open();
  const auto error = error_of(database->write([](Connection& db) -> Result<void> {
    GIBSEY_CHECK(db.run("INSERT INTO notes VALUES ('x')"));
    throw std::runtime_error("a bug");
  }));
  EXPECT_EQ(error.code, ErrorCode::internal);
  EXPECT_NE(error.message.find("a bug"), std::string::npos);
  EXPECT_EQ(value_of(count(*database)), 0);
  value_of(add(*database, "y"));
}

TEST_F(DatabaseTest, close_does_what_is_queued_and_then_refuses) {
  auto database = open();
  std::vector<std::optional<Result<void>>> answers(50);
  boost::asio::io_context io;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    boost::asio::co_spawn(io, keep_answer(add(*database, std::to_string(i)), answers[i]), [](std::exception_ptr) {});
  }
  io.poll();  // all are queued, and some perhaps done
  database->close();
  io.run();
  for (const auto& answer : answers) EXPECT_TRUE(*answer);
  EXPECT_EQ(error_of(add(*database, "late")).code, ErrorCode::unavailable);
  EXPECT_EQ(error_of(count(*database)).code, ErrorCode::unavailable);
  database->close();
  database = open();
  EXPECT_EQ(value_of(count(*database)), 50);
}

TEST_F(DatabaseTest, a_full_disk_is_told_and_nothing_acknowledged_is_lost) {
  const auto database = open();
  value_of(add(*database, "before"));
  value_of(database->write([](Connection& db) { return db.run_script("PRAGMA max_page_count = 10"); }));
  const auto error = error_of(add(*database, std::string(200'000, 'x')));
  EXPECT_EQ(error.code, ErrorCode::unavailable);
  EXPECT_NE(error.message.find("full; free some space"), std::string::npos) << error.message;
  value_of(add(*database, "after"));
  EXPECT_EQ(value_of(count(*database)), 2);
}

TEST_F(DatabaseTest, a_statement_may_be_used_inside_its_own_loop) {
  const auto database = open();
  for (const auto* text : {"a", "b", "c"}) value_of(add(*database, text));
  const auto pairs = value_of(database->read([](Connection& db) -> Result<int> {
    int seen = 0;
    const auto* all = "SELECT text FROM notes";
    GIBSEY_CHECK(db.each(all, [&](Row) {
      return db.each(all, [&](Row) -> Result<void> {
        ++seen;
        return {};
      });
    }));
    return seen;
  }));
  EXPECT_EQ(pairs, 9);
}

TEST_F(DatabaseTest, a_file_that_is_no_database_is_refused_with_advice) {
  {
    auto* file = std::fopen((folder_.path() / "notes.db").c_str(), "wb");
    for (int i = 0; i < 4096; ++i) std::fputs("this is no database", file);
    std::fclose(file);
  }
  const auto opened = Database::open(folder_.path() / "notes.db", kMigrations);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::corrupt);
  EXPECT_NE(opened.error().message.find("notes.db is damaged"), std::string::npos) << opened.error().message;
  EXPECT_NE(opened.error().message.find("backup"), std::string::npos) << opened.error().message;
}

TEST_F(DatabaseTest, damage_found_later_is_an_error_of_the_read) {
  {
    const auto database = open();
    value_of(add(*database, "small"));
    value_of(add(*database, std::string(100'000, 'x')));
  }
  const auto path = folder_.path() / "notes.db";
  const auto size = std::filesystem::file_size(path);
  auto* file = std::fopen(path.c_str(), "r+b");
  std::fseek(file, 4096, SEEK_SET);  // the header page stays whole
  for (std::uintmax_t i = 4096; i < size; ++i) std::fputc(0xAB, file);
  std::fclose(file);
  const auto database = open();
  EXPECT_EQ(error_of(count(*database)).code, ErrorCode::corrupt);
}

TEST_F(DatabaseTest, a_folder_that_cannot_be_made_is_told) {
  const auto in_the_way = folder_.path() / "file";
  std::fclose(std::fopen(in_the_way.c_str(), "wb"));
  const auto opened = Database::open(in_the_way / "notes.db", kMigrations);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::unavailable);
  EXPECT_NE(opened.error().message.find("choose a data folder"), std::string::npos) << opened.error().message;
}

TEST_F(DatabaseTest, makes_the_folder_it_needs) {
  const auto opened = Database::open(folder_.path() / "a" / "b" / "notes.db", kMigrations);
  ASSERT_TRUE(opened);
  EXPECT_TRUE(std::filesystem::exists(folder_.path() / "a" / "b" / "notes.db"));
}

}  // namespace
}  // namespace gibsey::store::sqlite
