#include "store/page_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>

namespace gibsey::store {
namespace {

Result<void> check_parts(const model::PageContent& content) {
  std::set<int> numbers;
  for (const auto& passage : content.passages) {
    if (!numbers.insert(passage.number).second) {
      return fail(ErrorCode::invalid_argument,
                  fmt::format("page {} has two passages with the number {}", content.page.id, passage.number));
    }
  }
  for (const auto& quote : content.quotes) {
    if (!numbers.contains(quote.passage)) {
      return fail(ErrorCode::invalid_argument,
                  fmt::format("page {} has a quote in passage {}, which it lacks", content.page.id, quote.passage));
    }
  }
  return {};
}

}  // namespace

Result<void> check_pages(const std::vector<model::PageContent>& pages, bool remove_others) {
  if (pages.empty() && remove_others) {
    return fail(ErrorCode::invalid_argument, "no page was given to put in the place of the others; remove the world instead");
  }
  std::set<std::string_view> ids;
  for (const auto& content : pages) {
    const auto& page = content.page;
    if (page.world.empty() || page.id.empty()) return fail(ErrorCode::invalid_argument, "every page needs a world and an id");
    if (page.world != pages.front().page.world) {
      return fail(ErrorCode::invalid_argument,
                  fmt::format("pages of two worlds ({} and {}) cannot be stored together", pages.front().page.world, page.world));
    }
    if (!ids.insert(page.id).second) {
      return fail(ErrorCode::invalid_argument, fmt::format("the page id {} is given twice in {}", page.id, page.world));
    }
    GIBSEY_CHECK(check_parts(content));
  }
  return {};
}

Result<void> check_vectors(const std::vector<model::PassageVector>& vectors, std::size_t stored) {
  if (vectors.empty()) return {};
  const auto dimension = stored != 0 ? stored : vectors.front().values.size();
  for (const auto& vector : vectors) {
    if (vector.values.empty() || vector.values.size() != dimension) {
      return fail(ErrorCode::invalid_argument,
                  fmt::format("the vector of passage {} of page {} has {} values where {} are expected; vectors of another "
                              "model go under another name",
                              vector.passage, vector.page_id, vector.values.size(), dimension));
    }
  }
  return {};
}

Result<void> check_characters(const std::string& world, const std::vector<std::string>& ids) {
  std::set<std::string_view> seen;
  for (const auto& id : ids) {
    if (id.empty()) return fail(ErrorCode::invalid_argument, fmt::format("a character of {} has no id", world));
    if (!seen.insert(id).second) {
      return fail(ErrorCode::invalid_argument, fmt::format("the character id {} is given twice in {}", id, world));
    }
  }
  return {};
}

Result<void> check_character(const std::string& world, const std::string& id) {
  if (world.empty()) return fail(ErrorCode::invalid_argument, fmt::format("the character {} has no world", id));
  if (id.empty()) return fail(ErrorCode::invalid_argument, fmt::format("a character of {} has no id", world));
  return {};
}

Result<void> check_version(const model::Page& page, std::int64_t now, std::optional<std::int64_t> expected) {
  if (!expected || *expected == now) return {};
  return fail(ErrorCode::conflict, now == 0 ? fmt::format("there is no page {}, so it has no version {}", page.id, *expected)
                                            : fmt::format("page {} has version {} by now, not {}: read it again, then write",
                                                          page.id, now, *expected));
}

std::string next_page_id(std::int64_t highest, std::size_t digits) {
  return fmt::format("{:0{}}", highest + 1, std::max<std::size_t>(digits, 3));
}

std::string label_of_id(const std::string& id) {
  const auto digits = id.find_first_not_of('0');
  const bool number = id.find_first_not_of("0123456789") == std::string::npos;
  return number && digits != std::string::npos ? id.substr(digits) : id;
}

Error unknown_world(const std::string& world) {
  return {ErrorCode::not_found, fmt::format("there is no world {}", world)};
}

Error unknown_page(const std::string& world, const std::string& id) {
  return {ErrorCode::not_found, fmt::format("the world {} has no page {}", world, id)};
}

Error unknown_character(const std::string& world, const std::string& id) {
  return {ErrorCode::not_found, fmt::format("the world {} has no character {}", world, id)};
}

}  // namespace gibsey::store
