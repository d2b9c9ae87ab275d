// Builds personality blocks as Gibsey does, for the comparison with the source's behaviour (tests/personality_test.py).
//
//   personality_lines WORLD_FOLDER < requests > blocks
//
// Reads {"creator": character id, "weight": 0 to 1} a line, writes the block as a JSON string a line.
#include "chat/personality.hpp"
#include "ingest/world_folder.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <string>

int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "usage: personality_lines WORLD_FOLDER\n");
    return 2;
  }
  const std::filesystem::path folder = std::filesystem::weakly_canonical(arguments[1]);
  const auto characters = gibsey::ingest::read_character_files(folder, folder.filename().string());
  if (!characters) {
    std::fprintf(stderr, "personality_lines: %s\n", characters.error().message.c_str());
    return 1;
  }
  for (std::string line; std::getline(std::cin, line);) {
    const auto request = nlohmann::json::parse(line);
    const auto id = request.at("creator").get<std::string>();
    const auto creator = std::ranges::find(*characters, id, &gibsey::model::Character::id);
    if (creator == characters->end() || !creator->personality) {
      std::fprintf(stderr, "personality_lines: no character %s with a personality\n", id.c_str());
      return 1;
    }
    const auto block =
        gibsey::chat::personality_block(creator->display_name, *creator->personality, request.at("weight").get<double>());
    std::cout << nlohmann::json(block) << '\n';
  }
}
