#include "ingest/page_event.hpp"
#include "input.hpp"
#include "targets.hpp"

#include <string>

namespace gibsey::fuzz {
namespace {

void check(const ingest::PageEvent& event) {
  require(!event.page_id.empty() && !event.world.empty(), "an event that is read names its page");
  const auto written = ingest::to_feed_event(event);
  const auto read = ingest::read_page_event(written.key, written.value, "elsewhere");
  require(read.has_value(), "what is written can be read");
  require(read->page_id == event.page_id && read->world == event.world, "it is the same page");
  require(read->removed == event.removed && read->version == event.version && read->seq == event.seq, "it is the same change");
}

}  // namespace

/// The first line is the key, what follows it the value.
void page_event(std::string_view bytes) {
  const auto input = parse_input(bytes);
  const std::string_view stream = input.stream;
  const auto end = stream.find('\n');
  const auto key = stream.substr(0, end);
  const auto value = end == std::string_view::npos ? std::string_view() : stream.substr(end + 1);
  for (const std::string world : {"", "entrance-way"}) {
    const auto read = ingest::read_page_event(key, value, world);
    if (read) check(*read);
    if (!read) require(read.error().code == ErrorCode::invalid_argument && !read.error().message.empty(), "a refusal says why");
  }
}

}  // namespace gibsey::fuzz
