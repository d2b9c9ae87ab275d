#include "ingest/formats/pdf.hpp"

#include "ingest/formats/pdf_pages.hpp"
#include "ingest/text_decoding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>

namespace gibsey::ingest {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kMost = std::uintmax_t{1} << 30;
constexpr std::size_t kLongestComplaint = 160;

/// What the program complained of: its first line, and how many follow.
std::string first_complaint(std::string_view complaints) {
  std::string first;
  for (const char c : complaints.substr(0, std::min(complaints.find('\n'), kLongestComplaint))) {
    if (static_cast<unsigned char>(c) >= 0x20) first += c;
  }
  const auto more = std::ranges::count(complaints, '\n') - 1;
  return more > 0 ? fmt::format("{} (and {} more)", first, more) : first;
}

Result<ProcessOutput> run_pdftotext(const fs::path& path, const ProcessLimits& limits) {
  // An absolute path is never taken for an option.
  auto ran = run_process({"pdftotext", "-enc", "UTF-8", "-eol", "unix", fs::absolute(path).string(), "-"}, limits);
  if (ran) return ran;
  if (ran.error().code == ErrorCode::not_found) {
    return fail(
        ErrorCode::unavailable,
        fmt::format("{}: reading a PDF needs the program pdftotext: install poppler-utils (apt-get install poppler-utils)",
                    path.string()));
  }
  return fail(ran.error().code, fmt::format("{}: {}; split it, or give its text as TXT", path.string(), ran.error().message));
}

Result<void> check_status(const ProcessOutput& ran, const std::string& where) {
  if (ran.status == 0) return {};
  if (ran.complaints.contains("Incorrect password")) {
    return fail(ErrorCode::invalid_argument, fmt::format("{} is locked with a password; save a copy without one", where));
  }
  const std::string said = first_complaint(ran.complaints);
  return fail(ErrorCode::invalid_argument, fmt::format("{} cannot be read as a PDF; pdftotext says: {}", where,
                                                       said.empty() ? fmt::format("status {}", ran.status) : said));
}

bool is_file_name(std::string_view title) {
  return title.starts_with("Microsoft Word") || title.starts_with("untitled") || title.contains(".doc") ||
         title.contains(".htm") || title.contains(".pdf") || title.contains(".indd");
}

/// Title and author as the file's own record says, which many programs fill with a file's name. Without the record, or the
/// program pdfinfo that reads it, there are none.
void read_record(const fs::path& path, MarkedText& text) {
  const auto ran = run_process({"pdfinfo", "-enc", "UTF-8", fs::absolute(path).string()}, {.time = std::chrono::seconds(20)});
  if (!ran || ran->status != 0) return;
  const std::string record = decode_text(ran->output).text;
  for (const auto& [name, target] :
       {std::pair(std::string_view("Title:"), &text.title), std::pair(std::string_view("Author:"), &text.author)}) {
    const auto at = record.starts_with(name) ? 0 : record.find('\n' + std::string(name));
    if (at == record.npos) continue;
    const auto first = record.find_first_not_of(' ', record.find(':', at) + 1);
    const auto end = std::min(record.find('\n', first), record.size());
    if (first < end && !is_file_name(std::string_view(record).substr(first, end - first)))
      *target = record.substr(first, end - first);
  }
}

/// Page by page, for form feeds do not survive decoding.
std::string decoded_pages(std::string_view output, std::vector<std::string>& notes) {
  std::string text;
  for (std::size_t at = 0; at < output.size();) {
    const auto end = std::min(output.find('\f', at), output.size());
    const DecodedText page = decode_text(output.substr(at, end - at));
    if (!page.note.empty() && notes.empty()) notes.push_back(page.note);
    text += page.text + '\f';
    at = end + 1;
  }
  return text;
}

}  // namespace

Result<TextChapters> read_pdf(const fs::path& path, const ProcessLimits& limits) {
  const std::string where = path.string();
  std::error_code error;
  if (fs::file_size(path, error) > kMost && !error) {
    return fail(ErrorCode::too_large, fmt::format("{} is larger than 1 GiB; split it", where));
  }
  GIBSEY_TRY(const ProcessOutput ran, run_pdftotext(path, limits));
  GIBSEY_CHECK(check_status(ran, where));
  std::vector<std::string> notes;
  bool counted = false;
  const std::vector<PdfPage> pages = split_pdf_pages(decoded_pages(ran.output, notes), counted);
  MarkedText text = paragraphs_of_pdf(pages);
  if (std::ranges::none_of(text.blocks, [](const MarkedBlock& block) { return !block.text.empty(); })) {
    return fail(
        ErrorCode::invalid_argument,
        fmt::format("{} has no text, only pictures of pages; run text recognition (such as ocrmypdf) over it first", where));
  }
  read_record(path, text);
  text.notes = std::move(notes);
  if (const std::string said = first_complaint(ran.complaints); !said.empty()) text.notes.push_back("pdftotext says: " + said);
  if (counted) text.notes.emplace_back("No printed page numbers were found; its pages are counted from 1.");
  return chapters_by_headings(std::move(text));
}

}  // namespace gibsey::ingest
