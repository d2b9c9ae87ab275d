#include "ingest/markdown_inline.hpp"

#include "base/utf8.hpp"

#include <unicode/uchar.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>
#include <vector>

namespace gibsey::ingest {
namespace {

/// A stretch of words, or a run of emphasis marks that may be taken away.
struct Piece {
  std::string text;
  char mark = 0;  ///< '*', '_' or '~' for a run
  std::size_t count = 0;
  bool opens = false;
  bool closes = false;
};

constexpr std::array<std::pair<std::string_view, char32_t>, 30> kEntities = {
    {{"amp", U'&'},     {"lt", U'<'},      {"gt", U'>'},       {"quot", U'"'},    {"apos", U'\''},   {"nbsp", 0xA0},
     {"mdash", 0x2014}, {"ndash", 0x2013}, {"hellip", 0x2026}, {"lsquo", 0x2018}, {"rsquo", 0x2019}, {"ldquo", 0x201C},
     {"rdquo", 0x201D}, {"laquo", 0xAB},   {"raquo", 0xBB},    {"copy", 0xA9},    {"reg", 0xAE},     {"trade", 0x2122},
     {"deg", 0xB0},     {"pound", 0xA3},   {"euro", 0x20AC},   {"eacute", 0xE9},  {"egrave", 0xE8},  {"agrave", 0xE0},
     {"ccedil", 0xE7},  {"ouml", 0xF6},    {"uuml", 0xFC},     {"auml", 0xE4},    {"szlig", 0xDF},   {"shy", 0xAD}}};

bool is_ascii_punctuation(char c) {
  return std::string_view("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~").contains(c);
}

/// The character that the entity at the start of `text` stands for, and its length; {0, 0} when there is none.
std::pair<char32_t, std::size_t> read_entity(std::string_view text) {
  const auto end = text.substr(0, 12).find(';');
  if (end == text.npos || end < 2) return {0, 0};
  std::string_view name = text.substr(1, end - 1);
  if (name[0] == '#') {
    const bool hexadecimal = name.size() > 1 && (name[1] == 'x' || name[1] == 'X');
    name.remove_prefix(hexadecimal ? 2 : 1);
    std::uint32_t value = 0;
    const auto [last, error] = std::from_chars(name.data(), name.data() + name.size(), value, hexadecimal ? 16 : 10);
    const bool valid = error == std::errc() && last == name.data() + name.size() && value >= 0x20 && value <= 0x10FFFF &&
                       (value < 0xD800 || value > 0xDFFF);
    return valid ? std::pair(static_cast<char32_t>(value), end + 1) : std::pair(char32_t{0}, std::size_t{0});
  }
  const auto* const entity = std::ranges::find(kEntities, name, &std::pair<std::string_view, char32_t>::first);
  return entity == kEntities.end() ? std::pair(char32_t{0}, std::size_t{0}) : std::pair(entity->second, end + 1);
}

class InlineReader {
 public:
  explicit InlineReader(std::string_view text) : text_(text) {}

  std::string run() {
    while (at_ < text_.size()) step();
    flush();
    match_emphasis();
    std::string words;
    for (const Piece& piece : pieces_) {
      if (piece.mark == 0) {
        words += piece.text;
      } else {
        words.append(piece.count, piece.mark);
      }
    }
    return words;
  }

 private:
  void step() {
    const char c = text_[at_];
    if (c == '\\' && at_ + 1 < text_.size()) return escape();
    if (c == '&' && entity()) return;
    if (c == '`' && code()) return;
    if (c == '!' && at_ + 1 < text_.size() && text_[at_ + 1] == '[' && link(at_ + 1)) return;
    if (c == '[' && link(at_)) return;
    if (c == '<' && tag()) return;
    if (c == '*' || c == '_' || (c == '~' && text_.substr(at_).starts_with("~~"))) return emphasis(c);
    words_ += c;
    ++at_;
  }

  void escape() {
    const char next = text_[at_ + 1];
    if (!is_ascii_punctuation(next)) words_ += '\\';
    if (next == '\n') words_.pop_back();  // a hard line break
    words_ += next;
    at_ += 2;
  }

  bool entity() {
    const auto [c, length] = read_entity(text_.substr(at_));
    if (length == 0) return false;
    utf8::append(words_, c);
    at_ += length;
    return true;
  }

  bool code() {
    std::size_t ticks = 0;
    while (at_ + ticks < text_.size() && text_[at_ + ticks] == '`') ++ticks;
    const auto end = text_.find(std::string(ticks, '`'), at_ + ticks);
    if (end == text_.npos) return false;
    std::string_view inside = text_.substr(at_ + ticks, end - at_ - ticks);
    if (inside.size() > 2 && inside.front() == ' ' && inside.back() == ' ') inside = inside.substr(1, inside.size() - 2);
    words_ += inside;
    at_ = end + ticks;
    return true;
  }

  /// [words](target), [words][name], ![words](target); the words stay.
  bool link(std::size_t bracket) {
    int depth = 0;
    std::size_t end = bracket;
    for (; end < text_.size(); ++end) {
      if (text_[end] == '\\') {
        ++end;
        continue;
      }
      if (text_[end] == '[') ++depth;
      if (text_[end] == ']' && --depth == 0) break;
    }
    if (end + 1 >= text_.size()) return false;
    const char after = text_[end + 1];
    if (after != '(' && after != '[') return false;
    const auto close = text_.find(after == '(' ? ')' : ']', end + 2);
    if (close == text_.npos) return false;
    words_ += markdown_inline(text_.substr(bracket + 1, end - bracket - 1));
    at_ = close + 1;
    return true;
  }

  /// <https://...> keeps its address, <br> is a line break, other HTML tags and comments vanish.
  bool tag() {
    const auto rest = text_.substr(at_);
    if (rest.starts_with("<!--")) {
      const auto end = rest.find("-->");
      if (end == rest.npos) return false;
      at_ += end + 3;
      return true;
    }
    const auto end = rest.find('>');
    if (end == rest.npos || end < 2) return false;
    const auto inside = rest.substr(1, end - 1);
    if (inside.starts_with("http://") || inside.starts_with("https://") || inside.starts_with("mailto:")) {
      words_ += inside;
    } else {
      const std::size_t name = inside[0] == '/' ? 1 : 0;
      if (name >= inside.size() || !u_isalpha(static_cast<UChar32>(inside[name])) || inside.contains('\n')) return false;
      if (inside.starts_with("br") || inside.starts_with("BR")) words_ += '\n';
    }
    at_ += end + 1;
    return true;
  }

  void emphasis(char mark) {
    std::size_t count = 0;
    while (at_ + count < text_.size() && text_[at_ + count] == mark) ++count;
    const bool space_before = at_ == 0 || is_space_before();
    const bool space_after = at_ + count >= text_.size() || is_space(utf8::decode(text_.substr(at_ + count)).code_point);
    const bool word_before = at_ > 0 && is_word_before();
    const bool word_after = !space_after && u_isalnum(static_cast<UChar32>(utf8::decode(text_.substr(at_ + count)).code_point));
    const bool inside_word = mark == '_' && word_before && word_after;
    flush();
    pieces_.push_back({{},
                       mark,
                       count,
                       !space_after && !inside_word && !(mark == '_' && word_before),
                       !space_before && !inside_word && !(mark == '_' && word_after)});
    at_ += count;
  }

  static bool is_space(char32_t c) { return u_isUWhiteSpace(static_cast<UChar32>(c)) != 0; }
  [[nodiscard]] char32_t character_before() const {
    std::size_t start = at_ - 1;
    while (start > 0 && (static_cast<unsigned char>(text_[start]) & 0xC0) == 0x80) --start;
    return utf8::decode(text_.substr(start)).code_point;
  }
  [[nodiscard]] bool is_space_before() const { return is_space(character_before()); }
  [[nodiscard]] bool is_word_before() const { return u_isalnum(static_cast<UChar32>(character_before())) != 0; }

  void flush() {
    if (!words_.empty()) pieces_.push_back({std::exchange(words_, {})});
  }

  /// Each closing run takes away the nearest opening run of its kind; what finds no partner stays as it was written.
  void match_emphasis() {
    for (std::size_t close = 0; close < pieces_.size(); ++close) {
      Piece& closer = pieces_[close];
      if (closer.mark == 0 || !closer.closes) continue;
      for (std::size_t open = close; open-- > 0 && closer.count > 0;) {
        Piece& opener = pieces_[open];
        if (opener.mark != closer.mark || !opener.opens || opener.count == 0) continue;
        const std::size_t taken = std::min(opener.count, closer.count);
        opener.count -= taken;
        closer.count -= taken;
      }
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string words_;
  std::vector<Piece> pieces_;
};

}  // namespace

std::string markdown_inline(std::string_view text) {
  return InlineReader(text).run();
}

}  // namespace gibsey::ingest
