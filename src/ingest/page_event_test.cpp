#include "ingest/page_event.hpp"

#include <gtest/gtest.h>

namespace gibsey::ingest {
namespace {

TEST(PageEventReading, reads_what_it_writes) {
  const PageEvent event{.world = "the \"sea\"", .page_id = "01\n2", .version = 7, .seq = 1'000'000'000'000, .removed = true};
  const auto written = to_feed_event(event);
  const auto read = read_page_event(written.key, written.value, "elsewhere");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->world, event.world);
  EXPECT_EQ(read->page_id, event.page_id);
  EXPECT_EQ(read->version, 7);
  EXPECT_EQ(read->seq, 1'000'000'000'000);
  EXPECT_TRUE(read->removed);
  EXPECT_EQ(to_feed_event({"w", "1", 1, 1, false}).value, R"({"op":"i","page_id":"1","seq":1,"version":1,"world":"w"})");
  EXPECT_EQ(to_feed_event({"w", "1", 2, 2, false}).key, to_feed_event({"w", "1", 3, 3, true}).key) << "one page, one key";
}

/// As the connector 3.4.1 wrote them.
TEST(PageEventReading, debezium_tells_cells) {
  const std::string key = R"({"page_id":"11111111-1111-1111-1111-111111111111"})";
  const std::string inserted =
      R"({"ts_ms":1795169771704,"op":"i","source":{"version":"3.4.1.Final","keyspace":"gibsey","table":"pages"},
    "after":{"page_id":{"value":"11111111-1111-1111-1111-111111111111","deletion_ts":null,"set":true},"author":null,
    "title":{"value":"ins","deletion_ts":null,"set":true},"version":{"value":1,"deletion_ts":null,"set":true},"_range_start":null}})";
  const auto read = read_page_event(key, inserted, "entrance-way");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->page_id, "11111111-1111-1111-1111-111111111111");
  EXPECT_EQ(read->world, "entrance-way");
  EXPECT_FALSE(read->removed);
  EXPECT_EQ(read->version, 0) << "a cell may be of another mutation than the row is by now";
}

TEST(PageEventReading, a_null_cell_is_not_in_the_mutation) {
  const std::string value =
      R"({"op":"u","after":{"world":{"value":"w","set":true},"id":{"value":"042","set":true},"text":null}})";
  const auto read = read_page_event("", value, "");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->page_id, "042");
  EXPECT_EQ(read->world, "w");
}

TEST(PageEventReading, a_delete_has_its_page_in_the_key) {
  const std::string value = R"({"op":"d","after":{"world":{"value":null,"deletion_ts":5,"set":true},"id":null}})";
  const auto read = read_page_event(R"({"world":"w","id":"042"})", value, "");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE(read->removed);
  EXPECT_EQ(read->page_id, "042");
  EXPECT_TRUE(read_page_event(R"({"world":"w","id":"042"})", "", "")->removed) << "a tombstone";
}

TEST(PageEventReading, the_envelope_of_schemas_is_taken_off) {
  const auto read = read_page_event(R"({"schema":{"type":"struct"},"payload":{"page_id":12}})",
                                    R"({"schema":null,"payload":{"op":"r","after":{"title":null}}})", "w");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->page_id, "12");
}

TEST(PageEventReading, what_cannot_be_read_says_why) {
  struct Case {
    const char* key;
    const char* value;
    const char* why;
  };
  const std::string long_name(2000, 'x');
  const auto too_long = R"({"op":"i","world":"w","page_id":")" + long_name + "\"}";
  for (const auto& [key, value, why] :
       {Case{"", "garbage", "value is no JSON object"}, Case{"[1]", R"({"op":"i"})", "key is no JSON object"},
        Case{"", "\xff\xfe", "value is no JSON object"}, Case{"{}", R"({"op":"i","world":"w"})", "no page"},
        Case{R"({"id":"1"})", R"({"op":"i"})", "no world"}, Case{R"({"id":"1"})", R"({"op":"x","world":"w"})", "op"},
        Case{R"({"id":"1"})", R"({"world":"w"})", "op"}, Case{R"({"id":[]})", R"({"op":"i","world":"w"})", "neither"},
        Case{"", R"({"op":"i","after":{"id":{"set":true}}})", "has no value"}, Case{"", R"({"op":"i","after":null})", "no page"},
        Case{"", too_long.c_str(), "too long"}}) {
    const auto read = read_page_event(key, value, "");
    ASSERT_FALSE(read) << value;
    EXPECT_EQ(read.error().code, ErrorCode::invalid_argument);
    EXPECT_NE(read.error().message.find(why), std::string::npos) << read.error().message << " for " << value;
  }
}

}  // namespace
}  // namespace gibsey::ingest
