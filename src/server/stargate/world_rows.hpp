#pragma once
#include "server/services.hpp"

#include <boost/asio/awaitable.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace gibsey::server::stargate {

/// A place in a listing over worlds: the world, then parts that the table understands. "" is before the first row.
struct Place {
  std::string world;
  std::vector<std::string> parts;
};

[[nodiscard]] std::string write_place(const Place& place);
/// invalid_argument: not `parts` of them.
[[nodiscard]] Result<Place> read_place(const std::string& text, std::size_t parts);
[[nodiscard]] Error no_such_place();

/// The worlds that a listing has still to go through: `only`, or all from that of the place on.
boost::asio::awaitable<Result<std::vector<std::string>>> worlds_from(const Services& services, std::string only,
                                                                     std::string from);

}  // namespace gibsey::server::stargate
