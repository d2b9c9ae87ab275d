#include "chat/event_list.hpp"

#include <gtest/gtest.h>

#include <string>

namespace gibsey::chat {
namespace {

std::string text_of(const EventList& list, std::size_t i) {
  return std::get<model::TokenText>(list.at(i)).text;
}

TEST(EventListTest, WhatWentInComesOutInItsOrder) {
  EventList list;
  list.push_back(model::TurnStarted{.turn_id = "t", .conversation_id = "c", .hold = 5});
  list.push_back(model::TokenText{"The lamp "});
  list.push_back(model::TokenText{""});
  list.push_back(model::TokenText{std::string("wa\0s", 4)});
  list.push_back(model::QuoteClosed{.quote = {.text = "put out the lamp"}});
  list.push_back(model::TokenText{std::string(100'000, 'x')});
  list.push_back(model::TurnFailed{.code = "internal", .message = "no more"});
  ASSERT_EQ(list.size(), 7U);
  EXPECT_EQ(std::get<model::TurnStarted>(list.at(0)).hold, 5);
  EXPECT_EQ(text_of(list, 1), "The lamp ");
  EXPECT_EQ(text_of(list, 2), "");
  EXPECT_EQ(text_of(list, 3), std::string("wa\0s", 4));
  EXPECT_EQ(std::get<model::QuoteClosed>(list.at(4)).quote.text, "put out the lamp");
  EXPECT_EQ(text_of(list, 5), std::string(100'000, 'x'));
  EXPECT_EQ(std::get<model::TurnFailed>(list.at(6)).message, "no more");
}

}  // namespace
}  // namespace gibsey::chat
