#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "feed/feed.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace gibsey::ingest {

/// A durable change of a page, as it stands on the feed.
struct PageEvent {
  std::string world;
  std::string page_id;
  std::int64_t version = 0;  ///< that it has since; the last that it had, where it was removed; 0: not told
  std::int64_t seq = 0;      ///< the change's place in the store's order; 0: not told
  bool removed = false;
};

/// Our own form: the key {"page_id","world"}, the value {"op","page_id","seq","version","world"} with op i (version 1), u or d.
[[nodiscard]] feed::Event to_feed_event(const PageEvent& event);

/// Reads our own form and that of Debezium's connector for Cassandra, with or without the envelope of its schema: `after` has a
/// cell a column, {"value","deletion_ts","set"} or null for what the mutation does not have, so only the page's key is taken. The
/// page is `page_id` or `id`, its world `world` or, where there is none, `default_world`. An empty value is a removal. Error:
/// invalid_argument, saying what is wrong.
[[nodiscard]] Result<PageEvent> read_page_event(std::string_view key, std::string_view value, const std::string& default_world);

}  // namespace gibsey::ingest
