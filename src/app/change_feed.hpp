#pragma once
#include "app/config.hpp"
#include "base/result.hpp"
#include "feed/feed.hpp"
#include "ingest/page_publisher.hpp"
#include "ingest/page_worker.hpp"
#include "server/services.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace gibsey::app {

/// The change feed of a server: the log in the data folder or Kafka, what is published there, and the worker that follows it.
class ChangeFeed {
 public:
  struct Parts {
    boost::asio::any_io_executor executor;
    store::PageStore& pages;
    provider::Embedder* embedder;     ///< null: nothing is embedded
    retrieval::PageIndex* retriever;  ///< null: this process does not search
    ingest::VectorWorker* vectors;    ///< null: as the embedder
    ingest::PageObserver& observer;
    std::string default_world;
  };

  /// All parts must outlive it. Errors: those of the feed's log, and invalid_argument for a setting.
  static Result<std::unique_ptr<ChangeFeed>> open(const Config& config, Parts parts);
  ~ChangeFeed();
  ChangeFeed(const ChangeFeed&) = delete;
  ChangeFeed& operator=(const ChangeFeed&) = delete;

  /// `loaded`: the store's last change when the worlds were loaded.
  void start(std::int64_t loaded);
  /// A page was changed.
  void wake();
  /// A turn that has ended, for the topic of turns; on Kafka alone (docs/decisions/0015). Never waits.
  void publish_turn(const std::string& conversation_id, std::string json);
  void stop();
  /// Blocks until nothing of it runs; not from an executor's thread.
  void wait();

  [[nodiscard]] feed::Feed& feed() { return *feed_; }
  /// Whether this process embeds what changes.
  [[nodiscard]] bool works() const { return worker_.has_value(); }
  void tell(server::HealthSnapshot& snapshot) const;

 private:
  ChangeFeed(const Config& config, const Parts& parts);
  Result<void> open_feed(const Config& config);
  boost::asio::awaitable<void> append_turn(feed::Event event);

  boost::asio::any_io_executor executor_;
  std::string turns_topic_;
  std::unique_ptr<feed::Feed> feed_;
  std::optional<ingest::PagePublisher> publisher_;  ///< none where another program publishes the store's changes
  std::optional<ingest::PageWorker> worker_;        ///< none where this process has not that role
  std::atomic<int> turns_under_way_ = 0;
  std::atomic<std::int64_t> turns_dropped_ = 0;
};

}  // namespace gibsey::app
