#pragma once
#include "retrieval/sharded/messages.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gibsey::retrieval::sharded {

/// The keys that a text is scored by: those that TextScorer asks a book for, each once, and how often it does.
class QuestionKeys {
 public:
  /// `subject` of a question that points back; may be empty.
  QuestionKeys(std::string_view text, std::string_view subject, const std::string& language);

  [[nodiscard]] const Keys& keys() const { return keys_; }
  /// nullptr where the texts have none such.
  [[nodiscard]] const std::size_t* stem(const std::string& stem) const;
  [[nodiscard]] const std::size_t* pair(const std::string& first, const std::string& second) const;

  // One a key: how often the text, or the subject, asks for it.
  std::vector<int> in_text;
  std::vector<int> in_subject;
  std::vector<int> pairs_in_text;

 private:
  class Collector;

  Keys keys_;
  std::map<std::string, std::size_t> stems_;
  std::map<std::pair<std::string, std::string>, std::size_t> pairs_;
};

}  // namespace gibsey::retrieval::sharded
