#pragma once
#include "base/result.hpp"
#include "store/page_store.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace gibsey::ingest {

/// What a writer gives of a page. What is absent stays as it was; in a new page it is empty.
struct PageEdit {
  std::string world;
  std::string id;  ///< "": a new page, whose id is given to it
  std::optional<std::string> label;
  std::optional<std::string> title;
  std::optional<std::string> chapter;
  std::optional<std::string> voice;
  std::optional<std::string> text;    ///< plain; without it that of `source`
  std::optional<std::string> source;  ///< Markdown
  /// The version that the writer saw; 0: there must be none yet.
  std::optional<std::int64_t> expected;
};

/// Code points that a page may have. A book is many pages; one that is longer than this is a book.
inline constexpr std::size_t kLongestPage = 200'000;
/// invalid_argument: it is blank, or longer than that.
[[nodiscard]] Result<void> check_page_text(const std::string& text);

/// Writes single pages into the store: cuts them into passages and quote candidates on a thread of its own. Safe to call from any
/// executor; must outlive its calls.
class PageEditor {
 public:
  explicit PageEditor(store::PageStore& pages) : pages_(pages) {}

  /// A new page goes behind the last of its world. Errors: not_found (no such world), conflict (not the version expected),
  /// invalid_argument (no text, or too long a one).
  boost::asio::awaitable<Result<store::WrittenPage>> write(PageEdit edit);

 private:
  boost::asio::awaitable<Result<store::WrittenPage>> write_over(PageEdit edit, std::optional<model::Page> now);

  store::PageStore& pages_;
  boost::asio::thread_pool cutter_{1};  ///< a long page takes a while, and no reader may wait for it
};

}  // namespace gibsey::ingest
