#include "ingest/formats/file_form.hpp"

#include "ingest/formats/zip_archive.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <optional>

namespace gibsey::ingest {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kHead = 1024;

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

std::string head_of(const fs::path& path) {
  std::array<char, kHead> bytes{};
  std::ifstream file(path, std::ios::binary);
  file.read(bytes.data(), bytes.size());
  return {bytes.data(), static_cast<std::size_t>(file.gcount())};
}

std::optional<FileForm> form_of_ending(const fs::path& path) {
  static constexpr std::array<std::pair<std::string_view, FileForm>, 14> kEndings = {{{"", FileForm::text},
                                                                                      {".txt", FileForm::text},
                                                                                      {".text", FileForm::text},
                                                                                      {".md", FileForm::markdown},
                                                                                      {".markdown", FileForm::markdown},
                                                                                      {".jsonl", FileForm::jsonl},
                                                                                      {".ndjson", FileForm::jsonl},
                                                                                      {".html", FileForm::html},
                                                                                      {".htm", FileForm::html},
                                                                                      {".xhtml", FileForm::html},
                                                                                      {".xht", FileForm::html},
                                                                                      {".epub", FileForm::epub},
                                                                                      {".docx", FileForm::docx},
                                                                                      {".pdf", FileForm::pdf}}};
  const std::string ending = lower(path.extension().string());
  const auto* const at = std::ranges::find(kEndings, ending, &std::pair<std::string_view, FileForm>::first);
  return at == kEndings.end() ? std::optional<FileForm>() : at->second;
}

/// The document type or the root element, behind declarations and comments; the zeros of UTF-16 left aside.
bool begins_as_html(std::string_view bytes) {
  std::string head;
  for (const char c : bytes) {
    if (c != '\0') head += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  for (const std::string_view mark : {"\xEF\xBB\xBF", "\xFF\xFE", "\xFE\xFF"}) {
    if (head.starts_with(mark)) head.erase(0, mark.size());
  }
  std::string_view rest = head;
  for (;;) {
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r\n"), rest.size()));
    const bool comment = rest.starts_with("<!--");
    if (!comment && !rest.starts_with("<?xml")) return rest.starts_with("<!doctype html") || rest.starts_with("<html");
    const auto end = rest.find(comment ? "-->" : "?>");
    if (end == rest.npos) return false;
    rest.remove_prefix(end + (comment ? 3 : 2));
  }
}

std::unexpected<Error> refuse(const fs::path& path, std::string_view what) {
  return fail(ErrorCode::invalid_argument, fmt::format("{} {}", path.string(), what));
}

Result<FileForm> form_of_zip(const fs::path& path, std::optional<FileForm> ending) {
  GIBSEY_TRY(const ZipArchive zip, ZipArchive::open(path, {}));
  if (zip.has("META-INF/container.xml")) return FileForm::epub;
  if (zip.has("word/document.xml")) return FileForm::docx;
  if (ending == FileForm::epub || ending == FileForm::docx) return *ending;
  return refuse(path, "is a zip with neither an EPUB nor a DOCX in it; unpack it and give what is in it");
}

}  // namespace

Result<FileForm> find_form(const fs::path& path) {
  const std::string head = head_of(path);
  const auto ending = form_of_ending(path);
  if (head.starts_with("PK\x03\x04") || head.starts_with("PK\x05\x06")) return form_of_zip(path, ending);
  if (head.contains("%PDF-")) return FileForm::pdf;
  if (head.starts_with("\xD0\xCF\x11\xE0")) {
    return refuse(path, "is an old Word file (DOC) or one locked with a password; save it as DOCX without one");
  }
  if (head.starts_with("{\\rtf")) return refuse(path, "is RTF; save it as DOCX");
  if (head.size() > 68 && head.compare(60, 8, "BOOKMOBI") == 0) return refuse(path, "is a Kindle book; convert it to EPUB");
  if (begins_as_html(head) && ending != FileForm::jsonl) return FileForm::html;
  if (!ending) {
    return refuse(path, fmt::format("is of no kind that can be read; give {}, or a folder of them", known_forms()));
  }
  if (*ending == FileForm::epub || *ending == FileForm::docx) {
    return refuse(path, "is cut off or damaged: it does not begin as a zip does; fetch it again");
  }
  if (*ending == FileForm::pdf)
    return refuse(path, "is no PDF: it does not begin as one; fetch it again, or name it .txt if it is text");
  return *ending;
}

bool is_part_of_folder(const fs::path& path) {
  const auto form = path.has_extension() ? form_of_ending(path) : std::nullopt;
  return form && *form != FileForm::epub && *form != FileForm::pdf;
}

const char* known_forms() {
  return "TXT, Markdown (.md), JSONL, HTML, EPUB, DOCX or PDF";
}

}  // namespace gibsey::ingest
