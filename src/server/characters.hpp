#pragma once
#include "server/json_response.hpp"
#include "server/router.hpp"

namespace gibsey::server {

/// GET /characters?world= -> [{char_id, display_name, color_hex, system_prompt, tone, ...}], the narrator last. Seed 001's names
/// for the same things (character_id, name, persona_prompt, ...) are there too.
boost::asio::awaitable<net::HttpResponse> list_characters(const Services& services, RouteRequest& request);
/// GET /characters/{char_id}?world=; 404 "char not found".
boost::asio::awaitable<net::HttpResponse> get_character(const Services& services, RouteRequest& request);
/// GET /characters/user/{user_id} -> {characters, total}: those that the user made.
boost::asio::awaitable<net::HttpResponse> list_made_characters(const Services& services, RouteRequest& request);

/// POST /characters {name or display_name, user_id, char_id?, world?, persona_prompt or system_prompt?, tone?, color_hex?,
/// voice_id?, appearance_seed?} -> 201: a character of the user's own, in the world without a book where there is one. 409 for an
/// id that is taken.
boost::asio::awaitable<net::HttpResponse> create_character(const Services& services, RouteRequest& request);
/// PUT /characters/{char_id}: changes the fields given (200), for the user who made it and for admins; an admin makes an absent
/// one (201).
boost::asio::awaitable<net::HttpResponse> put_character(const Services& services, RouteRequest& request);
/// DELETE /characters/{char_id} -> 204; for the same.
boost::asio::awaitable<net::HttpResponse> delete_character(const Services& services, RouteRequest& request);

/// With the fields of both sources (contracts sections 2 and 3).
[[nodiscard]] Json character_json(const model::Character& character, const model::World& world);

}  // namespace gibsey::server
