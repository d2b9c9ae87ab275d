#pragma once
#include "base/result.hpp"
#include "model/page.hpp"

#include <cstddef>
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

[[nodiscard]] Error unknown_world(const std::string& world);                             ///< not_found
[[nodiscard]] Error unknown_page(const std::string& world, const std::string& id);       ///< not_found
[[nodiscard]] Error unknown_character(const std::string& world, const std::string& id);  ///< not_found

}  // namespace gibsey::store
