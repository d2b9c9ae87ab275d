#include "server/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <map>
#include <mutex>

namespace gibsey::server {
namespace {

using Labels = prometheus::Labels;

/// Seconds: a hold takes a millisecond, a whole reply on a slow machine a minute.
const prometheus::Histogram::BucketBoundaries kSeconds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                                          0.5,   1,      2.5,   5,    10,    30,   60};

struct Described {
  const char* name;
  const char* label;
  const char* help;
};
constexpr std::array<Described, 8> kCounts = {{
    {"turns", "outcome", "Turns by how they ended"},
    {"tokens", "provider", "Tokens that models wrote"},
    {"quotes", "origin", "Verified quotations in replies by how they came there"},
    {"false_quotes", "", "Quotation marks taken off because no page holds the words"},
    {"nightly_runs", "outcome", "Nightly runs by how they ended"},
    {"notes", "kind", "Notes that the book wrote about itself"},
    {"query_vectors", "from", "Questions whose vector was in Redis, or had to be embedded"},
    {"note_sentences", "outcome", "Sentences of the models' notes, kept or dropped and why"},
}};

Labels one_label(std::string_view name, std::string_view value) {
  if (name.empty() || value.empty()) return {};
  return {{std::string(name), std::string(value)}};
}

}  // namespace

struct Metrics::State {
  using Counters = prometheus::Family<prometheus::Counter>;
  using Gauges = prometheus::Family<prometheus::Gauge>;
  using Histograms = prometheus::Family<prometheus::Histogram>;

  /// The library refuses a name it finds malformed with an exception; names come from our own code.
  Counters& counters(std::string_view name, std::string_view help) {
    const auto full = "gibsey_" + std::string(name) + "_total";
    return prometheus::BuildCounter().Name(full).Help(std::string(help)).Register(registry);
  }
  Histograms& histograms(std::string_view name, std::string_view help) {
    return prometheus::BuildHistogram().Name("gibsey_" + std::string(name)).Help(std::string(help)).Register(registry);
  }

  Gauges& gauges(const char* name, const char* help) {
    return prometheus::BuildGauge().Name(std::string("gibsey_") + name).Help(help).Register(registry);
  }

  prometheus::Registry registry{prometheus::Registry::InsertBehavior::Merge};
  Counters& requests = counters("http_requests", "HTTP requests by route and status");
  Histograms& request_seconds = histograms(
      "http_request_seconds", "Time from a request's last byte until its answer is ready, a stream until it has ended");
  Histograms& phases = histograms("turn_phase_seconds", "Time that each phase of a turn took");
  Counters& choices = counters("provider_choices", "Which provider was asked for a reply, and why");
  Counters& failures = counters("provider_failures", "Replies that a provider failed to give, by error");
  Histograms& searchable = histograms("page_searchable_seconds", "From a page's durable write until it is found by text");
  Histograms& vectors = histograms("page_vectors_seconds", "From then until its passages are found by meaning too");
  Counters& embedded = counters("passages_embedded", "Passages embedded because their page was changed");
  Counters& feed_events =
      counters("feed_events", "Changes of pages: published on the feed, worked by the worker, put aside as dead");
  prometheus::Gauge& lag_events = gauges("feed_lag_events", "Events that the worker has still to do").Add({});
  prometheus::Gauge& lag_seconds = gauges("feed_lag_seconds", "Since the oldest of them").Add({});
  Gauges& passages = gauges("passages", "Passages of a world's book that can be found");
  Gauges& without_vector = gauges("passages_without_vector", "Those that are found by their words alone so far");
  Gauges& index_bytes = gauges("index_bytes", "The files from which a large book is searched");
  Gauges& index_since = gauges("index_passages_since", "Passages written or removed since those files were made");
  Gauges& index_rebuilding = gauges("index_rebuilding", "1 while new files are being made beside them");
  std::mutex mutex;
  std::map<std::string, std::pair<Counters*, std::string>, std::less<>> counts;  ///< family and its label's name
};

Metrics::Metrics() : state_(std::make_unique<State>()) {
  for (const auto& [name, label, help] : kCounts) {
    auto& family = state_->counters(name, help);
    state_->counts.emplace(name, std::pair(&family, std::string(label)));
    // A counter without labels is there from the start, so that its rate is known from its first step on.
    if (*label == '\0') family.Add({});
  }
}

Metrics::~Metrics() = default;

void Metrics::phase(std::string_view name, double seconds) {
  state_->phases.Add(one_label("phase", name), kSeconds).Observe(seconds);
}

void Metrics::count(std::string_view name, std::string_view label, double n) {
  State::Counters* family = nullptr;
  std::string label_name;
  {
    const std::lock_guard lock(state_->mutex);
    auto at = state_->counts.find(name);
    if (at == state_->counts.end()) {
      auto& fresh = state_->counters(name, "Counted by turns");
      at = state_->counts.emplace(std::string(name), std::pair(&fresh, "label")).first;
    }
    family = at->second.first;
    label_name = at->second.second;
  }
  family->Add(one_label(label_name, label)).Increment(n);
}

void Metrics::chosen(std::string_view provider, std::string_view why) {
  state_->choices.Add({{"provider", std::string(provider)}, {"why", std::string(why)}}).Increment();
}

void Metrics::failed(std::string_view provider, std::string_view code) {
  state_->failures.Add({{"provider", std::string(provider)}, {"code", std::string(code)}}).Increment();
}

void Metrics::page_searchable(double seconds) {
  state_->searchable.Add({}, kSeconds).Observe(seconds);
}

void Metrics::page_embedded(std::size_t passages, double seconds) {
  state_->vectors.Add({}, kSeconds).Observe(seconds);
  state_->embedded.Add({}).Increment(static_cast<double>(passages));
}

void Metrics::events_published(std::size_t events) {
  state_->feed_events.Add({{"what", "published"}}).Increment(static_cast<double>(events));
}

void Metrics::events_worked(std::size_t events) {
  state_->feed_events.Add({{"what", "worked"}}).Increment(static_cast<double>(events));
}

void Metrics::event_died() {
  state_->feed_events.Add({{"what", "dead"}}).Increment();
}

void Metrics::feed_lag(std::int64_t events, double seconds) {
  state_->lag_events.Set(static_cast<double>(events));
  state_->lag_seconds.Set(seconds);
}

void Metrics::world(std::string_view name, std::int64_t passages, std::int64_t without_vector) {
  const auto label = one_label("world", name);
  state_->passages.Add(label).Set(static_cast<double>(passages));
  state_->without_vector.Add(label).Set(static_cast<double>(without_vector));
}

void Metrics::index_files(std::string_view world, std::uint64_t bytes, std::size_t passages_since, bool rebuilding) {
  const auto label = one_label("world", world);
  state_->index_bytes.Add(label).Set(static_cast<double>(bytes));
  state_->index_since.Add(label).Set(static_cast<double>(passages_since));
  state_->index_rebuilding.Add(label).Set(rebuilding ? 1 : 0);
}

void Metrics::request(std::string_view route, int status, double seconds) {
  state_->requests.Add({{"route", std::string(route)}, {"status", std::to_string(status)}}).Increment();
  state_->request_seconds.Add(one_label("route", route), kSeconds).Observe(seconds);
}

std::string Metrics::text() const {
  return prometheus::TextSerializer().Serialize(state_->registry.Collect());
}

}  // namespace gibsey::server
