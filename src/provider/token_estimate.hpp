#pragma once
#include <mutex>
#include <string>

namespace gibsey::provider {

/// Guesses how many tokens a text is for a model whose tokenizer is not at hand, and learns from the usage that its server
/// returns. Begins with four bytes a token (English prose under the common vocabularies: 4.0 to 4.5). Thread-safe.
class TokenEstimate {
 public:
  /// Rounded up; 0 for nothing.
  [[nodiscard]] int count(const std::string& text) const;
  /// A server counted `tokens` in `bytes` of text. What is under 200 bytes, or out of 1 to 6 bytes a token, is not believed.
  void learn(std::size_t bytes, int tokens);
  [[nodiscard]] double bytes_per_token() const;

 private:
  mutable std::mutex mutex_;
  double bytes_per_token_ = 4.0;
  int learned_ = 0;
};

}  // namespace gibsey::provider
