#pragma once
#include "net/circuit_breaker.hpp"
#include "provider/chat_model.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gibsey::provider {

struct ProviderSettings {
  net::BreakerSettings breaker{.failures = 3, .open_for = std::chrono::seconds(10)};
  /// A provider that failed is looked at again after so long; doubled after each look in vain, up to the second value.
  std::chrono::milliseconds check_after{2'000};
  std::chrono::milliseconds check_at_most{120'000};
  /// Before a provider that failed by a passing fault is asked once more for the same reply; 0: it is not.
  std::chrono::milliseconds again_after{250};
  /// A Retry-After up to this is waited for when no other provider can answer.
  std::chrono::milliseconds longest_wait{2'000};
};

/// What is known of a provider by the calls made to it.
struct ProviderState {
  std::string name;
  std::string model;
  int context_tokens = 0;
  std::string status;  ///< "ready", "down" (a check failed), "resting" (it asked to be left alone), "open" (its breaker is)
  std::string last_error;
  std::map<std::string, std::int64_t> choices;   ///< why it was chosen, how often
  std::map<std::string, std::int64_t> failures;  ///< by error code
  double first_token_ms = 0;                     ///< moving mean
  std::int64_t replies = 0;                      ///< whole ones
};

/// The models that may answer, in the configured order, with what is known of their health. Holds no model: they must outlive
/// it. Thread-safe.
class Providers {
 public:
  explicit Providers(std::vector<ChatModel*> in_order, ProviderSettings settings = {});
  Providers(const Providers&) = delete;
  Providers& operator=(const Providers&) = delete;

  /// Whom a reply that starts now would ask first; never null.
  [[nodiscard]] ChatModel& preferred() const;
  /// Whether there is such a provider, and such a model at it; "" matches all.
  [[nodiscard]] bool has(std::string_view provider, std::string_view model) const;
  [[nodiscard]] std::vector<ProviderState> states() const;
  /// Whether the next provider may answer where this one failed so. Not for a question that is wrong or a reader who left.
  [[nodiscard]] static bool another_may_help(const Error& error);

  struct Entry;
  /// The choice of models for one reply: ask next(), try it, tell how it went, until one answers or nobody is left. For one
  /// coroutine. What was begun and not told of counts neither way.
  class Choice {
   public:
    struct Chosen {
      ChatModel& model;
      std::string why;                    ///< "first", "fallback", "named", "again"
      std::chrono::milliseconds wait{0};  ///< to be let pass before it is asked
      bool fallback = false;              ///< another one is before it in the order
    };
    Choice(Providers& providers, std::string provider, std::string model);
    ~Choice();
    Choice(const Choice&) = delete;
    Choice& operator=(const Choice&) = delete;
    /// nullopt: nobody is left; error() says why.
    [[nodiscard]] std::optional<Chosen> next();
    /// It was not asked after all.
    void pass_over();
    void first_token(std::chrono::steady_clock::duration after);
    void succeeded();
    void failed(const Error& error);
    /// Each provider's fault in one sentence. busy with retry_after where all that failed were busy.
    [[nodiscard]] Error error() const;

   private:
    struct Failed {
      Entry* entry;
      Error error;
    };
    [[nodiscard]] std::optional<Chosen> choose(Entry& entry, std::string why, std::chrono::milliseconds wait);
    [[nodiscard]] std::optional<Chosen> once_more();

    Providers& providers_;
    std::vector<Entry*> order_;
    std::size_t at_ = 0;
    Entry* asked_ = nullptr;
    std::string why_;
    std::optional<net::CircuitBreaker::Permit> permit_;
    std::vector<Failed> failed_;
    bool named_ = false;
    bool again_ = false;
  };

  /// Looks at the providers whose last call failed, each after its pause, so that one that is back is asked again. One round;
  /// call it about once a second.
  boost::asio::awaitable<void> check_failed();

  ~Providers();

 private:
  [[nodiscard]] std::vector<Entry*> ordered(std::string_view provider, std::string_view model) const;

  const ProviderSettings settings_;
  mutable std::mutex mutex_;  ///< guards what the entries know
  std::vector<std::unique_ptr<Entry>> entries_;
};

}  // namespace gibsey::provider
