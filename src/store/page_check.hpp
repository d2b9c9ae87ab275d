#pragma once
#include "base/result.hpp"
#include "model/page.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// What every page store refuses, in the same words.
namespace gibsey::store {

/// For put_pages: one world, no id twice, no page without world or id, passages numbered without repetition, quotes in
/// passages that exist. Error: invalid_argument.
Result<void> check_pages(const std::vector<model::PageContent>& pages, bool remove_others);
/// For put_vectors: no empty vector, and all of one dimension: `stored` where it is not 0. Error: invalid_argument.
Result<void> check_vectors(const std::vector<model::PassageVector>& vectors, std::size_t stored);
/// For replace_characters: no id twice, none empty. Error: invalid_argument.
Result<void> check_characters(const std::string& world, const std::vector<std::string>& ids);
/// For put_character: a world and an id. Error: invalid_argument.
Result<void> check_character(const std::string& world, const std::string& id);

/// That a page's version is the one that a writer saw; `now` is 0 where there is no such page. Error: conflict.
Result<void> check_version(const model::Page& page, std::int64_t now, std::optional<std::int64_t> expected);
/// The id behind the highest number that a world's pages had, with at least 3 digits and as many as the longest of them.
[[nodiscard]] std::string next_page_id(std::int64_t highest, std::size_t digits);
/// What a page that has no label is shown by: its id, a number without leading zeros.
[[nodiscard]] std::string label_of_id(const std::string& id);

[[nodiscard]] Error unknown_world(const std::string& world);                             ///< not_found
[[nodiscard]] Error unknown_page(const std::string& world, const std::string& id);       ///< not_found
[[nodiscard]] Error unknown_character(const std::string& world, const std::string& id);  ///< not_found

}  // namespace gibsey::store
