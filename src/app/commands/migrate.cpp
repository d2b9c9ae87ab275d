#include "app/commands/commands.hpp"
#include "app/complain.hpp"
#include "app/runtime.hpp"
#include "app/stores.hpp"

#include <fmt/format.h>

namespace gibsey::app {

int migrate(const Place& place, bool print) {
  if (print) {
    const auto schema = cassandra_schema(place.config);
    if (!schema) return complain(schema.error());
    fmt::print("{}", *schema);
    return 0;
  }
  Runtime runtime;
  const auto done = migrate_stores(place.config, runtime);
  if (!done) return complain(done.error());
  fmt::print("{}\n", *done);
  return 0;
}

}  // namespace gibsey::app
