#include "store/http/ledger_answers.hpp"

#include "base/clock.hpp"
#include "base/utf8.hpp"

#include <gtest/gtest.h>

namespace gibsey::store::http {
namespace {

TEST(LedgerAnswers, ABookingMayTellMuchOrNothing) {
  const auto full = read_booked(R"({"user_id":"u1","balance":95,"entry_id":"e1"})").value();
  EXPECT_EQ(full.entry_id, "e1");
  EXPECT_EQ(full.balance, 95);
  for (const auto* body : {"", " \n", "{}", R"({"ok":true})", R"({"balance":null,"entry_id":null})",
                           R"({"balance":"95","entry_id":[1]})", R"({"balance":1.5})", R"({"balance":99999999999999999999})"}) {
    const auto booked = read_booked(body);
    ASSERT_TRUE(booked) << body;
    EXPECT_EQ(booked->entry_id, "") << body;
    EXPECT_FALSE(booked->balance) << body;
  }
  EXPECT_EQ(read_booked(R"({"entry_id":17,"balance":95.0})")->entry_id, "17");
  EXPECT_EQ(read_booked(R"({"entry_id":17,"balance":95.0})")->balance, 95);
}

TEST(LedgerAnswers, WhatIsNoObjectIsNoBooking) {
  for (const auto* body : {"[]", "\"ok\"", "true", "null", "<html>welcome to the hotel</html>", R"({"balance":95)", "\xFF"}) {
    EXPECT_EQ(read_booked(body).error().code, ErrorCode::corrupt) << body;
  }
}

TEST(LedgerAnswers, TooLittleIsToldInThreeWays) {
  for (const auto* body : {R"({"needed":5,"available":2})", R"({"detail":{"needed":5,"available":2}})"}) {
    const auto refused = read_insufficient(body, 7);
    EXPECT_EQ(refused.needed, 5) << body;
    EXPECT_EQ(refused.available, 2) << body;
  }
  for (const auto* body : {"", "[]", "no", R"({"detail":"payment required"})", R"({"needed":"5","available":{}})",
                           R"({"needed":-1})", R"({"needed":99999999999})"}) {
    const auto refused = read_insufficient(body, 7);
    EXPECT_EQ(refused.needed, 7) << body;
    EXPECT_EQ(refused.available, 0) << body;
  }
}

TEST(LedgerAnswers, BalanceAndEntries) {
  EXPECT_EQ(read_balance(R"({"balance":12})").value(), 12);
  for (const auto* body : {"", "12", "{}", R"({"balance":"12"})"}) EXPECT_FALSE(read_balance(body)) << body;
  const auto entries =
      read_entries(R"({"entries":[{"number":3,"id":"e3","kind":"debit","amount":-5,"ref":"t1","reason":"r","balance":95,
      "created":"2026-11-20T12:00:00.123Z","extra":{}},{"id":4,"created":1000},{}]})",
                   "u1")
          .value();
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[0].number, 3);
  EXPECT_EQ(entries[0].id, "e3");
  EXPECT_EQ(entries[0].user_id, "u1");
  EXPECT_EQ(entries[0].kind, "debit");
  EXPECT_EQ(entries[0].amount, -5);
  EXPECT_EQ(entries[0].ref, "t1");
  EXPECT_EQ(entries[0].reason, "r");
  EXPECT_EQ(entries[0].balance, 95);
  EXPECT_EQ(iso8601(entries[0].created), "2026-11-20T12:00:00.123Z");
  EXPECT_EQ(entries[1].id, "4");
  EXPECT_EQ(entries[1].created, 1000);
  EXPECT_EQ(entries[2].id, "");
  for (const auto* body : {"", "[]", "{}", R"({"entries":{}})", R"({"entries":[1]})"}) {
    EXPECT_EQ(read_entries(body, "u1").error().code, ErrorCode::corrupt) << body;
  }
}

TEST(LedgerAnswers, TimesAreReadBack) {
  for (const UnixMillis time : {0LL, 1LL, 951'782'400'000LL, 1'795'000'000'123LL, 4'102'444'799'999LL}) {
    EXPECT_EQ(read_iso8601(iso8601(time)), time) << iso8601(time);
  }
  for (const auto* text :
       {"", "2026-11-20", "2026-13-20T12:00:00.123Z", "2026-02-30T12:00:00.123Z", "2026-11-20T24:00:00.123Z",
        "2026-11-20T12:00:00.123+", "-026-11-20T12:00:00.123Z", "2026-11-20T12:0x:00.123Z", "2026-+1-20T12:00:00.123Z"}) {
    EXPECT_EQ(read_iso8601(text), 0) << text;
  }
}

TEST(LedgerAnswers, ADetailIsOneLine) {
  EXPECT_EQ(read_detail(R"({"detail":"do\nthis"})"), "do this");
  EXPECT_EQ(read_detail(R"({"detail":{"a":1}})"), "");
  EXPECT_EQ(read_detail("no"), "");
  std::string longer;
  for (int i = 0; i < 300; ++i) longer += "\xC3\xA9";
  EXPECT_EQ(one_line(longer).size(), 400U);
  EXPECT_TRUE(
      utf8::is_valid(one_line("a\xFF\x01"
                              "b\x7F")));
}

TEST(LedgerAnswers, TheOtherPathsStandBesideDebit) {
  EXPECT_EQ(sibling_address("http://ledger:9000/debit", "credit"), "http://ledger:9000/credit");
  EXPECT_EQ(sibling_address("http://ledger:9000/debit/", "credit"), "http://ledger:9000/credit");
  EXPECT_EQ(sibling_address("http://ledger:9000/a/b/debit?x=/y", "ledger/u1"), "http://ledger:9000/a/b/ledger/u1");
  EXPECT_EQ(sibling_address("http://ledger:9000", "credit"), "http://ledger:9000/credit");
  EXPECT_EQ(sibling_address("http://ledger:9000/", "credit"), "http://ledger:9000/credit");
}

}  // namespace
}  // namespace gibsey::store::http
