#include "ingest/formats/xhtml_as_html.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace gibsey::ingest {
namespace {

// HTML's elements without content: they need no closing tag.
constexpr std::array<std::string_view, 14> kVoid = {"area",  "base", "br",   "col",   "embed",  "hr",    "img",
                                                    "input", "link", "meta", "param", "source", "track", "wbr"};

/// The end of a tag that begins at `at`: behind its '>', those in quotation marks left aside.
std::size_t end_of_tag(std::string_view text, std::size_t at) {
  char quote = '\0';
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (quote != '\0') {
      if (c == quote) quote = '\0';
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '>') {
      return at + 1;
    }
  }
  return text.size();
}

/// The end of `<!DOCTYPE ... [ ... ]>`.
std::size_t end_of_doctype(std::string_view text, std::size_t at) {
  const auto plain = text.find('>', at);
  const auto subset = text.find('[', at);
  if (plain == text.npos) return text.size();
  if (subset == text.npos || plain < subset) return plain + 1;
  for (auto close = text.find(']', subset); close != text.npos; close = text.find(']', close + 1)) {
    const auto next = text.find_first_not_of(" \t\n", close + 1);
    if (next != text.npos && text[next] == '>') return next + 1;
  }
  return text.size();
}

std::size_t behind(std::string_view text, std::string_view mark, std::size_t at) {
  const auto found = text.find(mark, at);
  return found == text.npos ? text.size() : found + mark.size();
}

void append_escaped(std::string& html, std::string_view text) {
  for (const char c : text) {
    if (c == '<') {
      html += "&lt;";
    } else if (c == '&') {
      html += "&amp;";
    } else {
      html += c;
    }
  }
}

void append_tag(std::string& html, std::string_view tag) {
  const bool closed = tag.size() > 3 && tag.ends_with("/>") && std::isalpha(static_cast<unsigned char>(tag[1])) != 0;
  const auto name = tag.substr(1, std::min(tag.find_first_of(" \t\n/>", 1), tag.size()) - 1);
  if (!closed || std::ranges::find(kVoid, name) != kVoid.end()) {
    html += tag;
    return;
  }
  html += tag.substr(0, tag.size() - 2);
  html += "></";
  html += name;
  html += '>';
}

bool starts_doctype(std::string_view text) {
  constexpr std::string_view kDoctype = "<!doctype";
  return text.size() >= kDoctype.size() && std::ranges::equal(kDoctype, text.substr(0, kDoctype.size()), [](char a, char b) {
           return a == static_cast<char>(std::tolower(static_cast<unsigned char>(b)));
         });
}

}  // namespace

std::string xhtml_as_html(std::string_view xhtml) {
  constexpr std::string_view kCdata = "<![CDATA[";
  std::string html;
  html.reserve(xhtml.size() + xhtml.size() / 16);
  for (std::size_t at = 0; at < xhtml.size();) {
    const auto open = std::min(xhtml.find('<', at), xhtml.size());
    html += xhtml.substr(at, open - at);
    at = open;
    const auto rest = xhtml.substr(at);
    if (rest.starts_with("<!--")) {
      at = behind(xhtml, "-->", at + 4);
    } else if (rest.starts_with(kCdata)) {
      const auto end = behind(xhtml, "]]>", at);
      const auto last = xhtml.substr(0, end).ends_with("]]>") ? end - 3 : end;
      append_escaped(html, xhtml.substr(at + kCdata.size(), last - std::min(last, at + kCdata.size())));
      at = end;
    } else if (rest.starts_with("<?")) {
      at = behind(xhtml, "?>", at);
    } else if (starts_doctype(rest)) {
      at = end_of_doctype(xhtml, at);
    } else if (!rest.empty()) {
      const auto end = end_of_tag(xhtml, at);
      append_tag(html, xhtml.substr(at, end - at));
      at = end;
    }
  }
  return html;
}

bool says_xhtml(std::string_view text) {
  const auto head = text.substr(0, 1024);
  return head.starts_with("<?xml") || head.contains("http://www.w3.org/1999/xhtml") || head.contains("DTD XHTML");
}

}  // namespace gibsey::ingest
