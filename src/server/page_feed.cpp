#include "server/page_feed.hpp"

#include "base/clock.hpp"
#include "ingest/page_event.hpp"
#include "net/sse.hpp"
#include "server/json_response.hpp"
#include "server/problem.hpp"

#include <atomic>
#include <memory>

namespace gibsey::server {
namespace {

constexpr std::size_t kAtOnce = 100;
constexpr int kMostStreams = 64;

/// The reader of a stream, ended when its client leaves.
struct OpenFeed {
  explicit OpenFeed(std::unique_ptr<feed::Reader> of_topic) : reader(std::move(of_topic)) { ++open; }
  ~OpenFeed() { --open; }
  OpenFeed(const OpenFeed&) = delete;
  OpenFeed& operator=(const OpenFeed&) = delete;

  static inline std::atomic<int> open = 0;
  std::unique_ptr<feed::Reader> reader;
};

void append_change(std::string& out, const feed::Delivered& delivered) {
  const auto event = ingest::read_page_event(delivered.event.key, delivered.event.value, "");
  // What no one can read is on the topic of the dead.
  if (!event) return;
  const char* op = event->removed ? "d" : event->version == 1 ? "i" : "u";
  net::append_sse(out, "page_change",
                  dump({{"op", op},
                        {"world", event->world},
                        {"page_id", event->page_id},
                        {"version", event->version},
                        {"seq", event->seq},
                        {"time", iso8601(delivered.event.time)}}),
                  delivered.position);
}

}  // namespace

boost::asio::awaitable<void> follow_pages(const Services& services, RouteRequest& request, net::HttpExchange& exchange) {
  if (services.feed == nullptr || OpenFeed::open >= kMostStreams) {
    co_await exchange.send(problem(
        503, services.feed == nullptr ? "This server has no feed of pages." : "Too many read the feed; try again in a moment."));
    co_return;
  }
  const auto header = request.http.headers.find("Last-Event-ID");
  auto after = header ? std::string(*header) : request.find("after").value_or("");
  auto opened = co_await services.feed->reader(services.pages_topic, std::move(after));
  if (!opened && opened.error().code == ErrorCode::invalid_argument) {
    co_await exchange.send(problem(422, "Give as 'after' the id of an event of this stream, 'end', or nothing.", "after"));
    co_return;
  }
  if (!opened) {
    co_await exchange.send(problem(opened.error()));
    co_return;
  }
  const auto stream = std::make_shared<OpenFeed>(*std::move(opened));
  co_await exchange.begin_stream(
      200, {{"Content-Type", "text/event-stream"}, {"Cache-Control", "no-cache, no-transform"}, {"X-Accel-Buffering", "no"}});
  exchange.on_client_left([stream] { stream->reader->stop(); });
  std::string out;
  net::append_sse_comment(out, "ok");
  while (co_await exchange.write(out)) {
    out.clear();
    const auto events = co_await stream->reader->next(kAtOnce, Deadline::after(services.keep_alive));
    // The client has left, or the feed has: it comes again with the last id.
    if (!events) break;
    for (const auto& delivered : *events) append_change(out, delivered);
    if (out.empty()) net::append_sse_comment(out, "");
  }
}

}  // namespace gibsey::server
