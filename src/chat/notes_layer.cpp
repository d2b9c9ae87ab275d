#include "chat/notes_layer.hpp"

#include "base/log.hpp"

#include <algorithm>

namespace gibsey::chat {

namespace asio = boost::asio;

namespace {

constexpr auto kFresh = std::chrono::minutes(1);
constexpr std::size_t kMostNotes = 24;
constexpr int kLooked = 500;
/// A note's first sentences say what it is about; a prompt has little room.
constexpr std::size_t kSentences = 2;

std::string beginning_of(const model::Note& note) {
  std::string text;
  for (std::size_t i = 0; i < std::min(kSentences, note.sentences.size()); ++i) {
    if (i > 0) text += " ";
    text += note.sentences[i].text;
    const auto& citations = note.sentences[i].citations;
    if (!citations.empty()) text += " [p. " + citations.front().label + "]";
  }
  return text;
}

}  // namespace

asio::awaitable<std::vector<std::string>> NotesLayer::of(std::string world, std::string voice) {
  const std::pair key(world, voice);
  {
    const std::lock_guard lock(mutex_);
    const auto found = known_.find(key);
    if (found != known_.end() && Clock::now() < found->second.until) co_return found->second.lines;
  }
  auto notes = co_await notes_.list_notes(std::move(world), "", kLooked);
  if (!notes) {
    log::warn("no notes go into the prompts: {}", notes.error().message);
    co_return std::vector<std::string>();
  }
  if (!voice.empty()) std::erase_if(*notes, [&voice](const model::Note& note) { return note.voice != voice; });
  std::ranges::sort(*notes, {}, [](const model::Note& note) { return std::pair(note.members.front().page_id, note.id); });
  Known known{.until = Clock::now() + kFresh};
  for (const auto& note : *notes) {
    if (known.lines.size() < kMostNotes) known.lines.push_back(beginning_of(note));
  }
  const std::lock_guard lock(mutex_);
  known_[key] = known;
  co_return known.lines;
}

}  // namespace gibsey::chat
