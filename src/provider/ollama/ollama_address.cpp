#include "provider/ollama/ollama_address.hpp"

#include "net/http_client.hpp"
#include "net/service_json.hpp"

#include <algorithm>
#include <utility>

namespace gibsey::provider {
namespace {

std::string_view without_latest(std::string_view model) {
  static constexpr std::string_view kLatest = ":latest";
  if (model.ends_with(kLatest)) model.remove_suffix(kLatest.size());
  return model;
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

Result<OllamaAddress> ollama_address(std::string address) {
  while (address.ends_with('/')) address.pop_back();
  for (const std::string_view call : {"/api/chat", "/api/generate"}) {
    if (address.ends_with(call)) address.resize(address.size() - call.size());
  }
  GIBSEY_CHECK(net::parse_http_url(address));
  return OllamaAddress{.base = std::move(address)};
}

bool same_ollama_model(std::string_view one, std::string_view other) {
  return std::ranges::equal(without_latest(one), without_latest(other), {}, lower, lower);
}

std::string ollama_words(const std::string& body) {
  auto words = net::text_member(net::parse_service_json(body), "error");
  return words.empty() ? body : words;
}

}  // namespace gibsey::provider
