#pragma once
#include "chat/reply_check.hpp"
#include "chat/turn.hpp"

#include <boost/asio/awaitable.hpp>

#include <string>
#include <vector>

namespace gibsey::chat {

/// Sends checked text to a turn's readers and, in batches, to the store.
class ReplyWriter {
 public:
  ReplyWriter(AdmittedTurn& turn, TurnParts& parts) : turn_(turn), parts_(parts) {}

  /// Text of a model through its check, and the end of it. What the check cannot decide is looked up in the world's book; what
  /// cannot be looked up counts as standing nowhere. `check` outlives the call.
  boost::asio::awaitable<void> pass(ReplyCheck& check, std::string text);
  boost::asio::awaitable<void> end(ReplyCheck& check);
  boost::asio::awaitable<void> write(std::vector<CheckedPiece> pieces);

 private:
  boost::asio::awaitable<void> settle(ReplyCheck& check);
  void write_text(std::string text);

  AdmittedTurn& turn_;
  TurnParts& parts_;
  Deadline::Clock::time_point saved_ = Deadline::Clock::now();
  bool wrote_text_ = false;
};

/// Stores what the log holds and the store does not. A failure is told and made good by the next call: the reader's stream goes
/// on.
boost::asio::awaitable<void> save_events(AdmittedTurn& turn, TurnParts& parts);

}  // namespace gibsey::chat
