#pragma once
#include "ingest/content_hash.hpp"
#include "model/page.hpp"
#include "retrieval/chunks.hpp"

#include <fmt/format.h>

#include <array>
#include <string>
#include <vector>

namespace gibsey::jobs::testing {

/// What a page of the small book is about.
struct Topic {
  const char* name;
  const char* thing;
  const char* place;
  const char* other;
};

inline constexpr std::array<Topic, 4> kTopics = {{{"Arieol", "lamp", "tower", "owl"},
                                                  {"Marlow", "ferry", "river", "heron"},
                                                  {"Quillon", "ledger", "harbour", "clerk"},
                                                  {"Bertrade", "violin", "chapel", "organist"}}};

/// Nine sentences, about 140 words, that say something only of this topic.
inline std::vector<std::string> sentences_of(const Topic& t) {
  return {fmt::format("{} kept the {} in the {} for twenty winters and never let it out of sight.", t.name, t.thing, t.place),
          fmt::format("Every evening the {} came to look at the {} and said nothing at all.", t.other, t.thing),
          fmt::format("The people below the {} believed that the {} could hear them think.", t.place, t.thing),
          fmt::format("When the storm broke the roof of the {}, {} carried the {} down forty steps.", t.place, t.name, t.thing),
          fmt::format("Nobody thanked {} for it, because nobody had seen the {} leave the {}.", t.name, t.thing, t.place),
          fmt::format("In the morning the {} lay on the stones, wet and whole, beside the {}.", t.thing, t.other),
          fmt::format("{} repaired the {} with tin and string before the bells rang seven.", t.name, t.place),
          fmt::format("Since that night the {} has slept under the {} with one eye open.", t.other, t.thing),
          fmt::format("What {} wanted was a quiet {} and somebody to share the {} with.", t.name, t.place, t.thing)};
}

inline std::string joined(const std::vector<std::string>& sentences) {
  std::string text;
  for (const auto& sentence : sentences) text += (text.empty() ? "" : " ") + sentence;
  return text;
}

/// A page of the world "tower" with its passages.
inline model::PageContent page_of(int number, const std::string& text, const std::string& chapter) {
  model::PageContent content;
  content.page = {.world = "tower",
                  .id = fmt::format("{:03}", number),
                  .label = std::to_string(number),
                  .title = "",
                  .chapter = chapter,
                  .text = text,
                  .voice = "arieol",
                  .order = number};
  content.page.content_hash = ingest::content_hash(content.page);
  auto chunks = retrieval::cut_page(content.page, "en");
  content.passages = std::move(chunks.passages);
  content.quotes = std::move(chunks.quotes);
  return content;
}

/// A page a topic, each a chapter: whatever their vectors are, a page is a cluster.
inline std::vector<model::PageContent> small_book() {
  std::vector<model::PageContent> pages;
  for (int i = 0; i < 4; ++i)
    pages.push_back(page_of(i + 1, joined(sentences_of(kTopics[static_cast<std::size_t>(i)])), fmt::format("Chapter {}", i + 1)));
  return pages;
}

}  // namespace gibsey::jobs::testing
