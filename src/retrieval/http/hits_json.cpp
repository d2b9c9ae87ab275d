#include "retrieval/http/hits_json.hpp"

#include "base/utf8.hpp"
#include "net/service_client.hpp"
#include "net/service_json.hpp"
#include "retrieval/words.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <optional>

namespace gibsey::retrieval::http {

using net::member;
using net::text_member;
using nlohmann::json;

namespace {

constexpr int kMostWords = 39;
/// Servers allow 8 KiB and more for a request's first line.
constexpr std::size_t kLongestText = 6'000;

std::u32string code_points(std::string_view text) {
  std::u32string decoded;
  while (!text.empty()) {
    const auto [code_point, length] = utf8::decode(text);
    decoded += code_point;
    text.remove_prefix(length);
  }
  return decoded;
}

/// Words of a quote that may be shown; 0 for one that may not.
int words_of_quote(const std::string& quote) {
  const auto text = code_points(quote);
  // What was not UTF-8 in the answer has become U+FFFD.
  if (text.find(utf8::kReplacement) != std::u32string::npos) return 0;
  const int words = count_words(text);
  return words <= kMostWords ? words : 0;
}

std::int32_t offset(const json& item, const char* name) {
  const auto number = net::number_member(item, name).value_or(0);
  return number > 0 && number <= std::numeric_limits<std::int32_t>::max() ? static_cast<std::int32_t>(number) : 0;
}

double score(const json& item, const char* name, double otherwise) {
  const auto& value = member(item, name);
  return value.is_number() && std::isfinite(value.get<double>()) ? value.get<double>() : otherwise;
}

std::string text_or(const json& item, const char* name, const std::string& otherwise) {
  auto text = text_member(item, name);
  return text.empty() ? otherwise : text;
}

std::optional<Hit> read_hit(const json& item, const Query& query, double score_by_order) {
  Hit hit;
  hit.quote.text = text_member(item, "quote");
  hit.quote.page_id = text_member(item, "page_id");
  hit.quote.words = words_of_quote(hit.quote.text);
  hit.voice = text_member(item, "voice");
  if (hit.quote.words == 0 || hit.quote.page_id.empty()) return std::nullopt;
  if (query.only_character && !hit.voice.empty() && hit.voice != query.character) return std::nullopt;
  hit.quote.world = text_or(item, "world", query.world);
  hit.quote.start = offset(item, "start");
  hit.quote.end = offset(item, "end");
  if (hit.quote.end <= hit.quote.start) hit.quote.start = hit.quote.end = 0;
  hit.label = text_or(item, "label", hit.quote.page_id);
  hit.title = text_or(item, "title", hit.quote.page_id);
  hit.chapter = text_member(item, "chapter");
  hit.page_version = net::number_member(item, "page_version").value_or(0);
  hit.score = score(item, "score", score_by_order);
  hit.text_score = score(item, "text_score", 0);
  hit.pair_score = score(item, "pair_score", 0);
  hit.vector_score = score(item, "vector_score", 0);
  return hit;
}

/// As much of `text` as stays under the limit, whole characters.
std::string encoded(std::string_view text) {
  std::string all;
  while (!text.empty()) {
    const auto length = utf8::decode(text).length;
    const auto character = net::percent_encoded(text.substr(0, length));
    if (all.size() + character.size() > kLongestText) break;
    all += character;
    text.remove_prefix(length);
  }
  return all;
}

}  // namespace

Result<std::vector<Hit>> read_hits(const std::string& body, const Query& query) {
  const auto list = net::parse_service_json(utf8::is_valid(body) ? body : utf8::sanitized(body));
  if (!list.is_array()) return fail(ErrorCode::corrupt, "it is no list of quotes");
  std::vector<Hit> hits;
  for (const auto& item : list) {
    if (static_cast<int>(hits.size()) >= query.k) break;
    if (auto hit = read_hit(item, query, 1.0 / static_cast<double>(hits.size() + 1))) hits.push_back(*std::move(hit));
  }
  return hits;
}

std::string address_of(const std::string& url, const Query& query) {
  auto address = fmt::format("{}{}q={}&k={}", url, url.find('?') == std::string::npos ? '?' : '&', encoded(query.text), query.k);
  const auto add = [&address](const char* name, const std::string& value) {
    if (!value.empty()) address += fmt::format("&{}={}", name, net::percent_encoded(value));
  };
  add("world", query.world);
  add("character", query.character);
  add("page", query.page_id);
  return address;
}

}  // namespace gibsey::retrieval::http
