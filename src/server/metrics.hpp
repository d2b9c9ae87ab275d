#pragma once
#include "chat/turn_observer.hpp"
#include "ingest/page_observer.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace gibsey::server {

/// Counters and latencies, as Prometheus reads them. Thread-safe.
///   gibsey_http_requests_total{route,status}   gibsey_http_request_seconds{route}   gibsey_turns_total{outcome}
///   gibsey_tokens_total{provider}   gibsey_quotes_total{origin}   gibsey_false_quotes_total   gibsey_turn_phase_seconds{phase}
///   gibsey_provider_choices_total{provider,why}   gibsey_provider_failures_total{provider,code}
///   gibsey_feed_events_total{what}   gibsey_feed_lag_events   gibsey_feed_lag_seconds
///   gibsey_page_searchable_seconds   gibsey_page_vectors_seconds   gibsey_passages_embedded_total
///   gibsey_passages{world}   gibsey_passages_without_vector{world}
///   gibsey_index_bytes{world}   gibsey_index_passages_since{world}   gibsey_index_rebuilding{world}
/// Any other name that a turn counts becomes gibsey_<name>_total{label}.
class Metrics : public chat::TurnObserver, public ingest::PageObserver {
 public:
  Metrics();
  ~Metrics() override;
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  void phase(std::string_view name, double seconds) override;
  void count(std::string_view name, std::string_view label, double n) override;
  void chosen(std::string_view provider, std::string_view why) override;
  void failed(std::string_view provider, std::string_view code) override;
  void page_searchable(double seconds) override;
  void page_embedded(std::size_t passages, double seconds) override;
  void events_published(std::size_t events) override;
  void events_worked(std::size_t events) override;
  void event_died() override;
  void feed_lag(std::int64_t events, double seconds) override;
  /// What of a world's book can be found now; `without_vector`: by its words alone.
  void world(std::string_view name, std::int64_t passages, std::int64_t without_vector);
  /// Of a book that is searched from files: retrieval::IndexFiles.
  void index_files(std::string_view world, std::uint64_t bytes, std::size_t passages_since, bool rebuilding);
  /// `route` is the pattern ("/pages/{id}"), never the path, so that labels stay few.
  void request(std::string_view route, int status, double seconds);

  /// The text exposition format.
  [[nodiscard]] std::string text() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gibsey::server
