#pragma once
#include "base/result.hpp"
#include "jobs/note_check.hpp"
#include "jobs/note_draft.hpp"
#include "jobs/note_source.hpp"
#include "provider/embedder.hpp"
#include "provider/providers.hpp"
#include "retrieval/cosine_scale.hpp"

#include <boost/asio/awaitable.hpp>

#include <map>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace gibsey::jobs {

inline constexpr int kLeastNoteWords = 100;
inline constexpr int kMostNoteWords = 250;

struct NoteTask {
  std::string title;  ///< of the book
  std::string chapter;
  std::string language = "en";
  std::vector<NoteSource> sources;
  const SmallWords* small_words = nullptr;  ///< of the whole book; never null when it is written
};

struct WrittenNote {
  model::NoteKind kind = model::NoteKind::written;
  std::vector<model::NoteSentence> sentences;
  std::string model;  ///< "" for an extract
  int kept = 0;       ///< sentences of the model's draft
  std::map<NoteFlaw, int> dropped;
};

/// Writes notes: the draft of a model that is not tiny, of which only the sentences that hold against their pages are kept; where
/// these are too few, sentences of the book. One note at a time.
class NoteWriter {
 public:
  /// `embedder` may be null: sentences are held against their pages by their words alone then. All must outlive the writer.
  NoteWriter(provider::Providers& models, provider::Embedder* embedder, NoteBars bars = {})
      : models_(models), embedder_(embedder), bars_(bars) {}

  /// Errors: unavailable, busy (no model can answer), cancelled.
  boost::asio::awaitable<Result<WrittenNote>> write(NoteTask task, std::stop_token stop);
  /// The sentences of a draft that hold; what else is in it is counted in `note`.
  boost::asio::awaitable<Result<std::vector<model::NoteSentence>>> hold_against_pages(const NoteTask& task,
                                                                                      std::vector<DraftSentence> draft,
                                                                                      WrittenNote& note);

 private:
  struct Draft {
    std::string text;
    std::string model;
  };
  boost::asio::awaitable<Result<Draft>> draft(const NoteTask& task, std::stop_token stop);
  boost::asio::awaitable<Result<std::vector<std::vector<float>>>> embed(std::vector<std::string> texts);
  boost::asio::awaitable<Result<void>> add_vectors(NoteTask& task);
  boost::asio::awaitable<Result<std::vector<model::NoteSentence>>> extract(const NoteTask& task);

  provider::Providers& models_;
  provider::Embedder* embedder_;
  const NoteBars bars_;
  std::optional<retrieval::CosineScale> scale_;
};

/// What a model is sent; passages that do not fit `room` tokens are left out, the last first.
[[nodiscard]] std::vector<provider::ChatMessage> note_prompt(const NoteTask& task, const provider::ChatModel& model, int room);

}  // namespace gibsey::jobs
