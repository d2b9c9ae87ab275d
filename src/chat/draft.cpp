#include "chat/draft.hpp"

#include "chat/citation_check.hpp"
#include "chat/quote_check.hpp"

namespace gibsey::chat {

namespace asio = boost::asio;

Draft::Draft(AdmittedTurn& turn, TurnParts& parts, const FoundSources& found)
    : turn_(turn), parts_(parts), found_(found), writer_(turn, parts) {
  make_check();
}

Draft::~Draft() = default;

void Draft::make_check() {
  if (turn_.question.dialect.prompt == PromptKind::cited) {
    citations_ = std::make_unique<CitationCheck>(static_cast<int>(found_.sources.size()));
  } else {
    quotes_ = std::make_unique<QuoteCheck>(found_.book, found_.sources, turn_.question.text, found_.book_goes_on);
  }
}

void Draft::written_by(const provider::ChatModel& model) {
  if (quotes_) quotes_->expect_locked(model.locks_quotes());
}

ReplyCheck& Draft::check() {
  if (citations_) return *citations_;
  return *quotes_;
}

bool Draft::told() const {
  return !(citations_ ? citations_->reply() : quotes_->reply()).empty();
}

std::string Draft::so_far() const {
  return citations_ ? citations_->reply() + citations_->held() : quotes_->reply() + quotes_->held();
}

asio::awaitable<void> Draft::open(const Prompt& prompt) {
  if (prompt.quote && quotes_) {
    writer_.write(quotes_->insert(*prompt.quote, model::QuoteOrigin::opening, ""));
  } else if (!prompt.opening.empty()) {
    co_await writer_.pass(check(), prompt.opening);
  } else if (found_.missing && quotes_) {
    writer_.write(quotes_->feed(std::string(kBookAway) + "\n\n"));
  }
}

asio::awaitable<void> Draft::close(bool whole) {
  co_await writer_.end(check());
  if (whole && quotes_ && found_.in_book && !found_.sources.empty() && quotes_->quotes().empty()) {
    writer_.write(quotes_->insert(found_.sources.front(), model::QuoteOrigin::epigraph, quotes_->reply().empty() ? "" : "\n\n"));
  }
  auto& record = turn_.record;
  record.reply = check().reply();
  const int false_claims = quotes_ ? quotes_->false_quotes() : citations_->false_citations();
  if (quotes_) {
    record.quotes = quotes_->quotes();
    record.false_quotes = false_claims;
  }
  if (false_claims > 0) parts_.observer.count("false_quotes", "", false_claims);
}

void Draft::begin_anew(const std::string& reason) {
  const bool seen = told();
  quotes_.reset();
  citations_.reset();
  make_check();
  if (seen) turn_.log->append(model::TextReplaced{reason});
}

}  // namespace gibsey::chat
