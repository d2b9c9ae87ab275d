#include "chat/quote_check.hpp"

#include "base/quotation_marks.hpp"
#include "base/utf8.hpp"
#include "chat/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <utility>

namespace gibsey::chat {
namespace {

bool contains_words(std::string_view text, std::string_view part) {
  const auto words = plain_words(text);
  const auto wanted = plain_words(part);
  return !wanted.empty() && std::search(words.begin(), words.end(), wanted.begin(), wanted.end()) != words.end();
}

/// The longest start of `text` of at most `limit` words, ended at a sentence or clause end where one is past its half.
std::string_view cut_to_words(std::string_view text, int limit) {
  std::size_t hard_end = 0;
  std::size_t soft_end = 0;
  int words = 0;
  for (std::size_t i = 0; i < text.size();) {
    while (i < text.size() && std::isspace(static_cast<unsigned char>(text[i])) != 0) ++i;
    auto end = i;
    while (end < text.size() && std::isspace(static_cast<unsigned char>(text[end])) == 0) ++end;
    if (end == i) break;
    if (count_words(text.substr(i, end - i)) > 0 && ++words > limit) break;
    hard_end = end;
    const char last = text[end - 1];
    if (words > limit / 2 && (last == '.' || last == '!' || last == '?' || last == ';' || last == ',')) soft_end = end;
    i = end;
  }
  return text.substr(0, soft_end > 0 ? soft_end : hard_end);
}

/// A source named by its number, [[q3]].
struct Marker {
  std::size_t position = 0;
  std::size_t size = 0;  ///< 0: it is not all there yet
  int n = 0;
};

/// The marker that begins at the start of `text`, of which no more may be there than its beginning; nullopt: none does. Models
/// also write [q3], [[q3] and [[q3.
std::optional<Marker> marker_at(std::string_view text) {
  std::size_t i = 0;
  const auto skip = [&](std::string_view any_of, std::size_t most) {
    const auto from = i;
    while (i < text.size() && i - from < most && any_of.contains(text[i])) ++i;
    return i - from;
  };
  const auto opened = skip("[", 2);
  if (opened == 0) return std::nullopt;
  skip(" ", 2);
  if (i < text.size() && skip("qQ", 1) == 0) return std::nullopt;
  skip(" ", 2);
  const auto digits = i;
  if (i < text.size() && skip("0123456789", 9) == 0) return std::nullopt;
  Marker marker;
  for (const char digit : text.substr(digits, i - digits)) marker.n = marker.n * 10 + (digit - '0');
  const auto named = i;
  skip(" ", 2);
  const auto closed = skip("]", opened);
  if (closed < opened && i == text.size()) return marker;  // more may come
  if (closed == 0 && opened == 1) return std::nullopt;
  marker.size = closed > 0 ? i : named;
  return marker;
}

/// The first one in `text`.
std::optional<Marker> find_marker(std::string_view text) {
  for (auto p = text.find('['); p != std::string_view::npos; p = text.find('[', p + 1)) {
    if (auto marker = marker_at(text.substr(p))) {
      marker->position = p;
      return marker;
    }
  }
  return std::nullopt;
}

bool holds_marker(std::string_view text) {
  const auto marker = find_marker(text);
  return marker && (marker->size > 0 || text.size() - marker->position > 2);
}

/// The bytes at the start of `text` that name a page: " (p. 12)", "(page 3)", " [p.12]". npos: it may still become one; 0: it is
/// none.
std::size_t page_mention(std::string_view text, bool at_end) {
  std::size_t i = 0;
  while (i < text.size() && text[i] == ' ') ++i;
  const auto undecided = at_end ? 0 : std::string_view::npos;
  if (i == text.size()) return i > 2 ? 0 : undecided;
  if (text[i] != '(' && text[i] != '[') return 0;
  const char close = text[i] == '(' ? ')' : ']';
  const auto end = text.find(close, i);
  constexpr std::size_t kLongestMention = 24;
  if (end == std::string_view::npos) return text.size() - i > kLongestMention ? 0 : undecided;
  const auto inside = text.substr(i + 1, end - i - 1);
  const bool names_page = inside.starts_with("p") || inside.starts_with("P");
  const bool has_digit = std::ranges::any_of(inside, [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; });
  return names_page && has_digit && inside.size() <= kLongestMention ? end + 1 : 0;
}

}  // namespace

class QuoteCheck::State {
 public:
  State(std::shared_ptr<const retrieval::QuoteFinder> book, std::vector<model::Source> sources, std::string reader_text,
        bool book_goes_on)
      : book_(std::move(book)), sources_(std::move(sources)), reader_text_(std::move(reader_text)), book_goes_on_(book_goes_on) {
    for (const auto& source : sources_) preferred_pages_.push_back(source.page_id);
  }

  void feed(std::string_view text) {
    pending_ += text;
    advance(false);
  }

  void finish() {
    ended_ = true;
    advance(true);
  }

  [[nodiscard]] std::optional<std::string> undecided() const {
    return undecided_ ? std::optional(undecided_->inside) : std::nullopt;
  }

  void settle(const std::optional<retrieval::QuoteLocation>& place) {
    if (!undecided_) return;
    const Span span = *std::exchange(undecided_, std::nullopt);
    pending_.erase(0, span.size);
    decide(span.inside, place);
    advance(ended_);
  }

  void insert(const model::Source& source, model::QuoteOrigin origin, std::string_view before) {
    model::Quote quote{.n = source.n,
                       .page_id = source.page_id,
                       .label = source.label,
                       .title = source.title,
                       .start = source.start,
                       .end = source.end,
                       .text = source.quote,
                       .origin = origin,
                       .page_version = source.page_version};
    emit(before);
    emit_quote(std::move(quote));
  }

  void expect_locked(bool locked) { locked_ = locked; }

  std::vector<CheckedPiece> take() { return std::exchange(pieces_, {}); }
  [[nodiscard]] const std::string& held() const { return pending_; }

  int false_quotes_ = 0;
  std::vector<model::Quote> quotes_;
  std::string reply_;

 private:
  /// Between marks, at the start of `pending_`; `size` with the marks.
  struct Span {
    std::string inside;
    std::size_t size = 0;
  };

  struct Opening {
    std::size_t position;
    QuotationMarks marks;
    bool single;
  };

  /// Works off `pending_` as far as it can be decided.
  void advance(bool at_end) {
    while (!undecided_ && !pending_.empty()) {
      if (book_ == nullptr) {
        emit_pending(pending_.size());
      } else if (after_quote_ && !skip_page_mention(at_end)) {
        return;
      } else if (!pending_.empty() && !step(at_end)) {
        return;
      }
    }
  }

  /// One opening mark and its span, or plain text up to the next. False: more text is needed.
  bool step(bool at_end) {
    const auto opening = find_opening();
    const auto marker = find_marker(pending_);
    if (marker && (!opening || marker->position < opening->position)) return take_marker(*marker, at_end);
    if (!opening) {
      emit_pending(pending_.size() - (at_end ? 0 : undecided_tail()));
      return at_end;
    }
    if (opening->position > 0) {
      emit_pending(opening->position);
      return true;
    }
    const auto close = find_close(*opening, at_end);
    if (close.first == std::string::npos) {
      const bool given_up = at_end || pending_.size() > span_limit();
      if (!given_up) return false;
      release_unclosed(*opening);
      return true;
    }
    close_span(*opening, close.first, close.second);
    return true;
  }

  /// False: more text is needed.
  bool take_marker(const Marker& marker, bool at_end) {
    if (marker.position > 0) {
      emit_pending(marker.position);
      return true;
    }
    if (marker.size == 0 && !at_end) return false;
    if (marker.size == 0) {
      if (pending_.size() < 3) emit(pending_);  // brackets alone are text
      pending_.clear();
      return true;
    }
    pending_.erase(0, marker.size);
    const auto source = std::ranges::find(sources_, marker.n, &model::Source::n);
    if (source == sources_.end()) {
      ++false_quotes_;
    } else if (std::ranges::find(quotes_, marker.n, &model::Quote::n) == quotes_.end()) {
      insert(*source, model::QuoteOrigin::model, "");
    }
    return true;
  }

  /// Bytes at the end of `pending_` that might begin a mark, or a single mark whose next character is not there yet.
  std::size_t undecided_tail() const {
    const auto check = [this](std::string_view mark) -> std::size_t {
      for (std::size_t n = std::min(mark.size(), pending_.size()); n > 0; --n) {
        if (pending_.ends_with(mark.substr(0, n))) return n;
      }
      return 0;
    };
    std::size_t held = utf8::incomplete_tail(pending_);
    for (const auto& marks : kQuotationMarks) held = std::max(held, check(marks.open));
    for (const auto& marks : kSingleQuotationMarks) held = std::max(held, check(marks.open));
    return held;
  }

  std::optional<Opening> find_opening() const {
    std::optional<Opening> first;
    for (const auto& marks : kQuotationMarks) {
      const auto position = pending_.find(marks.open);
      if (position != std::string::npos && (!first || position < first->position)) first = Opening{position, marks, false};
    }
    for (const auto& marks : kSingleQuotationMarks) {
      for (auto p = pending_.find(marks.open); p != std::string::npos; p = pending_.find(marks.open, p + 1)) {
        if (first && p >= first->position) break;
        if (opens_single(p, marks.open.size())) {
          first = Opening{p, marks, true};
          break;
        }
      }
    }
    return first;
  }

  /// A single mark opens when no letter stands before it and a letter stands after it; else it is an apostrophe.
  bool opens_single(std::size_t position, std::size_t size) const {
    const bool before =
        position > 0 ? is_letter_or_digit_before(pending_, position) : is_letter_or_digit_before(reply_, reply_.size());
    return !before && is_letter_or_digit_at(pending_, position + size);
  }

  /// Where an open span ends at the latest, whatever chunks it came in: a paragraph break or the byte limit.
  std::size_t span_limit() const { return std::min(pending_.find("\n\n"), kMaxHeldBytes); }

  /// Position and size of the closing mark, npos when it is not there (yet).
  std::pair<std::size_t, std::size_t> find_close(const Opening& opening, bool at_end) const {
    const auto from = opening.marks.open.size();
    const auto end = std::min(pending_.size(), span_limit());
    for (auto i = from; i < end; ++i) {
      for (const auto mark : {opening.marks.close, opening.marks.other_close}) {
        if (mark.empty() || !std::string_view(pending_).substr(i).starts_with(mark)) continue;
        if (!opening.single) return {i, mark.size()};
        const auto after = i + mark.size();
        if (after >= pending_.size() && !at_end) return {std::string::npos, 0};
        if (!is_letter_or_digit_at(pending_, after)) return {i, mark.size()};
      }
    }
    return {std::string::npos, 0};
  }

  void close_span(const Opening& opening, std::size_t close, std::size_t close_size) {
    const auto from = opening.marks.open.size();
    const auto inside = pending_.substr(from, close - from);
    const bool claims = !holds_marker(inside) && count_words(inside) >= kMinQuoteWords && !contains_words(reader_text_, inside);
    const auto location = claims ? book_->find(inside, preferred_pages_) : std::nullopt;
    if (claims && !location && book_goes_on_) {
      undecided_ = Span{inside, close + close_size};
      return;
    }
    pending_.erase(0, close + close_size);
    if (claims) {
      decide(inside, location);
    } else if (holds_marker(inside)) {
      pending_.insert(0, inside);  // the quotation that it becomes has marks of its own
    } else {
      // With the pair's own closing mark: another one would open a quotation to the reader's eye.
      emit(fmt::format("{}{}{}", opening.marks.open, inside, opening.marks.close));
    }
  }

  void decide(const std::string& inside, const std::optional<retrieval::QuoteLocation>& location) {
    if (location) {
      emit_quote(quote_from(*location));
    } else {
      ++false_quotes_;
      // What stood between the marks may hold nested ones; those are checked like any other.
      pending_.insert(0, inside);
    }
  }

  void release_unclosed(const Opening& opening) {
    // An unclosed single mark is an apostrophe; an unclosed double mark would put a false quotation in front of what follows.
    if (opening.single) {
      emit_pending(opening.marks.open.size());
    } else {
      pending_.erase(0, opening.marks.open.size());
    }
  }

  model::Quote quote_from(const retrieval::QuoteLocation& location) const {
    const auto text = cut_to_words(location.text, kMaxQuoteWords);
    model::Quote quote{.page_id = location.page_id,
                       .label = location.label,
                       .title = location.title,
                       .start = location.start,
                       .end = location.start + static_cast<std::int32_t>(utf8::length(text)),
                       .text = std::string(text),
                       .page_version = location.page_version};
    for (const auto& source : sources_) {
      if (source.page_id == location.page_id && source.start <= quote.start && quote.end <= source.end) quote.n = source.n;
      if (locked_ && quote.n == source.n && source.start == quote.start && source.end == quote.end)
        quote.origin = model::QuoteOrigin::lock;
    }
    return quote;
  }

  void emit_quote(model::Quote quote) {
    quote.reply_start = static_cast<std::int32_t>(reply_length_);
    const auto marks = outer_marks(quote.text);
    emit(fmt::format("{}{}{}", marks.open, quote.text, marks.close));
    quote.reply_end = static_cast<std::int32_t>(reply_length_);
    pieces_.emplace_back(model::QuoteClosed{quote});
    emit(fmt::format(" (p. {})", quote.label));
    quotes_.push_back(std::move(quote));
    after_quote_ = true;
  }

  /// Right after a quote: drops the model's own mention of a page. False: more text is needed.
  bool skip_page_mention(bool at_end) {
    const auto size = page_mention(pending_, at_end);
    if (size == std::string::npos) return false;
    pending_.erase(0, size);
    after_quote_ = false;
    return true;
  }

  void emit_pending(std::size_t size) {
    emit(std::string_view(pending_).substr(0, size));
    pending_.erase(0, size);
  }

  void emit(std::string_view text) {
    if (text.empty()) return;
    reply_ += text;
    reply_length_ += utf8::length(text);
    if (!pieces_.empty()) {
      if (auto* last = std::get_if<model::TokenText>(&pieces_.back())) {
        last->text += text;
        return;
      }
    }
    pieces_.emplace_back(model::TokenText{std::string(text)});
  }

  std::shared_ptr<const retrieval::QuoteFinder> book_;
  std::vector<model::Source> sources_;
  std::string reader_text_;
  std::vector<std::string> preferred_pages_;
  std::string pending_;
  bool after_quote_ = false;
  bool locked_ = false;
  bool book_goes_on_ = false;
  bool ended_ = false;
  std::optional<Span> undecided_;
  std::size_t reply_length_ = 0;  ///< code points of reply_
  std::vector<CheckedPiece> pieces_;
};

QuoteCheck::QuoteCheck(std::shared_ptr<const retrieval::QuoteFinder> book, std::vector<model::Source> sources,
                       std::string reader_text, bool book_goes_on)
    : state_(std::make_unique<State>(std::move(book), std::move(sources), std::move(reader_text), book_goes_on)) {}
QuoteCheck::~QuoteCheck() = default;

std::vector<CheckedPiece> QuoteCheck::feed(std::string_view text) {
  state_->feed(text);
  return state_->take();
}

std::vector<CheckedPiece> QuoteCheck::finish() {
  state_->finish();
  return state_->take();
}

std::vector<CheckedPiece> QuoteCheck::insert(const model::Source& source, model::QuoteOrigin origin, std::string_view before) {
  state_->insert(source, origin, before);
  return state_->take();
}

std::optional<std::string> QuoteCheck::undecided() const {
  return state_->undecided();
}

std::vector<CheckedPiece> QuoteCheck::settle(const std::optional<retrieval::QuoteLocation>& place) {
  state_->settle(place);
  return state_->take();
}

void QuoteCheck::expect_locked(bool locked) {
  state_->expect_locked(locked);
}

const std::string& QuoteCheck::held() const {
  return state_->held();
}
int QuoteCheck::false_quotes() const {
  return state_->false_quotes_;
}
const std::vector<model::Quote>& QuoteCheck::quotes() const {
  return state_->quotes_;
}
const std::string& QuoteCheck::reply() const {
  return state_->reply_;
}

}  // namespace gibsey::chat
