#pragma once
#include "ingest/formats/marked_text.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace gibsey::ingest {

struct PdfPage {
  std::vector<std::string> lines;  ///< without white space at their ends; an empty one parts blocks of text
  std::string label;               ///< as printed on it; empty before the first that is known
};

/// The pages of what pdftotext writes, each ended by a form feed. Lines that stand at the head or foot of many pages (a running
/// title, the page's number) are taken away; a number that rises with the pages is their label, in Roman numerals in front. Where
/// no numbers are printed the pages are counted from 1 and `counted` says so.
[[nodiscard]] std::vector<PdfPage> split_pdf_pages(std::string_view text, bool& counted);

/// Their paragraphs. A line that stops short at the end of a sentence ends one.
[[nodiscard]] MarkedText paragraphs_of_pdf(const std::vector<PdfPage>& pages);

}  // namespace gibsey::ingest
