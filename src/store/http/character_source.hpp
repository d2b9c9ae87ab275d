#pragma once
#include "model/character.hpp"
#include "net/service_client.hpp"
#include "store/store_fwd.hpp"

#include <memory>
#include <optional>
#include <string>

namespace gibsey::store {

/// A service that knows characters by their ids.
class CharacterSource {
 public:
  virtual ~CharacterSource() = default;
  /// What the service says of the character: its id, and of the other fields those that it has. nullopt: it says that there is
  /// none. unavailable: no answer, or none that can be understood; at once while the breaker is open. Safe to call from any
  /// executor.
  virtual Async<std::optional<model::Character>> load(std::string user_id, std::string id) = 0;
  [[nodiscard]] virtual net::ServiceState state() const = 0;
};

/// A REST gateway over Cassandra (STARGATE_URL): `GET {base}/v2/keyspaces/gibsey/characters/{id}` with X-Cassandra-Token. Its
/// answer is a bare row {char_id, display_name, color_hex, system_prompt, tone}, or {count, data: [row]}. Who asks does not
/// matter to it. invalid_argument: no address.
[[nodiscard]] Result<std::unique_ptr<CharacterSource>> make_stargate_source(const std::string& base_url, const std::string& token,
                                                                            net::ServiceSettings service = {});

/// The Character Manager of seed 001 (CHARACTER_MANAGER_URL): `GET {base}/characters/{id}` with X-User-ID, which answers
/// {character_id, user_id, name, persona_prompt, voice_id?, appearance_seed?, created_at, updated_at}. invalid_argument: no
/// address.
[[nodiscard]] Result<std::unique_ptr<CharacterSource>> make_character_manager_source(const std::string& base_url,
                                                                                     net::ServiceSettings service = {});

}  // namespace gibsey::store
