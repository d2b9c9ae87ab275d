#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gibsey::ingest {

/// Lines that follow each other without a blank one between, as they stand in the file.
struct Block {
  std::vector<std::string> lines;  ///< without the line feed or white space at the end
  std::size_t first_line = 0;      ///< number of the first, from 0
};

[[nodiscard]] std::vector<Block> split_blocks(std::string_view text);

/// The length at which a hard-wrapped text breaks its lines, in characters.
[[nodiscard]] std::size_t wrap_width(const std::vector<Block>& blocks);

/// The paragraphs of a block: lines that were broken only for width are joined by a space; lines that stop short (verse,
/// addresses) keep their breaks; an indented first line begins a paragraph; in a text that is not wrapped every line is one.
[[nodiscard]] std::vector<std::string> paragraphs_of(const Block& block, std::size_t width);

}  // namespace gibsey::ingest
