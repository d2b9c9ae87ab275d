#pragma once
#include "store/character_store.hpp"
#include "store/http/character_source.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace gibsey::store {

struct RemoteCharactersSettings {
  std::string user_id = "gibsey";  ///< who asks where find_character is not told
  /// Whether a character that the service does not have may be this store's own. The gateway of seed 000 has them all; the
  /// Character Manager has those that people made, and `default` is ours.
  bool own_where_absent = false;
  std::chrono::milliseconds keep_found{30'000};
  std::chrono::milliseconds keep_absent{5'000};
  std::size_t most_kept = 1'000;
  std::function<std::chrono::steady_clock::time_point()> now = std::chrono::steady_clock::now;
};

/// Characters that another service has. What it says of a character wins (name, colour, prompt, tone ...); where a store here
/// knows the same id, or has it as an alias, what the service does not know comes from there: samples, lead-ins, aliases, world.
/// A character that only the service knows has the world that was asked for, maybe "". Answers are kept for a short while;
/// failures are not. Lists and changes are the local store's.
class RemoteCharacters final : public CharacterStore {
 public:
  /// `local` must outlive it.
  RemoteCharacters(std::unique_ptr<CharacterSource> source, CharacterStore& local, RemoteCharactersSettings settings = {});

  /// unavailable when the service does not answer and nothing of its is kept: never "not found". The id "" is asked of the local
  /// store.
  Async<std::optional<model::Character>> find_character(std::string world, std::string id) override;
  /// The same, asked for by a reader (X-User-ID).
  Async<std::optional<model::Character>> find_character_for(std::string user_id, std::string world, std::string id) override;

  Async<void> replace_characters(std::string world, std::vector<model::Character> characters) override;
  Async<void> put_character(model::Character character) override;
  Async<void> remove_character(std::string world, std::string id) override;
  Async<std::vector<model::Character>> list_characters(std::string world) override;

  /// For /health.
  [[nodiscard]] net::ServiceState state() const { return source_->state(); }

 private:
  using Key = std::pair<std::string, std::string>;  ///< user and id
  struct Kept {
    std::optional<model::Character> character;
    std::chrono::steady_clock::time_point until;
  };

  Async<std::optional<model::Character>> load(std::string user_id, std::string id);
  [[nodiscard]] std::optional<Kept> find_kept(const Key& key);
  void keep(const Key& key, const std::optional<model::Character>& character);

  const std::unique_ptr<CharacterSource> source_;
  CharacterStore& local_;
  const RemoteCharactersSettings settings_;
  std::mutex mutex_;
  std::map<Key, Kept> kept_;
};

}  // namespace gibsey::store
