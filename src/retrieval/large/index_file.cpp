#include "retrieval/large/index_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <xxhash.h>

#include <bit>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace gibsey::retrieval::large {
namespace {

static_assert(std::endian::native == std::endian::little, "index files are mapped as they are, little endian");

constexpr std::uint64_t kMagic = 0x0A58444953424947;  // "GIBSIDX\n"
constexpr std::uint32_t kForm = 1;
constexpr std::size_t kBufferSize = 1 << 20;

struct Section {
  std::uint64_t start = 0;
  std::uint64_t size = 0;
};

/// The first bytes of a file. `header_sum` is of all of it before.
struct Header {
  std::uint64_t magic = kMagic;
  std::uint32_t form = kForm;
  std::uint32_t kind = 0;
  std::uint64_t file_size = 0;
  std::uint64_t body_sum = 0;
  std::uint64_t section_count = 0;
  std::array<Section, kMostSections> sections{};
  std::array<std::uint64_t, 2> unused{};
  std::uint64_t header_sum = 0;
};
static_assert(sizeof(Header) == 320 && sizeof(Header) % kSectionAlignment == 0);

std::uint64_t sum_of(const Header& header) {
  return XXH3_64bits(&header, offsetof(Header, header_sum));
}

std::string reason(int error) {
  return std::system_category().message(error);
}

}  // namespace

struct IndexFileWriter::State {
  std::filesystem::path path;
  Header header;
  int file = -1;
  int error = 0;
  std::uint64_t at = sizeof(Header);
  std::vector<std::byte> buffer;
  std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> sum{XXH3_createState(), &XXH3_freeState};

  void put(const std::byte* bytes, std::size_t size) {
    while (size > 0 && error == 0) {
      const ::ssize_t written = ::write(file, bytes, size);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) {
        error = errno;
        return;
      }
      bytes += written;
      size -= static_cast<std::size_t>(written);
    }
  }
  void append(std::span<const std::byte> bytes) {
    at += bytes.size();
    buffer.insert(buffer.end(), bytes.begin(), bytes.end());
    if (buffer.size() >= kBufferSize) flush();
  }
  void flush() {
    XXH3_64bits_update(sum.get(), buffer.data(), buffer.size());
    put(buffer.data(), buffer.size());
    buffer.clear();
  }
};

IndexFileWriter::IndexFileWriter(std::filesystem::path path, FileKind kind) : state_(std::make_unique<State>()) {
  state_->path = std::move(path);
  state_->header.kind = static_cast<std::uint32_t>(kind);
  XXH3_64bits_reset(state_->sum.get());
  state_->file = ::open(state_->path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (state_->file < 0) state_->error = errno;
  const std::array<std::byte, sizeof(Header)> blank{};
  state_->put(blank.data(), blank.size());
}

IndexFileWriter::~IndexFileWriter() {
  if (state_->file >= 0) ::close(state_->file);
}

void IndexFileWriter::begin_section() {
  const std::array<std::byte, kSectionAlignment> zeros{};
  state_->append(std::span(zeros).first((kSectionAlignment - state_->at % kSectionAlignment) % kSectionAlignment));
  state_->header.sections.at(state_->header.section_count++) = {state_->at, 0};
}

void IndexFileWriter::write(std::span<const std::byte> bytes) {
  state_->append(bytes);
  Section& section = state_->header.sections.at(state_->header.section_count - 1);
  section.size = state_->at - section.start;
}

Result<void> IndexFileWriter::finish() {
  State& state = *state_;
  state.flush();
  state.header.file_size = state.at;
  state.header.body_sum = XXH3_64bits_digest(state.sum.get());
  state.header.header_sum = sum_of(state.header);
  if (state.error == 0 && ::lseek(state.file, 0, SEEK_SET) < 0) state.error = errno;
  state.put(reinterpret_cast<const std::byte*>(&state.header), sizeof(Header));
  if (state.error == 0 && ::fsync(state.file) != 0) state.error = errno;
  if (state.error == 0) return {};
  return fail(ErrorCode::unavailable, fmt::format("cannot write {}: {}", state.path.string(), reason(state.error)));
}

Result<IndexFile> IndexFile::open(const std::filesystem::path& path, FileKind kind, std::size_t sections) {
  GIBSEY_TRY(auto mapped, MappedFile::open(path));
  const auto corrupt = [&path](std::string_view why) {
    return fail(ErrorCode::corrupt, fmt::format("the index file {} {}", path.string(), why));
  };
  const auto bytes = mapped.bytes();
  if (bytes.size() < sizeof(Header)) return corrupt("is too short");
  Header header;
  std::memcpy(&header, bytes.data(), sizeof(Header));
  if (header.magic != kMagic) return corrupt("is none");
  if (header.form != kForm) return corrupt(fmt::format("has form {}, not {}", header.form, kForm));
  if (header.header_sum != sum_of(header)) return corrupt("has an altered header");
  if (header.kind != static_cast<std::uint32_t>(kind)) return corrupt("is of another kind");
  if (header.file_size != bytes.size()) {
    return corrupt(fmt::format("has {} bytes, not {}", bytes.size(), header.file_size));
  }
  if (header.section_count != sections) return corrupt("has another number of sections");
  const auto body = bytes.subspan(sizeof(Header));
  if (header.body_sum != XXH3_64bits(body.data(), body.size())) return corrupt("is altered: its checksum is wrong");
  IndexFile file(std::move(mapped));
  for (std::size_t i = 0; i < sections; ++i) {
    const Section& section = header.sections[i];
    if (section.start > bytes.size() || section.size > bytes.size() - section.start)
      return corrupt("has a section outside of it");
    file.sections_[i] = file.file_.bytes().subspan(section.start, section.size);
  }
  return file;
}

Result<void> sync_folder(const std::filesystem::path& folder) {
  const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = file >= 0 && ::fsync(file) == 0;
  const int error = errno;
  if (file >= 0) ::close(file);
  if (synced) return {};
  return fail(ErrorCode::unavailable, fmt::format("cannot sync {}: {}", folder.string(), reason(error)));
}

}  // namespace gibsey::retrieval::large
