#pragma once
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

namespace gibsey::net::testing {

/// The lines of a file of test vectors kept outside the repository (GIBSEY_SHARED_DATA, default ../shared/data beside the
/// sources). Empty, with a plain line on standard output, where the file is missing.
inline std::vector<std::string> shared_lines(const std::string& file) {
  const char* set = std::getenv("GIBSEY_SHARED_DATA");
  const auto folder = set != nullptr ? std::filesystem::path(set) : std::filesystem::path(GIBSEY_SOURCE_DIR) / "../shared/data";
  std::ifstream in(folder / file);
  if (!in) {
    std::cout << "left out: no " << file << " (set GIBSEY_SHARED_DATA to the folder that has it)\n";
    return {};
  }
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

inline std::string base64_decoded(const std::string& text) {
  static const std::string kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  unsigned bits = 0;
  int count = 0;
  for (const char c : text) {
    const auto value = kDigits.find(c);
    if (value == std::string::npos) break;
    bits = (bits << 6U) | static_cast<unsigned>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out.push_back(static_cast<char>(static_cast<unsigned char>((bits >> static_cast<unsigned>(count)) & 0xFFU)));
    }
  }
  return out;
}

}  // namespace gibsey::net::testing
