#pragma once
#include "server/facades/facade_reply.hpp"
#include "server/quotes.hpp"

#include <boost/asio/awaitable.hpp>

#include <string>
#include <variant>

namespace gibsey::server {

/// The tools as tools/list tells of them: name, title, description, inputSchema, outputSchema, annotations.
[[nodiscard]] const Json& mcp_tools();

struct SearchBook {
  retrieval::Query query;
};
struct QuotePage {
  std::string world;
  std::string page_id;
  std::int64_t start = 0;
  std::int64_t end = -1;  ///< code points, end exclusive; -1: the page's end
};
using ToolCall = std::variant<SearchBook, QuotePage, Claim, FacadeRequest>;

/// What a call asks for; a refusal for a tool that is not there or wrong arguments.
[[nodiscard]] Field<ToolCall> read_tool_call(const RouteRequest& request, const std::string& name, const Json& arguments);

/// What a tool found, as its outputSchema has it. Errors: not_found (world, page), invalid_argument, unavailable.
boost::asio::awaitable<Result<Json>> search_book(const Services& services, SearchBook call);
boost::asio::awaitable<Result<Json>> quote_page(const Services& services, QuotePage call);
[[nodiscard]] Json answer_json(const FacadeReply& reply);

}  // namespace gibsey::server
