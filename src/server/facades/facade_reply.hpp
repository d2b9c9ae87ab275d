#pragma once
#include "server/facades/facade_question.hpp"
#include "server/turn_start.hpp"
#include "server/turn_stream.hpp"

#include <boost/asio/awaitable.hpp>

#include <optional>
#include <string>
#include <vector>

namespace gibsey::server {

/// What a turn has told so far: gathered from its events in their order.
struct FacadeReply {
  std::string turn_id;
  std::string conversation_id;
  std::string text;
  std::vector<model::Source> sources;
  std::vector<model::Quote> quotes;
  std::optional<model::Receipt> receipt;
  model::TokenUsage usage;
  std::optional<model::TurnDone> done;
  std::optional<model::TurnFailed> failed;

  void take(const model::TurnEvent& event);
  [[nodiscard]] bool ended() const { return done || failed; }
  /// Whether the model was cut off by the number of tokens.
  [[nodiscard]] bool cut_off() const { return done && done->finish_reason == model::FinishReason::length; }
};

/// {turn_id, conversation_id, sources, quotes, receipt}: what clients of a facade get beside their own fields.
[[nodiscard]] Json gibsey_json(const FacadeReply& reply);

/// Puts a refusal of ours (problem+json, or 402's body) into the words of a facade's clients; status and fields stay.
using Reword = net::HttpResponse (*)(const net::HttpRequest& request, net::HttpResponse refusal);

/// What a refusal says, for a Reword.
struct Refused {
  std::string sentence;
  std::string field;             ///< of the request that is wrong; may be empty
  Json gibsey = Json::object();  ///< 402: {needed, available}
};
[[nodiscard]] Refused read_refusal(const net::HttpResponse& refusal);
/// The refusal with another body, as application/json.
[[nodiscard]] net::HttpResponse with_body(net::HttpResponse refusal, const Json& body);

/// The refusal that a turn which failed stands for, where nothing of it has been sent.
[[nodiscard]] net::HttpResponse refusal_of(const model::TurnFailed& failed);

/// Starts the turn: 404 names the model. Sets `request.turn_id`.
boost::asio::awaitable<Started> start_turn(const Services& services, RouteRequest& request, FacadeRequest asked);

/// The reply once it is whole. It is written and kept whether or not the client waits.
boost::asio::awaitable<FacadeReply> whole_reply(std::shared_ptr<chat::RunningTurn> turn);

/// The head of an event stream and a first comment, before anything is looked up; whether the client is still there.
boost::asio::awaitable<bool> begin_event_stream(net::HttpExchange& exchange, std::string turn_id);

/// How one kind of client is spoken to.
struct FacadeWords {
  Reword reword;
  /// A whole reply.
  Json (*whole)(const FacadeRequest& asked, const FacadeReply& reply);
  /// What turns the events of one turn into its stream.
  EncodeEvent (*stream)(const FacadeRequest& asked);
  bool ndjson = false;  ///< lines of JSON, among which no comment may stand, instead of an event stream
};

/// Answers a question: starts its turn and gives the reply as the client wants it, or refuses. A client that leaves does not stop
/// the turn.
boost::asio::awaitable<void> answer_turn(const Services& services, RouteRequest& request, net::HttpExchange& exchange,
                                         Field<FacadeRequest> asked, FacadeWords words);

/// Sends a whole answer; what the router adds to answers is added here.
boost::asio::awaitable<void> send_answer(net::HttpExchange& exchange, net::HttpResponse response);

/// The sentence for a client whose text was void after it had been sent (another model took over).
inline constexpr const char* kBegunAnew = "The reply began anew after a failure; read it whole at /v1/turns.";

}  // namespace gibsey::server
