#pragma once
#include "base/result.hpp"
#include "ingest/page_observer.hpp"
#include "provider/wakeup.hpp"
#include "retrieval/page_index.hpp"
#include "store/page_store.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <future>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace gibsey::ingest {

struct LateVectorSettings {
  std::chrono::milliseconds first_look{100};       ///< after the page became searchable; doubled after each look
  std::chrono::milliseconds longest_wait{30'000};  ///< between two looks
  std::size_t most_pages = 20'000;  ///< waited for at a time; further ones are found by meaning after the next start
};

/// Where a worker in another process embeds changed pages, nobody says when it has: vectors are no change of a page. One
/// coroutine looks into the store for those of pages that changed, and has the index take them in. Safe to call from any
/// thread.
class LateVectors {
 public:
  /// `model` names the vectors. All must outlive this.
  LateVectors(boost::asio::any_io_executor executor, store::PageStore& pages, retrieval::PageIndex& index, std::string model,
              PageObserver& observer, LateVectorSettings settings = {});

  void start();
  /// Asks the coroutine to end.
  void stop();
  /// Blocks until it has ended; not to be called from an executor's thread.
  void wait();

  /// This page has changed: vectors of it may be written from now on. Nothing is looked up for a page that the index does not
  /// hold.
  void expect(const std::string& world, const std::string& page_id);
  [[nodiscard]] std::size_t waiting();

 private:
  using Clock = std::chrono::steady_clock;
  using PageName = std::pair<std::string, std::string>;  ///< world, id
  struct Wait {
    Clock::time_point since;
    Clock::time_point next_look;
  };

  boost::asio::awaitable<void> run();
  [[nodiscard]] bool is_stopped();
  [[nodiscard]] Clock::time_point first_look();
  [[nodiscard]] Clock::time_point next_look() const;
  using Waits = std::map<std::string, Wait>;  ///< of one world, by page id
  [[nodiscard]] std::optional<std::map<std::string, Waits>> next_pages();
  boost::asio::awaitable<void> look_at(std::string world, Waits waits);
  boost::asio::awaitable<Result<std::set<std::string>>> take_in(std::string world, const Waits& waits);

  boost::asio::any_io_executor executor_;
  store::PageStore& pages_;
  retrieval::PageIndex& index_;
  std::string model_;
  PageObserver& observer_;
  LateVectorSettings settings_;
  std::future<void> running_;
  provider::Wakeup wake_;
  // Guarded by wake_.
  bool stopped_ = false;
  std::map<PageName, Wait> waits_;
};

}  // namespace gibsey::ingest
