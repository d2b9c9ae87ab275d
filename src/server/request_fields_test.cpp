#include "server/request_fields.hpp"

#include "retrieval/testing/shared_data.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace gibsey::server {
namespace {

namespace fs = std::filesystem;

/// 0 where the body is taken, else the status of the refusal.
int refusal_of(const std::string& body) {
  const auto parsed = parse_object(body);
  return parsed ? 0 : parsed.error().status;
}

std::string content_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

TEST(ParseObject, TakesAndRefusesAsTheJsonTestSuiteSays) {
  const auto folder = gibsey::testing::shared_data("jsontestsuite") / "test_parsing";
  if (!fs::exists(folder)) GTEST_SKIP() << folder << " is not there";
  int taken = 0;
  int refused = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const auto name = entry.path().filename().string();
    const int status = refusal_of(content_of(entry.path()));
    if (name.starts_with("y_")) {
      ++taken;
      EXPECT_NE(status, 400) << name;
    } else if (name.starts_with("n_")) {
      ++refused;
      EXPECT_EQ(status, 400) << name;
    }
  }
  EXPECT_GT(taken, 90);
  EXPECT_GT(refused, 180);
}

TEST(ParseObject, WhatIsNoObjectIsRefusedAsSuch) {
  EXPECT_EQ(refusal_of("{\"a\":1}"), 0);
  EXPECT_EQ(refusal_of("[]"), 422);
  EXPECT_EQ(refusal_of("\"text\""), 422);
  EXPECT_EQ(refusal_of("{\"a\":1"), 400);
  EXPECT_EQ(refusal_of(std::string("{}\0{}", 5)), 400);
}

}  // namespace
}  // namespace gibsey::server
