#include "retrieval/large/passage_file.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <numeric>
#include <tuple>

namespace gibsey::retrieval::large {
namespace {

/// Sections of a passage file.
enum : std::size_t { kRows, kIds, kById, kPageOf, kPassages, kVoices, kChapters, kSections };

/// Names in the order of their numbers, a NUL behind each.
template <typename Numbers>
std::string joined(const Numbers& numbers) {
  std::vector<std::string_view> names(numbers.size());
  for (const auto& [name, number] : numbers) names[number] = name;
  std::string all;
  for (const std::string_view name : names) {
    all += name;
    all += '\0';
  }
  return all;
}

}  // namespace

std::uint64_t fingerprint_of(const model::Page& page) {
  const std::string all = fmt::format("{}\n{}\n{}\n{}\n{}", page.content_hash, page.label, page.title, page.chapter, page.voice);
  return XXH3_64bits(all.data(), all.size());
}

std::uint32_t PassageFileWriter::number_of(Numbers& numbers, const std::string& name) {
  return numbers.try_emplace(name, static_cast<std::uint32_t>(numbers.size())).first->second;
}

void PassageFileWriter::add(const model::PageContent& content) {
  const auto page = static_cast<std::uint32_t>(rows_.size());
  rows_.push_back({.version = content.page.version,
                   .order = content.page.order,
                   .fingerprint = fingerprint_of(content.page),
                   .first_passage = static_cast<std::uint32_t>(passages_.size()),
                   .id_start = static_cast<std::uint32_t>(ids_.size()),
                   .voice = number_of(voices_, content.page.voice),
                   .chapter = number_of(chapters_, content.page.chapter)});
  ids_ += content.page.id;
  for (const model::Passage& passage : content.passages) {
    const bool has_quotes =
        std::ranges::find(content.quotes, passage.number, &model::QuoteCandidate::passage) != content.quotes.end();
    passages_.push_back(static_cast<std::uint32_t>(passage.number) << 1 | static_cast<std::uint32_t>(has_quotes));
    page_of_.push_back(page);
  }
}

Result<void> PassageFileWriter::write(const std::filesystem::path& path) {
  const auto pages = rows_.size();
  rows_.push_back(
      {.first_passage = static_cast<std::uint32_t>(passages_.size()), .id_start = static_cast<std::uint32_t>(ids_.size())});
  std::vector<std::uint32_t> by_id(pages);
  std::iota(by_id.begin(), by_id.end(), 0U);
  std::ranges::sort(by_id, {}, [this](std::uint32_t page) {
    return std::string_view(ids_).substr(rows_[page].id_start, rows_[page + 1].id_start - rows_[page].id_start);
  });
  IndexFileWriter file(path, FileKind::passages);
  const auto section = [&file]<typename Values>(const Values& values) {
    file.begin_section();
    file.write_values(std::span(std::as_const(values)));
  };
  section(rows_);
  section(ids_);
  section(by_id);
  section(page_of_);
  section(passages_);
  section(joined(voices_));
  section(joined(chapters_));
  return file.finish();
}

Result<PassageFile> PassageFile::open(const std::filesystem::path& path) {
  GIBSEY_TRY(auto file, IndexFile::open(path, FileKind::passages, kSections));
  return PassageFile(std::move(file));
}

PassageFile::PassageFile(IndexFile file)
    : file_(std::move(file)),
      rows_(file_.values<PageRow>(kRows)),
      ids_(file_.values<char>(kIds)),
      by_id_(file_.values<std::uint32_t>(kById)),
      page_of_(file_.values<std::uint32_t>(kPageOf)),
      passages_(file_.values<std::uint32_t>(kPassages)) {
  const auto names = file_.values<char>(kVoices);
  std::string_view rest(names.data(), names.size());
  for (auto end = rest.find('\0'); end != rest.npos; end = rest.find('\0')) {
    voices_.push_back(rest.substr(0, end));
    rest.remove_prefix(end + 1);
  }
}

std::string_view PassageFile::id(std::uint32_t page) const {
  return {ids_.data() + rows_[page].id_start, rows_[page + 1].id_start - rows_[page].id_start};
}

std::optional<std::uint32_t> PassageFile::find(std::string_view id) const {
  const auto at = std::ranges::lower_bound(by_id_, id, {}, [this](std::uint32_t page) { return this->id(page); });
  if (at == by_id_.end() || this->id(*at) != id) return std::nullopt;
  return *at;
}

std::uint32_t PassageFile::page_at(const store::BookPosition& place) const {
  std::uint32_t low = 0;
  for (std::uint32_t high = page_count(); low < high;) {
    const std::uint32_t middle = low + (high - low) / 2;
    const std::string_view there = id(middle);
    if (std::pair(rows_[middle].order, there) < std::pair(place.order, std::string_view(place.id))) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

std::optional<std::uint32_t> PassageFile::voice(std::string_view name) const {
  const auto at = std::ranges::find(voices_, name);
  if (at == voices_.end()) return std::nullopt;
  return static_cast<std::uint32_t>(at - voices_.begin());
}

}  // namespace gibsey::retrieval::large
