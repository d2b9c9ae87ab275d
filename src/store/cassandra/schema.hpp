#pragma once
#include "store/cassandra/session.hpp"

#include <cstddef>
#include <span>
#include <string>

namespace gibsey::store::cassandra {

/// What brings the keyspace from one form to the next: CQL statements, each ended by a semicolon at the end of a line.
[[nodiscard]] std::span<const char* const> schema_forms();
/// The whole schema as a person would give it to cqlsh, with the keyspace; schema/pages.cql is the same text.
[[nodiscard]] std::string schema_text(const std::string& keyspace);

/// What migrate found and left; equal where there was nothing to do.
struct Forms {
  int before = 0;
  int now = 0;
};

/// Makes the keyspace and brings it to the last form. May be called by several programs at once: one does it, the others wait for
/// up to two minutes. A migration that was cut off is taken up again. Errors: unavailable (also when the keyspace was made by
/// a newer program), invalid_argument (a name that no keyspace can have).
Async<Forms> migrate(Session& session);
/// The form that the keyspace has; 0 where it is not there or empty.
Async<int> stored_form(Session& session);
/// Has the session use the keyspace. Error: unavailable, when it is of another form, with what to do.
Async<void> use_current_form(Session& session);

}  // namespace gibsey::store::cassandra
