#pragma once
#include "base/result.hpp"

#include <gumbo.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gibsey::ingest {

/// Memory that is given back all at once; a tree of any depth is freed without recursion.
class HtmlArena {
 public:
  explicit HtmlArena(std::size_t most) : most_(most) {}
  /// Null when more than the limit would be in use.
  void* allocate(std::size_t size);

 private:
  std::vector<std::unique_ptr<char[]>> blocks_;
  std::size_t most_;
  std::size_t used_ = 0;
  std::size_t left_ = 0;
};

/// A parsed HTML document, as browsers read it.
class HtmlTree {
 public:
  /// too_large for markup that costs out of all proportion: 2,000 elements in each other, 5,000 attributes of one, or a tree of
  /// more than 64 times the text's size and 16 MiB, or of 1 GiB (books have 5 times), as made by unclosed tags that HTML repeats
  /// in each paragraph.
  static Result<HtmlTree> parse(std::string html);

  [[nodiscard]] const GumboNode* root() const { return root_; }

 private:
  HtmlTree() = default;
  std::unique_ptr<std::string> html_;  ///< the tree points into it
  std::unique_ptr<HtmlArena> arena_;
  const GumboNode* root_ = nullptr;
};

/// An element's attribute, empty when it has none of that name.
[[nodiscard]] std::string_view attribute(const GumboNode* element, const char* name);
[[nodiscard]] bool has_attribute(const GumboNode* element, const char* name);

}  // namespace gibsey::ingest
