#include "retrieval/large/index_builder.hpp"

#include "base/ids.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <optional>
#include <system_error>
#include <unordered_set>
#include <utility>

namespace gibsey::retrieval::large {
namespace {

namespace fs = std::filesystem;
namespace asio = boost::asio;

constexpr int kPagesARead = 256;
// A segment ends with a chapter where that leaves it not much shorter.
constexpr std::size_t kChapterShare = 8;

/// Makes the segments of one index, one after the other.
class SegmentWriter {
 public:
  SegmentWriter(const IndexPlan& plan, fs::path folder) : plan_(plan), folder_(std::move(folder)) {}

  Result<void> add(const store::IndexedPage& page) {
    const std::size_t held = parts_ ? parts_->passages.passage_count() : 0;
    const std::size_t with_it = held + page.content.passages.size();
    const bool new_chapter = page.content.page.chapter != chapter_;
    const std::size_t chapter_ends = plan_.segment_passages - plan_.segment_passages / kChapterShare;
    if (held > 0 && (with_it > plan_.segment_passages || (new_chapter && held >= chapter_ends))) GIBSEY_CHECK(finish());
    if (!parts_) parts_.emplace(folder_, plan_.language);
    chapter_ = page.content.page.chapter;
    const auto first = static_cast<std::uint32_t>(parts_->passages.passage_count());
    parts_->text.add(page.content);
    parts_->passages.add(page.content);
    for (std::uint32_t i = 0; i < page.content.passages.size(); ++i) {
      const int number = page.content.passages[i].number;
      for (const model::PassageVector& vector : page.vectors) {
        if (vector.passage == number) parts_->vectors.add(first + i, vector.values);
      }
    }
    return {};
  }

  Result<void> finish() {
    if (!parts_) return {};
    const std::string name = fmt::format("{:03}", names_.size());
    GIBSEY_CHECK(parts_->passages.write(folder_ / (name + ".passages")));
    GIBSEY_CHECK(parts_->text.write(folder_ / (name + ".text")));
    GIBSEY_CHECK(parts_->vectors.write(folder_ / (name + ".vectors"), plan_.threads, plan_.stop));
    names_.push_back(name);
    parts_.reset();
    return {};
  }

  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

 private:
  struct Parts {
    Parts(const fs::path& folder, const std::string& language) : text(folder, language) {}
    TextFileWriter text;
    VectorFileWriter vectors;
    PassageFileWriter passages;
  };

  const IndexPlan& plan_;
  fs::path folder_;
  std::optional<Parts> parts_;
  std::string chapter_;
  std::vector<std::string> names_;
};

/// A page that moves while the book is read could come twice.
class SeenPages {
 public:
  bool is_new(const std::string& id) { return seen_.insert(XXH3_64bits(id.data(), id.size())).second; }

 private:
  std::unordered_set<std::uint64_t> seen_;
};

asio::awaitable<Result<Manifest>> write_segments(store::PageStore& pages, const IndexPlan& plan, const std::string& generation) {
  GIBSEY_CO_TRY(const auto cursor, co_await pages.last_change());
  SegmentWriter segments(plan, plan.folder / generation);
  SeenPages seen;
  for (store::BookPosition after;;) {
    if (plan.stop.stop_requested()) co_return fail(ErrorCode::cancelled, "the index is not built further");
    GIBSEY_CO_TRY(const auto read, co_await pages.list_contents(plan.world, after, kPagesARead, plan.embedding_model));
    if (read.empty()) break;
    for (const store::IndexedPage& page : read) {
      if (seen.is_new(page.content.page.id)) GIBSEY_CO_CHECK(segments.add(page));
    }
    after = {.order = read.back().content.page.order, .id = read.back().content.page.id};
  }
  GIBSEY_CO_CHECK(segments.finish());
  co_return Manifest{.world = plan.world,
                     .language = plan.language,
                     .embedding_model = plan.embedding_model,
                     .generation = generation,
                     .cursor = cursor,
                     .segments = segments.names()};
}

}  // namespace

asio::awaitable<Result<std::shared_ptr<const SegmentSet>>> build_index(store::PageStore& pages, IndexPlan plan) {
  const std::string generation = random_id();
  std::error_code error;
  fs::create_directories(plan.folder / generation, error);
  if (error) co_return fail(ErrorCode::unavailable, fmt::format("cannot make {}: {}", plan.folder.string(), error.message()));
  auto manifest = co_await write_segments(pages, plan, generation);
  auto set = manifest ? SegmentSet::open(plan.folder, *manifest)
                      : Result<std::shared_ptr<const SegmentSet>>(std::unexpected(manifest.error()));
  if (set) {
    if (auto written = write_manifest(plan.folder, *manifest); !written) set = std::unexpected(std::move(written).error());
  }
  if (!set) {
    fs::remove_all(plan.folder / generation, error);
    co_return set;
  }
  remove_litter(plan.folder, *manifest);
  co_return set;
}

}  // namespace gibsey::retrieval::large
