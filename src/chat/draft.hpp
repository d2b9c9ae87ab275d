#pragma once
#include "chat/prompt.hpp"
#include "chat/reply_check.hpp"
#include "chat/reply_writer.hpp"
#include "chat/turn.hpp"
#include "chat/turn_sources.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string>

namespace gibsey::chat {

class CitationCheck;
class QuoteCheck;

/// The reply of a turn while models write it: all text goes through its check to its writer. It can begin anew when another
/// model takes over. Refers to its turn, parts and sources, which outlive it.
class Draft {
 public:
  Draft(AdmittedTurn& turn, TurnParts& parts, const FoundSources& found);
  ~Draft();
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;

  /// What the program itself says before the model does: a quotation, or that the book cannot be reached.
  boost::asio::awaitable<void> open(const Prompt& prompt);
  /// Lets go what is held; `whole`: the reply ended by itself, so that it gets an epigraph where it quoted nothing. Puts text,
  /// quotes and counts into the record.
  boost::asio::awaitable<void> close(bool whole);
  /// Forgets everything; tells the reader if there was anything to forget.
  void begin_anew(const std::string& reason);

  /// The model of the turn is another one.
  void written_by(const provider::ChatModel& model);

  [[nodiscard]] ReplyCheck& check();
  [[nodiscard]] ReplyWriter& writer() { return writer_; }
  /// Whether the reader has seen any of it.
  [[nodiscard]] bool told() const;
  /// What was written so far, with what is still held back: what another model would have to go on from.
  [[nodiscard]] std::string so_far() const;

 private:
  void make_check();

  AdmittedTurn& turn_;
  TurnParts& parts_;
  const FoundSources& found_;
  ReplyWriter writer_;
  std::unique_ptr<QuoteCheck> quotes_;        ///< in a character's reply
  std::unique_ptr<CitationCheck> citations_;  ///< in the cited chat's
};

}  // namespace gibsey::chat
