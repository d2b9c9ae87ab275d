#include "base/quotation_marks.hpp"
#include "base/utf8.hpp"
#include "chat/quote_check.hpp"
#include "chat/words.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <vector>

/// 10,000 replies of a model that lies: what reaches the reader between quotation marks is looked for in the book by another way
/// than the check's own.
namespace gibsey::chat {
namespace {

namespace fs = std::filesystem;
using Random = std::mt19937;

constexpr int kReplies = 10'000;

std::vector<model::Page> novella() {
  std::vector<model::Page> pages;
  for (const auto& entry : fs::directory_iterator(fs::path(GIBSEY_SOURCE_DIR) / "worlds" / "entrance-way" / "pages")) {
    std::ifstream file(entry.path());
    std::ostringstream text;
    text << file.rdbuf();
    const auto id = entry.path().stem().string();
    pages.push_back({.world = "w", .id = id, .label = id, .title = "", .text = text.str()});
  }
  std::ranges::sort(pages, {}, &model::Page::id);
  return pages;
}

std::vector<std::string> split_words(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

/// Letters and digits in lower case with one space between words: a false quotation cannot become a true one by it, and all that
/// the check's normalisation lets pass is the same here.
std::string bare(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const auto length = utf8::decode(text.substr(i)).length;
    if (is_letter_or_digit_at(text, i)) {
      for (std::size_t k = 0; k < length; ++k) out += static_cast<char>(std::tolower(static_cast<unsigned char>(text[i + k])));
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
    i += length;
  }
  if (out.ends_with(' ')) out.pop_back();
  return out;
}

class Liar {
 public:
  Liar(const std::vector<model::Page>& pages, unsigned seed) : pages_(pages), random_(seed) {
    for (int n = 1; n <= 5; ++n) sources_.push_back(source(n));
  }

  [[nodiscard]] const std::vector<model::Source>& sources() const { return sources_; }

  std::string reply() {
    std::string text;
    for (int part = 2 + pick(5); part > 0; --part) {
      switch (pick(7)) {
        case 0: text += marked(line()); break;
        case 1: text += marked(altered(line())); break;
        case 2: text += marked(invented()); break;
        case 3: text += marker(); break;
        case 4: text += marked("he said, " + marked(altered(line())) + " and left"); break;
        case 5: text += kQuotationMarks[index(kQuotationMarks.size())].open; break;  // never closed
        default: text += invented() + " it's the owls' own"; break;
      }
      text += pick(3) == 0 ? " (p. 12) " : pick(5) == 0 ? "\n\n" : " ";
    }
    return text;
  }

  std::vector<std::string> chunks(const std::string& text) {
    std::vector<std::string> out;
    const int most = 1 + pick(30);
    for (std::size_t i = 0; i < text.size();) {
      const auto size = static_cast<std::size_t>(1 + pick(most));
      out.push_back(text.substr(i, size));
      i += size;
    }
    return out;
  }

 private:
  int pick(int below) { return std::uniform_int_distribution<int>(0, below - 1)(random_); }
  std::size_t index(std::size_t below) { return static_cast<std::size_t>(pick(static_cast<int>(below))); }
  const model::Page& page() { return pages_[index(pages_.size())]; }

  model::Source source(int n) {
    for (;;) {
      const auto& from = page();
      const auto start = index(from.text.size());
      const auto space = from.text.find(' ', start);
      if (space == std::string::npos || space + 120 > from.text.size()) continue;
      const auto end = from.text.find(' ', space + 60);
      if (end == std::string::npos) continue;
      const auto quote = from.text.substr(space + 1, end - space - 1);
      if (quote.contains('\n')) continue;
      const auto at = utf8::length(std::string_view(from.text).substr(0, space + 1));
      return {.n = n,
              .page_id = from.id,
              .label = from.label,
              .quote = quote,
              .start = static_cast<std::int32_t>(at),
              .end = static_cast<std::int32_t>(at + utf8::length(quote))};
    }
  }

  std::string line() {
    const auto words = split_words(page().text);
    const auto count = std::min<std::size_t>(words.size(), 4 + index(12));
    const auto first = index(words.size() - count + 1);
    return join({words.begin() + static_cast<std::ptrdiff_t>(first), words.begin() + static_cast<std::ptrdiff_t>(first + count)});
  }

  /// One word more, one less, two changed about, one from elsewhere.
  std::string altered(const std::string& line) {
    auto words = split_words(line);
    const auto at = words.begin() + static_cast<std::ptrdiff_t>(index(words.size()));
    switch (pick(4)) {
      case 0: words.insert(at, "never"); break;
      case 1: words.erase(at); break;
      case 2: std::iter_swap(words.begin(), at); break;
      default: *at = split_words(page().text)[0]; break;
    }
    return join(words);
  }

  std::string invented() {
    std::string text;
    const auto words = split_words(page().text);
    for (int i = 5 + pick(8); i > 0; --i) text += words[index(words.size())] + (i > 1 ? " " : "");
    return text;
  }

  std::string marked(const std::string& text) {
    const bool single = pick(4) == 0;
    const auto marks =
        single ? kSingleQuotationMarks[index(kSingleQuotationMarks.size())] : kQuotationMarks[index(kQuotationMarks.size())];
    const auto close = !marks.other_close.empty() && pick(2) == 0 ? marks.other_close : marks.close;
    return std::string(marks.open) + text + std::string(close);
  }

  std::string marker() {
    const auto n = std::to_string(pick(9));
    switch (pick(5)) {
      case 0: return "\"[[q" + n + "]]\"";
      case 1: return "[[ Q" + n + " ]]";
      case 2: return "[[q" + n;
      default: return "[[q" + n + "]]";
    }
  }

  const std::vector<model::Page>& pages_;
  Random random_;
  std::vector<model::Source> sources_;
};

/// Spans of four words or more between any marks, as a reader would see them: from each opening mark to the nearest mark that
/// closes it.
std::vector<std::string> seen_quotations(const std::string& text) {
  std::vector<std::string> spans;
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (const auto& marks : kQuotationMarks) {
      if (!std::string_view(text).substr(i).starts_with(marks.open)) continue;
      const auto from = i + marks.open.size();
      const auto end = text.find(marks.close, from);
      if (end == std::string::npos) continue;
      if (count_words(text.substr(from, end - from)) >= QuoteCheck::kMinQuoteWords)
        spans.push_back(text.substr(from, end - from));
      i = end + marks.close.size() - 1;
      break;
    }
  }
  return spans;
}

TEST(LyingReplies, NoFalseQuotationGetsThrough) {
  const auto pages = novella();
  ASSERT_GT(pages.size(), 60U);
  const auto book = std::make_shared<const retrieval::QuoteFinder>(pages);
  std::string whole;
  for (const auto& page : pages) whole += " " + bare(page.text);
  int shown = 0;
  int refused = 0;
  int numbered = 0;
  for (int number = 0; number < kReplies; ++number) {
    Liar liar(pages, static_cast<unsigned>(number));
    const auto reply = liar.reply();
    QuoteCheck check(book, liar.sources(), "Why did you climb the tower?");
    std::string text;
    const auto collect = [&text](const std::vector<CheckedPiece>& pieces) {
      for (const auto& piece : pieces) {
        if (const auto* token = std::get_if<model::TokenText>(&piece)) text += token->text;
      }
    };
    for (const auto& chunk : liar.chunks(reply)) collect(check.feed(chunk));
    collect(check.finish());
    ASSERT_EQ(text, check.reply());
    for (const auto& span : seen_quotations(text)) {
      ++shown;
      ASSERT_TRUE(whole.contains(bare(span))) << number << ": " << span << "\n  in " << text << "\n  of " << reply;
    }
    ASSERT_FALSE(text.contains("[[q")) << number << ": " << text;
    for (const auto& quote : check.quotes()) {
      numbered += quote.n > 0 ? 1 : 0;
      const auto& page = *std::ranges::find(pages, quote.page_id, &model::Page::id);
      ASSERT_EQ(utf8::slice(page.text, static_cast<std::size_t>(quote.start), static_cast<std::size_t>(quote.end)), quote.text);
      ASSERT_LT(count_words(quote.text), 40);
    }
    refused += check.false_quotes();
  }
  EXPECT_GT(shown, kReplies / 2);
  EXPECT_GT(refused, kReplies / 2);
  EXPECT_GT(numbered, kReplies / 10);
  RecordProperty("shown", shown);
  RecordProperty("refused", refused);
  fmt::print("{} replies: {} quotations shown, all on their pages; {} false ones lost their marks\n", kReplies, shown, refused);
}

}  // namespace
}  // namespace gibsey::chat
