#pragma once
#include "store/testing/backends.hpp"

#include <memory>
#include <string_view>

namespace gibsey::store::testing {

/// A RemoteLedger that talks over HTTP to a ledger in memory. Each ending waits until the outbox has delivered it, and the words
/// by which its receipt tells of the outbox are taken off, so that the contract's tests can look at the ledger after each call.
[[nodiscard]] std::unique_ptr<Stores> open_remote_ledger_stores();

/// See Backend::left_out.
[[nodiscard]] const char* why_not_of_a_remote_ledger(std::string_view test);

}  // namespace gibsey::store::testing
