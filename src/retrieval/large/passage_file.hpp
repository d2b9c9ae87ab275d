#pragma once
#include "base/result.hpp"
#include "model/page.hpp"
#include "retrieval/large/index_file.hpp"
#include "store/page_store.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gibsey::retrieval::large {

/// A page as its file has it.
struct PageRow {
  std::int64_t version = 0;
  std::int64_t order = 0;
  std::uint64_t fingerprint = 0;  ///< of what a reader is shown of it
  std::uint32_t first_passage = 0;
  std::uint32_t id_start = 0;
  std::uint32_t voice = 0;
  std::uint32_t chapter = 0;
};

/// Of all of a page's content but its version and place.
[[nodiscard]] std::uint64_t fingerprint_of(const model::Page& page);

/// Makes the table of a segment's pages and passages.
class PassageFileWriter {
 public:
  void add(const model::PageContent& page);
  [[nodiscard]] std::size_t passage_count() const { return passages_.size(); }
  Result<void> write(const std::filesystem::path& path);

 private:
  /// Names and the numbers that they got in the order of their coming.
  using Numbers = std::map<std::string, std::uint32_t, std::less<>>;
  static std::uint32_t number_of(Numbers& numbers, const std::string& name);

  std::vector<PageRow> rows_;
  std::string ids_;
  std::vector<std::uint32_t> page_of_;
  std::vector<std::uint32_t> passages_;
  Numbers voices_;
  Numbers chapters_;
};

/// Which passage of which page is which, without a text: what a search needs of the book before it knows its hits. Immutable.
class PassageFile {
 public:
  /// Errors: those of IndexFile::open.
  static Result<PassageFile> open(const std::filesystem::path& path);

  [[nodiscard]] std::uint32_t page_count() const { return static_cast<std::uint32_t>(rows_.size()) - 1; }
  [[nodiscard]] std::uint32_t passage_count() const { return static_cast<std::uint32_t>(passages_.size()); }
  [[nodiscard]] const PageRow& page(std::uint32_t page) const { return rows_[page]; }
  [[nodiscard]] std::string_view id(std::uint32_t page) const;
  [[nodiscard]] std::optional<std::uint32_t> find(std::string_view id) const;
  /// The first page at or behind a place in the book's order.
  [[nodiscard]] std::uint32_t page_at(const store::BookPosition& place) const;
  [[nodiscard]] std::uint32_t first_passage(std::uint32_t page) const { return rows_[page].first_passage; }
  [[nodiscard]] std::uint32_t page_of(std::uint32_t passage) const { return page_of_[passage]; }
  /// Its number within its page.
  [[nodiscard]] int number(std::uint32_t passage) const { return static_cast<int>(passages_[passage] >> 1); }
  [[nodiscard]] bool has_quotes(std::uint32_t passage) const { return (passages_[passage] & 1) != 0; }
  /// nullopt for a voice that no page of the segment has.
  [[nodiscard]] std::optional<std::uint32_t> voice(std::string_view name) const;
  [[nodiscard]] std::size_t file_size() const { return file_.size(); }

 private:
  explicit PassageFile(IndexFile file);

  IndexFile file_;
  std::span<const PageRow> rows_;  ///< and one behind the last page
  std::span<const char> ids_;
  std::span<const std::uint32_t> by_id_;  ///< pages in the order of their ids
  std::span<const std::uint32_t> page_of_;
  std::span<const std::uint32_t> passages_;  ///< the number within the page, and a bit for: has a quote candidate
  std::vector<std::string_view> voices_;
};

}  // namespace gibsey::retrieval::large
