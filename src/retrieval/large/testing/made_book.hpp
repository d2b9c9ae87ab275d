#pragma once
#include "model/page.hpp"

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace gibsey::testing {

/// What a made book is like.
struct MadeBookShape {
  std::string world = "library";
  std::size_t pages = 1000;
  std::size_t passages_a_page = 3;
  std::size_t planted_every = 0;  ///< a page of as many says something that no other says; 0: none
  std::uint64_t seed = 1;
};

/// Something that one page says, and two ways to ask for it.
struct Planted {
  std::size_t page = 0;
  std::string question;
  std::string half_remembered;  ///< nine words of the page, without more around them
};

/// A book of made-up words, page by page, without keeping any; the same for the same shape. Half of the words are English
/// function words in about their frequency, the others have Zipf's: in a book of any length words go on turning up that were not
/// there before. Each chapter of 30 pages has words of its own, and a fifth of the words come in standing phrases. Passages have
/// 60 to 140 words in sentences of 8 to 20; every sentence is a quote candidate.
class MadeBook {
 public:
  explicit MadeBook(MadeBookShape shape) : shape_(std::move(shape)) {}

  [[nodiscard]] std::size_t page_count() const { return shape_.pages; }
  [[nodiscard]] std::size_t passage_count() const { return shape_.pages * shape_.passages_a_page; }
  [[nodiscard]] const MadeBookShape& shape() const { return shape_; }
  [[nodiscard]] model::PageContent page(std::size_t number) const;
  [[nodiscard]] std::string page_id(std::size_t number) const;
  /// What the pages that say something say.
  [[nodiscard]] Planted planted(std::size_t which) const;
  [[nodiscard]] std::size_t planted_count() const;
  /// A question of a few words as they come in the book, some of them from the chapter of a page.
  [[nodiscard]] std::string some_question(std::uint64_t number) const;

 private:
  [[nodiscard]] std::string word(std::mt19937_64& random, std::size_t chapter, std::string_view previous) const;

  MadeBookShape shape_;
};

/// Vectors with the neighbourhoods of given ones: each is near one of `real`, and leans away from it as the real ones lean away
/// from each other (the sum of differences of `real` pairs), so that its spectrum is theirs.
class MadeVectors {
 public:
  /// `spread`: how long the leaning is against the real vector, in the mean.
  MadeVectors(std::vector<std::vector<float>> real, float spread, std::uint64_t seed);

  /// The same for the same number; unit length.
  [[nodiscard]] std::vector<float> vector(std::uint64_t number) const;
  /// Near `vector(number)`, as a question is near to what answers it.
  [[nodiscard]] std::vector<float> question(std::uint64_t number, float spread) const;
  [[nodiscard]] std::size_t dimension() const { return real_.front().size(); }

 private:
  void lean(std::vector<float>& vector, float spread, std::mt19937_64& random) const;

  std::vector<std::vector<float>> real_;
  float spread_;
  float difference_ = 1;  ///< mean length of the difference of two
  std::uint64_t seed_;
};

/// Some unit vectors in a few clusters, for tests without a model.
[[nodiscard]] std::vector<std::vector<float>> clustered_vectors(std::size_t count, std::size_t dimension, std::uint64_t seed);

}  // namespace gibsey::testing
