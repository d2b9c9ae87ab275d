#include "feed/testing/backends.hpp"

#include "base/ids.hpp"
#include "feed/kafka/kafka_feed.hpp"
#include "feed/log/log_feed.hpp"
#include "store/testing/temporary_folder.hpp"

#include <librdkafka/rdkafka_mock.h>

#include <cstdlib>
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

std::unique_ptr<Feed> open_kafka(const std::string& brokers) {
  auto feed = KafkaFeed::open({.brokers = brokers, .partitions = 3});
  if (!feed) throw std::runtime_error(feed.error().message);
  return *std::move(feed);
}

/// librdkafka's own brokers, in this process.
class MockPlace final : public Place {
 public:
  MockPlace() : client_(*kafka::make_client(RD_KAFKA_PRODUCER, *kafka::make_conf({}, nullptr))) {
    cluster_.reset(rd_kafka_mock_cluster_new(client_.get(), 2));
    if (!cluster_) throw std::runtime_error("no brokers can be made");
  }
  std::unique_ptr<Feed> open() override { return open_kafka(rd_kafka_mock_cluster_bootstraps(cluster_.get())); }
  /// These brokers do not know CreateTopics.
  std::string topic() override {
    auto name = Place::topic();
    if (rd_kafka_mock_topic_create(cluster_.get(), name.c_str(), 3, 1) != RD_KAFKA_RESP_ERR_NO_ERROR)
      throw std::runtime_error("no topic can be made");
    return name;
  }

 private:
  kafka::Client client_;
  std::unique_ptr<rd_kafka_mock_cluster_t, kafka::Destroy<rd_kafka_mock_cluster_destroy>> cluster_;
};

const char* brokers() {
  return std::getenv("GIBSEY_KAFKA");  // NOLINT: nobody sets it meanwhile
}

std::string no_brokers() {
  return brokers() == nullptr ? "GIBSEY_KAFKA=host:port names no broker" : "";
}

class KafkaPlace final : public Place {
 public:
  std::unique_ptr<Feed> open() override { return open_kafka(brokers()); }
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
  return {{.name = "log", .make = make<LogPlace>},
          {.name = "mock_kafka", .make = make<MockPlace>},
          {.name = "kafka", .make = make<KafkaPlace>, .missing = no_brokers}};
}

void FeedContract::SetUp() {
  if (const auto missing = GetParam().missing == nullptr ? "" : GetParam().missing(); !missing.empty()) GTEST_SKIP() << missing;
  place_ = GetParam().make();
  feed_ = place_->open();
  topic_ = place_->topic();
}

}  // namespace gibsey::feed::testing
