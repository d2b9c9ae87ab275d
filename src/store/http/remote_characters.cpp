#include "store/http/remote_characters.hpp"

namespace gibsey::store {
namespace {

void take_over(std::string& own, std::string& others) {
  if (!others.empty()) own = std::move(others);
}

/// What the service says, over what is known here.
model::Character merged(model::Character own, model::Character others) {
  take_over(own.display_name, others.display_name);
  take_over(own.color_hex, others.color_hex);
  take_over(own.system_prompt, others.system_prompt);
  take_over(own.tone, others.tone);
  take_over(own.owner, others.owner);
  take_over(own.voice_id, others.voice_id);
  take_over(own.appearance_seed, others.appearance_seed);
  return own;
}

}  // namespace

RemoteCharacters::RemoteCharacters(std::unique_ptr<CharacterSource> source, CharacterStore& local,
                                   RemoteCharactersSettings settings)
    : source_(std::move(source)), local_(local), settings_(std::move(settings)) {}

Async<std::optional<model::Character>> RemoteCharacters::find_character(std::string world, std::string id) {
  return find_character_for(settings_.user_id, std::move(world), std::move(id));
}

Async<std::optional<model::Character>> RemoteCharacters::find_character_for(std::string user_id, std::string world,
                                                                            std::string id) {
  GIBSEY_CO_TRY(auto own, co_await local_.find_character(world, id));
  if (id.empty()) co_return own;
  GIBSEY_CO_TRY(auto others, co_await load(user_id, id));
  if (!others && own && own->id != id) {
    GIBSEY_CO_TRY(others, co_await load(user_id, own->id));
  }
  if (!others) co_return settings_.own_where_absent ? std::move(own) : std::nullopt;
  if (!own && others->id != id) {
    GIBSEY_CO_TRY(own, co_await local_.find_character(world, others->id));
  }
  if (own) co_return merged(*std::move(own), *std::move(others));
  others->world = std::move(world);
  co_return others;
}

Async<std::optional<model::Character>> RemoteCharacters::load(std::string user_id, std::string id) {
  const Key key(user_id, id);
  if (auto kept = find_kept(key)) co_return std::move(kept->character);
  GIBSEY_CO_TRY(auto character, co_await source_->load(std::move(user_id), std::move(id)));
  keep(key, character);
  co_return character;
}

std::optional<RemoteCharacters::Kept> RemoteCharacters::find_kept(const Key& key) {
  const std::lock_guard lock(mutex_);
  const auto found = kept_.find(key);
  if (found == kept_.end() || settings_.now() >= found->second.until) return std::nullopt;
  return found->second;
}

void RemoteCharacters::keep(const Key& key, const std::optional<model::Character>& character) {
  const auto now = settings_.now();
  const auto until = now + (character ? settings_.keep_found : settings_.keep_absent);
  const std::lock_guard lock(mutex_);
  if (kept_.size() >= settings_.most_kept) std::erase_if(kept_, [now](const auto& kept) { return now >= kept.second.until; });
  // Ids that somebody makes up must not fill the memory.
  if (kept_.size() >= settings_.most_kept) kept_.clear();
  kept_.insert_or_assign(key, Kept{character, until});
}

Async<void> RemoteCharacters::replace_characters(std::string world, std::vector<model::Character> characters) {
  return local_.replace_characters(std::move(world), std::move(characters));
}

Async<void> RemoteCharacters::put_character(model::Character character) {
  return local_.put_character(std::move(character));
}

Async<void> RemoteCharacters::remove_character(std::string world, std::string id) {
  return local_.remove_character(std::move(world), std::move(id));
}

Async<std::vector<model::Character>> RemoteCharacters::list_characters(std::string world) {
  return local_.list_characters(std::move(world));
}

}  // namespace gibsey::store
