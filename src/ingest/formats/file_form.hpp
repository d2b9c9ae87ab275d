#pragma once
#include "base/result.hpp"

#include <filesystem>
#include <string>

namespace gibsey::ingest {

/// In which form a file has a book.
enum class FileForm { text, markdown, jsonl, html, epub, docx, pdf };

/// By what the file begins with where that tells (PDF, zip, HTML), else by its ending. invalid_argument with what to do for files
/// that are neither known by content nor by ending, or are known and cannot be read (DOC, RTF, Kindle).
[[nodiscard]] Result<FileForm> find_form(const std::filesystem::path& path);

/// Whether a folder's file of this name is a part of a book that the folder holds: TXT, Markdown, JSONL, HTML or DOCX.
[[nodiscard]] bool is_part_of_folder(const std::filesystem::path& path);

/// "TXT, Markdown (.md), JSONL, HTML, EPUB, DOCX or PDF"
[[nodiscard]] const char* known_forms();

}  // namespace gibsey::ingest
