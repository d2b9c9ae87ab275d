#pragma once
#include "feed/feed.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <string>
#include <vector>

namespace gibsey::feed::testing {

/// Where a feed keeps its events: what is appended through one feed is there for the next.
class Place {
 public:
  virtual ~Place() = default;
  virtual std::unique_ptr<Feed> open() = 0;
  /// A topic that no other test has.
  virtual std::string topic();
};

/// A backend that must keep the contract of Feed. A new one is added to `backends()` and nothing else.
struct Backend {
  const char* name;
  std::unique_ptr<Place> (*make)();
  std::string (*missing)() = nullptr;  ///< why it cannot be tested here; "" or null: it can

  friend void PrintTo(const Backend& backend, std::ostream* out) { *out << backend.name; }
};

[[nodiscard]] std::vector<Backend> backends();

/// Base of the contract suite.
class FeedContract : public ::testing::TestWithParam<Backend> {
 protected:
  void SetUp() override;

  std::unique_ptr<Place> place_;
  std::unique_ptr<Feed> feed_;
  std::string topic_;
};

}  // namespace gibsey::feed::testing
