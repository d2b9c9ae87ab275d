#include "base/utf8.hpp"
#include "input.hpp"
#include "net/http_parser.hpp"
#include "targets.hpp"

#include <algorithm>
#include <string>
#include <tuple>

namespace gibsey::fuzz {
namespace {

using net::ChunkedDecoder;
using net::HeadScanner;
using net::ParseFailure;

constexpr std::size_t kMostFields = 100;

void check_failure(const ParseFailure& failure) {
  static constexpr std::array kStatuses = {400, 413, 414, 417, 431, 501, 505};
  require(std::ranges::find(kStatuses, failure.status) != kStatuses.end(), "a refusal has a status that is told");
  require(!failure.detail.empty() && utf8::is_valid(failure.detail), "a refusal is one plain sentence");
}

using Scanned = net::Parsed<std::optional<std::size_t>>;

bool same(const Scanned& a, const Scanned& b) {
  if (a.has_value() != b.has_value()) return false;
  return a ? *a == *b : std::tie(a.error().status, a.error().detail) == std::tie(b.error().status, b.error().detail);
}

Scanned scan(const Input& input, std::size_t limit) {
  HeadScanner whole_scanner(limit);
  const auto whole = whole_scanner.scan(input.stream);
  HeadScanner scanner(limit);
  Scanned scanned;
  std::size_t arrived = 0;
  for_each_piece(input, [&](std::string_view piece) {
    arrived += piece.size();
    scanned = scanner.scan(input.stream.substr(0, arrived));
    return scanned && !*scanned;
  });
  require(same(whole, scanned), "where the head ends does not depend on the cut");
  if (!whole) check_failure(whole.error());
  if (whole && *whole) require(**whole <= limit && **whole >= 4, "a head is within its limit");
  if (whole && !*whole) require(input.stream.size() <= limit, "a head over the limit is refused at once");
  return whole;
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

void check_request(const net::HttpRequest& request) {
  require(request.target.starts_with('/') || request.target == "*", "a target is a path");
  require(request.minor_version == 0 || request.minor_version == 1, "the version is known");
  require(request.minor_version == 0 || request.headers.count("Host") == 1, "HTTP/1.1 has its Host");
  require(request.headers.fields().size() <= kMostFields, "the fields are bounded");
  for (const auto& [name, value] : request.headers.fields()) {
    require(!name.empty() && !has_control(name) && !has_control(value), "a field is a line");
    require(name.find_first_of(" \t:") == std::string::npos, "a field's name is a word");
  }
  if (const auto segments = net::parse_path(request.path())) {
    for (const auto& segment : *segments) require(utf8::is_valid(segment), "a decoded path is UTF-8");
  }
  if (const auto query = net::parse_query(request.query())) {
    for (const auto& [name, value] : *query) require(utf8::is_valid(name) && utf8::is_valid(value), "a decoded query is UTF-8");
  }
}

struct Body {
  std::string content;
  std::size_t used = 0;
  bool done = false;
  int refused = 0;  ///< the status
};

void feed(ChunkedDecoder& decoder, std::string_view bytes, Body& body) {
  const auto used = decoder.feed(bytes, body.content);
  if (!used) {
    check_failure(used.error());
    body.refused = used.error().status;
    return;
  }
  body.used += *used;
  body.done = decoder.done();
  require(*used == bytes.size() || body.done, "all is used until the body is done");
}

void check_chunks(const Input& input, std::size_t limit) {
  Body whole;
  ChunkedDecoder whole_decoder(limit);
  feed(whole_decoder, input.stream, whole);
  Body pieces;
  ChunkedDecoder decoder(limit);
  for_each_piece(input, [&](std::string_view piece) {
    feed(decoder, piece, pieces);
    return pieces.refused == 0 && !pieces.done;
  });
  require(whole.content == pieces.content && whole.refused == pieces.refused && whole.done == pieces.done,
          "a chunked body does not depend on the cut");
  require(whole.refused != 0 || whole.used == pieces.used, "where a chunked body ends does not depend on the cut");
  require(whole.content.size() <= limit, "a chunked body is within its limit");
}

}  // namespace

/// Option: the limits of head and body in steps of 32 bytes; 0 is 16 KiB.
void http_parser(std::string_view bytes) {
  auto input = parse_input(bytes);
  const std::size_t limit = input.option == 0 ? 16U * 1024U : 32U * input.option;
  check_chunks(input, limit);
  const auto length = scan(input, limit);
  if (!length || !*length) return;
  const auto head = net::parse_request_head(input.stream.substr(0, **length));
  if (!head) {
    check_failure(head.error());
    return;
  }
  check_request(head->request);
  input.stream.remove_prefix(**length);
  if (head->framing.chunked) check_chunks(input, limit);
}

}  // namespace gibsey::fuzz
