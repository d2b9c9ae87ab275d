#pragma once
#include "model/note.hpp"
#include "model/page.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace gibsey::jobs {

/// A passage that a note is written about.
struct NoteSource {
  std::string page_id;
  std::string label;
  std::string title;
  std::string voice;
  std::int64_t page_version = 0;
  std::string page_text;
  int passage = 0;
  std::string text;
  std::vector<float> vector;  ///< of the embedder in use; empty: there is none
};

[[nodiscard]] inline model::NoteCitation citation_of(const NoteSource& source) {
  return {source.page_id, source.label, source.page_version};
}

/// What equal texts have in common.
[[nodiscard]] std::string text_hash(const std::string& text);
/// Of a note's passages with their texts: equal hashes mean that there is nothing to write anew.
[[nodiscard]] std::string source_hash(const std::vector<model::NoteMember>& members);
/// The id of the note about these passages, were it new.
[[nodiscard]] std::string new_note_id(const std::string& world, const std::vector<model::NoteMember>& members);

}  // namespace gibsey::jobs
