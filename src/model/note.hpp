#pragma once
#include "base/clock.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gibsey::model {

/// A passage that a note is about, as it was when the note was written.
struct NoteMember {
  std::string page_id;
  int passage = 0;
  std::string text_hash;
  friend bool operator==(const NoteMember&, const NoteMember&) = default;
};

/// A page that a sentence of a note rests on.
struct NoteCitation {
  std::string page_id;
  std::string label;
  std::int64_t page_version = 0;
  friend bool operator==(const NoteCitation&, const NoteCitation&) = default;
};

struct NoteSentence {
  std::string text;  ///< without its citations
  std::vector<NoteCitation> citations;
  friend bool operator==(const NoteSentence&, const NoteSentence&) = default;
};

enum class NoteKind {
  written,  ///< a model's words, every sentence held against its pages
  extract,  ///< sentences of the book itself
};
[[nodiscard]] inline const char* to_string(NoteKind kind) {
  return kind == NoteKind::written ? "written" : "extract";
}

/// What the book says about some of its own passages. Never the book: it is shown and prompted as a note, and not quoted.
struct Note {
  std::string world;
  std::string id;  ///< unique over all worlds
  std::string chapter;
  std::string voice;         ///< the character whose pages it is about; "" nobody's, or several
  std::int64_t version = 0;  ///< from 1
  NoteKind kind = NoteKind::written;
  std::string text;  ///< the sentences, each followed by its pages: "... [p. 12]"
  std::vector<NoteSentence> sentences;
  std::vector<NoteMember> members;  ///< in the book's order
  std::string source_hash;          ///< of the members: equal hashes mean that there is nothing to write
  std::string model;                ///< that wrote it, "" for an extract
  std::string run_id;               ///< the run that wrote it, "" for a version that a person went back to
  std::int64_t reverted_to = 0;     ///< the version whose text this one took up again; 0 none
  bool retired = false;             ///< its passages are gone, or other notes are about them
  UnixMillis created = 0;           ///< of this version
};

enum class RunStatus { running, done, failed };
[[nodiscard]] inline const char* to_string(RunStatus status) {
  return status == RunStatus::running ? "running" : status == RunStatus::done ? "done" : "failed";
}

struct RunCounts {
  int clusters = 0;    ///< that the run had to look at
  int written = 0;     ///< notes with a model's words
  int extractive = 0;  ///< notes of the book's own sentences
  int unchanged = 0;   ///< clusters whose passages are as they were
  int retired = 0;
  int left_over = 0;       ///< clusters that the next run will write
  int sentences_kept = 0;  ///< of the models'
  int sentences_dropped = 0;
};

/// The passages that a run will write a note about.
struct PlannedNote {
  std::string world;
  std::string id;
  std::string chapter;
  std::vector<NoteMember> members;
};

/// One night's work, kept from its start on, so that another process can go on with it.
struct NightlyRun {
  std::string id;
  std::string world;    ///< "": all
  bool force = false;   ///< notes whose passages have not changed too
  std::string trigger;  ///< "schedule", "request"
  RunStatus status = RunStatus::running;
  int attempts = 0;  ///< times that it was begun
  RunCounts counts;
  std::string error;
  bool planned = false;
  std::vector<PlannedNote> plan;
  std::map<std::string, std::int64_t> covers;  ///< by world: the last change of pages that the plan has seen
  UnixMillis started = 0;
  UnixMillis updated = 0;
  UnixMillis ended = 0;  ///< 0 while it runs
};

/// Who does a job that several nodes could do, and how far it has come: one row a job, changed by compare-and-set alone.
struct JobState {
  std::string name;
  std::int64_t revision = 0;                    ///< raised by each change; 0: there is no row yet
  std::string holder;                           ///< the node that has it; "" nobody
  UnixMillis held_until = 0;                    ///< after that another node may take it
  std::string run_id;                           ///< that is running, or is to be tried again
  UnixMillis last_due = 0;                      ///< scheduled times up to this one have been seen to
  int attempts = 0;                             ///< of run_id that failed
  UnixMillis retry_at = 0;                      ///< 0: no run waits to be tried again
  UnixMillis last_done = 0;                     ///< end of the last run that was done
  std::string last_error;                       ///< why the last run failed; "" after one that was done
  std::map<std::string, std::int64_t> covered;  ///< by world: the last change of pages that its notes have seen
};

}  // namespace gibsey::model
