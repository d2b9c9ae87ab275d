#include "retrieval/text_segment.hpp"

#include "base/utf8.hpp"
#include "retrieval/words.hpp"

#include <limits>

namespace gibsey::retrieval {
namespace {

constexpr TermId kNoWord = std::numeric_limits<TermId>::max();

std::uint64_t pair_key(TermId first, TermId second) {
  return (static_cast<std::uint64_t>(first) << 32) | second;
}

std::string_view text_of(const model::Page& page, const model::Passage& passage) {
  if (!passage.text.empty()) return passage.text;
  return utf8::slice(page.text, static_cast<std::size_t>(passage.start), static_cast<std::size_t>(passage.end));
}

/// The words and stems of a segment while it is made.
struct Vocabulary {
  std::unordered_map<std::string, TermId> words;
  std::unordered_map<std::string, TermId> stems;
  std::vector<TermId> stem_of_word;
  Stemmer stemmer;

  explicit Vocabulary(const std::string& language) : stemmer(language) {}

  TermId word_id(const std::string& word) {
    const auto [at, added] = words.try_emplace(word, static_cast<TermId>(words.size()));
    if (added) {
      const auto stem = stems.try_emplace(stemmer.stem(word), static_cast<TermId>(stems.size())).first;
      stem_of_word.push_back(stem->second);
    }
    return at->second;
  }
};

}  // namespace

TextSegment::TextSegment(std::span<const model::PageContent* const> pages, const std::string& language) {
  Vocabulary vocabulary(language);
  std::vector<std::pair<TermId, std::uint32_t>> term_places;
  std::vector<std::pair<std::uint64_t, std::uint32_t>> pair_places;
  first_passages_.push_back(0);
  for (const model::PageContent* content : pages) {
    TermId previous = kNoWord;
    for (const model::Passage& passage : content->passages) {
      const auto number = static_cast<std::uint32_t>(lengths_.size());
      float length = 0;
      for_each_word(text_of(content->page, passage), [&](const std::string& word) {
        const TermId id = vocabulary.word_id(word);
        term_places.emplace_back(vocabulary.stem_of_word[id], number);
        if (previous != kNoWord) pair_places.emplace_back(pair_key(previous, id), number);
        previous = id;
        ++length;
      });
      lengths_.push_back(length);
    }
    first_passages_.push_back(static_cast<std::uint32_t>(lengths_.size()));
  }
  words_ = std::move(vocabulary.words);
  stems_ = std::move(vocabulary.stems);
  terms_ = Postings<TermId>(std::move(term_places));
  pairs_ = Postings<std::uint64_t>(std::move(pair_places));
}

std::span<const Posting> TextSegment::postings(const std::string& stem) const {
  const auto id = stems_.find(stem);
  return id == stems_.end() ? std::span<const Posting>() : terms_.find(id->second);
}

std::span<const Posting> TextSegment::pair_postings(const std::string& first, const std::string& second) const {
  const auto before = words_.find(first);
  const auto behind = words_.find(second);
  if (before == words_.end() || behind == words_.end()) return {};
  return pairs_.find(pair_key(before->second, behind->second));
}

std::size_t TextSegment::memory_bytes() const {
  // A node of the word tables takes about 64 bytes: string, id, hash, link.
  return terms_.memory_bytes() + pairs_.memory_bytes() + (words_.size() + stems_.size()) * 64 + lengths_.size() * 8;
}

}  // namespace gibsey::retrieval
