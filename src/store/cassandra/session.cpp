#include "store/cassandra/session.hpp"

#include <fmt/format.h>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <future>

namespace gibsey::store::cassandra {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kMostUnderWay = 10'000;
constexpr int kPageSize = 500;

struct RawValueOf {
  gibsey_cql_value operator()(std::monostate) const { return {}; }
  gibsey_cql_value operator()(const std::string& text) const { return pointing(GIBSEY_CQL_TEXT, text.data(), text.size()); }
  gibsey_cql_value operator()(std::int64_t number) const {
    gibsey_cql_value raw{};
    raw.kind = GIBSEY_CQL_INTEGER;
    raw.i = number;
    return raw;
  }
  gibsey_cql_value operator()(double number) const {
    gibsey_cql_value raw{};
    raw.kind = GIBSEY_CQL_DOUBLE;
    raw.d = number;
    return raw;
  }
  gibsey_cql_value operator()(bool flag) const {
    gibsey_cql_value raw{};
    raw.kind = GIBSEY_CQL_BOOLEAN;
    raw.i = flag ? 1 : 0;
    return raw;
  }
  gibsey_cql_value operator()(const Blob& blob) const { return pointing(GIBSEY_CQL_BLOB, blob.bytes.data(), blob.bytes.size()); }
  gibsey_cql_value operator()(const std::vector<float>& vector) const {
    return pointing(GIBSEY_CQL_FLOAT_VECTOR, vector.data(), vector.size());
  }
  gibsey_cql_value operator()(const std::vector<std::string>& list) const {
    auto& texts = *lists->emplace_back(std::make_unique<std::vector<gibsey_cql_value>>());
    for (const auto& text : list) texts.push_back((*this)(text));
    return pointing(GIBSEY_CQL_TEXT_LIST, texts.data(), texts.size());
  }
  static gibsey_cql_value pointing(int kind, const void* p, std::size_t n) {
    gibsey_cql_value raw{};
    raw.kind = kind;
    raw.p = p;
    raw.n = n;
    return raw;
  }
  std::vector<std::unique_ptr<std::vector<gibsey_cql_value>>>* lists;
};

/// Statements in the form in which the driver takes them; they must outlive it.
class RawStatements {
 public:
  explicit RawStatements(const std::vector<Statement>& statements) {
    values_.reserve(statements.size());
    for (const auto& statement : statements) {
      auto& values = values_.emplace_back();
      values.reserve(statement.values.size());
      for (const auto& value : statement.values) values.push_back(std::visit(RawValueOf{&lists_}, value));
      raw_.push_back(
          {.text = statement.text.data(), .text_n = statement.text.size(), .values = values.data(), .values_n = values.size()});
    }
  }
  [[nodiscard]] const gibsey_cql_statement* data() const { return raw_.data(); }
  [[nodiscard]] std::size_t size() const { return raw_.size(); }

 private:
  std::vector<std::unique_ptr<std::vector<gibsey_cql_value>>> lists_;
  std::vector<std::vector<gibsey_cql_value>> values_;
  std::vector<gibsey_cql_statement> raw_;
};

gibsey_cql_options options(Reading reading, bool idempotent) {
  gibsey_cql_options chosen{};
  chosen.consistency = reading == Reading::serial ? GIBSEY_CQL_SERIAL : GIBSEY_CQL_LOCAL_QUORUM;
  chosen.serial_consistency = GIBSEY_CQL_SERIAL;
  chosen.idempotent = idempotent ? 1 : 0;
  return chosen;
}

std::string text_of_error(const gibsey_cql_reply* reply) {
  const char* text = nullptr;
  std::size_t n = 0;
  gibsey_cql_error(reply, &text, &n);
  return {text, n};
}

Error error_of(const gibsey_cql_reply* reply, int code) {
  const auto text = text_of_error(reply);
  switch (code) {
    case GIBSEY_CQL_UNAVAILABLE:
    case GIBSEY_CQL_UNKNOWN:
      return {ErrorCode::unavailable, fmt::format("Cassandra does not answer ({}); see whether its nodes run", text)};
    case GIBSEY_CQL_REFUSED:
      return {ErrorCode::unavailable,
              fmt::format("Cassandra refuses this user ({}); see CASSANDRA_USERNAME and CASSANDRA_PASSWORD", text)};
    default: return {ErrorCode::internal, fmt::format("Cassandra cannot carry out a statement: {}", text)};
  }
}

/// One call on its way: the way back to its caller.
struct Call {
  std::move_only_function<void(Reply)> resume;
};

void on_reply(void* user, gibsey_cql_reply* reply) {
  const std::unique_ptr<Call> call(static_cast<Call*>(user));
  call->resume(Reply(reply));
}

void keep_reply(void* user, gibsey_cql_reply* reply) {
  static_cast<std::promise<Reply>*>(user)->set_value(Reply(reply));
}

}  // namespace

/// Starts a call. The tracked executor keeps the caller's io_context running while nothing but this wait is left in it.
struct Begin {
  Session* session;
  const std::function<void(gibsey_cql_callback, void*)>* call;

  template <typename Handler>
  void operator()(Handler handler) const {
    auto executor = asio::any_io_executor(asio::get_associated_executor(handler));
    auto work = asio::prefer(executor, asio::execution::outstanding_work.tracked);
    auto resume = [handler = std::move(handler), work = std::move(work), waited = session](Reply reply) mutable {
      const auto until_posted = std::move(work);
      asio::post(until_posted, [handler = std::move(handler), reply = std::move(reply)]() mutable { handler(std::move(reply)); });
      waited->ended();
    };
    auto started = std::make_unique<Call>(Call{.resume = std::move(resume)});
    (*call)(on_reply, started.release());
  }
};

Result<std::unique_ptr<Session>> Session::connect(Address address) {
  std::unique_ptr<Session> session(new Session(std::move(address)));
  const auto& to = session->address_;
  gibsey_cql_address raw{};
  raw.contact_points = to.contact_points.data();
  raw.contact_points_n = to.contact_points.size();
  raw.user = to.username.data();
  raw.user_n = to.username.size();
  raw.password = to.password.data();
  raw.password_n = to.password.size();
  raw.local_datacenter = to.local_datacenter.data();
  raw.local_datacenter_n = to.local_datacenter.size();
  raw.connect_timeout_ms = static_cast<std::uint32_t>(to.connect_timeout.count());
  raw.request_timeout_ms = static_cast<std::uint32_t>(to.request_timeout.count());
  raw.threads = to.threads;
  std::promise<Reply> promise;
  gibsey_cql_connect(&raw, keep_reply, &promise);
  const auto reply = promise.get_future().get();
  const char* text = nullptr;
  std::size_t n = 0;
  const int code = gibsey_cql_error(reply.get(), &text, &n);
  if (code == GIBSEY_CQL_REFUSED) return std::unexpected(error_of(reply.get(), code));
  if (code != GIBSEY_CQL_OK) {
    return fail(ErrorCode::unavailable, fmt::format("no Cassandra answers at {} ({}); see CASSANDRA_CONTACT_POINTS",
                                                    to.contact_points, text_of_error(reply.get())));
  }
  session->session_ = gibsey_cql_take_session(reply.get());
  return session;
}

void Session::close() {
  std::unique_lock lock(mutex_);
  closed_ = true;
  all_ended_.wait(lock, [this] { return under_way_ == 0; });
  auto* session = std::exchange(session_, nullptr);
  lock.unlock();
  gibsey_cql_close(session);
}

Result<void> Session::begin() {
  const std::lock_guard lock(mutex_);
  if (closed_) return fail(ErrorCode::unavailable, "Cassandra is no longer asked because the server is stopping");
  if (under_way_ >= kMostUnderWay) return fail(ErrorCode::busy, "too many requests wait for Cassandra; try again in a moment");
  ++under_way_;
  return {};
}

void Session::ended() {
  const std::lock_guard lock(mutex_);
  // Under the lock: once it is off, close() may go on and destroy this.
  if (--under_way_ == 0) all_ended_.notify_all();
}

Async<Rows> Session::run(const std::function<void(gibsey_cql_callback, void*)>& call, bool* unknown) {
  GIBSEY_CO_CHECK(begin());
  auto reply =
      co_await asio::async_initiate<const asio::use_awaitable_t<>&, void(Reply)>(Begin{this, &call}, asio::use_awaitable);
  const char* text = nullptr;
  std::size_t n = 0;
  const int code = gibsey_cql_error(reply.get(), &text, &n);
  answered_ = code != GIBSEY_CQL_UNAVAILABLE && code != GIBSEY_CQL_UNKNOWN;
  if (code == GIBSEY_CQL_OK) co_return Rows(std::move(reply));
  if (unknown != nullptr) *unknown = code == GIBSEY_CQL_UNKNOWN;
  co_return std::unexpected(error_of(reply.get(), code));
}

Async<void> Session::use_keyspace() {
  const std::function call = [this](gibsey_cql_callback callback, void* user) {
    gibsey_cql_use(session_, address_.keyspace.data(), address_.keyspace.size(), callback, user);
  };
  GIBSEY_CO_CHECK(co_await run(call));
  co_return Result<void>();
}

Async<void> Session::define(std::string statement) {
  const std::vector<Statement> one{{.text = std::move(statement), .values = {}}};
  const RawStatements raw(one);
  const std::function call = [this, &raw](gibsey_cql_callback callback, void* user) {
    gibsey_cql_define(session_, raw.data(), callback, user);
  };
  GIBSEY_CO_CHECK(co_await run(call));
  co_return Result<void>();
}

Async<Rows> Session::read(Statement statement, Reading reading) {
  const std::vector<Statement> one{std::move(statement)};
  const RawStatements raw(one);
  const auto how = options(reading, true);
  const std::function call = [this, &raw, &how](gibsey_cql_callback callback, void* user) {
    gibsey_cql_execute(session_, raw.data(), &how, callback, user);
  };
  co_return co_await run(call);
}

Async<void> Session::each(Statement statement, std::function<Result<void>(Row)> row) {
  const std::vector<Statement> one{std::move(statement)};
  const RawStatements raw(one);
  auto how = options(Reading::quorum, true);
  how.page_size = kPageSize;
  const std::function call = [this, &raw, &how](gibsey_cql_callback callback, void* user) {
    gibsey_cql_execute(session_, raw.data(), &how, callback, user);
  };
  std::string state;
  do {
    how.page_state = state.data();
    how.page_state_n = state.size();
    GIBSEY_CO_TRY(const auto rows, co_await run(call));
    for (std::size_t i = 0; i < rows.size(); ++i) GIBSEY_CO_CHECK(row(rows[i]));
    state = rows.page_state();
  } while (!state.empty());
  co_return Result<void>();
}

Async<void> Session::write(Statement statement) {
  const std::vector<Statement> one{std::move(statement)};
  const RawStatements raw(one);
  const auto how = options(Reading::quorum, true);
  const std::function call = [this, &raw, &how](gibsey_cql_callback callback, void* user) {
    gibsey_cql_execute(session_, raw.data(), &how, callback, user);
  };
  GIBSEY_CO_CHECK(co_await run(call));
  co_return Result<void>();
}

Async<void> Session::write_all(std::vector<Statement> statements) {
  if (statements.empty()) co_return Result<void>();
  const RawStatements raw(statements);
  const auto how = options(Reading::quorum, true);
  const std::function call = [this, &raw, &how](gibsey_cql_callback callback, void* user) {
    gibsey_cql_batch(session_, raw.data(), raw.size(), &how, callback, user);
  };
  GIBSEY_CO_CHECK(co_await run(call));
  co_return Result<void>();
}

Async<Applied> Session::apply(std::vector<Statement> statements) {
  const Lost lost = lose_ ? lose_() : Lost::nothing;
  if (lost == Lost::request) co_return Applied::unknown;
  const RawStatements raw(statements);
  const auto how = options(Reading::quorum, false);
  const std::function call = [this, &raw, &how](gibsey_cql_callback callback, void* user) {
    if (raw.size() == 1) {
      gibsey_cql_execute(session_, raw.data(), &how, callback, user);
    } else {
      gibsey_cql_batch(session_, raw.data(), raw.size(), &how, callback, user);
    }
  };
  bool unknown = false;
  const auto rows = co_await run(call, &unknown);
  if (!rows) {
    if (unknown) co_return Applied::unknown;
    co_return std::unexpected(rows.error());
  }
  if (lost == Lost::answer) co_return Applied::unknown;
  bool applied = false;
  if (!rows->empty()) (*rows)[0] >> applied;
  co_return applied ? Applied::yes : Applied::no;
}

}  // namespace gibsey::store::cassandra
