#pragma once
#include "chat/reply_check.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace gibsey::chat {

/// Lets only citations through that resolve: of `[3]`, `[1, 4]` and `[2-3]` the numbers from 1 to `sources` stay, the others are
/// taken out and counted; a bracket left without a number vanishes with the space before it. Brackets that hold anything else
/// ("[sic]") pass.
class CitationCheck final : public ReplyCheck {
 public:
  /// An open bracket longer than this (bytes) is no citation.
  static constexpr std::size_t kMaxHeldBytes = 48;

  explicit CitationCheck(int sources) : sources_(sources) {}

  [[nodiscard]] std::vector<CheckedPiece> feed(std::string_view text) override;
  [[nodiscard]] std::vector<CheckedPiece> finish() override;
  [[nodiscard]] const std::string& reply() const override { return reply_; }
  /// As the model wrote it, what is not decided yet.
  [[nodiscard]] std::string held() const { return space_ + held_; }
  /// Numbers that no source has.
  [[nodiscard]] int false_citations() const { return false_citations_; }
  /// The sources that the reply cites, each once, in the order in which it first does.
  [[nodiscard]] const std::vector<int>& cited() const { return cited_; }

 private:
  void take(char byte, std::string& out);
  /// The bracket in held_ (from '[' to ']'), with what is not so taken out.
  [[nodiscard]] std::string resolved(std::string_view bracket);
  [[nodiscard]] std::vector<CheckedPiece> let_go(std::string out);

  const int sources_;
  std::string space_;  ///< blanks that go out only if something follows that stays
  std::string held_;   ///< an open bracket, from its '['
  std::string reply_;
  std::vector<int> cited_;
  int false_citations_ = 0;
};

}  // namespace gibsey::chat
