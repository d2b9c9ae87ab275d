#include "provider/anthropic/messages_stream.hpp"

#include <utility>

namespace gibsey::provider {

MessagesStream::MessagesStream(std::unique_ptr<UpstreamReply> reply, std::shared_ptr<ClaudeLearned> learned,
                               MessagesStreamInputs inputs)
    : reply_(std::move(reply)), reader_(std::move(learned), std::move(inputs)) {}

Async<std::optional<std::string>> MessagesStream::next() {
  for (;;) {
    GIBSEY_CO_TRY(auto piece, reader_.take());
    if (piece || reader_.over()) co_return piece;
    if (stop_asked_) co_return reader_.cut();
    if (reader_.heard() > heard_) reply_->heard();
    heard_ = reader_.heard();
    const auto bytes = co_await reply_->read();
    if (!bytes) {
      if (stop_asked_) continue;  // stop() ended the read
      co_return std::unexpected(bytes.error());
    }
    if (*bytes) {
      reader_.feed(**bytes);
    } else {
      reader_.end();
    }
  }
}

void MessagesStream::stop() {
  stop_asked_ = true;
  reply_->cancel();
}

}  // namespace gibsey::provider
