#include "retrieval/large/text_file.hpp"

#include "retrieval/bm25.hpp"
#include "retrieval/large/testing/made_book.hpp"
#include "retrieval/large/top_passages.hpp"
#include "retrieval/text_index.hpp"
#include "store/testing/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <random>
#include <set>

namespace gibsey::retrieval::large {
namespace {

using store::testing::TemporaryFolder;

std::vector<model::PageContent> made_pages(std::size_t pages, std::uint64_t seed) {
  const testing::MadeBook book({.pages = pages, .seed = seed});
  std::vector<model::PageContent> contents;
  for (std::size_t i = 0; i < pages; ++i) contents.push_back(book.page(i));
  return contents;
}

TextFile written(const std::vector<model::PageContent>& contents, const std::filesystem::path& folder) {
  TextFileWriter writer(folder, "en");
  for (const auto& content : contents) writer.add(content);
  EXPECT_TRUE(writer.write(folder / "text"));
  auto file = TextFile::open(folder / "text");
  EXPECT_TRUE(file) << file.error().message;
  return std::move(*file);
}

/// The keys of a question's content words, as often as they stand in it.
std::vector<WeightedList> stem_keys(const TextFile& file, const std::string& question) {
  const Stemmer stemmer("en");
  std::vector<WeightedList> keys;
  for (const std::string& word : words_of(question)) {
    if (is_stop_word(word, "en")) continue;
    const auto key = word_key(stemmer.stem(word));
    const auto list = file.stems().find(key);
    keys.push_back({list, bm25::idf(file.passage_count(), list.passages())});
  }
  return keys;
}

std::vector<WeightedList> pair_keys(const TextFile& file, const std::string& question) {
  const auto words = words_of(question);
  std::vector<WeightedList> keys;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const auto key = pair_key(word_key(words[i - 1]), word_key(words[i]));
    const auto list = file.pairs().find(key);
    keys.push_back({list, bm25::idf(file.passage_count(), list.passages())});
  }
  return keys;
}

/// The scores of the best, best first, of an exhaustive search.
std::vector<float> best_scores(std::vector<float> scores, std::size_t wanted) {
  std::erase_if(scores, [](float score) { return score <= 0; });
  std::ranges::sort(scores, std::greater{});
  scores.resize(std::min(wanted, scores.size()));
  return scores;
}

void expect_best(const std::vector<ScoredPassage>& found, const std::vector<float>& scores, std::size_t wanted) {
  const auto best = best_scores(scores, wanted);
  ASSERT_EQ(found.size(), best.size());
  for (std::size_t i = 0; i < best.size(); ++i) {
    EXPECT_NEAR(found[i].score, best[i], best[i] * 1e-5f) << i;
    EXPECT_NEAR(found[i].score, scores[found[i].passage], best[i] * 1e-5f) << i;
  }
}

TEST(TextFile, FindsTheBestThatAnExhaustiveSearchFinds) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    const TemporaryFolder folder;
    const auto contents = made_pages(1500, seed);
    const TextFile file = written(contents, folder.path());
    const TextIndex exhaustive(contents, "en");
    const testing::MadeBook book({.pages = 1500, .seed = seed});
    const LengthNorms norms(file.mean_length());
    for (std::uint64_t i = 0; i < 60; ++i) {
      const std::string question = book.some_question(i);
      const TextScores scores = exhaustive.score(question);
      for (const std::size_t wanted : {1, 10, 300}) {
        TopList stems(wanted);
        find_best({stem_keys(file, question), file.lengths(), norms, file.mean_length(), 0, {}}, stems);
        expect_best(stems.sorted(), scores.passages, wanted);
        TopList pairs(wanted);
        find_best({pair_keys(file, question), file.lengths(), norms, file.mean_length(), 0, {}}, pairs);
        expect_best(pairs.sorted(), scores.passage_pairs, wanted);
        // With the bar of the rarest keys set before.
        TopList with_bar(wanted, 0.25f);
        const std::vector<SearchedField> fields{{stem_keys(file, question), file.lengths(), norms, file.mean_length(), 0, {}}};
        find_best(fields, with_bar);
        auto good = scores.passages;
        const float least = good.empty() ? 0 : *std::ranges::max_element(good) * 0.25f;
        std::erase_if(good, [least](float score) { return score <= least * 1.00002f; });
        const auto found = with_bar.sorted();
        for (std::size_t j = 0; j < std::min(good.size(), wanted); ++j) {
          ASSERT_LT(j, found.size());
          EXPECT_NEAR(found[j].score, best_scores(scores.passages, wanted)[j], 1e-4f);
        }
      }
    }
  }
}

TEST(TextFile, StaysExactWhenTheMeanLengthIsAnotherThanItWasMadeWith) {
  const TemporaryFolder folder;
  const auto contents = made_pages(800, 4);
  const TextFile file = written(contents, folder.path());
  const testing::MadeBook book({.pages = 800, .seed = 4});
  for (const float factor : {0.5f, 2.0f, 10.0f}) {
    const LengthNorms norms(file.mean_length() * factor);
    for (std::uint64_t i = 0; i < 30; ++i) {
      const auto keys = stem_keys(file, book.some_question(i));
      TopList all(file.passage_count());
      TopList ten(10);
      find_best({keys, file.lengths(), norms, file.mean_length(), 0, {}}, all);
      find_best({keys, file.lengths(), norms, file.mean_length(), 0, {}}, ten);
      const auto every = all.sorted();
      const auto best = ten.sorted();
      ASSERT_EQ(best.size(), std::min<std::size_t>(10, every.size()));
      for (std::size_t j = 0; j < best.size(); ++j) EXPECT_NEAR(best[j].score, every[j].score, every[j].score * 1e-5f);
    }
  }
}

TEST(TextFile, LeavesOutWhatIsMasked) {
  const TemporaryFolder folder;
  const auto contents = made_pages(600, 5);
  const TextFile file = written(contents, folder.path());
  const testing::MadeBook book({.pages = 600, .seed = 5});
  const LengthNorms norms(file.mean_length());
  std::mt19937_64 random(9);
  std::vector<std::uint64_t> removed((file.passage_count() + 63) / 64);
  for (auto& word : removed) word = random();
  for (std::uint64_t i = 0; i < 30; ++i) {
    const auto keys = stem_keys(file, book.some_question(i));
    TopList all(file.passage_count());
    TopList left(20);
    find_best({keys, file.lengths(), norms, file.mean_length(), 0, {}}, all);
    find_best({keys, file.lengths(), norms, file.mean_length(), 0, removed}, left);
    auto expected = all.sorted();
    std::erase_if(expected,
                  [&](const ScoredPassage& hit) { return ((removed[hit.passage / 64] >> (hit.passage % 64)) & 1) != 0; });
    const auto found = left.sorted();
    ASSERT_EQ(found.size(), std::min<std::size_t>(20, expected.size()));
    for (std::size_t j = 0; j < found.size(); ++j) EXPECT_NEAR(found[j].score, expected[j].score, expected[j].score * 1e-5f);
  }
}

TEST(TextFile, KeepsCountsThatASmallIndexKeeps) {
  const TemporaryFolder folder;
  std::vector<model::PageContent> contents(2);
  contents[0].page.text = "the cat the cat the cat";
  contents[0].passages = {{.number = 0, .start = 0, .end = 15}, {.number = 1, .start = 16, .end = 23}};
  contents[1].page.text = "a dog";
  contents[1].passages = {{.number = 0, .start = 0, .end = 5}};
  const TextFile file = written(contents, folder.path());
  EXPECT_EQ(file.passage_count(), 3U);
  EXPECT_EQ(file.page_count(), 2U);
  EXPECT_EQ(file.total_length(), 8U);
  const auto pair = file.pairs().find(pair_key(word_key("the"), word_key("cat")));
  EXPECT_EQ(pair.passages(), 2U);
  EXPECT_EQ(pair.pages(), 1U);
  // Over the end of a passage.
  EXPECT_EQ(file.pairs().find(pair_key(word_key("cat"), word_key("the"))).passages(), 2U);
  EXPECT_EQ(file.stems().find(word_key("dog")).passages(), 1U);
  EXPECT_EQ(file.stems().find(word_key("bird")).passages(), 0U);
}

TEST(TextFile, OfNothingFindsNothing) {
  const TemporaryFolder folder;
  const TextFile file = written({}, folder.path());
  const LengthNorms norms(1);
  TopList best(10);
  const std::vector<WeightedList> keys{{file.stems().find(word_key("dog")), 1.0f}};
  find_best({keys, file.lengths(), norms, 1, 0, {}}, best);
  EXPECT_TRUE(best.sorted().empty());
}

TEST(TextFile, RefusesWhatIsCutOrAlteredAnywhere) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "text";
  {
    const TextFile file = written(made_pages(20, 6), folder.path());
  }
  std::ifstream whole(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(whole), {}};
  const auto opened = [&path](const std::string& changed) {
    std::ofstream(path, std::ios::binary) << changed;
    return TextFile::open(path);
  };
  ASSERT_TRUE(opened(bytes));
  std::mt19937_64 random(1);
  // Every byte of the header and of the first section, and many of the others.
  for (std::size_t at = 0; at < bytes.size(); at += at < 400 ? 1 : 1 + random() % 200) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ (1 << random() % 8));
    const auto file = opened(changed);
    ASSERT_FALSE(file) << at;
    EXPECT_EQ(file.error().code, ErrorCode::corrupt);
  }
  for (const std::size_t size : {0UL, 1UL, 319UL, 320UL, bytes.size() / 2, bytes.size() - 1}) {
    const auto file = opened(bytes.substr(0, size));
    ASSERT_FALSE(file) << size;
    EXPECT_EQ(file.error().code, ErrorCode::corrupt);
  }
  EXPECT_FALSE(opened(bytes + "x"));
  const auto missing = TextFile::open(folder.path() / "none");
  EXPECT_EQ(missing.error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace gibsey::retrieval::large
