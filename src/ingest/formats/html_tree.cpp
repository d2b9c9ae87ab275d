#include "ingest/formats/html_tree.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <csetjmp>
#include <cstddef>

namespace gibsey::ingest {
namespace {

constexpr std::size_t kBlock = std::size_t{1} << 18;
constexpr std::size_t kLeast = std::size_t{16} << 20;
constexpr std::size_t kTreePerByte = 64;
constexpr std::size_t kMost = std::size_t{1} << 30;
// The parser looks through all open elements at each tag, and through all attributes at each attribute.
constexpr std::size_t kDeepest = 2'000;
constexpr std::size_t kMostAttributes = 5'000;

// Elements that need no closing tag in HTML or close the one before them; unclosed ones do not nest.
constexpr std::array<std::string_view, 32> kUncounted = {
    "a",     "area", "base", "body",   "br",    "col",  "colgroup", "dd",   "dt",       "embed",  "head",
    "hr",    "html", "img",  "input",  "li",    "link", "meta",     "nobr", "optgroup", "option", "p",
    "param", "rp",   "rt",   "source", "tbody", "td",   "tfoot",    "th",   "thead",    "tr"};

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

/// Reads tags one after the other, without regard to what they mean.
class TagMeasure {
 public:
  explicit TagMeasure(std::string_view html) : html_(html) {}

  bool is_beyond_measure() {
    for (at_ = html_.find('<'); at_ < html_.size(); at_ = html_.find('<', at_)) {
      const bool closing = html_.substr(at_).starts_with("</");
      const std::size_t first = at_ + (closing ? 2 : 1);
      const std::size_t end = std::min(html_.find_first_of(" \t\n/>", first), html_.size());
      at_ = std::min(first, html_.size());
      if (html_.substr(first).starts_with("!--")) {
        at_ = html_.find("-->", first);
      } else if (first < end && std::isalpha(static_cast<unsigned char>(html_[first])) != 0) {
        if (read_tag(lower(html_.substr(first, std::min<std::size_t>(end - first, 32))), end, closing)) return true;
      }
    }
    return false;
  }

 private:
  bool read_tag(const std::string& name, std::size_t at, bool closing) {
    std::size_t gaps = 0;
    char quote = '\0';
    for (; at < html_.size() && (quote != '\0' || html_[at] != '>'); ++at) {
      const char c = html_[at];
      if (quote == '\0' && (c == ' ' || c == '\n' || c == '\t' || c == '/') && ++gaps > kMostAttributes) return true;
      if (c == quote) {
        quote = '\0';
      } else if (quote == '\0' && (c == '"' || c == '\'')) {
        quote = c;
      }
    }
    at_ = at;
    if (name == "script" || name == "style") {
      at_ = closing ? at_ : html_.find("</", at_);
    } else if (std::ranges::find(kUncounted, name) == kUncounted.end()) {
      depth_ = closing ? depth_ - std::min<std::size_t>(depth_, 1) : depth_ + 1;
    }
    return depth_ > kDeepest;
  }

  std::string_view html_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
};

/// The parser knows no failed allocation; the way out of one is a jump over its frames, which are C and own nothing but arena.
struct Parse {
  HtmlArena* arena;
  std::jmp_buf out;
};

void* allocate(void* userdata, std::size_t size) {
  auto* parse = static_cast<Parse*>(userdata);
  void* memory = parse->arena->allocate(size);
  if (memory == nullptr) std::longjmp(parse->out, 1);
  return memory;
}

void leave(void* /*userdata*/, void* /*memory*/) {}

/// No variable of it is changed behind setjmp and read after the jump.
const GumboNode* parse_into(HtmlArena& arena, const std::string& html) {
  Parse parse{&arena, {}};
  if (setjmp(parse.out) != 0) return nullptr;
  GumboOptions options = kGumboDefaultOptions;
  options.allocator = allocate;
  options.deallocator = leave;
  options.userdata = &parse;
  options.max_errors = 0;
  return gumbo_parse_with_options(&options, html.data(), html.size())->root;
}

std::unexpected<Error> refuse() {
  return fail(ErrorCode::too_large, "its tags are left open or nested beyond all measure; save the text from a browser as TXT");
}

}  // namespace

void* HtmlArena::allocate(std::size_t size) {
  constexpr std::size_t kAlign = alignof(std::max_align_t);
  size = (std::max<std::size_t>(size, 1) + kAlign - 1) / kAlign * kAlign;
  if (size > left_) {
    const std::size_t block = std::max(size, kBlock);
    if (block > most_ - used_) return nullptr;
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(block));
    used_ += block;
    left_ = block;
  }
  left_ -= size;
  return blocks_.back().get() + left_;
}

Result<HtmlTree> HtmlTree::parse(std::string html) {
  if (TagMeasure(html).is_beyond_measure()) return refuse();
  HtmlTree tree;
  tree.html_ = std::make_unique<std::string>(std::move(html));
  tree.arena_ = std::make_unique<HtmlArena>(std::min(kMost, kLeast + tree.html_->size() * kTreePerByte));
  tree.root_ = parse_into(*tree.arena_, *tree.html_);
  if (tree.root_ == nullptr) return refuse();
  return tree;
}

std::string_view attribute(const GumboNode* element, const char* name) {
  const GumboAttribute* found = gumbo_get_attribute(&element->v.element.attributes, name);
  return found == nullptr ? std::string_view() : std::string_view(found->value);
}

bool has_attribute(const GumboNode* element, const char* name) {
  return gumbo_get_attribute(&element->v.element.attributes, name) != nullptr;
}

}  // namespace gibsey::ingest
