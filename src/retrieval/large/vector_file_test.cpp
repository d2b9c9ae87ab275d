#include "retrieval/large/vector_file.hpp"

#include "retrieval/large/byte_vectors.hpp"
#include "retrieval/large/testing/made_book.hpp"
#include "store/testing/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <numeric>
#include <set>

namespace gibsey::retrieval::large {
namespace {

using store::testing::TemporaryFolder;
using Vectors = std::vector<std::vector<float>>;

VectorFile written(const Vectors& vectors, const std::filesystem::path& folder, std::uint32_t every = 1) {
  VectorFileWriter writer;
  for (std::uint32_t i = 0; i < vectors.size(); ++i) writer.add(i * every, vectors[i]);
  EXPECT_TRUE(writer.write(folder / "vectors", 2, {}));
  auto file = VectorFile::open(folder / "vectors");
  EXPECT_TRUE(file) << file.error().message;
  return std::move(*file);
}

std::vector<std::uint32_t> exact_best(const Vectors& vectors, const std::vector<float>& query, std::size_t wanted) {
  std::vector<std::pair<float, std::uint32_t>> all;
  for (std::uint32_t i = 0; i < vectors.size(); ++i) {
    all.emplace_back(-std::inner_product(query.begin(), query.end(), vectors[i].begin(), 0.0f), i);
  }
  std::ranges::partial_sort(all, all.begin() + static_cast<std::ptrdiff_t>(wanted));
  std::vector<std::uint32_t> best;
  for (std::size_t i = 0; i < wanted; ++i) best.push_back(all[i].second);
  return best;
}

TEST(ByteVectors, MultiplyAsTheirNumbersDo) {
  for (const std::size_t size : {1UL, 7UL, 64UL, 384UL, 1000UL}) {
    const auto vectors = testing::clustered_vectors(2, size, size);
    const ByteVector a = to_bytes(vectors[0]);
    const ByteVector b = to_bytes(vectors[1]);
    std::int32_t sum = 0;
    float exact = 0;
    for (std::size_t i = 0; i < size; ++i) {
      sum += a.bytes[i] * b.bytes[i];
      exact += vectors[0][i] * vectors[1][i];
    }
    EXPECT_EQ(dot(a.bytes.data(), b.bytes.data(), size), sum);
    EXPECT_NEAR(static_cast<float>(sum) * a.step * b.step, exact, 0.02f);
    EXPECT_NEAR(dot(vectors[0].data(), b.bytes.data(), size) * b.step, exact, 0.01f);
  }
}

TEST(VectorFile, FindsNearlyAllOfTheNearest) {
  const TemporaryFolder folder;
  const auto vectors = testing::clustered_vectors(3000, 64, 1);
  const VectorFile file = written(vectors, folder.path());
  const auto queries = testing::clustered_vectors(100, 64, 2);
  std::size_t right = 0;
  for (const auto& query : queries) {
    TopList best(10);
    file.find_best(QueryVector(query), 200, 0, {}, best);
    const auto exact = exact_best(vectors, query, 10);
    for (const auto& hit : best.sorted()) right += static_cast<std::size_t>(std::ranges::count(exact, hit.passage));
  }
  EXPECT_GE(right, 970U);
}

TEST(VectorFile, LeavesOutWhatIsMaskedAndStillFindsTheRest) {
  const TemporaryFolder folder;
  const auto vectors = testing::clustered_vectors(2000, 32, 3);
  const VectorFile file = written(vectors, folder.path());
  std::vector<std::uint64_t> removed(2000 / 64 + 1, 0xAAAAAAAAAAAAAAAA);  // the odd ones
  for (const auto& query : testing::clustered_vectors(20, 32, 4)) {
    TopList best(10);
    file.find_best(QueryVector(query), 100, 0, removed, best);
    const auto found = best.sorted();
    ASSERT_EQ(found.size(), 10U);
    for (const auto& hit : found) EXPECT_EQ(hit.passage % 2, 0U);
  }
}

TEST(VectorFile, KnowsWhichPassagesHaveNoVector) {
  const TemporaryFolder folder;
  const auto vectors = testing::clustered_vectors(50, 16, 5);
  const VectorFile file = written(vectors, folder.path(), 3);
  EXPECT_TRUE(file.has(0));
  EXPECT_FALSE(file.has(1));
  EXPECT_TRUE(file.has(147));
  EXPECT_FALSE(file.has(150));
  EXPECT_NEAR(*file.cosine(9, vectors[3]), 1.0f, 0.01f);
  TopList best(1);
  file.find_best(QueryVector(vectors[7]), 20, 1000, {}, best);
  EXPECT_EQ(best.sorted().at(0).passage, 1021U);
}

TEST(VectorFile, OfFewOrNoVectorsWorks) {
  for (const std::size_t count : {0UL, 1UL, 2UL}) {
    const TemporaryFolder folder;
    const auto vectors = testing::clustered_vectors(count, 16, 6);
    const VectorFile file = written(vectors, folder.path());
    TopList best(10);
    const auto query = testing::clustered_vectors(1, 16, 7).front();
    file.find_best(QueryVector(query), 20, 0, {}, best);
    EXPECT_EQ(best.sorted().size(), count);
  }
}

TEST(VectorFile, IsNotMadeWhenStopped) {
  const TemporaryFolder folder;
  VectorFileWriter writer;
  const auto vectors = testing::clustered_vectors(100, 16, 8);
  for (std::uint32_t i = 0; i < vectors.size(); ++i) writer.add(i, vectors[i]);
  std::stop_source stop;
  stop.request_stop();
  const auto result = writer.write(folder.path() / "vectors", 2, stop.get_token());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::cancelled);
}

TEST(VectorFile, RefusesWhatIsAltered) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "vectors";
  {
    const VectorFile file = written(testing::clustered_vectors(100, 16, 9), folder.path());
  }
  std::ifstream whole(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(whole), {}};
  for (std::size_t at = 3; at < bytes.size(); at += 97) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    std::ofstream(path, std::ios::binary) << changed;
    const auto file = VectorFile::open(path);
    ASSERT_FALSE(file) << at;
    EXPECT_EQ(file.error().code, ErrorCode::corrupt);
  }
}

}  // namespace
}  // namespace gibsey::retrieval::large
