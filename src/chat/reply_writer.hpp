#pragma once
#include "chat/reply_check.hpp"
#include "chat/turn.hpp"

#include <boost/asio/awaitable.hpp>

#include <string>
#include <vector>

namespace gibsey::chat {

/// Sends checked text to a turn's readers and, with that of other turns, to the store.
class ReplyWriter {
 public:
  ReplyWriter(AdmittedTurn& turn, TurnParts& parts) : turn_(turn), parts_(parts) {}

  /// Text of a model through its check, and the end of it. What the check cannot decide is looked up in the world's book; what
  /// cannot be looked up counts as standing nowhere. `check` outlives the call.
  boost::asio::awaitable<void> pass(ReplyCheck& check, std::string text);
  boost::asio::awaitable<void> end(ReplyCheck& check);
  void write(std::vector<CheckedPiece> pieces);

 private:
  boost::asio::awaitable<void> settle(ReplyCheck& check);
  void write_text(std::string text);

  AdmittedTurn& turn_;
  TurnParts& parts_;
  bool wrote_text_ = false;
};

}  // namespace gibsey::chat
