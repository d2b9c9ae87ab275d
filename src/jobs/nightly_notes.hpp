#pragma once
#include "jobs/job.hpp"
#include "jobs/note_clusters.hpp"
#include "jobs/note_writer.hpp"
#include "provider/embedder.hpp"
#include "provider/providers.hpp"
#include "store/note_store.hpp"
#include "store/page_store.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace gibsey::jobs {

struct NightlySettings {
  int most_notes = 200;  ///< that a run writes; the next one goes on
  ClusterBounds bounds;
  NoteBars bars;
};

struct NightlyParts {
  store::PageStore& pages;
  store::NoteStore& notes;
  provider::Providers& models;
  provider::Embedder* embedder = nullptr;
  std::function<void(std::string_view name, std::string_view label, double n)> count =
      {};  ///< notes{kind}, note_sentences{outcome}
};

/// The book writes notes about itself: passages that are in no note yet are put together with what they speak of, and a note is
/// written about each such cluster, and anew where a passage of it has changed.
///
/// First the run is planned and the plan kept, so that a run that was ended in the middle goes on with the same clusters; a note
/// that it has written already is not written again. A passage, that is a place on a page, stays in its note while the note is
/// there: an edit changes one note.
class NightlyNotes final : public Job {
 public:
  NightlyNotes(NightlyParts parts, NightlySettings settings = {}) : parts_(std::move(parts)), settings_(settings) {}
  boost::asio::awaitable<Result<void>> work(model::NightlyRun& run, Keeper& keeper) override;

 private:
  struct Book;

  boost::asio::awaitable<Result<void>> plan(model::NightlyRun& run, const model::JobState& state);
  boost::asio::awaitable<Result<bool>> has_changed(const std::string& world, std::int64_t since);
  boost::asio::awaitable<Result<void>> plan_world(model::NightlyRun& run, std::string world);
  boost::asio::awaitable<Result<void>> write(model::NightlyRun& run, const model::PlannedNote& planned, std::stop_token stop);
  boost::asio::awaitable<Result<std::shared_ptr<const Book>>> book_of(const std::string& world);
  boost::asio::awaitable<Result<NoteTask>> task_of(const model::PlannedNote& planned, std::vector<model::NoteMember>& members);
  [[nodiscard]] std::string embedding_model() const { return parts_.embedder == nullptr ? "" : parts_.embedder->model(); }

  NightlyParts parts_;
  const NightlySettings settings_;
  std::map<std::string, std::shared_ptr<const Book>> books_;  ///< of this run
};

}  // namespace gibsey::jobs
