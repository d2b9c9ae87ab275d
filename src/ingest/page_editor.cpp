#include "ingest/page_editor.hpp"

#include "base/utf8.hpp"
#include "ingest/content_hash.hpp"
#include "ingest/markdown.hpp"
#include "ingest/text_decoding.hpp"
#include "retrieval/chunks.hpp"

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace gibsey::ingest {
namespace {

namespace asio = boost::asio;

/// Writers who name no version are tried again when another one was faster.
constexpr int kTries = 10;

/// The page as the edit leaves it.
model::Page edited(const PageEdit& edit, std::optional<model::Page> now) {
  auto page = now.value_or(model::Page{.world = edit.world, .id = edit.id, .order = -1});
  const auto set = [](std::string& field, const std::optional<std::string>& value) {
    if (value) field = *value;
  };
  set(page.label, edit.label);
  set(page.title, edit.title);
  set(page.chapter, edit.chapter);
  set(page.voice, edit.voice);
  if (edit.source) page.text = markdown_to_text(decode_text(*edit.source).text);
  if (edit.text) page.text = decode_text(*edit.text).text;
  // What a text was made of is no longer its source once it is written anew.
  if (edit.text || edit.source) page.source = edit.source.value_or("");
  page.updated = 0;
  return page;
}

asio::awaitable<model::PageContent> cut(model::Page page, std::string language) {
  model::PageContent content{.page = std::move(page), .passages = {}, .quotes = {}};
  auto chunks = retrieval::cut_page(content.page, language);
  content.passages = std::move(chunks.passages);
  content.quotes = std::move(chunks.quotes);
  content.page.content_hash = content_hash(content.page);
  co_return content;
}

}  // namespace

Result<void> check_page_text(const std::string& text) {
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
    return fail(ErrorCode::invalid_argument, "the page has no text; to take a page away, remove it");
  }
  if (utf8::length(text) > kLongestPage) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("the page has more than {} characters; write a book as several pages", kLongestPage));
  }
  return {};
}

asio::awaitable<Result<store::WrittenPage>> PageEditor::write(PageEdit edit) {
  for (int tries = 1;; ++tries) {
    std::optional<model::Page> now;
    if (!edit.id.empty()) {
      GIBSEY_CO_TRY(now, co_await pages_.find_page(edit.world, edit.id));
    }
    auto written = co_await write_over(edit, std::move(now));
    const bool overtaken = !written && written.error().code == ErrorCode::conflict && !edit.expected;
    if (!overtaken || tries == kTries) co_return written;
  }
}

asio::awaitable<Result<store::WrittenPage>> PageEditor::write_over(PageEdit edit, std::optional<model::Page> now) {
  GIBSEY_CO_TRY(const auto world, co_await pages_.find_world(edit.world));
  if (!world) co_return fail(ErrorCode::not_found, fmt::format("there is no world {}", edit.world));
  // Fields that were not given are those of this version: nobody's change in between may be lost.
  const auto expected = edit.expected.value_or(now ? now->version : 0);
  auto page = edited(edit, std::move(now));
  GIBSEY_CO_CHECK(check_page_text(page.text));
  auto content = co_await asio::co_spawn(cutter_, cut(std::move(page), world->language), asio::use_awaitable);
  co_return co_await pages_.put_page(std::move(content), expected);
}

}  // namespace gibsey::ingest
