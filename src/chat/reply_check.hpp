#pragma once
#include "model/turn.hpp"
#include "retrieval/quote_finder.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace gibsey::chat {

/// What a check lets through: text for the reader, and a quotation once it has closed.
using CheckedPiece = std::variant<model::TokenText, model::QuoteClosed>;

/// Stands between a model and its reader: text that claims something about the book is held back until it is known to be true.
/// Text is fed in any chunks; the result does not depend on how it was cut. Not thread-safe; one a reply.
class ReplyCheck {
 public:
  virtual ~ReplyCheck() = default;
  [[nodiscard]] virtual std::vector<CheckedPiece> feed(std::string_view text) = 0;
  /// The end of the reply: lets go what is held.
  [[nodiscard]] virtual std::vector<CheckedPiece> finish() = 0;
  /// A claim that this cannot decide by itself: nothing more is let through until settle() is told where it stands in the book.
  [[nodiscard]] virtual std::optional<std::string> undecided() const { return std::nullopt; }
  [[nodiscard]] virtual std::vector<CheckedPiece> settle(const std::optional<retrieval::QuoteLocation>& /*place*/) { return {}; }
  /// All text let through so far.
  [[nodiscard]] virtual const std::string& reply() const = 0;
};

}  // namespace gibsey::chat
