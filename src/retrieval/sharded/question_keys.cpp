#include "retrieval/sharded/question_keys.hpp"

#include "retrieval/text_scoring.hpp"

namespace gibsey::retrieval::sharded {

/// A Collection, as TextScorer wants one, that has nothing but remembers what it is asked for.
class QuestionKeys::Collector {
 public:
  Collector(QuestionKeys& keys, bool is_subject) : keys_(keys), is_subject_(is_subject) {}

  [[nodiscard]] std::size_t passages() const { return 0; }
  [[nodiscard]] std::size_t pages() const { return 0; }
  [[nodiscard]] std::size_t scored_passages() const { return 0; }
  [[nodiscard]] std::size_t scored_pages() const { return 0; }
  [[nodiscard]] std::uint32_t page_of(std::uint32_t /*passage*/) const { return 0; }
  [[nodiscard]] float passage_weight(std::uint32_t /*passage*/, std::uint32_t /*count*/) const { return 0; }
  [[nodiscard]] float page_weight(std::uint32_t /*page*/, std::uint32_t /*count*/) const { return 0; }
  [[nodiscard]] FoundKey stem(const std::string& stem) const {
    const auto [at, added] = keys_.stems_.try_emplace(stem, keys_.keys_.stems.size());
    if (added) {
      keys_.keys_.stems.push_back(stem);
      keys_.in_text.push_back(0);
      keys_.in_subject.push_back(0);
    }
    ++(is_subject_ ? keys_.in_subject : keys_.in_text)[at->second];
    return {};
  }
  [[nodiscard]] FoundKey pair(const std::string& first, const std::string& second) const {
    const auto [at, added] = keys_.pairs_.try_emplace({first, second}, keys_.keys_.pairs.size());
    if (added) {
      keys_.keys_.pairs.emplace_back(first, second);
      keys_.pairs_in_text.push_back(0);
    }
    if (!is_subject_) ++keys_.pairs_in_text[at->second];
    return {};
  }

 private:
  QuestionKeys& keys_;
  bool is_subject_;
};

QuestionKeys::QuestionKeys(std::string_view text, std::string_view subject, const std::string& language) {
  const Collector of_text(*this, false);
  TextScorer(of_text, language).score(text);
  if (subject.empty()) return;
  const Collector of_subject(*this, true);
  TextScorer(of_subject, language).score(subject);
}

const std::size_t* QuestionKeys::stem(const std::string& stem) const {
  const auto at = stems_.find(stem);
  return at == stems_.end() ? nullptr : &at->second;
}

const std::size_t* QuestionKeys::pair(const std::string& first, const std::string& second) const {
  const auto at = pairs_.find({first, second});
  return at == pairs_.end() ? nullptr : &at->second;
}

}  // namespace gibsey::retrieval::sharded
