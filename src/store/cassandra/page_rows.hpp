#pragma once
#include "model/page.hpp"
#include "store/cassandra/session.hpp"
#include "store/page_store.hpp"

#include <optional>
#include <string>
#include <vector>

namespace gibsey::store::cassandra {

/// A row of `pages`. One that another hand wrote has version 0 and no parts until it was taken in by put_page; its place is -1.
struct PageRow {
  model::PageContent content;
  bool edited_by_others = false;  ///< it has no content hash: nobody has cut it yet
};

Async<std::optional<PageRow>> read_page_row(Session& session, std::string world, std::string id,
                                            Reading reading = Reading::quorum);
/// In no order; those alone that have a version.
Async<std::vector<model::PageContent>> read_page_rows(Session& session, std::string world, std::vector<std::string> ids);
Async<std::vector<model::PageContent>> read_all_page_rows(Session& session, std::string world);

/// The page's row as it shall be, if its version still is `now` (0: there is none).
[[nodiscard]] Statement put_page_statement(const model::PageContent& content, std::int64_t now);
[[nodiscard]] Statement keep_version_statement(const model::Page& page);
[[nodiscard]] model::Page read_version(Row row);
extern const std::string kSelectVersion;

/// What a world's other tables know of a page, and for those that are gone.
struct PageState {
  std::string id;
  std::int64_t version = 0;  ///< the last that it had
  std::int64_t position = 0;
  bool edited = false;
  bool removed = false;
  std::int64_t seq = 0;
};

Async<std::optional<PageState>> read_state(Session& session, std::string world, std::string id);
Async<std::vector<PageState>> read_states(Session& session, std::string world);

/// A page as a writer of a whole book looks at it first.
struct PageDigest {
  std::string id;
  std::int64_t version = 0;
  std::string content_hash;
  std::string label;
  std::string chapter;
  std::int64_t position = 0;
};
Async<std::vector<PageDigest>> read_digests(Session& session, std::string world);

}  // namespace gibsey::store::cassandra
