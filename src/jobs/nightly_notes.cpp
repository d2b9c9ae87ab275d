#include "jobs/nightly_notes.hpp"

#include "base/log.hpp"
#include "jobs/note_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace gibsey::jobs {

namespace asio = boost::asio;

namespace {

constexpr int kAtOnce = 64;
/// Pages of a chapter that are clustered with each other: a chapter can be a book.
constexpr std::size_t kMostPages = 40;

asio::awaitable<Result<std::vector<model::Note>>> all_notes(store::NoteStore& notes, std::string world) {
  std::vector<model::Note> all;
  std::string after;
  while (true) {
    GIBSEY_CO_TRY(auto some, co_await notes.list_notes(world, after, 200));
    if (some.empty()) co_return all;
    after = some.back().id;
    std::ranges::move(some, std::back_inserter(all));
  }
}

/// Calls `use` with every page of a book, in its order.
template <typename Use>
asio::awaitable<Result<void>> each_page(store::PageStore& pages, std::string world, std::string embedding_model, Use& use) {
  store::BookPosition after;
  while (true) {
    GIBSEY_CO_TRY(auto some, co_await pages.list_contents(world, after, kAtOnce, embedding_model));
    if (some.empty()) co_return Result<void>();
    after = {some.back().content.page.order, some.back().content.page.id};
    for (auto& page : some) use(std::move(page));
  }
}

}  // namespace

/// What all notes of a book need to know of it.
struct NightlyNotes::Book {
  model::World world;
  SmallWords small_words;
};

asio::awaitable<Result<void>> NightlyNotes::work(model::NightlyRun& run, Keeper& keeper) {
  books_.clear();
  if (!run.planned) {
    GIBSEY_CO_CHECK(co_await plan(run, keeper.state()));
    run.planned = true;
    GIBSEY_CO_CHECK(co_await keeper.keep(run));
  }
  run.counts.written = 0;
  run.counts.extractive = 0;
  // Of the counts of a run that goes on those of its notes are told by the notes themselves.
  for (std::size_t i = 0; i < run.plan.size(); ++i) {
    const auto planned = run.plan[i];
    GIBSEY_CO_CHECK(co_await write(run, planned, keeper.stop()));
    GIBSEY_CO_CHECK(co_await keeper.keep(run));
  }
  co_return Result<void>();
}

asio::awaitable<Result<bool>> NightlyNotes::has_changed(const std::string& world, std::int64_t since) {
  constexpr int kChanges = 1000;
  while (true) {
    GIBSEY_CO_TRY(const auto changes, co_await parts_.pages.changes_after(since, kChanges));
    if (changes.empty()) co_return false;
    if (std::ranges::find(changes, world, &store::PageChange::world) != changes.end()) co_return true;
    since = changes.back().seq;
  }
}

asio::awaitable<Result<void>> NightlyNotes::plan(model::NightlyRun& run, const model::JobState& state) {
  run.plan.clear();
  run.covers.clear();
  run.counts = {};
  GIBSEY_CO_TRY(const auto worlds, co_await parts_.pages.list_worlds());
  for (const auto& world : worlds) {
    if (!run.world.empty() && run.world != world.name) continue;
    // Before the pages are read: what is written meanwhile is the next run's.
    GIBSEY_CO_TRY(const auto last, co_await parts_.pages.last_change());
    const auto covered = state.covered.find(world.name);
    bool changed = run.force || covered == state.covered.end();
    if (!changed) {
      GIBSEY_CO_TRY(changed, co_await has_changed(world.name, covered->second));
    }
    run.covers[world.name] = last;
    if (changed) GIBSEY_CO_CHECK(co_await plan_world(run, world.name));
  }
  co_return Result<void>();
}

asio::awaitable<Result<void>> NightlyNotes::plan_world(model::NightlyRun& run, std::string world) {
  GIBSEY_CO_TRY(const auto notes, co_await all_notes(parts_.notes, world));
  NotePlan plan(world, notes, settings_.bounds, kLeastNoteWords);
  std::vector<store::IndexedPage> neighbourhood;
  auto use = [&](store::IndexedPage page) {
    if (!neighbourhood.empty() &&
        (neighbourhood.size() == kMostPages || neighbourhood.front().content.page.chapter != page.content.page.chapter)) {
      plan.add(neighbourhood);
      neighbourhood.clear();
    }
    neighbourhood.push_back(std::move(page));
  };
  GIBSEY_CO_CHECK(co_await each_page(parts_.pages, world, embedding_model(), use));
  plan.add(neighbourhood);
  std::map<std::string, std::string> hashes;
  for (const auto& note : notes) hashes[note.id] = note.source_hash;
  for (const auto& planned : plan.planned()) {
    ++run.counts.clusters;
    const auto known = hashes.find(planned.id);
    if (!run.force && known != hashes.end() && known->second == source_hash(planned.members)) {
      ++run.counts.unchanged;
    } else if (std::cmp_less(run.plan.size(), settings_.most_notes)) {
      run.plan.push_back(planned);
    } else {
      ++run.counts.left_over;
    }
  }
  for (const auto& id : plan.orphans()) {
    GIBSEY_CO_CHECK(co_await parts_.notes.retire_note(id));
    ++run.counts.retired;
  }
  co_return Result<void>();
}

asio::awaitable<Result<std::shared_ptr<const NightlyNotes::Book>>> NightlyNotes::book_of(const std::string& world) {
  if (const auto known = books_.find(world); known != books_.end()) co_return known->second;
  const auto book = std::make_shared<Book>();
  GIBSEY_CO_TRY(auto found, co_await parts_.pages.find_world(world));
  book->world = found ? *std::move(found) : model::World{.name = world};
  auto use = [&book](const store::IndexedPage& page) { add_small_words(page.content.page.text, book->small_words); };
  GIBSEY_CO_CHECK(co_await each_page(parts_.pages, world, "", use));
  books_[world] = book;
  co_return book;
}

/// The passages as they are now; `members` is left with those that are still there.
asio::awaitable<Result<NoteTask>> NightlyNotes::task_of(const model::PlannedNote& planned,
                                                        std::vector<model::NoteMember>& members) {
  GIBSEY_CO_TRY(const auto book, co_await book_of(planned.world));
  NoteTask task{.title = book->world.title.empty() ? planned.world : book->world.title,
                .chapter = planned.chapter,
                .language = book->world.language,
                .small_words = &book->small_words};
  std::optional<store::IndexedPage> page;
  for (const auto& member : planned.members) {
    if (!page || page->content.page.id != member.page_id) {
      GIBSEY_CO_TRY(page, co_await parts_.pages.find_content(planned.world, member.page_id, embedding_model()));
    }
    if (!page) continue;
    const auto& passages = page->content.passages;
    const auto passage = std::ranges::find(passages, member.passage, &model::Passage::number);
    if (passage == passages.end()) continue;
    const auto vector = std::ranges::find(page->vectors, member.passage, &model::PassageVector::passage);
    task.sources.push_back({.page_id = member.page_id,
                            .label = page->content.page.label,
                            .title = page->content.page.title,
                            .voice = page->content.page.voice,
                            .page_version = page->content.page.version,
                            .page_text = page->content.page.text,
                            .passage = member.passage,
                            .text = passage->text,
                            .vector = vector == page->vectors.end() ? std::vector<float>() : vector->values});
    members.push_back({member.page_id, member.passage, text_hash(passage->text)});
  }
  co_return task;
}

asio::awaitable<Result<void>> NightlyNotes::write(model::NightlyRun& run, const model::PlannedNote& planned,
                                                  std::stop_token stop) {
  const auto count_note = [&run](model::NoteKind kind) {
    ++(kind == model::NoteKind::written ? run.counts.written : run.counts.extractive);
  };
  GIBSEY_CO_TRY(const auto before, co_await parts_.notes.find_note(planned.id));
  // Written before a crash or by an attempt that failed later.
  if (before && before->run_id == run.id) {
    count_note(before->kind);
    co_return Result<void>();
  }
  std::vector<model::NoteMember> members;
  GIBSEY_CO_TRY(auto task, co_await task_of(planned, members));
  if (members.empty()) co_return Result<void>();
  auto voice = task.sources.front().voice;
  if (!std::ranges::all_of(task.sources, [&voice](const NoteSource& source) { return source.voice == voice; })) voice.clear();
  NoteWriter writer(parts_.models, parts_.embedder, settings_.bars);
  GIBSEY_CO_TRY(auto written, co_await writer.write(std::move(task), stop));
  if (written.sentences.empty()) co_return Result<void>();
  model::Note note{.world = planned.world,
                   .id = planned.id,
                   .chapter = planned.chapter,
                   .voice = std::move(voice),
                   .version = before ? before->version + 1 : 1,
                   .kind = written.kind,
                   .text = note_text(written.sentences),
                   .sentences = std::move(written.sentences),
                   .members = std::move(members),
                   .source_hash = "",
                   .model = written.model,
                   .run_id = run.id};
  note.source_hash = source_hash(note.members);
  const auto kind = note.kind;
  const auto put = co_await parts_.notes.put_note(std::move(note));
  // Somebody went back to an older version meanwhile: that stands, and the next run sees to it.
  if (!put && put.error().code == ErrorCode::conflict) {
    log::warn("note {} was changed while it was written anew", planned.id);
    ++run.counts.left_over;
    co_return Result<void>();
  }
  if (!put) co_return std::unexpected(put.error());
  count_note(kind);
  int dropped = 0;
  for (const auto& [flaw, number] : written.dropped) {
    dropped += number;
    if (parts_.count) parts_.count("note_sentences", std::string("dropped_") + to_string(flaw), number);
  }
  run.counts.sentences_kept += written.kept;
  run.counts.sentences_dropped += dropped;
  if (parts_.count) {
    parts_.count("notes", to_string(kind), 1);
    parts_.count("note_sentences", "kept", written.kept);
  }
  co_return Result<void>();
}

}  // namespace gibsey::jobs
