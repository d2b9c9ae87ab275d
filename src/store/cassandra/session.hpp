#pragma once
#include "store/cassandra/rows.hpp"
#include "store/cassandra/value.hpp"
#include "store/store_fwd.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace gibsey::store::cassandra {

/// Where the cluster is and who asks.
struct Address {
  std::string contact_points;  ///< host:port, separated by commas
  std::string username;        ///< "" is no login
  std::string password;
  std::string local_datacenter;  ///< whose nodes are asked first; "" is any
  std::string keyspace = "gibsey";
  std::chrono::milliseconds connect_timeout{5'000};
  /// Longer than the server's own limits (Cassandra's are 2 to 5 s): a statement given up here while the server still waits to
  /// begin with it could be carried out after the answer to it was looked up.
  std::chrono::milliseconds request_timeout{12'000};
  unsigned threads = 2;
};

/// What became of a conditional write. `unknown`: the cluster did not say; the row has to be read at SERIAL, which ends it.
enum class Applied { no, yes, unknown };

/// What gets lost of a conditional write: its answer, when it was carried out or refused; or the write itself, on its way there.
enum class Lost { nothing, answer, request };

enum class Reading { quorum, serial };

/// The connections to one keyspace of a cluster. Suspends the caller, who goes on, on its own executor, when the cluster has
/// answered. Errors: unavailable (no node answers, a login is refused, after close), busy (10,000 calls wait), internal (a
/// statement that makes no sense). Safe to call concurrently.
class Session {
 public:
  /// Connects; the keyspace need not be there until `use`. Blocks. Error: unavailable.
  static Result<std::unique_ptr<Session>> connect(Address address);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() { close(); }

  /// Waits for the calls that are under way, then closes; blocks. Later calls answer unavailable.
  void close();
  [[nodiscard]] const Address& address() const { return address_; }
  /// The cluster answered the last call that ended.
  [[nodiscard]] bool answered() const { return answered_; }

  Async<void> use_keyspace();
  /// A statement that changes the schema.
  Async<void> define(std::string statement);

  /// All rows at once: for few.
  Async<Rows> read(Statement statement, Reading reading = Reading::quorum);
  /// All rows, some hundreds at a time; an error from `row` ends it.
  Async<void> each(Statement statement, std::function<Result<void>(Row)> row);
  /// Written on a quorum.
  Async<void> write(Statement statement);
  /// All or none of them; at most some hundred. Readers may see some before others.
  Async<void> write_all(std::vector<Statement> statements);
  /// Statements with conditions, of one partition: all of them, if every condition holds.
  Async<Applied> apply(std::vector<Statement> statements);

  /// Has conditional writes end as if a connection broke: for tests of what is done then. `next` is called before each of them,
  /// on any thread; null for none. Not while calls are under way.
  void lose(std::function<Lost()> next) { lose_ = std::move(next); }

 private:
  explicit Session(Address address) : address_(std::move(address)) {}
  friend struct Begin;
  /// A call may begin; `ended` is due then.
  Result<void> begin();
  void ended();
  Async<Rows> run(const std::function<void(gibsey_cql_callback, void*)>& call, bool* unknown = nullptr);

  const Address address_;
  std::function<Lost()> lose_;
  gibsey_cql_session* session_ = nullptr;
  std::mutex mutex_;
  std::condition_variable all_ended_;
  std::atomic<bool> answered_ = true;
  std::size_t under_way_ = 0;
  bool closed_ = false;
};

}  // namespace gibsey::store::cassandra
