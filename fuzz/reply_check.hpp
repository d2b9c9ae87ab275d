#pragma once
#include "base/result.hpp"
#include "base/utf8.hpp"
#include "input.hpp"

#include <optional>
#include <string>
#include <string_view>

/// What every reader of a model server's stream promises (CompletionReader, MessagesReader, ChatReader).
namespace gibsey::fuzz {

struct Reply {
  std::string text;
  std::optional<Error> error;
};

/// Takes what is there; false: the reply is over, or has failed.
template <typename Reader>
bool take_all(Reader& reader, Reply& reply) {
  for (;;) {
    auto piece = reader.take();
    if (!piece) {
      reply.error = piece.error();
      require(utf8::is_valid(reply.error->message), "an error is told in UTF-8");
      return false;
    }
    if (!*piece) return !reader.over();
    require(!(*piece)->empty() && utf8::is_valid(**piece), "a piece is UTF-8 and not empty");
    reply.text += **piece;
  }
}

/// What comes, comes to an end: over, or an error.
template <typename Reader>
void finish(Reader& reader, Reply& reply, bool more) {
  if (more) {
    reader.end();
    require(!take_all(reader, reply), "the reply ends with the stream");
  }
  if (reply.error) return;
  const auto after = reader.take();
  require(reader.over() && after && !*after, "nothing follows the end");
}

template <typename Reader>
Reply read_whole(Reader& reader, std::string_view stream) {
  Reply reply;
  reader.feed(stream);
  finish(reader, reply, take_all(reader, reply));
  return reply;
}

template <typename Reader>
Reply read_pieces(Reader& reader, const Input& input) {
  Reply reply;
  bool more = true;
  for_each_piece(input, [&](std::string_view piece) {
    reader.feed(piece);
    more = take_all(reader, reply);
    return more;
  });
  finish(reader, reply, more);
  return reply;
}

/// The reply is stopped after half of the stream: nothing is told but characters.
template <typename Reader>
void read_and_cut(Reader& reader, std::string_view stream) {
  Reply reply;
  reader.feed(stream.substr(0, stream.size() / 2));
  if (!take_all(reader, reply)) return;
  const std::optional<std::string> rest = reader.cut();
  require(reader.over() && utf8::is_valid(rest.value_or("")), "what is held back is UTF-8");
}

inline void require_same(const Reply& whole, const Reply& pieces, std::size_t stream_bytes) {
  require(whole.text == pieces.text, "the text does not depend on the cut");
  require(whole.error.has_value() == pieces.error.has_value(), "the end does not depend on the cut");
  if (whole.error) {
    require(whole.error->code == pieces.error->code && whole.error->message == pieces.error->message,
            "the error does not depend on the cut");
  }
  require(whole.text.size() <= 3 * stream_bytes, "no more is said than was sent");  // a byte can become U+FFFD
}

}  // namespace gibsey::fuzz
