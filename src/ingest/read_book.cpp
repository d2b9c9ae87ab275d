#include "ingest/author_folder.hpp"
#include "ingest/character_ids.hpp"
#include "ingest/file_bytes.hpp"
#include "ingest/formats/docx.hpp"
#include "ingest/formats/epub.hpp"
#include "ingest/formats/file_form.hpp"
#include "ingest/formats/html.hpp"
#include "ingest/formats/pdf.hpp"
#include "ingest/importer.hpp"
#include "ingest/jsonl.hpp"
#include "ingest/text_chapters.hpp"
#include "ingest/text_decoding.hpp"
#include "ingest/world_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

namespace gibsey::ingest {
namespace {

namespace fs = std::filesystem;

/// The files of a folder that hold text, in the order of their names.
std::vector<fs::path> text_files(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (!entry.is_regular_file(error) || entry.path().filename().string().starts_with('.')) continue;
    if (is_part_of_folder(entry.path())) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

/// Gathers files into one book.
class BookReader {
 public:
  explicit BookReader(const std::string& world_name) { book_.world.name = world_name; }

  Result<void> read(const fs::path& path) {
    std::error_code error;
    if (!fs::exists(path, error)) return fail(ErrorCode::not_found, fmt::format("there is no file or folder {}", path.string()));
    return fs::is_directory(path, error) ? read_folder(path) : read_file_of_book(path, false);
  }

  Result<Book> finish(const std::string& paths) {
    std::vector<model::PageContent> paged = make_pages(chapters_, book_.world.name, language());
    if (!paged.empty() && !book_.pages.empty()) {
      return fail(ErrorCode::invalid_argument,
                  fmt::format("{}: files with pages of their own (JSONL, pages.json) and plain text cannot be "
                              "one book; ingest them as two worlds",
                              paths));
    }
    if (book_.pages.empty()) book_.pages = std::move(paged);
    if (book_.pages.empty() && book_.characters.empty()) {
      return fail(ErrorCode::invalid_argument, fmt::format("{}: there is no text in it", paths));
    }
    if (book_.world.title.empty()) book_.world.title = name_from_id(book_.world.name);
    if (book_.world.narrator.system_prompt.empty()) book_.world.narrator = plain_narrator(book_.world);
    for (model::PageContent& content : book_.pages) {
      if (content.page.title.empty() && content.page.chapter.empty()) content.page.title = book_.world.title;
    }
    return std::move(book_);
  }

 private:
  [[nodiscard]] std::string language() const { return book_.world.language.empty() ? "en" : book_.world.language; }

  Result<void> read_folder(const fs::path& folder) {
    std::error_code error;
    if (fs::exists(folder / "pages.json", error)) {
      GIBSEY_TRY(Book book, read_author_folder(book_.world.name, folder));
      return add(std::move(book));
    }
    const bool is_world = fs::exists(folder / "world.toml", error);
    if (is_world) {
      GIBSEY_CHECK(read_world_toml(folder, book_.world));
      GIBSEY_TRY(book_.characters, read_character_files(folder, book_.world.name));
    }
    std::vector<fs::path> files = text_files(folder / "pages");
    if (files.empty()) files = text_files(folder);
    std::erase_if(files, [](const fs::path& file) {
      return file.stem() == "README" || file.stem() == "LICENSE" || file.stem() == "LICENCE";
    });
    if (files.empty() && !is_world) {
      return fail(ErrorCode::invalid_argument,
                  fmt::format("{}: a folder needs pages.json, world.toml, or TXT, Markdown, JSONL, HTML or DOCX files; give an "
                              "EPUB or PDF by its own name",
                              folder.string()));
    }
    for (const fs::path& file : files) GIBSEY_CHECK(read_file_of_book(file, files.size() > 1));
    return {};
  }

  Result<void> add(Book book) {
    if (!book_.pages.empty()) return fail(ErrorCode::invalid_argument, "a folder with pages.json is a whole book; give it alone");
    book.notes.insert(book.notes.begin(), book_.notes.begin(), book_.notes.end());
    book_ = std::move(book);
    return {};
  }

  /// With `is_chapter` a file without headings of its own is a chapter that has the file's name.
  Result<void> read_file_of_book(const fs::path& path, bool is_chapter) {
    GIBSEY_TRY(const FileForm form, find_form(path));
    if (form == FileForm::jsonl) {
      GIBSEY_TRY(const std::string lines, read_decoded(path));
      return add_jsonl(lines, path);
    }
    GIBSEY_TRY(TextChapters text, read_chapters(form, path));
    if (is_chapter && text.chapters.size() == 1 && text.chapters.front().name.empty()) {
      text.chapters.front().name = text.chapters.front().title = name_from_id(id_from_name(path.stem().string()));
    }
    add_text(std::move(text), path, is_chapter);
    return {};
  }

  Result<TextChapters> read_chapters(FileForm form, const fs::path& path) {
    switch (form) {
      case FileForm::html: return read_html(path);
      case FileForm::epub: return read_epub(path);
      case FileForm::docx: return read_docx(path);
      case FileForm::pdf: return read_pdf(path);
      case FileForm::text:
      case FileForm::markdown:
      case FileForm::jsonl: break;
    }
    GIBSEY_TRY(const std::string text, read_decoded(path));
    return form == FileForm::markdown ? chapters_of_markdown(text) : chapters_of_text(text);
  }

  Result<std::string> read_decoded(const fs::path& path) {
    GIBSEY_TRY(const std::string bytes, read_file(path));
    DecodedText decoded = decode_text(bytes);
    if (!decoded.note.empty()) book_.notes.push_back(path.filename().string() + ": " + decoded.note);
    return std::move(decoded.text);
  }

  void add_text(TextChapters text, const fs::path& path, bool is_chapter) {
    if (book_.world.title.empty() && !is_chapter) book_.world.title = text.title;
    if (book_.world.author.empty()) book_.world.author = text.author;
    if (!text.language.empty()) book_.world.language = text.language;
    for (std::string& note : text.notes) {
      if (!is_chapter) book_.notes.push_back(path.filename().string() + ": " + std::move(note));
    }
    for (ChapterText& chapter : text.chapters) chapters_.push_back(std::move(chapter));
  }

  Result<void> add_jsonl(const std::string& text, const fs::path& path) {
    GIBSEY_TRY(std::vector<model::PageContent> pages, read_jsonl(text, path.string(), book_.world.name));
    for (model::PageContent& content : pages) {
      const auto same_id = [&](const model::PageContent& other) { return other.page.id == content.page.id; };
      if (!book_.pages.empty() &&
          std::ranges::any_of(book_.pages.begin(), book_.pages.begin() + static_cast<std::ptrdiff_t>(earlier_), same_id)) {
        return fail(ErrorCode::invalid_argument,
                    fmt::format("{}: the id {} is that of a page in an earlier file", path.string(), content.page.id));
      }
      content.page.order = static_cast<std::int64_t>(book_.pages.size());
      book_.pages.push_back(std::move(content));
    }
    earlier_ = book_.pages.size();
    return {};
  }

  Book book_;
  std::vector<ChapterText> chapters_;
  std::size_t earlier_ = 0;  ///< pages of JSONL files read before this one
};

}  // namespace

Result<Book> read_book(const std::string& world_name, const std::vector<fs::path>& paths) {
  if (id_from_name(world_name) != world_name || world_name.empty()) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("a world's name is lower-case letters, digits and hyphens, such as \"{}\"",
                            world_name.empty() ? "moby-dick" : id_from_name(world_name)));
  }
  if (paths.empty()) return fail(ErrorCode::invalid_argument, "no file or folder was given");
  BookReader reader(world_name);
  std::string names;
  for (const fs::path& path : paths) {
    GIBSEY_CHECK(reader.read(path));
    names += (names.empty() ? "" : ", ") + path.string();
  }
  return reader.finish(names);
}

}  // namespace gibsey::ingest
