#include "feed/testing/backends.hpp"

#include "base/ids.hpp"
#include "feed/log/log_feed.hpp"
#include "store/testing/temporary_folder.hpp"

#include <stdexcept>

namespace gibsey::feed::testing {
namespace {

class LogPlace final : public Place {
 public:
  std::unique_ptr<Feed> open() override {
    auto feed = LogFeed::open(folder_.path());
    if (!feed) throw std::runtime_error(feed.error().message);
    return *std::move(feed);
  }

 private:
  store::testing::TemporaryFolder folder_;
};

template <typename Made>
std::unique_ptr<Place> make() {
  return std::make_unique<Made>();
}

}  // namespace

std::string Place::topic() {
  return "test." + random_id();
}

std::vector<Backend> backends() {
  return {{.name = "log", .make = make<LogPlace>}};
}

void FeedContract::SetUp() {
  if (const auto missing = GetParam().missing == nullptr ? "" : GetParam().missing(); !missing.empty()) GTEST_SKIP() << missing;
  place_ = GetParam().make();
  feed_ = place_->open();
  topic_ = place_->topic();
}

}  // namespace gibsey::feed::testing
