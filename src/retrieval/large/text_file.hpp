#pragma once
#include "base/result.hpp"
#include "model/page.hpp"
#include "retrieval/large/index_file.hpp"
#include "retrieval/large/posting_field.hpp"
#include "retrieval/words.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace gibsey::retrieval::large {

/// The keys of words and pairs in a text file.
[[nodiscard]] std::uint64_t word_key(std::string_view word);
[[nodiscard]] std::uint64_t pair_key(std::uint64_t first_word, std::uint64_t second_word);

/// Makes the text file of a segment, page after page. Pairs are of words as they stand (folded, stop words kept) that follow each
/// other on a page; one over the end of a passage belongs to the passage behind it, as in the small index.
class TextFileWriter {
 public:
  /// `folder` takes files while the writer lives.
  TextFileWriter(const std::filesystem::path& folder, const std::string& language);

  /// A passage without a text has that of its page between its bounds.
  void add(const model::PageContent& page);
  [[nodiscard]] std::size_t passage_count() const { return frame_.lengths.size(); }
  Result<void> write(const std::filesystem::path& path);

 private:
  struct Word {
    std::uint64_t key = 0;
    std::uint64_t stem = 0;
  };
  const Word& look_up(const std::string& word);

  Stemmer stemmer_;
  std::unordered_map<std::string, Word> words_;  ///< those of late, for stems cost time
  PassageFrame frame_;
  std::uint32_t pages_ = 0;
  std::uint64_t total_length_ = 0;
  PostingFieldWriter stems_;
  PostingFieldWriter pairs_;
};

/// Stems, adjacent word pairs and lengths of a segment's passages, which are numbered from 0. Immutable.
class TextFile {
 public:
  /// Errors: those of IndexFile::open.
  static Result<TextFile> open(const std::filesystem::path& path);

  [[nodiscard]] const PostingField& stems() const { return stems_; }
  [[nodiscard]] const PostingField& pairs() const { return pairs_; }
  [[nodiscard]] std::span<const std::uint16_t> lengths() const { return lengths_; }
  [[nodiscard]] std::size_t passage_count() const { return lengths_.size(); }
  [[nodiscard]] std::size_t page_count() const { return pages_; }
  [[nodiscard]] std::uint64_t total_length() const { return total_length_; }
  /// That the bounds of the blocks were made with.
  [[nodiscard]] float mean_length() const { return mean_length_; }
  [[nodiscard]] std::size_t file_size() const { return file_.size(); }

 private:
  explicit TextFile(IndexFile file);

  IndexFile file_;
  PostingField stems_;
  PostingField pairs_;
  std::span<const std::uint16_t> lengths_;
  std::uint64_t total_length_ = 0;
  std::uint32_t pages_ = 0;
  float mean_length_ = 1;
};

}  // namespace gibsey::retrieval::large
