#include "provider/providers.hpp"

#include "base/log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace gibsey::provider {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// A provider and what is known of it; guarded by Providers::mutex_, but for the breaker, which guards itself.
struct Providers::Entry {
  Entry(ChatModel& served, std::size_t rank, const net::BreakerSettings& settings)
      : model(served), place(rank), breaker(settings) {}

  [[nodiscard]] bool resting() const { return Clock::now() < rests_until; }
  /// A breaker spares callers the wait for a server that is away. Nobody gains when a model in this process that failed three
  /// replies refuses the next hundred.
  [[nodiscard]] bool closed_off() const { return !model.in_process() && breaker.closed_off().has_value(); }

  ChatModel& model;
  const std::size_t place;
  net::CircuitBreaker breaker;
  bool down = false;  ///< the last call or check failed
  Clock::time_point rests_until{};
  Clock::time_point check_at{};
  milliseconds pause{0};
  bool checking = false;
  std::string last_error;
  std::map<std::string, std::int64_t> choices;
  std::map<std::string, std::int64_t> failures;
  double first_token_ms = 0;
  std::int64_t replies = 0;
};

namespace {

/// How long a busy server that says nothing of it is left alone.
constexpr milliseconds kRest{1'000};
constexpr milliseconds kLongestRest{600'000};

bool is_passing(const Error& error) {
  return error.code == ErrorCode::unavailable || error.code == ErrorCode::busy;
}

}  // namespace

Providers::Providers(std::vector<ChatModel*> in_order, ProviderSettings settings) : settings_(std::move(settings)) {
  for (auto* model : in_order) entries_.push_back(std::make_unique<Entry>(*model, entries_.size(), settings_.breaker));
}

Providers::~Providers() = default;

bool Providers::another_may_help(const Error& error) {
  switch (error.code) {
    case ErrorCode::busy:
    case ErrorCode::deadline:
    case ErrorCode::unavailable:
    case ErrorCode::forbidden:  // its key is refused
    case ErrorCode::not_found:  // it has no such model
    case ErrorCode::too_large:  // another may have more room
    case ErrorCode::corrupt: return true;
    case ErrorCode::invalid_argument:
    case ErrorCode::conflict:
    case ErrorCode::cancelled:
    case ErrorCode::internal: return false;
  }
  return false;
}

/// Those that can be asked now in the configured order, then those that are down; a provider that is closed off is left out.
std::vector<Providers::Entry*> Providers::ordered(std::string_view provider, std::string_view model) const {
  const std::lock_guard lock(mutex_);
  std::vector<Entry*> order;
  for (const auto& entry : entries_) {
    if (!provider.empty() && entry->model.provider() != provider) continue;
    if (!model.empty() && entry->model.model() != model) continue;
    order.push_back(entry.get());
  }
  std::ranges::sort(order, {}, [](const Entry* entry) {
    return std::pair(entry->down || entry->resting() || entry->closed_off(), entry->place);
  });
  return order;
}

ChatModel& Providers::preferred() const {
  return ordered("", "").front()->model;
}

bool Providers::has(std::string_view provider, std::string_view model) const {
  return !ordered(provider, model).empty();
}

std::vector<ProviderState> Providers::states() const {
  const std::lock_guard lock(mutex_);
  std::vector<ProviderState> states;
  for (const auto& entry : entries_) {
    const auto* status = entry->closed_off() ? "open" : entry->resting() ? "resting" : entry->down ? "down" : "ready";
    states.push_back({.name = entry->model.provider(),
                      .model = entry->model.model(),
                      .context_tokens = entry->model.context_tokens(),
                      .status = status,
                      .last_error = entry->last_error,
                      .choices = entry->choices,
                      .failures = entry->failures,
                      .first_token_ms = entry->first_token_ms,
                      .replies = entry->replies});
  }
  return states;
}

Providers::Choice::Choice(Providers& providers, std::string provider, std::string model)
    : providers_(providers), order_(providers.ordered(provider, model)), named_(!provider.empty() || !model.empty()) {}

Providers::Choice::~Choice() = default;

std::optional<Providers::Choice::Chosen> Providers::Choice::next() {
  while (at_ < order_.size()) {
    auto& entry = *order_[at_++];
    const bool resting = [&] {
      const std::lock_guard lock(providers_.mutex_);
      return entry.resting();
    }();
    // One that asked to be left alone is asked only when nobody else can answer, after its time.
    if (resting) {
      const std::lock_guard lock(providers_.mutex_);
      const auto left = std::chrono::ceil<milliseconds>(entry.rests_until - Clock::now());
      failed_.push_back({&entry, {ErrorCode::busy, entry.last_error, left}});
      continue;
    }
    const auto* why = named_ ? "named" : entry.place > 0 ? "fallback" : "first";
    if (auto chosen = choose(entry, why, milliseconds(0))) return chosen;
  }
  return once_more();
}

std::optional<Providers::Choice::Chosen> Providers::Choice::choose(Entry& entry, std::string why, milliseconds wait) {
  auto permit = entry.breaker.enter();
  if (!permit && !entry.model.in_process()) {
    const std::lock_guard lock(providers_.mutex_);
    failed_.push_back({&entry, {ErrorCode::unavailable, entry.last_error}});
    return std::nullopt;
  }
  permit_.reset();
  if (permit) permit_.emplace(*std::move(permit));
  asked_ = &entry;
  why_ = why;
  const std::lock_guard lock(providers_.mutex_);
  ++entry.choices[why];
  return Chosen{.model = entry.model, .why = std::move(why), .wait = wait, .fallback = entry.place > 0};
}

/// Nobody answered: the first whose fault may have passed is asked a second time.
std::optional<Providers::Choice::Chosen> Providers::Choice::once_more() {
  if (again_ || providers_.settings_.again_after.count() == 0) return std::nullopt;
  again_ = true;
  const auto wait_for = [this](const Error& error) { return error.retry_after.value_or(providers_.settings_.again_after); };
  for (const auto& [entry, error] : std::vector(failed_)) {
    if (!is_passing(error) || wait_for(error) > providers_.settings_.longest_wait || entry->closed_off()) continue;
    if (auto chosen = choose(*entry, "again", wait_for(error))) return chosen;
  }
  return std::nullopt;
}

void Providers::Choice::pass_over() {
  permit_.reset();
  const std::lock_guard lock(providers_.mutex_);
  if (--asked_->choices[why_] == 0) asked_->choices.erase(why_);
}

void Providers::Choice::first_token(Clock::duration after) {
  const std::lock_guard lock(providers_.mutex_);
  const auto ms = std::chrono::duration<double, std::milli>(after).count();
  // A moving mean over about ten replies.
  asked_->first_token_ms = asked_->first_token_ms == 0 ? ms : 0.9 * asked_->first_token_ms + 0.1 * ms;
}

void Providers::Choice::succeeded() {
  if (permit_) permit_->succeeded();
  permit_.reset();
  const std::lock_guard lock(providers_.mutex_);
  if (std::exchange(asked_->down, false)) log::info("provider {} answers again", asked_->model.provider());
  asked_->last_error.clear();
  asked_->pause = milliseconds(0);
  ++asked_->replies;
}

void Providers::Choice::failed(const Error& error) {
  // A server that says it is busy, or that a prompt is too long for it, is well.
  const bool well = error.code == ErrorCode::busy || error.code == ErrorCode::too_large;
  if (permit_ && !well && another_may_help(error)) permit_->failed();
  permit_.reset();
  failed_.push_back({asked_, error});
  const std::lock_guard lock(providers_.mutex_);
  auto& entry = *asked_;
  ++entry.failures[std::string(to_string(error.code))];
  entry.last_error = error.message;
  if (error.code == ErrorCode::busy) entry.rests_until = Clock::now() + std::min(error.retry_after.value_or(kRest), kLongestRest);
  if (well || !another_may_help(error)) return;
  log::warn("provider {}: {}", entry.model.provider(), error.message);
  entry.down = true;
  entry.pause = providers_.settings_.check_after;
  entry.check_at = Clock::now() + entry.pause;
}

Error Providers::Choice::error() const {
  if (order_.empty()) return {ErrorCode::not_found, "this server has no such provider or model"};
  if (failed_.empty()) return {ErrorCode::unavailable, "no model can answer now"};
  const bool all_busy = std::ranges::all_of(failed_, [](const Failed& one) { return one.error.code == ErrorCode::busy; });
  Error error = failed_.back().error;
  std::vector<const Entry*> told;
  std::string sentence;
  for (auto one = failed_.rbegin(); one != failed_.rend(); ++one) {
    if (std::ranges::find(told, one->entry) != told.end()) continue;
    told.push_back(one->entry);
    const auto line = fmt::format("{}: {}", one->entry->model.provider(), one->error.message);
    sentence = sentence.empty() ? line : line + "; " + sentence;
    if (all_busy && one->error.retry_after)
      error.retry_after = std::min(error.retry_after.value_or(*one->error.retry_after), *one->error.retry_after);
  }
  if (told.size() == 1) return error;
  if (!all_busy) error = {ErrorCode::unavailable, ""};
  error.message = "no model could answer: " + sentence;
  return error;
}

boost::asio::awaitable<void> Providers::check_failed() {
  std::vector<Entry*> due;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& entry : entries_) {
      if (!entry->down || entry->checking || Clock::now() < entry->check_at) continue;
      entry->checking = true;
      due.push_back(entry.get());
    }
  }
  for (auto* entry : due) {
    const auto outcome = co_await entry->model.check();
    const std::lock_guard lock(mutex_);
    entry->checking = false;
    if (outcome) {
      log::info("provider {} can be reached again", entry->model.provider());
      entry->down = false;
      continue;
    }
    entry->last_error = outcome.error().message;
    entry->pause = std::min(std::max(entry->pause * 2, settings_.check_after), settings_.check_at_most);
    entry->check_at = Clock::now() + entry->pause;
  }
}

}  // namespace gibsey::provider
