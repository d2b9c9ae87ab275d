#pragma once
#include "store/cassandra/session.hpp"
#include "store/testing/backends.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace gibsey::store::testing {

/// Empty stores in this run's own keyspace of the Cassandra that GIBSEY_CASSANDRA_TEST names (host:port); null where it names
/// none. The keyspace is dropped when the run ends.
[[nodiscard]] std::unique_ptr<Stores> open_cassandra_stores();
/// The same, and of three conditional writes in four the answer gets lost, or the write itself.
[[nodiscard]] std::unique_ptr<Stores> open_losing_cassandra_stores();
/// Null where GIBSEY_CASSANDRA_TEST names a Cassandra.
[[nodiscard]] const char* why_not_on_cassandra(std::string_view test);
/// The run's session, on a keyspace of the current form.
[[nodiscard]] cassandra::Session& run_session();

}  // namespace gibsey::store::testing
