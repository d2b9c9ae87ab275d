#include "app/eval/judged_book.hpp"

#include "base/utf8.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>

namespace gibsey::app {
namespace {

constexpr int kLines = 10;
constexpr std::size_t kPassages = 20;

}  // namespace

JudgedBook::JudgedBook(std::vector<model::PageContent> contents, std::span<const model::PassageVector> vectors)
    : contents_(std::move(contents)),
      text_(std::make_unique<retrieval::TextIndex>(contents_, "en")),
      vectors_(std::make_unique<retrieval::VectorIndex>(contents_, vectors)) {
  std::vector<model::Page> pages;
  for (std::uint32_t number = 0; number < contents_.size(); ++number) {
    const model::PageContent& content = contents_[number];
    pages.push_back(content.page);
    for (const model::Passage& passage : content.passages) {
      const auto same = [&](const model::QuoteCandidate& quote) { return quote.passage == passage.number; };
      const auto first = std::ranges::find_if(content.quotes, same);
      quotes_of_.emplace_back(first, std::find_if_not(first, content.quotes.end(), same));
      page_of_.push_back(number);
    }
  }
  finder_ = std::make_unique<retrieval::QuoteFinder>(pages);
}

std::vector<std::string> JudgedBook::rank_pages(std::span<const float> passage_scores) const {
  std::vector<float> best(contents_.size(), std::numeric_limits<float>::lowest());
  for (std::size_t i = 0; i < page_of_.size(); ++i) best[page_of_[i]] = std::max(best[page_of_[i]], passage_scores[i]);
  std::vector<std::uint32_t> order(best.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, [&best](std::uint32_t a, std::uint32_t b) { return best[a] != best[b] ? best[a] > best[b] : a < b; });
  std::vector<std::string> pages;
  for (const std::uint32_t page : order) pages.push_back(contents_[page].page.id);
  return pages;
}

std::vector<model::QuoteCandidate> JudgedBook::lines(const std::string& question, std::span<const float> passage_scores) const {
  std::vector<retrieval::RankedPassage> passages;
  for (std::uint32_t i = 0; i < page_of_.size(); ++i) {
    if (!quotes_of_[i].empty()) passages.push_back({i, passage_scores[i], quotes_of_[i]});
  }
  const std::size_t wanted = std::min(passages.size(), kPassages);
  std::ranges::partial_sort(passages, passages.begin() + static_cast<std::ptrdiff_t>(wanted), std::greater{},
                            &retrieval::RankedPassage::score);
  passages.resize(wanted);
  std::vector<model::QuoteCandidate> lines;
  const auto different = retrieval::different_passages(passages, retrieval::passages_quoted_from(kLines));
  for (const auto& chosen : retrieval::choose_quotes(question, *text_, different, kLines)) lines.push_back(*chosen.quote);
  return lines;
}

bool JudgedBook::stands(const model::QuoteCandidate& line) const {
  const auto place = finder_->find(line.text, {line.page_id});
  if (!place || place->page_id != line.page_id) return false;
  const auto page = std::ranges::find(contents_, line.page_id, [](const auto& content) { return content.page.id; });
  return page != contents_.end() &&
         utf8::slice(page->page.text, static_cast<std::size_t>(line.start), static_cast<std::size_t>(line.end)) == line.text;
}

}  // namespace gibsey::app
