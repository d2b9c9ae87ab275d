#pragma once
#include "chat/reply_check.hpp"
#include "model/turn.hpp"
#include "retrieval/quote_finder.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gibsey::chat {

/// Holds back what a model writes between quotation marks until it is known to stand in the book.
///
/// A span of kMinQuoteWords or more that stands in the book (exactly, after the normalisation of retrieval/quote_finder.hpp) is
/// let through as the page's own text in straight double marks, cut to fewer than 40 words, followed by its page, " (p. 12)"; a
/// page that the model itself names right after it is dropped. What is in no page loses its marks and is counted. Shorter spans
/// and the reader's own words are no quotations and pass as they are. [[q3]] becomes the quotation that is source number 3, once
/// a reply; a number that no source has is dropped, and counted. In a world without a book nothing is checked. Text is fed in any
/// chunks; the result does not depend on how it was cut. Not thread-safe; one a reply.
class QuoteCheck final : public ReplyCheck {
 public:
  static constexpr int kMinQuoteWords = 4;
  static constexpr int kMaxQuoteWords = 39;
  /// An open span longer than this (bytes) is no quotation: it is let go without its mark.
  static constexpr std::size_t kMaxHeldBytes = 800;

  /// `book` null: nothing is checked. `sources` say which pages are looked at first and number the quotes. `book_goes_on`: the
  /// book is longer than `book`; a span that stands not there is undecided() before it loses its marks.
  QuoteCheck(std::shared_ptr<const retrieval::QuoteFinder> book, std::vector<model::Source> sources, std::string reader_text,
             bool book_goes_on = false);
  ~QuoteCheck() override;
  QuoteCheck(const QuoteCheck&) = delete;
  QuoteCheck& operator=(const QuoteCheck&) = delete;

  [[nodiscard]] std::vector<CheckedPiece> feed(std::string_view text) override;
  /// The end of the reply: lets go what is held. An open span loses its mark.
  [[nodiscard]] std::vector<CheckedPiece> finish() override;

  [[nodiscard]] std::optional<std::string> undecided() const override;
  [[nodiscard]] std::vector<CheckedPiece> settle(const std::optional<retrieval::QuoteLocation>& place) override;

  /// Whether the model that writes now can write nothing else than the sources between its marks.
  void expect_locked(bool locked);
  /// A verified quotation that did not come from the model: writes `before`, the quote with its page, and the event.
  [[nodiscard]] std::vector<CheckedPiece> insert(const model::Source& source, model::QuoteOrigin origin, std::string_view before);

  /// As the model wrote it, what is not decided yet.
  [[nodiscard]] const std::string& held() const;
  [[nodiscard]] int false_quotes() const;
  [[nodiscard]] const std::vector<model::Quote>& quotes() const;
  [[nodiscard]] const std::string& reply() const override;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace gibsey::chat
