#pragma once
#include "base/clock.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace gibsey::model {

/// A page of a world. `text` is plain UTF-8; every offset into it counts code points.
struct Page {
  std::string world;
  std::string id;     ///< unique in its world, never reused
  std::string label;  ///< as printed, what a reader is shown ("12", "xiv")
  std::string title;
  std::string chapter;
  std::string text;
  std::string source;        ///< the Markdown or other form that `text` was made of; empty when it is the same
  std::string voice;         ///< character id that the page belongs to, may be empty
  std::int64_t order = 0;    ///< position in the book, from 0
  std::int64_t version = 0;  ///< from 1, raised by each change of content
  std::string content_hash;  ///< of everything that a reader sees; equal hashes mean an unchanged page
  UnixMillis updated = 0;
};

/// A span of a page on sentence bounds, about 60 to 160 words: the unit of retrieval.
struct Passage {
  std::string world;
  std::string page_id;
  int number = 0;          ///< from 0 within its page
  std::int32_t start = 0;  ///< code points in Page::text, end exclusive
  std::int32_t end = 0;
  std::string text;  ///< == page.text[start, end)
};

/// One or two sentences (a clause where sentences are longer), fewer than 40 words, verbatim: page.text[start, end) == text.
struct QuoteCandidate {
  std::string world;
  std::string page_id;
  int passage = 0;  ///< Passage::number that holds it
  std::int32_t start = 0;
  std::int32_t end = 0;
  int words = 0;
  int sentences = 0;  ///< 2, 1, or 0 for a clause
  std::string text;
};

/// What ingest makes of one page; stored and replaced as a whole.
struct PageContent {
  Page page;
  std::vector<Passage> passages;
  std::vector<QuoteCandidate> quotes;
};

/// The embedding of one passage, unit length.
struct PassageVector {
  std::string page_id;
  int passage = 0;
  std::vector<float> values;
  std::int64_t page_version = 0;  ///< of the page whose passage it is; the passage of that number in another version is another
};

}  // namespace gibsey::model
