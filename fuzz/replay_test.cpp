// What the fuzzers begin with and what they have found, run as ordinary tests: a target aborts where a promise does not hold.
#include "targets.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace gibsey::fuzz {
namespace {

namespace fs = std::filesystem;

std::string bytes_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  if (!fs::exists(folder)) return files;
  for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

class Fuzz : public ::testing::TestWithParam<Target> {
 protected:
  [[nodiscard]] std::vector<fs::path> inputs(const char* kind) const {
    return files_in(fs::path(GIBSEY_SOURCE_DIR) / "fuzz" / kind / GetParam().name);
  }
  /// As it is, and cut otherwise.
  void replay(const fs::path& file) const {
    const auto bytes = bytes_of(file);
    GetParam().run(bytes);
    for (const std::string& cuts :
         {std::string("\xFF\0\x02", 3), std::string("\xFF\0\x06\x01\x0B", 5), std::string("\xFF\x04\x04", 3)}) {
      GetParam().run(bytes.substr(0, bytes.rfind('\xFF')) + cuts);
    }
  }
};

TEST_P(Fuzz, SeedsHold) {
  const auto seeds = inputs("seeds");
  ASSERT_FALSE(seeds.empty());
  for (const auto& file : seeds) {
    SCOPED_TRACE(file.string());
    replay(file);
  }
}

TEST_P(Fuzz, WhatWasFoundStaysMended) {
  for (const auto& file : inputs("regressions")) {
    SCOPED_TRACE(file.string());
    replay(file);
  }
}

/// The cheap first thousand inputs of a fuzzer: every prefix of every seed.
TEST_P(Fuzz, AStreamMayEndAnywhere) {
  for (const auto& file : inputs("seeds")) {
    const auto bytes = bytes_of(file);
    for (std::size_t end = 0; end < std::min<std::size_t>(bytes.size(), 1500); ++end) {
      GetParam().run(std::string_view(bytes).substr(0, end));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, Fuzz, ::testing::ValuesIn(kTargets),
                         [](const ::testing::TestParamInfo<Target>& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace gibsey::fuzz
