#include "store/event_json.hpp"

#include "store/testing/same_fields.hpp"
#include "store/testing/sample_turns.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <set>

namespace gibsey::store {
namespace {

using testing::same;
using testing::sample_events;
using testing::unset_fields;

std::vector<model::TurnEvent> round_trip(const std::vector<model::TurnEvent>& events) {
  std::vector<model::TurnEvent> read;
  EXPECT_TRUE(decode(encode(events), read));
  return read;
}

TEST(EventJsonTest, the_samples_are_of_every_kind_with_every_field) {
  std::set<std::size_t> kinds;
  for (const auto& event : sample_events()) {
    kinds.insert(event.index());
    std::visit([](const auto& one) { EXPECT_EQ(unset_fields(one), std::vector<std::size_t>()) << typeid(one).name(); }, event);
  }
  EXPECT_EQ(kinds.size(), std::variant_size_v<model::TurnEvent>);
}

TEST(EventJsonTest, every_event_comes_back_with_every_field) {
  const auto events = sample_events();
  const auto read = round_trip(events);
  ASSERT_EQ(read.size(), events.size());
  for (std::size_t i = 0; i < events.size(); ++i) EXPECT_TRUE(same(read[i], events[i])) << i;
}

TEST(EventJsonTest, every_name_of_an_enumeration_comes_back) {
  for (const auto reason : {model::FinishReason::stop, model::FinishReason::length, model::FinishReason::stopped_by_reader,
                            model::FinishReason::error}) {
    const std::vector<model::TurnEvent> events{model::TurnDone{.finish_reason = reason}};
    EXPECT_TRUE(same(round_trip(events), events)) << to_string(reason);
  }
  for (const auto origin : {model::QuoteOrigin::model, model::QuoteOrigin::opening, model::QuoteOrigin::epigraph}) {
    const std::vector<model::TurnEvent> events{model::QuoteClosed{{.origin = origin}}};
    EXPECT_TRUE(same(round_trip(events), events)) << to_string(origin);
  }
}

TEST(EventJsonTest, the_form_of_the_text_is_kept) {
  EXPECT_EQ(encode(std::vector<model::TurnEvent>{}), "[]");
  EXPECT_EQ(encode(testing::tokens({"a", "\u00e9\n"})), "[\"a\",\"\u00e9\\n\"]");
  EXPECT_EQ(encode(std::vector<model::TurnEvent>{model::TextReplaced{"why"}}), R"([{"reason":"why","type":"replace"}])");
}

TEST(EventJsonTest, numbers_come_back_to_the_last_bit) {
  for (const double score : {0.1, 1.0 / 3, 5e-324, -1.7976931348623157e308}) {
    auto source = testing::sample_source();
    source.score = score;
    const std::vector<model::TurnEvent> events{model::SourcesFound{{source}, "hybrid"}};
    EXPECT_TRUE(same(round_trip(events), events)) << score;
  }
  const std::vector<model::TurnEvent> large{model::LedgerSettled{{.balance = std::numeric_limits<std::int64_t>::max()}}};
  EXPECT_TRUE(same(round_trip(large), large));
  auto endless = testing::sample_source();
  endless.score = std::numeric_limits<double>::infinity();
  const auto read = round_trip({model::SourcesFound{{endless}, ""}});
  EXPECT_EQ(std::get<model::SourcesFound>(read[0]).sources[0].score, 0.0);
}

TEST(EventJsonTest, malformed_text_is_mended) {
  EXPECT_TRUE(same(round_trip(testing::tokens({"a\xFFz"})), testing::tokens({"a\uFFFDz"})));
}

TEST(EventJsonTest, what_an_older_program_left_out_takes_its_default) {
  std::vector<model::TurnEvent> read;
  ASSERT_TRUE(decode(R"([{"type":"error"},{"type":"done"},{"type":"sources","sources":[{"n":1}]},{"type":"quote"}])", read));
  EXPECT_TRUE(same(read, {model::TurnFailed{}, model::TurnDone{}, model::SourcesFound{{{.n = 1}}, ""}, model::QuoteClosed{}}));
}

TEST(EventJsonTest, what_is_no_log_is_corrupt) {
  for (const auto* text : {"", "{", "[{}]", "[7]", R"([{"type":"unheard of"}])", R"([{"type":"done","finish_reason":"whim"}])",
                           R"([{"type":"turn","hold":"five"}])"}) {
    std::vector<model::TurnEvent> read;
    const auto done = decode(text, read);
    ASSERT_FALSE(done) << text;
    EXPECT_EQ(done.error().code, ErrorCode::corrupt);
  }
}

}  // namespace
}  // namespace gibsey::store
