#pragma once
#include "model/page.hpp"

#include <fmt/format.h>

namespace gibsey::store::testing {

/// A page of the world "tower" with two passages and three quotes, whose text and hash follow from `words`.
inline model::PageContent sample_page(const std::string& id, std::int64_t order, const std::string& words) {
  model::PageContent content;
  content.page = {.world = "tower",
                  .id = id,
                  .label = "p. " + id,
                  .title = "Title of " + id,
                  .chapter = "One",
                  .text = words + " first. " + words + " second.",
                  .source = "*" + words + "*",
                  .voice = "arieol",
                  .order = order,
                  .version = 77,
                  .content_hash = "hash of " + words,
                  .updated = 0};
  for (int i = 0; i < 2; ++i) {
    content.passages.push_back({.world = "tower",
                                .page_id = id,
                                .number = i,
                                .start = i * 10,
                                .end = i * 10 + 9,
                                .text = fmt::format("{} passage {}", words, i)});
  }
  for (int i = 0; i < 3; ++i) {
    content.quotes.push_back({.world = "tower",
                              .page_id = id,
                              .passage = i / 2,
                              .start = i,
                              .end = i + 5,
                              .words = i + 1,
                              .sentences = i % 3,
                              .text = fmt::format("{} quote {}", words, i)});
  }
  return content;
}

inline model::PassageVector sample_vector(const std::string& page_id, int passage, float first, std::int64_t page_version = 1) {
  return {.page_id = page_id, .passage = passage, .values = {first, -0.25F, 3.0e-20F}, .page_version = page_version};
}

}  // namespace gibsey::store::testing
