#include "server/auth/base64url.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace gibsey::server {
namespace {

TEST(Base64Url, HasTheVectorsOfRfc4648) {
  const std::pair<const char*, const char*> vectors[] = {
      {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},          {"foob", "Zm9vYg"},
      {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xFB\xEF\xFF", "--__"}, {"", ""}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(base64url(bytes), text);
    EXPECT_EQ(base64url_decoded(text), bytes);
  }
}

TEST(Base64Url, EveryByteComesBack) {
  std::string all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
  for (std::size_t length = 0; length <= all.size(); ++length)
    EXPECT_EQ(base64url_decoded(base64url(all.substr(0, length))), all.substr(0, length));
}

TEST(Base64Url, ASecondSpellingIsRefused) {
  for (const char* text : {"Zg==", "Zg=", "Zm8=", "Z", "Zm9vY", "Zm 8", "Zm8\n", "\nZm8", "Zm+v", "Zm/v", "Zm.v", "Zm9v=", "Zh",
                           "Zm9", "A", "Zm9vA", "Zm9vYh", "Zm\x80v", "Zm9v!"}) {
    EXPECT_FALSE(base64url_decoded(text)) << text;
  }
  EXPECT_FALSE(base64url_decoded(std::string_view("Zg\0\0", 4)));
}

/// Of all two-character texts exactly the 256 that are one byte's spelling decode.
TEST(Base64Url, OneSpellingAByte) {
  int taken = 0;
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      const std::string text{static_cast<char>(a), static_cast<char>(b)};
      const auto bytes = base64url_decoded(text);
      if (!bytes) continue;
      ++taken;
      EXPECT_EQ(base64url(*bytes), text);
    }
  }
  EXPECT_EQ(taken, 256);
}

}  // namespace
}  // namespace gibsey::server
