#include "jobs/nightly_notes.hpp"

#include "ingest/importer.hpp"
#include "jobs/scheduler.hpp"
#include "jobs/testing/run.hpp"
#include "jobs/testing/small_book.hpp"
#include "provider/scripted/scripted_model.hpp"
#include "retrieval/testing/word_embedder.hpp"
#include "store/memory/note_store.hpp"
#include "store/memory/page_store.hpp"

#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <memory>
#include <set>

namespace gibsey::jobs {
namespace {

using provider::ScriptedModel;
using testing::joined;
using testing::kTopics;
using testing::page_of;
using testing::sentences_of;
using testing::value_of;

/// What an honest model says about a topic: its sentences with the page.
std::string honest(const testing::Topic& topic, const std::string& label) {
  std::string text;
  for (const auto& sentence : sentences_of(topic)) text += sentence.substr(0, sentence.size() - 1) + " [p. " + label + "]. ";
  return text;
}

provider::ScriptedReply reply(const std::string& match, const std::string& text) {
  return {.match = match, .chunks = {{text}}};
}

/// One node, its model and a book of four pages, each long enough for a note.
class NightlyNotesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    value_of(pages_.put_world({.name = "tower", .title = "The Tower"}));
    value_of(pages_.put_pages(testing::small_book(), false));
    embed();
  }

  void embed() { value_of(ingest::embed_missing("tower", pages_, embedder_, {})); }

  model::NightlyRun run(std::vector<provider::ScriptedReply> replies, bool force = false) {
    start(std::move(replies));
    const auto asked = value_of(scheduler_->request("", force));
    value_of(scheduler_->look());
    return *value_of(notes_.find_run(asked.id));
  }

  void start(std::vector<provider::ScriptedReply> replies) {
    model_ = std::make_unique<ScriptedModel>(provider::ScriptedOptions{.replies = std::move(replies)});
    models_ = std::make_unique<provider::Providers>(std::vector<provider::ChatModel*>{model_.get()},
                                                    provider::ProviderSettings{.again_after = std::chrono::milliseconds(0)});
    job_ = std::make_unique<NightlyNotes>(
        NightlyParts{.pages = pages_, .notes = notes_, .models = *models_, .embedder = &embedder_},
        NightlySettings{
            .most_notes = most_notes_, .bounds = {.least_words = 100, .most_words = 200, .bar = 0.99F}, .bars = {.cosine = -1}});
    scheduler_ = std::make_unique<Scheduler>(
        context_.get_executor(), SchedulerParts{.notes = notes_, .job = *job_, .clock = [this] { return now_; }},
        SchedulerSettings{.node = "a", .alone = true, .retry_after = std::chrono::milliseconds(1)});
  }

  static std::vector<provider::ScriptedReply> honest_replies() {
    std::vector<provider::ScriptedReply> replies;
    for (std::size_t i = 0; i < kTopics.size(); ++i)
      replies.push_back(reply(kTopics[i].name, honest(kTopics[i], std::to_string(i + 1))));
    return replies;
  }
  std::vector<model::Note> notes() { return value_of(notes_.list_notes("tower", "", 100)); }
  model::Note note_of(const std::string& page) { return value_of(notes_.notes_of_page("tower", page)).at(0); }

  boost::asio::io_context context_;
  store::MemoryPageStore pages_;
  store::MemoryNoteStore notes_;
  gibsey::testing::WordEmbedder embedder_;
  int most_notes_ = 200;
  UnixMillis now_ = 1'000'000;
  std::unique_ptr<ScriptedModel> model_;
  std::unique_ptr<provider::Providers> models_;
  std::unique_ptr<NightlyNotes> job_;
  std::unique_ptr<Scheduler> scheduler_;
};

TEST_F(NightlyNotesTest, an_honest_model_writes_a_note_about_every_page) {
  const auto done = run(honest_replies());
  EXPECT_EQ(done.status, model::RunStatus::done) << done.error;
  EXPECT_EQ(done.counts.clusters, 4);
  EXPECT_EQ(done.counts.written, 4);
  EXPECT_EQ(done.counts.sentences_dropped, 0);
  ASSERT_EQ(notes().size(), 4U);
  const auto note = note_of("002");
  EXPECT_EQ(note.kind, model::NoteKind::written);
  EXPECT_EQ(note.model, "scripted/script");
  EXPECT_EQ(note.voice, "arieol");
  EXPECT_EQ(note.chapter, "Chapter 2");
  EXPECT_TRUE(
      note.text.starts_with("Marlow kept the ferry in the river for twenty winters and never let it out of sight. [p. 2]"))
      << note.text;
  for (const auto& sentence : note.sentences) {
    ASSERT_EQ(sentence.citations.size(), 1U);
    EXPECT_EQ(sentence.citations[0].page_id, "002");
    EXPECT_EQ(sentence.citations[0].page_version, 1);
  }
}

TEST_F(NightlyNotesTest, false_sentences_are_dropped_and_the_others_stay) {
  auto replies = honest_replies();
  const std::set<std::string> lies = {
      "Arieol kept the lamp with Gandalf in the tower.", "Arieol carried the lamp down fifty steps.",
      "Arieol kept the ferry on the river of Marlow.", "The owl said \"the lamp is mine and mine alone\" in the tower.",
      "Parliament regulates maritime insurance across several continents."};
  std::string text;
  for (const auto& lie : lies) text += lie.substr(0, lie.size() - 1) + " [p. 1]. ";
  replies[0] = reply("Arieol", text + "The lamp stands in the tower [p. 9]. " + honest(kTopics[0], "1"));
  const auto done = run(std::move(replies));
  EXPECT_EQ(done.counts.written, 4);
  EXPECT_EQ(done.counts.sentences_dropped, 6);
  const auto note = note_of("001");
  EXPECT_EQ(note.sentences.size(), 9U);
  for (const auto& sentence : note.sentences) EXPECT_FALSE(lies.contains(sentence.text)) << sentence.text;
}

TEST_F(NightlyNotesTest, of_a_liar_the_books_own_sentences_are_left) {
  const auto done = run({reply("", "Gandalf lives in Paris [p. 1]. Napoleon has 77 dragons [p. 2]. I am a language model.")});
  EXPECT_EQ(done.status, model::RunStatus::done);
  EXPECT_EQ(done.counts.written, 0);
  EXPECT_EQ(done.counts.extractive, 4);
  for (const auto& note : notes()) {
    EXPECT_EQ(note.kind, model::NoteKind::extract);
    EXPECT_EQ(note.model, "");
    const auto words = count_words(note.text) - 2 * static_cast<int>(note.sentences.size());
    EXPECT_GE(words, 100);
    EXPECT_LE(words, 250);
    const auto page = *value_of(pages_.find_page("tower", note.members.front().page_id));
    for (const auto& sentence : note.sentences) EXPECT_NE(page.text.find(sentence.text), std::string::npos) << sentence.text;
  }
}

TEST_F(NightlyNotesTest, a_sentence_said_twice_is_kept_once) {
  auto replies = honest_replies();
  replies[0] =
      reply("Arieol", "Arieol kept the lamp in the tower for thirty steps and twenty winters [p. 9]. " + honest(kTopics[0], "1") +
                          "Arieol had kept the lamp in the tower for twenty winters and never let it out of sight [p. 1].");
  const auto done = run(std::move(replies));
  EXPECT_EQ(done.counts.sentences_dropped, 2);
  EXPECT_EQ(note_of("001").sentences.size(), 9U);
}

TEST_F(NightlyNotesTest, a_tiny_model_is_not_asked) {
  start(honest_replies());
  provider::ScriptedModel tiny({.replies = honest_replies(), .is_small = true});
  provider::Providers models({&tiny});
  NightlyNotes job({.pages = pages_, .notes = notes_, .models = models, .embedder = &embedder_},
                   {.bounds = {.least_words = 100, .most_words = 200, .bar = 0.99F}});
  Scheduler scheduler(context_.get_executor(), {.notes = notes_, .job = job}, {.node = "a", .alone = true});
  const auto asked = value_of(scheduler.request("", false));
  value_of(scheduler.look());
  EXPECT_EQ(value_of(notes_.find_run(asked.id))->counts.extractive, 4);
}

TEST_F(NightlyNotesTest, an_edit_has_one_note_written_anew) {
  run(honest_replies());
  const auto before = notes();
  EXPECT_EQ(run(honest_replies()).counts.clusters, 0) << "nothing has changed";
  auto sentences = sentences_of(kTopics[1]);
  sentences[3] = "The ferry burned on the river, and Marlow watched it burn until the heron flew.";
  value_of(pages_.put_page(page_of(2, joined(sentences), "Chapter 2"), std::nullopt));
  embed();
  auto replies = honest_replies();
  replies[1] = reply("Marlow", "The ferry burned on the river, and Marlow watched it burn until the heron flew [p. 2]. " +
                                   honest(kTopics[1], "2"));
  const auto done = run(std::move(replies));
  EXPECT_EQ(done.counts.clusters, 4);
  EXPECT_EQ(done.counts.unchanged, 3);
  EXPECT_EQ(done.counts.written, 1);
  const auto after = notes();
  ASSERT_EQ(after.size(), before.size());
  for (std::size_t i = 0; i < after.size(); ++i) {
    EXPECT_EQ(after[i].id, before[i].id);
    EXPECT_EQ(after[i].version, after[i].members.front().page_id == "002" ? 2 : 1);
  }
  EXPECT_TRUE(note_of("002").text.contains("The ferry burned"));
  EXPECT_EQ(note_of("002").sentences[0].citations[0].page_version, 2);
}

TEST_F(NightlyNotesTest, a_removed_page_takes_its_note_along) {
  run(honest_replies());
  value_of(pages_.remove_page("tower", "003", std::nullopt));
  const auto done = run(honest_replies());
  EXPECT_EQ(done.counts.retired, 1);
  EXPECT_EQ(notes().size(), 3U);
}

TEST_F(NightlyNotesTest, a_model_that_is_away_fails_the_run_and_what_was_written_is_not_written_again) {
  auto replies = honest_replies();
  replies[2].failure = provider::ScriptedFailure{0, ErrorCode::unavailable, "the model went away"};
  const auto failed = run(std::move(replies));
  EXPECT_EQ(failed.status, model::RunStatus::failed);
  EXPECT_TRUE(failed.error.contains("the model went away")) << failed.error;
  const auto written = notes();
  EXPECT_EQ(written.size(), 2U);
  now_ += 1000;
  start(honest_replies());
  EXPECT_TRUE(value_of(scheduler_->look()));
  const auto done = *value_of(notes_.find_run(failed.id));
  EXPECT_EQ(done.status, model::RunStatus::done) << done.error;
  EXPECT_EQ(done.counts.written, 4);
  ASSERT_EQ(notes().size(), 4U);
  for (const auto& note : notes()) EXPECT_EQ(note.version, 1);
}

TEST_F(NightlyNotesTest, what_is_over_the_bound_is_the_next_runs) {
  most_notes_ = 3;
  const auto first = run(honest_replies());
  EXPECT_EQ(first.counts.written, 3);
  EXPECT_EQ(first.counts.left_over, 1);
  const auto second = run(honest_replies());
  EXPECT_EQ(second.counts.written, 1);
  EXPECT_EQ(second.counts.unchanged, 3);
  EXPECT_EQ(run(honest_replies()).counts.clusters, 0);
}

TEST_F(NightlyNotesTest, a_forced_run_writes_all_anew) {
  run(honest_replies());
  const auto done = run(honest_replies(), true);
  EXPECT_EQ(done.counts.written, 4);
  for (const auto& note : notes()) EXPECT_EQ(note.version, 2);
}

}  // namespace
}  // namespace gibsey::jobs
