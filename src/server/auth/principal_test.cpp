#include "server/auth/principal.hpp"

#include "server/json_response.hpp"

#include <gtest/gtest.h>

namespace gibsey::server {
namespace {

Principal reader(std::string user_id) {
  Principal principal;
  principal.user_id = std::move(user_id);
  principal.authenticated = true;
  return principal;
}

Principal admin() {
  auto principal = reader("root");
  principal.admin = true;
  return principal;
}

Principal service() {
  auto principal = reader("");
  principal.service = true;
  return principal;
}

Principal open() {
  Principal principal;
  principal.open = true;
  return principal;
}

/// The user, or the status of the refusal.
std::string outcome(const Principal& principal, const std::string& wanted) {
  const auto user = authorize_user(principal, wanted);
  return user ? "as " + *user : std::to_string(user.error().status);
}

TEST(Principal, ActsAsItselfUnlessItMayActForAll) {
  EXPECT_EQ(outcome(reader("ann"), ""), "as ann");
  EXPECT_EQ(outcome(reader("ann"), "ann"), "as ann");
  for (const char* other : {"bob", "Ann", "ann ", " ann", "anna", "an", "ann\n"})
    EXPECT_EQ(outcome(reader("ann"), other), "403") << other;
  EXPECT_EQ(outcome(admin(), ""), "as root");
  EXPECT_EQ(outcome(admin(), "bob"), "as bob");
  EXPECT_EQ(outcome(service(), "bob"), "as bob");
  EXPECT_EQ(outcome(service(), ""), "422");
  EXPECT_EQ(outcome(open(), "bob"), "as bob");
  EXPECT_EQ(outcome(open(), ""), "as ");
}

TEST(Principal, OneThatNobodyIdentifiedMayDoNothing) {
  auto forged = Principal();
  EXPECT_EQ(outcome(forged, ""), "403");
  EXPECT_EQ(outcome(forged, "ann"), "403");
  forged.admin = forged.service = true;
  forged.user_id = "ann";
  EXPECT_EQ(outcome(forged, "ann"), "403");
  EXPECT_EQ(outcome(forged, "bob"), "403");
  EXPECT_FALSE(may_access(forged, "ann"));
  EXPECT_FALSE(may_access(forged, ""));
  EXPECT_TRUE(refuse_unless_admin(forged));
}

TEST(Principal, TheRefusalNamesTheFieldAndNotTheUser) {
  const auto refused = authorize_user(reader("ann"), "bob");
  ASSERT_FALSE(refused);
  const auto body = Json::parse(refused.error().body);
  EXPECT_EQ(body.at("field"), "user_id");
  EXPECT_EQ(refused.error().body.find("ann"), std::string::npos);
}

TEST(Principal, WhatItOwnsIsItsOwn) {
  EXPECT_TRUE(may_access(reader("ann"), "ann"));
  EXPECT_FALSE(may_access(reader("ann"), "bob"));
  EXPECT_FALSE(may_access(reader("ann"), ""));
  EXPECT_FALSE(may_access(reader(""), ""));
  EXPECT_TRUE(may_access(admin(), "bob"));
  EXPECT_TRUE(may_access(service(), "bob"));
  EXPECT_TRUE(may_access(open(), "bob"));
}

TEST(Principal, SomeThingsNeedAnAdmin) {
  ASSERT_TRUE(refuse_unless_admin(reader("ann")));
  EXPECT_EQ(refuse_unless_admin(reader("ann"))->status, 403);
  EXPECT_FALSE(refuse_unless_admin(admin()));
  EXPECT_FALSE(refuse_unless_admin(service()));
  EXPECT_FALSE(refuse_unless_admin(open()));
}

}  // namespace
}  // namespace gibsey::server
