#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace gibsey::provider {

/// Makes text for a reader out of the bytes of a model's tokens: whole characters only, nothing from the first stop string
/// on. What may still become a stop string or a character is held back.
class ReplyText {
 public:
  /// Empty stop strings are ignored.
  explicit ReplyText(std::vector<std::string> stop);

  /// Text that can be shown now, maybe empty. Nothing after stopped().
  [[nodiscard]] std::string add(std::string_view bytes);
  /// What was held back, at the end of the reply. A half character is dropped.
  [[nodiscard]] std::string finish();
  /// Whether a stop string has come.
  [[nodiscard]] bool stopped() const { return stopped_; }

 private:
  [[nodiscard]] std::size_t possible_stop() const;

  std::vector<std::string> stop_;
  std::string held_;
  bool stopped_ = false;
};

}  // namespace gibsey::provider
