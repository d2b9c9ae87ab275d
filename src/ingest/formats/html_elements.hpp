#pragma once
#include "ingest/formats/html_tree.hpp"

namespace gibsey::ingest {

/// Whether an element begins and ends a paragraph.
[[nodiscard]] bool is_block(const GumboNode* element);
/// Whether nothing of an element is for a reader's eyes.
[[nodiscard]] bool is_dropped(const GumboNode* element);
/// 1 to 6, 0 for anything but a heading.
[[nodiscard]] int heading_level(const GumboNode* element);
/// A link to a footnote, or one back from it.
[[nodiscard]] bool is_note_reference(const GumboNode* element);
[[nodiscard]] bool is_backlink(const GumboNode* element);
/// Where a printed page begins, and the label of that page; empty when the element does not say it.
[[nodiscard]] bool is_page_break(const GumboNode* element);
[[nodiscard]] std::string page_label(const GumboNode* element);
/// Whether a table holds words and figures, not a page's layout.
[[nodiscard]] bool is_data_table(const GumboNode* element);
/// The letter that a picture at the head of a chapter stands for, empty for any other picture.
[[nodiscard]] std::string_view drop_capital(const GumboNode* image);
/// The first 1,000 characters of the text inside, white space as it stands.
[[nodiscard]] std::string inner_text(const GumboNode* element);

}  // namespace gibsey::ingest
