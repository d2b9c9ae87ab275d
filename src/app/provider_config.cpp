#include "app/provider_config.hpp"

#include "net/http_client.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <sstream>

namespace gibsey::app {
namespace {

using provider::UpstreamOptions;
using std::chrono::milliseconds;

/// The names under which one provider is set.
struct Names {
  const char* provider;
  ProviderKind kind;
  const char* url;
  const char* default_url;  ///< "": there is none
  const char* key;
  const char* model;
  const char* default_model;
  const char* temperature;
  const char* max_tokens;
  const char* context_tokens;
  const char* timeout;
};

Result<double> number_in(const Lookup& find, const char* name, double unset, double least, double most) {
  const auto text = find(name);
  if (text.empty()) return unset;
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number >= least && number <= most) return number;
  return fail(ErrorCode::invalid_argument, fmt::format("{} must be a number from {} to {}, not '{}'", name, least, most, text));
}

Result<milliseconds> seconds_in(const Lookup& find, const char* name, milliseconds unset) {
  GIBSEY_TRY(const double seconds, number_in(find, name, static_cast<double>(unset.count()) / 1000, 0.001, 86'400));
  return milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

/// `setting` is the one that names the provider.
Result<UpstreamOptions> upstream_of(const Names& names, const Lookup& find, const char* setting) {
  UpstreamOptions options{
      .name = names.provider, .base_url = find(names.url), .api_key = find(names.key), .model = find(names.model)};
  if (options.base_url.empty()) options.base_url = names.default_url;
  if (options.model.empty()) options.model = names.default_model;
  if (options.base_url.empty())
    return fail(ErrorCode::invalid_argument, fmt::format("{} names '{}', but {} is not set", setting, names.provider, names.url));
  if (const auto url = net::parse_http_url(options.base_url); !url)
    return fail(ErrorCode::invalid_argument, fmt::format("{}: {}", names.url, url.error().message));
  if (options.model.empty())
    return fail(ErrorCode::invalid_argument, fmt::format("{} must name the model of '{}'", names.model, names.provider));
  if (!find(names.temperature).empty()) {
    GIBSEY_TRY(options.temperature, number_in(find, names.temperature, 0, 0, 2));
  }
  GIBSEY_TRY(const double max_tokens, number_in(find, names.max_tokens, 0, 1, 1'000'000));
  GIBSEY_TRY(const double context, number_in(find, names.context_tokens, options.context_tokens, 512, 10'000'000));
  // The sources' OLLAMA_URL is a whole endpoint and wins over the base.
  if (names.kind == ProviderKind::ollama && !find("OLLAMA_URL").empty()) options.base_url = find("OLLAMA_URL");
  const bool cloud = names.kind == ProviderKind::anthropic || std::string_view(names.provider) == "openai";
  if (cloud && options.api_key.empty() && find(names.url).empty())
    return fail(ErrorCode::invalid_argument, fmt::format("{} names '{}', but {} is not set", setting, names.provider, names.key));
  options.max_tokens = static_cast<int>(max_tokens);
  options.context_tokens = static_cast<int>(context);
  options.is_small = is_tiny_by_name(options.model);
  auto& patience = options.patience;
  if (names.kind == ProviderKind::ollama) patience.first_token = milliseconds(300'000);  // it may have to load the model
  GIBSEY_TRY(patience.first_token, seconds_in(find, names.timeout, patience.first_token));
  GIBSEY_TRY(patience.connect, seconds_in(find, "GIBSEY_PROVIDER_CONNECT_TIMEOUT", patience.connect));
  GIBSEY_TRY(patience.between_tokens, seconds_in(find, "GIBSEY_PROVIDER_IDLE_TIMEOUT", patience.between_tokens));
  GIBSEY_TRY(patience.total, seconds_in(find, "GIBSEY_PROVIDER_TOTAL_TIMEOUT", patience.total));
  return options;
}

/// All names in one place, in the form in which .env.example is held against them.
std::vector<Names> known_providers() {
  const auto find = [](const char* name) { return name; };
  return {{"llm", ProviderKind::openai, find("LLM_API_URL"), "", find("LLM_API_KEY"), find("LLM_MODEL"), "",
           find("LLM_TEMPERATURE"), find("LLM_MAX_TOKENS"), find("LLM_CONTEXT_TOKENS"), find("LLM_TIMEOUT")},
          {"llm_fallback", ProviderKind::openai, find("LLM_FALLBACK_URL"), "", find("LLM_FALLBACK_KEY"),
           find("LLM_FALLBACK_MODEL"), "", find("LLM_FALLBACK_TEMPERATURE"), find("LLM_FALLBACK_MAX_TOKENS"),
           find("LLM_FALLBACK_CONTEXT_TOKENS"), find("LLM_FALLBACK_TIMEOUT")},
          {"ollama", ProviderKind::ollama, find("OLLAMA_BASE_URL"), "http://localhost:11434", find("OLLAMA_API_KEY"),
           find("OLLAMA_MODEL"), "llama3:8b", find("OLLAMA_TEMPERATURE"), find("OLLAMA_MAX_TOKENS"),
           find("OLLAMA_CONTEXT_TOKENS"), find("OLLAMA_TIMEOUT")},
          {"openai", ProviderKind::openai, find("OPENAI_BASE_URL"), "https://api.openai.com/v1", find("OPENAI_API_KEY"),
           find("OPENAI_MODEL"), "gpt-4o-mini", find("OPENAI_TEMPERATURE"), find("OPENAI_MAX_TOKENS"),
           find("OPENAI_CONTEXT_TOKENS"), find("OPENAI_TIMEOUT")},
          {"anthropic", ProviderKind::anthropic, find("ANTHROPIC_BASE_URL"), "https://api.anthropic.com",
           find("ANTHROPIC_API_KEY"), find("CLAUDE_MODEL"), "claude-3-haiku-20240307", find("CLAUDE_TEMPERATURE"),
           find("CLAUDE_MAX_TOKENS"), find("CLAUDE_CONTEXT_TOKENS"), find("CLAUDE_TIMEOUT")}};
}

std::vector<std::string> listed(const std::string& text) {
  std::vector<std::string> names;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, ',');) {
    std::erase_if(part, [](unsigned char c) { return std::isspace(c) != 0; });
    std::ranges::transform(part, part.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (!part.empty()) names.push_back(part);
  }
  return names;
}

std::vector<std::string> order_when_unset(const Lookup& find, const std::function<bool(const char*)>& in_files) {
  std::vector<std::string> order;
  if (!find("LLM_API_URL").empty()) order.emplace_back("llm");
  if (!find("LLM_FALLBACK_URL").empty()) order.emplace_back("llm_fallback");
  if (!find("OLLAMA_BASE_URL").empty() || !find("OLLAMA_URL").empty()) order.emplace_back("ollama");
  if (in_files("OPENAI_API_KEY")) order.emplace_back("openai");
  if (in_files("ANTHROPIC_API_KEY")) order.emplace_back("anthropic");
  order.emplace_back("local");
  return order;
}

}  // namespace

bool is_tiny_by_name(std::string_view model) {
  for (std::size_t i = 0; i < model.size(); ++i) {
    if (std::isdigit(static_cast<unsigned char>(model[i])) == 0) continue;
    double size = 0;
    const auto [end, error] = std::from_chars(model.data() + i, model.data() + model.size(), size, std::chars_format::fixed);
    const auto at = static_cast<std::size_t>(end - model.data());
    if (error != std::errc()) continue;
    const auto letter = [&](std::size_t place) {
      return place < model.size() ? std::tolower(static_cast<unsigned char>(model[place])) : 0;
    };
    const bool ends = std::isalnum(static_cast<unsigned char>(letter(at + 1))) == 0;
    if (ends && letter(at) == 'm') return true;
    if (ends && letter(at) == 'b') return size < 1;
    i = at > i ? at - 1 : i;
  }
  return false;
}

Result<std::vector<ConfiguredProvider>> read_providers(const Lookup& find, const std::function<bool(const char*)>& in_files) {
  auto order = listed(find("LLM_PROVIDERS"));
  if (order.empty()) order = order_when_unset(find, in_files);
  const auto known = known_providers();
  std::vector<ConfiguredProvider> providers;
  for (const auto& name : order) {
    if (std::ranges::count(order, name) > 1)
      return fail(ErrorCode::invalid_argument, fmt::format("LLM_PROVIDERS names '{}' twice", name));
    if (name == "local") {
      providers.push_back({.kind = ProviderKind::local, .upstream = {.name = name}});
      continue;
    }
    const auto names = std::ranges::find(known, name, &Names::provider);
    if (names == known.end()) {
      return fail(
          ErrorCode::invalid_argument,
          fmt::format("LLM_PROVIDERS: there is no provider '{}'; there are llm, llm_fallback, ollama, openai, anthropic, local",
                      name));
    }
    GIBSEY_TRY(auto upstream, upstream_of(*names, find, "LLM_PROVIDERS"));
    providers.push_back({.kind = names->kind, .upstream = std::move(upstream)});
  }
  return providers;
}

Result<std::optional<ConfiguredEmbedder>> read_embedder(const Lookup& find) {
  const auto text = find("GIBSEY_EMBEDDER");
  ConfiguredEmbedder embedder;
  GIBSEY_TRY(embedder.question_timeout, seconds_in(find, "GIBSEY_EMBEDDER_TIMEOUT", embedder.question_timeout));
  if (text.empty() || text == "local") return embedder;
  if (text == "off") return std::nullopt;
  const auto colon = text.find(':');
  const auto name = text.substr(0, colon);
  const auto known = known_providers();
  const auto names = std::ranges::find(known, name, &Names::provider);
  if (names == known.end() || names->kind == ProviderKind::anthropic || colon == std::string::npos || colon + 1 == text.size()) {
    return fail(
        ErrorCode::invalid_argument,
        fmt::format("GIBSEY_EMBEDDER must be local, off, or ollama, llm, llm_fallback or openai with a model for embeddings, "
                    "as ollama:nomic-embed-text; not '{}'",
                    text));
  }
  const auto with_model = [&](const char* setting) {
    return std::string_view(setting) == names->model ? text.substr(colon + 1) : find(setting);
  };
  GIBSEY_TRY(embedder.upstream, upstream_of(*names, with_model, "GIBSEY_EMBEDDER"));
  embedder.kind = names->kind;
  return embedder;
}

}  // namespace gibsey::app
