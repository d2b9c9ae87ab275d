#pragma once
#include "base/deadline.hpp"
#include "base/result.hpp"
#include "provider/upstream.hpp"
#include "provider/upstream_reply.hpp"

#include <boost/asio/awaitable.hpp>
#include <nlohmann/json_fwd.hpp>

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

namespace gibsey::provider {

/// What a server says where it does not do what it was asked.
struct Complaint {
  std::string words;      ///< for people
  std::string code;       ///< "context_length_exceeded", "429"; maybe empty
  std::string type;       ///< "invalid_request_error"; maybe empty
  std::string parameter;  ///< of the request, which it is about; maybe empty
};

/// The complaint in an answer or in a chunk of a stream, in any of the forms in use; nullopt where there is none.
[[nodiscard]] std::optional<Complaint> complaint_in(const nlohmann::json& answer);
/// `status` 200: it came in a stream.
[[nodiscard]] ErrorCode code_of(const Complaint& complaint, int status);

/// A server that speaks OpenAI's protocol: its addresses, how it is asked, and what it means when it refuses. Immutable; must
/// outlive its calls.
class OpenAiServer {
 public:
  /// "/v1" is put in where the base is a host alone; "/chat/completions" at its end is dropped; a query is kept for every call.
  /// Errors: invalid_argument (the address cannot be read).
  static Result<OpenAiServer> create(UpstreamOptions options);

  /// Sends, and waits for the head of the answer, whatever its status. `path` begins with "/". Errors: unavailable, deadline,
  /// cancelled (by `stop`).
  boost::asio::awaitable<Result<std::unique_ptr<UpstreamReply>>> get(std::string path, Deadline deadline) const;
  boost::asio::awaitable<Result<std::unique_ptr<UpstreamReply>>> post(std::string path, std::string body, Deadline deadline,
                                                                      std::stop_token stop) const;

  /// What an answer other than 200 means: forbidden (the key is refused, the account is empty), not_found (no such model),
  /// too_large (the prompt does not fit the context), busy, else unavailable. With the server's own words and its Retry-After.
  [[nodiscard]] Error refusal(const UpstreamReply& reply, const std::string& body) const;
  /// `error` with the server's name; its message is cut, and the key in it masked.
  [[nodiscard]] Error told(Error error) const;
  [[nodiscard]] const UpstreamOptions& options() const { return options_; }
  [[nodiscard]] std::string url(const std::string& path) const { return base_ + path + query_; }

 private:
  OpenAiServer(UpstreamOptions options, std::string base, std::string query);
  [[nodiscard]] std::string masked(std::string_view words) const;

  UpstreamOptions options_;
  std::string base_;
  std::string query_;  ///< with its "?"
  std::string who_;    ///< as messages name the server
};

}  // namespace gibsey::provider
