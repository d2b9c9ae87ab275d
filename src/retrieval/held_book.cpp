#include "retrieval/held_book.hpp"

#include "retrieval/follow_up.hpp"

#include <algorithm>
#include <utility>

namespace gibsey::retrieval {

HeldBook::HeldBook(BookParts parts)
    : contents_(std::move(parts)),
      text_(contents_.text_index()),
      vectors_(contents_.vector_index()),
      quotes_(contents_.quote_finder()) {
  for (std::size_t page = 0; page < contents_.size(); ++page) add_passages(static_cast<std::uint32_t>(page));
}

void HeldBook::add_passages(std::uint32_t page) {
  const model::PageContent& content = contents_[page];
  pages_.push_back({content.page.id, content.page.voice});
  auto next = content.quotes.begin();
  for (const model::Passage& passage : content.passages) {
    const auto in_passage = [&](const model::QuoteCandidate& quote) { return quote.passage == passage.number; };
    const auto first = std::find_if(next, content.quotes.end(), in_passage);
    const auto last = std::find_if_not(first, content.quotes.end(), in_passage);
    page_of_.push_back(page);
    quotes_of_.emplace_back(first, last);
    quotable_.push_back(first != last);
    if (first != last) next = last;
  }
}

Retrieved HeldBook::search(const Query& query, const std::string& subject, const Embedded& embedded) const {
  TextScores scores = text_.score(query.text);
  if (!subject.empty()) add_subject(scores, text_.score(subject));
  const Signals signals = fuse_signals(std::move(scores), vectors_.score(embedded.vector), page_of_);
  std::vector<RankedPassage> best = rank_passages(query, !subject.empty(), {pages_, page_of_, quotable_}, signals);
  for (RankedPassage& passage : best) passage.quotes = quotes_of_[passage.passage];
  Retrieved result;
  const auto different = different_passages(best, passages_quoted_from(query.k));
  for (const ChosenQuote& chosen : choose_quotes(query.text, text_, different, query.k)) {
    const std::uint32_t page = page_of_[chosen.passage];
    result.hits.push_back(make_hit(chosen, contents_[page].page, page, signals));
  }
  judge(result, signals, embedded.scale, best);
  return result;
}

}  // namespace gibsey::retrieval
