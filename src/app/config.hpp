#pragma once
#include "app/provider_config.hpp"
#include "base/result.hpp"
#include "chat/costs.hpp"
#include "chat/dialect.hpp"
#include "server/auth/authenticator.hpp"
#include "server/routes.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace gibsey::app {

/// Everything that can be set, with its default. Order of precedence: flag > environment > `.env` > configuration file > default.
struct Config {
  std::filesystem::path data = "data";
  std::vector<std::filesystem::path> worlds;  ///< folders to serve besides what is in the data folder; empty: the bundled ones
  std::string host = "127.0.0.1";
  std::vector<std::uint16_t> ports;  ///< none named: the role's own, 8002, 8001 (memory) or 9000 (ledger)
  server::Roles roles;
  std::filesystem::path model;            ///< GGUF; empty: the bundled one
  std::filesystem::path embedding_model;  ///< GGUF; empty: the bundled one
  std::filesystem::path script;           ///< a scripted model instead of a real one (tests, benchmarks)
  std::vector<std::string> allowed_hosts;
  std::vector<std::string> allowed_origins;
  std::vector<ConfiguredProvider> providers;                          ///< in the order in which they are asked; never empty
  bool providers_named = false;                                       ///< by LLM_PROVIDERS, not by what else is set
  std::optional<ConfiguredEmbedder> embedder = ConfiguredEmbedder{};  ///< nullopt: searched by words alone
  // Other services; used only where named.
  std::string rag_url;     ///< whole address of GET /retrieve
  std::string ledger_url;  ///< whole address of POST /debit
  std::string stargate_url;
  std::string character_manager_url;
  std::string memory_subsystem_url;
  bool passages_required = false;  ///< fail a turn whose passages cannot be looked up, instead of answering without quotes
  std::string redis_host;
  int redis_port = 6379;
  int redis_db = 0;
  std::string redis_password;
  std::string cassandra_contact_points;  ///< host:port, separated by commas; "": the files of the data folder
  std::string cassandra_keyspace = "gibsey";
  std::string cassandra_username;
  std::string cassandra_password;
  std::string cassandra_local_dc;  ///< whose nodes are asked first; "": any
  std::string log_level = "info";
  std::string service_name = "gibsey";
  server::AuthSettings auth;
  chat::DialectDefaults dialect_defaults;  ///< DEFAULT_TEMPERATURE, DEFAULT_TOP_P, MAX_TOKENS
  std::chrono::seconds ping_interval{30};  ///< of a WebSocket
  std::chrono::seconds ping_timeout{10};
  int opening_grant = 100;
  chat::Costs costs;   ///< besides those of the worlds (GIBSEY_COSTS)
  bool debug = false;  ///< what models are sent is kept in the turns' records
  int max_tokens = 120;
  int threads = 0;  ///< of the model in this process; 0: one a processor. 1 where other programs keep the processors busy
  /// Million parameters below which the model in this process is given a tiny model's prompt and opening (0002).
  int small_model_below = 1000;
  int large_book = 50000;    ///< passages from which on a book is searched from files instead of memory; 0: never
  std::string memory_nodes;  ///< "name=url,name=url": where the shards of books lie; empty: this process holds whole books
  std::string memory_node;   ///< which of them this process is; empty: none
  int shards = 16;           ///< into which a world is cut
  int shard_replicas = 1;    ///< nodes that hold a shard
  int shard_deadline = 500;  ///< milliseconds, after which a search goes without the shards that have not answered
  int shard_second = 60;     ///< milliseconds, after which the next node that holds a shard is asked too
  int max_turns = 64;        ///< running and waiting; past it 429
  std::string nightly = "0 3 * * *";  ///< when the book writes notes about itself, as crontab(5) has it; "off": only when asked
  std::string time_zone;              ///< of that, "Europe/Berlin"; "": the machine's
  std::string alert_webhook;          ///< is told of nightly runs that failed; "": nobody is
  std::chrono::seconds nightly_retry{300};  ///< before a failed run is tried again; doubled after each attempt
  std::string kafka_brokers;                ///< host:port with commas between; empty: the feed is a log in the data folder
  int kafka_partitions = 4;                 ///< of the topics that are made
  std::string pages_topic = "cdc.pages";
  std::string dead_topic = "cdc.pages.dead";
  std::string turns_topic = "conversation_turns";
  std::string worker_group = "gibsey-workers";
  std::string feed_sync = "always";
  bool publish_pages = true;   ///< false: another program puts the store's changes on the feed (Debezium)
  int worker_rate = 10000000;  ///< bytes of text a second that the worker embeds at most; 0: as fast as it goes
  double worker_share = 1;     ///< of its time while much waits
};

/// The settings that came by flags; they win over everything else.
struct Flags {
  std::filesystem::path config_file;
  std::optional<std::filesystem::path> data;
  std::vector<std::filesystem::path> worlds;
  std::optional<std::string> host;
  std::vector<std::uint16_t> ports;
  std::optional<std::string> roles;
  std::optional<std::filesystem::path> model;
  std::optional<std::filesystem::path> script;
  std::optional<std::string> log_level;
  bool debug = false;
};

using Environment = std::map<std::string, std::string>;
[[nodiscard]] Environment process_environment();

/// Reads the configuration file (given, or ./gibsey.toml where it exists) and the `.env` beside it. Errors: not_found (a file
/// that was named), invalid_argument (naming file and key).
[[nodiscard]] Result<Config> load_config(const Flags& flags, const Environment& environment);

/// KEY=VALUE lines; `#` comments, `export`, single and double quotes as the shell has them, without substitution.
[[nodiscard]] Environment parse_dotenv(const std::string& text);

/// Where the parts that come with the program are: beside the clone's build folder, or as installed.
struct Installation {
  std::filesystem::path worlds;
  std::filesystem::path page;     ///< web/dist
  std::filesystem::path openapi;  ///< openapi.json
  std::filesystem::path lexicon;  ///< VADER's
  std::filesystem::path models;   ///< set-up's cache
};
[[nodiscard]] Installation find_installation(const Environment& environment);

}  // namespace gibsey::app
