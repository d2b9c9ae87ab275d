#pragma once
#include "base/result.hpp"
#include "model/ledger.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What the ledger of contracts section 2 answers, and a foreign one that knows less; no sockets here.
namespace gibsey::store::http {

/// The answer of /debit and /credit. Both fields may be missing: a ledger need not tell them.
struct Booked {
  std::string entry_id;
  std::optional<std::int64_t> balance;
};
/// An object, or nothing at all. corrupt: anything else, which is no ledger's answer.
[[nodiscard]] Result<Booked> read_booked(const std::string& body);

/// {needed, available}, bare or inside the `detail` of a FastAPI error. Where a number is missing: `asked` and 0.
[[nodiscard]] model::InsufficientCredits read_insufficient(const std::string& body, int asked);

/// The balance in the answer of /ledger/{user_id}. corrupt where there is none.
[[nodiscard]] Result<std::int64_t> read_balance(const std::string& body);
/// Its entries, newest first. corrupt where there are none or one is no object.
[[nodiscard]] Result<std::vector<model::LedgerEntry>> read_entries(const std::string& body, const std::string& user_id);

/// The `detail` of a problem, in one line of at most 200 characters; "" where there is none.
[[nodiscard]] std::string read_detail(const std::string& body);

/// "2026-11-20T12:00:00.123Z", the reverse of iso8601(); 0 for another text.
[[nodiscard]] UnixMillis read_iso8601(std::string_view text);

/// LEDGER_URL is the address of /debit; `name` stands beside it: ("http://ledger:9000/x/debit?a=1", "credit") gives
/// "http://ledger:9000/x/credit".
[[nodiscard]] std::string sibling_address(const std::string& address, std::string_view name);

/// At most 200 code points, without control characters: what /credit takes as a reason.
[[nodiscard]] std::string one_line(std::string_view text);

}  // namespace gibsey::store::http
