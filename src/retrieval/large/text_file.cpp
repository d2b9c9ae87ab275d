#include "retrieval/large/text_file.hpp"

#include "base/utf8.hpp"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

namespace gibsey::retrieval::large {
namespace {

constexpr std::size_t kWordsKept = 1 << 18;

/// Sections of a text file.
enum : std::size_t { kTotals, kLengths, kStems, kPairs = kStems + kFieldSections, kSections = kPairs + kFieldSections };

struct Totals {
  std::uint64_t length = 0;
  std::uint32_t pages = 0;
  float mean_length = 1;
};

std::string_view text_of(const model::Page& page, const model::Passage& passage) {
  if (!passage.text.empty()) return passage.text;
  return utf8::slice(page.text, static_cast<std::size_t>(passage.start), static_cast<std::size_t>(passage.end));
}

}  // namespace

std::uint64_t word_key(std::string_view word) {
  return XXH3_64bits(word.data(), word.size());
}

std::uint64_t pair_key(std::uint64_t first_word, std::uint64_t second_word) {
  const std::array<std::uint64_t, 2> pair{first_word, second_word};
  return XXH3_64bits(pair.data(), sizeof(pair));
}

TextFileWriter::TextFileWriter(const std::filesystem::path& folder, const std::string& language)
    : stemmer_(language), stems_(folder), pairs_(folder) {}

const TextFileWriter::Word& TextFileWriter::look_up(const std::string& word) {
  if (words_.size() >= kWordsKept) words_.clear();
  const auto [at, added] = words_.try_emplace(word);
  if (added) at->second = {word_key(word), word_key(stemmer_.stem(word))};
  return at->second;
}

void TextFileWriter::add(const model::PageContent& page) {
  std::optional<std::uint64_t> previous;
  for (const model::Passage& passage : page.passages) {
    const auto number = static_cast<std::uint32_t>(frame_.lengths.size());
    std::size_t length = 0;
    for_each_word(text_of(page.page, passage), [&](const std::string& word) {
      const Word& found = look_up(word);
      stems_.add(found.stem, number);
      if (previous) pairs_.add(pair_key(*previous, found.key), number);
      previous = found.key;
      ++length;
    });
    frame_.lengths.push_back(
        static_cast<std::uint16_t>(std::min<std::size_t>(length, std::numeric_limits<std::uint16_t>::max())));
    frame_.page_of.push_back(pages_);
    total_length_ += length;
  }
  ++pages_;
}

Result<void> TextFileWriter::write(const std::filesystem::path& path) {
  if (total_length_ > 0) frame_.mean_length = static_cast<float>(total_length_) / static_cast<float>(frame_.lengths.size());
  IndexFileWriter file(path, FileKind::text);
  const std::array<Totals, 1> totals{{{total_length_, pages_, frame_.mean_length}}};
  file.begin_section();
  file.write_values(std::span<const Totals>(totals));
  file.begin_section();
  file.write_values(std::span<const std::uint16_t>(frame_.lengths));
  GIBSEY_CHECK(stems_.write(frame_, file));
  GIBSEY_CHECK(pairs_.write(frame_, file));
  return file.finish();
}

Result<TextFile> TextFile::open(const std::filesystem::path& path) {
  GIBSEY_TRY(auto file, IndexFile::open(path, FileKind::text, kSections));
  return TextFile(std::move(file));
}

TextFile::TextFile(IndexFile file)
    : file_(std::move(file)), stems_(file_, kStems), pairs_(file_, kPairs), lengths_(file_.values<std::uint16_t>(kLengths)) {
  const Totals totals = file_.values<Totals>(kTotals).front();
  total_length_ = totals.length;
  pages_ = totals.pages;
  mean_length_ = totals.mean_length;
}

}  // namespace gibsey::retrieval::large
