#pragma once
#include "base/result.hpp"
#include "model/note.hpp"
#include "server/router.hpp"
#include "store/note_store.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace gibsey::server {

/// GET /v1/notes?world=&page_id=&after=&limit= -> {notes, next}: those of a world, or of a page.
boost::asio::awaitable<net::HttpResponse> list_notes(const Services& services, RouteRequest& request);
/// GET /v1/notes/{id}: the note as it is now, with the list of its `versions`.
boost::asio::awaitable<net::HttpResponse> get_note(const Services& services, RouteRequest& request);
boost::asio::awaitable<net::HttpResponse> get_note_version(const Services& services, RouteRequest& request);
/// GET /v1/notes/{id}/diff?from=&to=: what of its sentences went and came; without `to` the newest, without `from` the one
/// before.
boost::asio::awaitable<net::HttpResponse> diff_note(const Services& services, RouteRequest& request);
/// POST /v1/notes/{id}/revert {version}: a new version with the text of an older one.
boost::asio::awaitable<net::HttpResponse> revert_note(const Services& services, RouteRequest& request);

/// A new version with an older one's text. It is as much up to date as the newest: the next night lets it be until a page
/// changes. Errors: not_found (naming what is not there), conflict (written meanwhile).
boost::asio::awaitable<Result<model::Note>> revert_to_version(store::NoteStore& notes, std::string id, std::int64_t version);

struct SentenceChange {
  std::string what;  ///< "equal", "removed", "added"
  std::string text;  ///< with its citations
};
/// What turns the sentences of one version into those of another, in order; as little as possible.
[[nodiscard]] std::vector<SentenceChange> diff_sentences(const model::Note& from, const model::Note& to);

}  // namespace gibsey::server
