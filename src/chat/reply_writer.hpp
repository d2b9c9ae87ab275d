#pragma once
#include "chat/reply_check.hpp"
#include "chat/turn.hpp"

#include <boost/asio/awaitable.hpp>

#include <vector>

namespace gibsey::chat {

/// Sends checked text to a turn's readers and, in batches, to the store.
class ReplyWriter {
 public:
  ReplyWriter(AdmittedTurn& turn, TurnParts& parts) : turn_(turn), parts_(parts) {}

  boost::asio::awaitable<void> write(std::vector<CheckedPiece> pieces);

 private:
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
