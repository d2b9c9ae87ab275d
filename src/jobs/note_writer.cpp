#include "jobs/note_writer.hpp"

#include "base/log.hpp"
#include "jobs/note_clusters.hpp"
#include "jobs/note_extract.hpp"
#include "retrieval/words.hpp"

#include <fmt/format.h>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <set>

namespace gibsey::jobs {

namespace asio = boost::asio;

namespace {

constexpr int kReplyTokens = 420;
/// What a template adds and a count misjudges.
constexpr int kPromptMargin = 96;
constexpr auto kReplyTime = std::chrono::minutes(3);
constexpr std::size_t kEmbedAtOnce = 32;

constexpr std::string_view kSystem =
    "You keep the notebook of a book. You write short, exact notes about its pages for readers who come back to it.";
constexpr std::string_view kTask =
    "Write a note of 130 to 200 words about what these passages say: who, what, where, and what it means in them. Write plain "
    "statements in the third person and in your own words, one sentence each. End every sentence with the page or pages that it "
    "rests on in square brackets, as [p. {0}]. Name no name and no number that those pages do not name. Do not quote, do not "
    "speak to the reader, write no headings and no lists.";

std::string passage_text(const NoteSource& source) {
  return fmt::format("[p. {}] {}\n\n", source.label, source.text);
}

asio::awaitable<void> pause(std::chrono::milliseconds time) {
  if (time.count() == 0) co_return;
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<Result<std::string>> reply_of(provider::ChatModel& model, std::vector<provider::ChatMessage> messages, int tokens,
                                              std::stop_token stop) {
  provider::ChatRequest request;
  request.messages = std::move(messages);
  request.max_tokens = tokens;
  request.user_id = "nightly";
  request.sampling = {.temperature = 0.3};
  request.deadline = Deadline::after(kReplyTime);
  request.cancel = stop;
  GIBSEY_CO_TRY(const auto stream, co_await model.start(std::move(request)));
  std::string text;
  while (true) {
    GIBSEY_CO_TRY(const auto piece, co_await stream->next());
    if (!piece) co_return text;
    text += *piece;
    if (stop.stop_requested()) co_return fail(ErrorCode::cancelled, "the server is stopping");
  }
}

/// The sources of the pages that these labels name; nothing when one of them was not shown.
std::vector<const NoteSource*> cited_sources(const NoteTask& task, const std::vector<std::string>& labels) {
  std::vector<const NoteSource*> cited;
  for (const auto& label : labels) {
    const auto before = cited.size();
    for (const auto& source : task.sources) {
      if (source.label == label) cited.push_back(&source);
    }
    if (cited.size() == before) return {};
  }
  return cited;
}

/// A sentence without a citation is held against the page whose passage has most of its words, and cites that.
std::vector<std::string> likely_labels(const NoteTask& task, const std::string& sentence) {
  const NoteSource* best = nullptr;
  float most = 0;
  for (const auto& source : task.sources) {
    const float support = support_of(sentence, source.text, task.language);
    if (best != nullptr && support <= most) continue;
    best = &source;
    most = support;
  }
  return best == nullptr ? std::vector<std::string>() : std::vector{best->label};
}

/// The pages' own words: a sentence rests on pages, and a passage's neighbour on the same page belongs to it.
std::string cited_text(const std::vector<const NoteSource*>& cited) {
  std::string text;
  std::set<std::string> pages;
  for (const auto* source : cited) {
    if (pages.insert(source->page_id).second) text += source->page_text + "\n\n";
  }
  return text;
}

std::vector<model::NoteCitation> citations_of(const std::vector<const NoteSource*>& cited) {
  std::vector<model::NoteCitation> citations;
  for (const auto* source : cited) {
    if (std::ranges::find(citations, source->page_id, &model::NoteCitation::page_id) == citations.end())
      citations.push_back(citation_of(*source));
  }
  return citations;
}

/// Two sentences that have most of their words in common say the same.
bool is_said(const std::vector<std::set<std::string>>& said, const std::set<std::string>& words) {
  return std::ranges::any_of(said, [&words](const std::set<std::string>& other) {
    const auto common = std::ranges::count_if(words, [&other](const std::string& word) { return other.contains(word); });
    return 5 * common >= 4 * static_cast<std::ptrdiff_t>(std::max(words.size(), other.size()));
  });
}

std::set<std::string> word_set(const std::string& text) {
  std::set<std::string> words;
  retrieval::for_each_word(text, [&words](const std::string& word) { words.insert(word); });
  return words;
}

int words_of(const std::vector<model::NoteSentence>& sentences) {
  int words = 0;
  for (const auto& sentence : sentences) words += count_words(sentence.text);
  return words;
}

}  // namespace

std::vector<provider::ChatMessage> note_prompt(const NoteTask& task, const provider::ChatModel& model, int room) {
  const auto head = task.chapter.empty() ? fmt::format("Passages of {}, each with its page:\n\n", task.title)
                                         : fmt::format("Passages of {}, {}, each with its page:\n\n", task.title, task.chapter);
  const auto tail = fmt::format(kTask, task.sources.front().label);
  int left = room - model.count_tokens(std::string(kSystem) + head + tail);
  std::string passages;
  for (const auto& source : task.sources) {
    const auto text = passage_text(source);
    left -= model.count_tokens(text);
    if (left < 0 && !passages.empty()) break;
    passages += text;
  }
  return {{provider::Role::system, std::string(kSystem)}, {provider::Role::user, head + passages + tail}};
}

asio::awaitable<Result<NoteWriter::Draft>> NoteWriter::draft(const NoteTask& task, std::stop_token stop) {
  provider::Providers::Choice choice(models_, "", "");
  bool failed = false;
  while (const auto chosen = choice.next()) {
    // A tiny model puts the words of a page together to sentences that no page says, and no check of words sees that (0017).
    if (chosen->model.is_small()) {
      choice.pass_over();
      continue;
    }
    failed = true;
    co_await pause(chosen->wait);
    auto& model = chosen->model;
    const int tokens = std::min(kReplyTokens, model.context_tokens() / 3);
    auto text = co_await reply_of(model, note_prompt(task, model, model.context_tokens() - tokens - kPromptMargin), tokens, stop);
    if (text) {
      choice.succeeded();
      co_return Draft{*std::move(text), fmt::format("{}/{}", model.provider(), model.model())};
    }
    if (stop.stop_requested()) co_return fail(ErrorCode::cancelled, "the server is stopping");
    choice.failed(text.error());
    // Passages that do not fit a model are no fault of the night's: the book's own sentences will do.
    if (!provider::Providers::another_may_help(text.error())) {
      log::warn("a note's passages were not taken by {}: {}", model.model(), text.error().message);
      co_return Draft{};
    }
  }
  if (!failed) co_return Draft{};
  co_return std::unexpected(choice.error());
}

asio::awaitable<Result<std::vector<std::vector<float>>>> NoteWriter::embed(std::vector<std::string> texts) {
  std::vector<std::vector<float>> vectors;
  for (std::size_t first = 0; first < texts.size(); first += kEmbedAtOnce) {
    const auto end = std::min(first + kEmbedAtOnce, texts.size());
    std::vector<std::string> batch(texts.begin() + static_cast<std::ptrdiff_t>(first),
                                   texts.begin() + static_cast<std::ptrdiff_t>(end));
    GIBSEY_CO_TRY(auto made, co_await embedder_->embed(std::move(batch)));
    for (auto& vector : made) vectors.push_back(std::move(vector));
  }
  if (vectors.size() != texts.size()) co_return fail(ErrorCode::unavailable, "the embedder left out some of the texts");
  co_return vectors;
}

/// Those passages that have no vector in the store get one for the check.
asio::awaitable<Result<void>> NoteWriter::add_vectors(NoteTask& task) {
  std::vector<std::string> texts;
  for (const auto& source : task.sources) {
    if (source.vector.empty()) texts.push_back(source.text);
  }
  GIBSEY_CO_TRY(auto vectors, co_await embed(std::move(texts)));
  auto next = vectors.begin();
  for (auto& source : task.sources) {
    if (source.vector.empty()) source.vector = std::move(*next++);
  }
  if (!scale_ && embedder_->model() == retrieval::kReferenceEmbedder) scale_.emplace();
  if (!scale_) {
    GIBSEY_CO_TRY(scale_, co_await retrieval::measure_scale(*embedder_));
  }
  co_return Result<void>();
}

asio::awaitable<Result<std::vector<model::NoteSentence>>> NoteWriter::hold_against_pages(const NoteTask& task,
                                                                                         std::vector<DraftSentence> draft,
                                                                                         WrittenNote& note) {
  struct Passed {
    std::string text;
    std::vector<const NoteSource*> cited;
  };
  std::vector<Passed> passed;
  std::vector<std::set<std::string>> said;
  for (auto& sentence : draft) {
    if (sentence.labels.empty()) sentence.labels = likely_labels(task, sentence.text);
    auto cited = cited_sources(task, sentence.labels);
    auto flaw =
        cited.empty() ? NoteFlaw::page : check_words(sentence.text, cited_text(cited), *task.small_words, task.language, bars_);
    auto words = word_set(sentence.text);
    if (flaw == NoteFlaw::none && is_said(said, words)) flaw = NoteFlaw::repeated;
    if (flaw == NoteFlaw::none) {
      said.push_back(std::move(words));
      passed.push_back({std::move(sentence.text), std::move(cited)});
    } else {
      ++note.dropped[flaw];
    }
  }
  std::vector<std::vector<float>> vectors;
  if (embedder_ != nullptr && !passed.empty()) {
    std::vector<std::string> texts;
    for (const auto& sentence : passed) texts.push_back(sentence.text);
    GIBSEY_CO_TRY(vectors, co_await embed(std::move(texts)));
  }
  std::vector<model::NoteSentence> sentences;
  int words = 0;
  for (std::size_t i = 0; i < passed.size(); ++i) {
    float nearest = 0;
    if (!vectors.empty()) {
      for (const auto* source : passed[i].cited) nearest = std::max(nearest, scale_->of(cosine_of(vectors[i], source->vector)));
      if (nearest < bars_.cosine) {
        ++note.dropped[NoteFlaw::meaning];
        continue;
      }
    }
    words += count_words(passed[i].text);
    if (words > kMostNoteWords) break;
    ++note.kept;
    sentences.push_back({passed[i].text, citations_of(passed[i].cited)});
  }
  co_return sentences;
}

asio::awaitable<Result<std::vector<model::NoteSentence>>> NoteWriter::extract(const NoteTask& task) {
  auto candidates = extract_candidates(task.sources, task.language);
  if (embedder_ != nullptr) {
    std::vector<std::string> texts;
    for (const auto& candidate : candidates) texts.push_back(candidate.text);
    GIBSEY_CO_TRY(auto vectors, co_await embed(std::move(texts)));
    for (std::size_t i = 0; i < candidates.size(); ++i) candidates[i].vector = std::move(vectors[i]);
  }
  co_return extract_note(task.sources, candidates, task.language, kLeastNoteWords, kMostNoteWords);
}

asio::awaitable<Result<WrittenNote>> NoteWriter::write(NoteTask task, std::stop_token stop) {
  if (embedder_ != nullptr) GIBSEY_CO_CHECK(co_await add_vectors(task));
  GIBSEY_CO_TRY(const auto written, co_await draft(task, stop));
  WrittenNote note;
  GIBSEY_CO_TRY(note.sentences, co_await hold_against_pages(task, read_draft(written.text, task.language), note));
  if (words_of(note.sentences) >= kLeastNoteWords) {
    note.model = written.model;
    co_return note;
  }
  note.kind = model::NoteKind::extract;
  GIBSEY_CO_TRY(note.sentences, co_await extract(task));
  co_return note;
}

}  // namespace gibsey::jobs
