#include "chat/reply_writer.hpp"

#include "base/log.hpp"

namespace gibsey::chat {

namespace asio = boost::asio;

asio::awaitable<void> ReplyWriter::pass(ReplyCheck& check, std::string text) {
  write(check.feed(text));
  co_await settle(check);
}

asio::awaitable<void> ReplyWriter::end(ReplyCheck& check) {
  write(check.finish());
  co_await settle(check);
}

asio::awaitable<void> ReplyWriter::settle(ReplyCheck& check) {
  for (auto claim = check.undecided(); claim; claim = check.undecided()) {
    std::vector<std::string> preferred;
    for (const auto& source : turn_.record.sources) preferred.push_back(source.page_id);
    auto place = co_await parts_.passages.find_quote(turn_.world.name, *std::move(claim), std::move(preferred));
    if (!place) log::warn("turn {}: a quotation could not be looked up: {}", turn_.record.id, place.error().message);
    write(check.settle(place ? *place : std::nullopt));
  }
}

void ReplyWriter::write(std::vector<CheckedPiece> pieces) {
  for (auto& piece : pieces) {
    if (auto* text = std::get_if<model::TokenText>(&piece)) write_text(std::move(text->text));
    if (auto* quote = std::get_if<model::QuoteClosed>(&piece)) {
      parts_.observer.count("quotes", model::to_string(quote->quote.origin), 1);
      turn_.log->append(std::move(*quote));
    }
  }
  if (!pieces.empty()) turn_.saver->owe(turn_.log, parts_.turns);
}

void ReplyWriter::write_text(std::string text) {
  if (!wrote_text_) {
    wrote_text_ = true;
    turn_.record.first_token_ms = static_cast<int>(turn_.milliseconds());
    parts_.observer.phase("first_token", turn_.milliseconds() / 1000);
  }
  turn_.log->append(model::TokenText{std::move(text)});
}

}  // namespace gibsey::chat
