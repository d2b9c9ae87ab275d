#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gibsey::provider {

/// Keeps what stands between quotation marks true: when a model opens a quotation, the best candidate that it has not quoted yet
/// is written in its place, whole and closed, and the model goes on after it. Where none is left, or the last quotation was only
/// just before, the mark is refused and another token is taken. Marks are looked for in bytes: typographic ones share their first
/// two, and a token may hold a part of one, or text on both sides of it. Single marks are apostrophes too and are left alone.
class QuoteLock {
 public:
  static constexpr int kMostQuotes = 3;
  static constexpr int kLeastWordsBetween = 6;

  /// `candidates`: best first, the book's own text.
  explicit QuoteLock(std::vector<std::string> candidates);

  enum class Verdict { pass, refuse, quote };
  struct Judged {
    Verdict verdict = Verdict::pass;
    std::string text;           ///< quote: what stands in the token's place
    std::size_t candidate = 0;  ///< quote: which one
  };
  /// What becomes of a token of these bytes. Changes nothing.
  [[nodiscard]] Judged judge(std::string_view bytes) const;
  /// Text that was written without a quotation: a token that passed, the beginning of the reply.
  void wrote(std::string_view bytes);
  /// The quotation was written.
  void quoted(const Judged& judged);

 private:
  struct Found {
    std::size_t position;  ///< in written_ and the token together
    std::size_t end;
    std::size_t marks;  ///< index into kQuotationMarks
  };
  [[nodiscard]] static bool find_mark(std::string_view text, std::size_t after, Found& found);

  std::vector<std::string> candidates_;
  std::vector<bool> used_;
  std::string written_;  ///< the model's own words since the last quotation
  int quotes_ = 0;
};

}  // namespace gibsey::provider
