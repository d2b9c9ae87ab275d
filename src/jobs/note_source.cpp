#include "jobs/note_source.hpp"

#include "net/sha256.hpp"

namespace gibsey::jobs {
namespace {

constexpr std::size_t kHashDigits = 16;
constexpr std::size_t kIdDigits = 20;

std::string digest_of(const std::string& text) {
  net::Sha256 digest;
  digest.add(text);
  return digest.hex();
}

std::string places(const std::vector<model::NoteMember>& members, bool texts) {
  std::string all;
  for (const auto& member : members) {
    all += member.page_id + '\n' + std::to_string(member.passage) + '\n';
    if (texts) all += member.text_hash + '\n';
  }
  return all;
}

}  // namespace

std::string text_hash(const std::string& text) {
  return digest_of(text).substr(0, kHashDigits);
}

std::string source_hash(const std::vector<model::NoteMember>& members) {
  return digest_of(places(members, true)).substr(0, kIdDigits);
}

std::string new_note_id(const std::string& world, const std::vector<model::NoteMember>& members) {
  return digest_of(world + '\n' + places(members, false)).substr(0, kIdDigits);
}

}  // namespace gibsey::jobs
