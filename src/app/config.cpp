#include "app/config.hpp"

#include "app/auth_config.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>
#include <unistd.h>

#include <charconv>
#include <fstream>
#include <set>
#include <sstream>

extern char** environ;  // NOLINT: POSIX has no header for it

namespace gibsey::app {

namespace fs = std::filesystem;

namespace {

std::optional<std::string> read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

std::optional<int> parse_number(const std::string& text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::vector<std::string> split_list(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, ',');) {
    const auto first = part.find_first_not_of(" \t");
    if (first == std::string::npos) continue;
    parts.push_back(part.substr(first, part.find_last_not_of(" \t") - first + 1));
  }
  return parts;
}

/// Settings as text by their environment names: what the environment, `.env` and the file have in common.
class Settings {
 public:
  void set_default(const std::string& name, std::string value) { values_.try_emplace(name, std::move(value)); }
  /// From `.env` or the configuration file.
  void set_from_file(const std::string& name, std::string value) {
    if (!value.empty()) in_files_.insert(name);
    set_default(name, std::move(value));
  }
  [[nodiscard]] bool in_files(const char* name) const { return in_files_.contains(name); }

  void take(const char* name, std::string& target) {
    if (const auto* value = find(name)) target = *value;
  }
  void take(const char* name, fs::path& target) {
    if (const auto* value = find(name)) target = *value;
  }
  void take(const char* name, std::vector<std::string>& target) {
    if (const auto* value = find(name)) target = split_list(*value);
  }
  void take(const char* name, int& target, int least) {
    const auto* value = find(name);
    if (value == nullptr) return;
    const auto number = parse_number(*value);
    if (!number || *number < least) {
      problem_ = fmt::format("{} must be a whole number of at least {}, not '{}'", name, least, *value);
    } else {
      target = *number;
    }
  }
  void take(const char* name, double& target, double least, double most) {
    const auto* value = find(name);
    if (value == nullptr) return;
    double number = 0;
    const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), number);
    if (error != std::errc() || end != value->data() + value->size() || !(number >= least && number <= most)) {
      problem_ = fmt::format("{} must be a number from {} to {}, not '{}'", name, least, most, *value);
    } else {
      target = number;
    }
  }
  void take(const char* name, std::chrono::seconds& target, int least) {
    int seconds = static_cast<int>(target.count());
    take(name, seconds, least);
    target = std::chrono::seconds(seconds);
  }
  [[nodiscard]] const std::string& problem() const { return problem_; }
  [[nodiscard]] const std::string* find(const char* name) const {
    const auto found = values_.find(name);
    return found == values_.end() || found->second.empty() ? nullptr : &found->second;
  }

 private:
  Environment values_;
  std::set<std::string> in_files_;
  std::string problem_;
};

/// File keys are the environment names in lower case, so that one table documents both.
Result<Environment> read_toml(const fs::path& path) {
  const auto text = read_file(path);
  if (!text) return fail(ErrorCode::not_found, fmt::format("the configuration file {} cannot be read", path.string()));
  auto parsed = toml::parse(*text);
  if (!parsed) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("{} line {}: {}", path.string(), parsed.error().source().begin.line, parsed.error().description()));
  }
  Environment values;
  for (const auto& [key, node] : parsed.table()) {
    std::string name(key.str());
    for (auto& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    if (const auto string = node.value<std::string>()) {
      values[name] = *string;
    } else if (const auto number = node.value_exact<std::int64_t>()) {
      values[name] = std::to_string(*number);
    } else if (const auto fraction = node.value_exact<double>()) {
      values[name] = fmt::format("{}", *fraction);
    } else if (const auto* list = node.as_array()) {
      std::string joined;
      for (const auto& element : *list) joined += (joined.empty() ? "" : ",") + element.value_or(std::string());
      values[name] = joined;
    } else {
      return fail(ErrorCode::invalid_argument, fmt::format("{}: '{}' must be a text, a whole number or a list of texts",
                                                           path.string(), std::string(key.str())));
    }
  }
  return values;
}

Result<std::vector<std::uint16_t>> parse_ports(const std::vector<std::string>& texts) {
  std::vector<std::uint16_t> ports;
  for (const auto& text : texts) {
    const auto number = parse_number(text);
    if (!number || *number < 0 || *number > 65535) {
      return fail(ErrorCode::invalid_argument, fmt::format("'{}' is no port; give a number from 0 to 65535", text));
    }
    ports.push_back(static_cast<std::uint16_t>(*number));
  }
  return ports;
}

Result<server::Roles> parse_roles(const std::vector<std::string>& names) {
  server::Roles roles{.chat = false, .memory = false, .ledger = false, .worker = false, .scheduler = false};
  for (const auto& name : names) {
    if (name == "chat") {
      roles.chat = true;
    } else if (name == "memory") {
      roles.memory = true;
    } else if (name == "ledger") {
      roles.ledger = true;
    } else if (name == "worker") {
      roles.worker = true;
    } else if (name == "scheduler") {
      roles.scheduler = true;
    } else {
      return fail(ErrorCode::invalid_argument,
                  fmt::format("there is no role '{}'; the roles are chat, memory, ledger, worker, scheduler", name));
    }
  }
  return roles;
}

/// As the sources have them: chat 8002, memory 8001, ledger 9000; worker and scheduler are ours.
std::uint16_t port_of(const server::Roles& roles) {
  return roles.chat ? 8002 : roles.memory ? 8001 : roles.ledger ? 9000 : 8003;
}

Result<void> apply_settings(Config& config, Settings& settings) {
  settings.take("GIBSEY_DATA", config.data);
  settings.take("GIBSEY_HOST", config.host);
  settings.take("GIBSEY_MODEL", config.model);
  settings.take("GIBSEY_EMBEDDING_MODEL", config.embedding_model);
  settings.take("GIBSEY_SCRIPT", config.script);
  settings.take("GIBSEY_ALLOWED_HOSTS", config.allowed_hosts);
  settings.take("GIBSEY_ALLOWED_ORIGINS", config.allowed_origins);
  settings.take("GIBSEY_OPENING_GRANT", config.opening_grant, 0);
  settings.take("GIBSEY_MAX_TOKENS", config.max_tokens, 1);
  int debug = config.debug ? 1 : 0;
  settings.take("GIBSEY_DEBUG", debug, 0);
  config.debug = debug != 0;
  settings.take("GIBSEY_MAX_TURNS", config.max_turns, 1);
  settings.take("GIBSEY_THREADS", config.threads, 0);
  settings.take("GIBSEY_SMALL_MODEL_BELOW", config.small_model_below, 0);
  settings.take("GIBSEY_LARGE_BOOK", config.large_book, 0);
  settings.take("GIBSEY_MEMORY_NODES", config.memory_nodes);
  settings.take("GIBSEY_MEMORY_NODE", config.memory_node);
  settings.take("GIBSEY_SHARDS", config.shards, 1);
  settings.take("GIBSEY_SHARD_REPLICAS", config.shard_replicas, 1);
  settings.take("GIBSEY_SHARD_DEADLINE", config.shard_deadline, 1);
  settings.take("GIBSEY_SHARD_SECOND", config.shard_second, 1);
  settings.take("GIBSEY_NIGHTLY", config.nightly);
  settings.take("GIBSEY_NIGHTLY_RETRY", config.nightly_retry, 1);
  settings.take("GIBSEY_TIME_ZONE", config.time_zone);
  settings.take("GIBSEY_ALERT_WEBHOOK", config.alert_webhook);
  settings.take("LOG_LEVEL", config.log_level);
  settings.take("RAG_URL", config.rag_url);
  settings.take("LEDGER_URL", config.ledger_url);
  settings.take("STARGATE_URL", config.stargate_url);
  settings.take("CHARACTER_MANAGER_URL", config.character_manager_url);
  settings.take("MEMORY_SUBSYSTEM_URL", config.memory_subsystem_url);
  int required = config.passages_required ? 1 : 0;
  settings.take("GIBSEY_PASSAGES_REQUIRED", required, 0);
  config.passages_required = required != 0;
  settings.take("REDIS_HOST", config.redis_host);
  settings.take("REDIS_PORT", config.redis_port, 1);
  settings.take("REDIS_DB", config.redis_db, 0);
  settings.take("REDIS_PASSWORD", config.redis_password);
  settings.take("CASSANDRA_CONTACT_POINTS", config.cassandra_contact_points);
  settings.take("CASSANDRA_KEYSPACE", config.cassandra_keyspace);
  settings.take("CASSANDRA_USERNAME", config.cassandra_username);
  settings.take("CASSANDRA_PASSWORD", config.cassandra_password);
  settings.take("CASSANDRA_LOCAL_DC", config.cassandra_local_dc);
  settings.take("KAFKA_BROKERS", config.kafka_brokers);
  settings.take("KAFKA_PARTITIONS", config.kafka_partitions, 1);
  settings.take("KAFKA_TOPIC_PAGES", config.pages_topic);
  settings.take("KAFKA_TOPIC_DEAD", config.dead_topic);
  settings.take("KAFKA_TOPIC_TURNS", config.turns_topic);
  settings.take("KAFKA_GROUP", config.worker_group);
  settings.take("GIBSEY_FEED_SYNC", config.feed_sync);
  // On Cassandra its own log is what Debezium publishes, whoever wrote.
  int publish = config.cassandra_contact_points.empty() || config.kafka_brokers.empty() ? 1 : 0;
  settings.take("GIBSEY_PUBLISH_PAGES", publish, 0);
  config.publish_pages = publish != 0;
  settings.take("GIBSEY_WORKER_RATE", config.worker_rate, 0);
  settings.take("SERVICE_NAME", config.service_name);
  settings.take("DEFAULT_TEMPERATURE", config.dialect_defaults.temperature, 0, 2);
  settings.take("DEFAULT_TOP_P", config.dialect_defaults.top_p, 0, 1);
  settings.take("MAX_TOKENS", config.dialect_defaults.max_tokens, 1);
  settings.take("WS_PING_INTERVAL", config.ping_interval, 0);
  settings.take("WS_PING_TIMEOUT", config.ping_timeout, 1);
  const auto find = [&settings](const char* name) {
    const auto* value = settings.find(name);
    return value == nullptr ? std::string() : *value;
  };
  GIBSEY_TRY(config.auth, read_auth_settings(find));
  GIBSEY_TRY(config.providers, read_providers(find, [&settings](const char* name) { return settings.in_files(name); }));
  GIBSEY_TRY(config.embedder, read_embedder(find));
  // The model in this process gives way to readers by itself.
  config.worker_share = config.embedder && config.embedder->kind != ProviderKind::local ? 0.5 : 1;
  settings.take("GIBSEY_WORKER_SHARE", config.worker_share, 0.01, 1);
  config.providers_named = !find("LLM_PROVIDERS").empty();
  std::string costs;
  settings.take("GIBSEY_COSTS", costs);
  auto prices = chat::parse_costs(costs);
  if (!prices) return fail(prices.error().code, "GIBSEY_COSTS: " + prices.error().message);
  config.costs = *std::move(prices);
  std::vector<std::string> texts;
  settings.take("GIBSEY_WORLDS", texts);
  config.worlds.assign(texts.begin(), texts.end());
  texts.clear();
  settings.take("GIBSEY_PORT", texts);
  if (texts.empty()) settings.take("SERVICE_PORT", texts);
  if (!texts.empty()) {
    GIBSEY_TRY(config.ports, parse_ports(texts));
  }
  texts.clear();
  settings.take("GIBSEY_ROLES", texts);
  if (!texts.empty()) {
    GIBSEY_TRY(config.roles, parse_roles(texts));
  }
  if (!settings.problem().empty()) return fail(ErrorCode::invalid_argument, settings.problem());
  return {};
}

void apply_flags(Config& config, const Flags& flags) {
  if (flags.data) config.data = *flags.data;
  if (!flags.worlds.empty()) config.worlds = flags.worlds;
  if (flags.host) config.host = *flags.host;
  if (!flags.ports.empty()) config.ports = flags.ports;
  if (flags.model) {
    config.model = *flags.model;
    // A model named on the command line is the one that is meant, whatever addresses are set; LLM_PROVIDERS is an order.
    if (!config.providers_named) config.providers = {{.kind = ProviderKind::local, .upstream = {.name = "local"}}};
  }
  if (flags.script) config.script = *flags.script;
  if (flags.log_level) config.log_level = *flags.log_level;
  if (flags.debug) config.debug = true;
}

}  // namespace

Environment process_environment() {
  Environment environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const auto equals = text.find('=');
    if (equals != std::string::npos) environment[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return environment;
}

Environment parse_dotenv(const std::string& text) {
  Environment values;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.ends_with('\r')) line.pop_back();
    line.erase(0, line.find_first_not_of(" \t"));
    if (line.starts_with("export ")) line.erase(0, 7);
    const auto equals = line.find('=');
    if (line.empty() || line[0] == '#' || equals == std::string::npos) continue;
    auto name = line.substr(0, equals);
    name.erase(name.find_last_not_of(" \t") + 1);
    auto value = line.substr(equals + 1);
    value.erase(0, value.find_first_not_of(" \t"));
    if (!value.empty() && (value[0] == '"' || value[0] == '\'')) {
      const auto close = value.find(value[0], 1);
      value = value.substr(1, close == std::string::npos ? close : close - 1);
    } else {
      const auto comment = value.find(" #");
      value = value.substr(0, comment);
      value.erase(value.find_last_not_of(" \t") + 1);
    }
    values[name] = value;
  }
  return values;
}

Result<Config> load_config(const Flags& flags, const Environment& environment) {
  Settings settings;
  for (const auto& [name, value] : environment) settings.set_default(name, value);
  const bool named = !flags.config_file.empty();
  const fs::path file = named ? flags.config_file : fs::path("gibsey.toml");
  if (const auto dotenv = read_file(file.parent_path() / ".env")) {
    for (auto& [name, value] : parse_dotenv(*dotenv)) settings.set_from_file(name, value);
  }
  if (named || fs::exists(file)) {
    GIBSEY_TRY(const auto values, read_toml(file));
    for (const auto& [name, value] : values) settings.set_from_file(name, value);
  }
  Config config;
  GIBSEY_CHECK(apply_settings(config, settings));
  apply_flags(config, flags);
  if (flags.roles) {
    GIBSEY_TRY(config.roles, parse_roles(split_list(*flags.roles)));
  }
  if (config.ports.empty()) config.ports = {port_of(config.roles)};
  return config;
}

Installation find_installation(const Environment& environment) {
  const auto get = [&](const char* name) -> std::string {
    const auto found = environment.find(name);
    return found == environment.end() ? "" : found->second;
  };
  std::error_code ignored;
  // build/release/gibsey: the clone is two folders up.
  const auto clone = fs::read_symlink("/proc/self/exe", ignored).parent_path().parent_path().parent_path();
  auto cache = get("GIBSEY_CACHE");
  if (cache.empty()) cache = get("HOME") + "/.cache/gibsey";
  return {.worlds = clone / "worlds",
          .page = clone / "web" / "dist",
          .openapi = clone / "openapi.json",
          .lexicon = fs::path(cache) / "vader",
          .models = fs::path(cache) / "models"};
}

}  // namespace gibsey::app
