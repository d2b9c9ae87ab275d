#include "net/http_parser.hpp"

#include "net/testing/shared_data.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <set>

namespace gibsey::net {
namespace {

using Json = nlohmann::json;

/// What a connection makes of a stream of bytes.
struct Read {
  std::vector<HttpRequest> requests;
  int refused = 0;      ///< status, 0 when nothing was
  bool closed = false;  ///< by the last request's wish; what follows is not looked at

  bool operator==(const Read& other) const {
    return refused == other.refused && closed == other.closed && requests.size() == other.requests.size() &&
           std::equal(requests.begin(), requests.end(), other.requests.begin(), [](const HttpRequest& a, const HttpRequest& b) {
             return a.method == b.method && a.target == b.target && a.body == b.body && a.headers.fields() == b.headers.fields();
           });
  }
};

/// Feeds `step` bytes at a time.
Read read_stream(const std::string& bytes, std::size_t step, std::size_t body_limit = 1024) {
  Read read;
  std::string buffer;
  HeadScanner scanner(4096);
  std::optional<RequestHead> head;
  std::optional<ChunkedDecoder> decoder;
  const auto use = [&]() -> bool {  // whether something was used up
    if (!head) {
      auto end = scanner.scan(buffer);
      if (!end) {
        read.refused = end.error().status;
        return false;
      }
      if (!*end) return false;
      auto parsed = parse_request_head(buffer.substr(0, **end));
      buffer.erase(0, **end);
      if (!parsed) {
        read.refused = parsed.error().status;
        return false;
      }
      head = *std::move(parsed);
      decoder.emplace(body_limit);
    }
    if (head->framing.chunked) {
      auto used = decoder->feed(buffer, head->request.body);
      if (!used) {
        read.refused = used.error().status;
        return false;
      }
      buffer.erase(0, *used);
      if (!decoder->done()) return false;
    } else {
      const auto part = std::min<std::size_t>(buffer.size(), head->framing.length - head->request.body.size());
      head->request.body.append(buffer, 0, part);
      buffer.erase(0, part);
      if (head->request.body.size() < head->framing.length) return false;
    }
    read.closed = !head->keep_alive;
    read.requests.push_back(std::move(head->request));
    head.reset();
    scanner = HeadScanner(4096);
    return !read.closed;
  };
  for (std::size_t at = 0; at < bytes.size() && read.refused == 0 && !read.closed; at += step) {
    buffer += bytes.substr(at, step);
    while (use()) {
    }
  }
  return read;
}

Read read_one(const std::string& bytes) {
  return read_stream(bytes, bytes.size());
}

TEST(HttpParser, ReadsARequest) {
  const auto read = read_one(
      "POST /ask?x=1 HTTP/1.1\r\nHost: localhost:8002\r\nContent-Length: 5\r\nX-Empty:\r\nX-Utf:  D\xC3\xBCss \t\r\n\r\nhello");
  ASSERT_EQ(read.requests.size(), 1U);
  const auto& request = read.requests[0];
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.path(), "/ask");
  EXPECT_EQ(request.query(), "x=1");
  EXPECT_EQ(request.host, "localhost:8002");
  EXPECT_EQ(request.body, "hello");
  EXPECT_EQ(request.headers.find("x-empty"), "");
  EXPECT_EQ(request.headers.find("X-UTF"), "D\xC3\xBCss");
}

TEST(HttpParser, TakesAnAbsoluteTargetWhoseHostAgrees) {
  const auto read = read_one("GET http://localhost:8002?q=1 HTTP/1.1\r\nHost: localhost:8002\r\n\r\n");
  ASSERT_EQ(read.requests.size(), 1U);
  EXPECT_EQ(read.requests[0].target, "/?q=1");
  EXPECT_EQ(read_one("GET http://localhost/ HTTP/1.1\r\nHost: evil.example\r\n\r\n").refused, 400);
}

TEST(HttpParser, RefusesWhatCanBeReadInTwoWays) {
  const std::map<std::string, int> heads = {
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", 400},
      {"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n", 501},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding\r\n : chunked\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/1.1\nHost: a\n\n", 400},
      {"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET /\r\n\r\n", 400},
      {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
      {"get / HTTP/1.1\r\nHost: a\r\n\r\n", 501},
      {"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 501},
      {"GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: a\x01z\r\n\r\n", 400},
      {"GET /\xC3\xA9 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nExpect: the-best\r\n\r\n", 417},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(5000, 'x') + "\r\n\r\n", 431},
      {"GET /" + std::string(5000, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n", 414},
      {"\x16\x03\x01\x02\x00", 400},
  };
  for (const auto& [bytes, status] : heads) EXPECT_EQ(read_one(bytes).refused, status) << bytes.substr(0, 100);
}

TEST(HttpParser, ReadsAndRefusesChunks) {
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  const auto good = read_one(head + "5;a=b;c=\"d;\\\"e\"\r\nhello\r\n00006\r\n world\r\n000\r\nTrailer: dropped\r\n\r\n");
  ASSERT_EQ(good.requests.size(), 1U);
  EXPECT_EQ(good.requests[0].body, "hello world");
  EXPECT_FALSE(good.requests[0].headers.find("Trailer"));
  const std::map<std::string, int> bodies = {{"5\nhello\r\n0\r\n\r\n", 400},
                                             {"5\r\nhelloX\r\n0\r\n\r\n", 400},
                                             {"5\r\nhello\n0\r\n\r\n", 400},
                                             {"0x5\r\nhello\r\n0\r\n\r\n", 400},
                                             {"-5\r\nhello\r\n", 400},
                                             {"+5\r\nhello\r\n", 400},
                                             {"\r\n", 400},
                                             {"5 \r\nhello\r\n", 400},
                                             {"5;\r\nhello\r\n", 400},
                                             {"5;a=\r\nhello\r\n", 400},
                                             {"5;a=\"b\r\nhello\r\n", 400},
                                             {"FFFFFFFFFFFFFFFFF\r\n", 400},
                                             {"FFFFFFFFFFFFFFFF\r\nx", 413},
                                             {"401\r\n", 413},
                                             {"3ff\r\n" + std::string(1023, 'x') + "\r\n2\r\n", 413},
                                             {"0\r\nbad trailer\r\n\r\n", 400},
                                             {"0\r\nX: " + std::string(9000, 'x') + "\r\n\r\n", 431},
                                             {"5;" + std::string(2000, 'x') + "\r\n", 400}};
  for (const auto& [body, status] : bodies) EXPECT_EQ(read_one(head + body).refused, status) << body.substr(0, 100);
}

/// The vectors leave out the Host field that HTTP/1.1 needs; it is put in, so that each is judged by what it is about.
std::string with_host(const std::string& input) {
  std::string lower = input;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (lower.find("host:") != std::string::npos) return input;
  std::string out;
  for (std::size_t at = 0; at < input.size();) {
    const auto version = input.find(" HTTP/1.", at);
    if (version == std::string::npos || input.substr(version + 9, 2) != "\r\n") return out + input.substr(at);
    out += input.substr(at, version + 11 - at) + "Host: a\r\n";
    at = version + 11;
  }
  return out;
}

TEST(HttpParser, RefusesEveryMalformedSharedVectorHoweverItIsCut) {
  std::map<std::string, int> tally;
  for (const auto& line : testing::shared_lines("http_llhttp/llhttp_vectors.jsonl")) {
    const auto vector = Json::parse(line);
    const auto type = vector["type"].get<std::string>();
    const auto name = vector["file"].get<std::string>() + ": " + vector["name"].get<std::string>();
    SCOPED_TRACE(name);
    const auto input = testing::base64_decoded(vector["input_b64"].get<std::string>());
    // The vectors were cut at their last line's end: the blank line that ends a head or a body comes back here.
    const auto bytes = with_host(input) + "\r\n\r\n";
    const auto read = read_stream(bytes, bytes.size());
    EXPECT_TRUE(read == read_stream(bytes, 1));
    EXPECT_TRUE(read == read_stream(bytes, 7));
    if (type != "request") continue;
    const auto complete = vector["messages_complete"].get<std::size_t>();
    const bool error = !vector["error"].is_null();
    const bool upgrade = error && vector["error"]["reason"].get<std::string>().starts_with("Pause on");
    if (error && !upgrade) {
      EXPECT_TRUE(read.refused != 0 || read.closed) << bytes;
      EXPECT_LE(read.requests.size(), complete);
      ++tally["refused"];
    } else if (!error && read.refused != 0 && read.requests.size() < complete) {
      // Well formed, and still not for this server.
      static const std::set<int> kNotServed = {501, 505};
      const bool odd_target = input.find('#') != std::string::npos || input.find('@') != std::string::npos;
      const bool old = name.find("No HTTP version") != std::string::npos || name.find("ICE") != std::string::npos ||
                       name.find("RTSP") != std::string::npos;
      const bool host_differs = input.find("http://") != std::string::npos;
      const bool no_body_sent = name.find("Content-Length reset") != std::string::npos;
      EXPECT_TRUE(kNotServed.contains(read.refused) || odd_target || old || host_differs || no_body_sent) << bytes;
      ++tally["well formed, not served"];
    } else {
      ++tally["served"];
    }
  }
  for (const auto& [what, count] : tally) std::cout << count << " request vectors " << what << "\n";
}

}  // namespace
}  // namespace gibsey::net
