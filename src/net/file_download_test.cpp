#include "net/file_download.hpp"

#include "net/part_file.hpp"
#include "net/testing/certificates.hpp"
#include "net/testing/io_threads.hpp"
#include "net/testing/keeping_server.hpp"

#include <gtest/gtest.h>

#include <charconv>
#include <fstream>
#include <sstream>

namespace gibsey::net {
namespace {

namespace fs = std::filesystem;
using testing::IoThreads;
using testing::KeepingServer;
using testing::SeenRequest;
using Answer = KeepingServer::Answer;

/// 40 kB that differ everywhere.
std::string content(char first = 'a') {
  std::string bytes = "GGUF";
  for (int i = 0; bytes.size() < 40'000; ++i) bytes += first + std::to_string(i);
  bytes.resize(40'000);
  return bytes;
}

std::string field(const SeenRequest& request, const std::string& name) {
  const auto at = request.head.find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  const auto from = at + name.size() + 4;
  return request.head.substr(from, request.head.find("\r\n", from) - from);
}

std::string whole(const std::string& bytes, const std::string& fields) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(bytes.size()) + "\r\n" + fields + "\r\n" + bytes;
}

/// As a server answers that knows ranges: the rest where If-Range names its version, else everything.
std::string served(const SeenRequest& request, const std::string& bytes, const std::string& etag) {
  const auto fields = "ETag: " + etag + "\r\n";
  const auto range = field(request, "Range");
  if (range.empty() || field(request, "If-Range") != etag) return whole(bytes, fields);
  const auto from = std::stoul(range.substr(6));
  if (from >= bytes.size())
    return "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\nContent-Range: bytes */" + std::to_string(bytes.size()) +
           "\r\n\r\n";
  const auto rest = bytes.substr(from);
  return "HTTP/1.1 206 Partial Content\r\nContent-Length: " + std::to_string(rest.size()) + "\r\nContent-Range: bytes " +
         std::to_string(from) + "-" + std::to_string(bytes.size() - 1) + "/" + std::to_string(bytes.size()) + "\r\n" + fields +
         "\r\n" + rest;
}

class FileDownload : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(::testing::TempDir()) / "file_download_test";
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  Result<DownloadedFile> fetch(const std::string& url, DownloadRequest request = {}) {
    request.url = url;
    request.part = part_;
    if (!request.note) request.note = [this](const std::string& note) { notes_ += note + "\n"; };
    return io_.run(download_file(std::move(request), settings_));
  }
  [[nodiscard]] std::string bytes() const {
    std::ostringstream text;
    text << std::ifstream(part_, std::ios::binary).rdbuf();
    return std::move(text).str();
  }

  fs::path folder_;
  fs::path part_ = fs::path(::testing::TempDir()) / "file_download_test" / "model.part";
  DownloadSettings settings_{.timeouts = {.first_byte = std::chrono::seconds(5), .idle = std::chrono::milliseconds(300)},
                             .most_tries = 4,
                             .first_wait = std::chrono::milliseconds(5),
                             .proxies = {}};
  std::string notes_;
  IoThreads io_;
};

TEST_F(FileDownload, ComesWholeWithItsHash) {
  const KeepingServer server([](const SeenRequest& request) { return Answer{served(request, content(), "\"one\"")}; });
  std::uint64_t told = 0;
  std::uint64_t length = 0;
  const auto file = fetch(server.address() + "/model.gguf",
                          {.check_length = [&](std::uint64_t total) -> Result<void> {
                             length = total;
                             return {};
                           },
                           .progress = [&](std::uint64_t done, std::uint64_t total) { told = done * 100 / total; }});
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(bytes(), content());
  EXPECT_EQ(file->bytes, content().size());
  Sha256 hash;
  hash.add(content());
  EXPECT_EQ(file->sha256, hash.hex());
  EXPECT_EQ(told, 100U);
  EXPECT_EQ(length, content().size());
  EXPECT_EQ(notes_, "");
}

TEST(Sha256Test, IsThatOfTheStandard) {
  Sha256 hash;
  EXPECT_EQ(hash.hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  hash.add("a");
  hash.add("bc");
  EXPECT_EQ(hash.hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_F(FileDownload, GoesOnWhereTheConnectionBrokeByItself) {
  // Each answer is cut 15,000 bytes on.
  const KeepingServer server([](const SeenRequest& request) {
    auto answer = served(request, content(), "\"one\"");
    const auto body = answer.find("\r\n\r\n") + 4;
    if (answer.size() > body + 15'000) answer.resize(body + 15'000);
    return Answer{answer, true};
  });
  const auto file = fetch(server.address());
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(bytes(), content());
  const auto seen = server.requests();
  ASSERT_EQ(seen.size(), 3U);
  EXPECT_EQ(field(seen[0], "Range"), "");
  EXPECT_EQ(field(seen[1], "Range"), "bytes=15000-");
  EXPECT_EQ(field(seen[1], "If-Range"), "\"one\"");
  EXPECT_EQ(field(seen[2], "Range"), "bytes=30000-");
  EXPECT_TRUE(notes_.contains("trying again")) << notes_;
}

TEST_F(FileDownload, GoesOnAfterAServerThatFellSilent) {
  const KeepingServer server([](const SeenRequest& request) {
    auto answer = served(request, content(), "\"one\"");
    if (field(request, "Range").empty()) answer.resize(answer.size() - 1000);
    return Answer{answer};
  });
  ASSERT_TRUE(fetch(server.address()));
  EXPECT_EQ(bytes(), content());
  EXPECT_EQ(server.requests().size(), 2U);
}

TEST_F(FileDownload, ASecondCallGoesOnWhereTheFirstWasGivenUp) {
  {
    const KeepingServer server([](const SeenRequest& request) {
      if (!field(request, "Range").empty()) return Answer{};  // closed without an answer
      auto answer = served(request, content(), "\"one\"");
      answer.resize(answer.size() - 10'000);
      return Answer{answer, true};
    });
    settings_.most_tries = 2;
    const auto file = fetch(server.address() + "/a");
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().code, ErrorCode::unavailable);
    EXPECT_TRUE(file.error().message.contains("kept")) << file.error().message;
    EXPECT_EQ(bytes(), content().substr(0, 30'000));
  }
  const auto version = read_version(part_);
  EXPECT_EQ(version.etag, "\"one\"");
  EXPECT_EQ(version.bytes, 40'000U);
  const KeepingServer server([](const SeenRequest& request) { return Answer{served(request, content(), "\"one\"")}; });
  // The first server's port is gone with it: as if this one had been there.
  std::ofstream(part_.string() + ".state") << "url " << server.address() << "/a\netag \"one\"\nlast-modified \nbytes 40000\n";
  ASSERT_TRUE(fetch(server.address() + "/a"));
  EXPECT_EQ(bytes(), content());
  ASSERT_EQ(server.requests().size(), 1U);
  EXPECT_EQ(field(server.requests()[0], "Range"), "bytes=30000-");
  EXPECT_EQ(notes_.find("anew"), std::string::npos) << notes_;
}

TEST_F(FileDownload, StartsAnewWhereTheFileHasChanged) {
  const KeepingServer server([](const SeenRequest& request) {
    const bool first = field(request, "Range").empty();
    auto answer = first ? served(request, content('a'), "\"one\"") : served(request, content('b'), "\"two\"");
    if (first) answer.resize(answer.size() - 10'000);
    return Answer{answer, true};
  });
  ASSERT_TRUE(fetch(server.address()));
  EXPECT_EQ(bytes(), content('b'));
  EXPECT_TRUE(notes_.contains("has changed: starting anew")) << notes_;
}

TEST_F(FileDownload, StartsAnewWhereRangesAreIgnored) {
  std::atomic<int> asked = 0;
  const KeepingServer server([&asked](const SeenRequest&) {
    auto answer = whole(content(), "ETag: \"one\"\r\n");
    if (++asked == 1) answer.resize(answer.size() - 10'000);
    return Answer{answer, true};
  });
  ASSERT_TRUE(fetch(server.address()));
  EXPECT_EQ(bytes(), content());
  EXPECT_TRUE(notes_.contains("cannot go on in the middle: starting anew")) << notes_;
}

TEST_F(FileDownload, WithoutASignOfTheVersionItDoesNotGoOn) {
  std::atomic<int> asked = 0;
  const KeepingServer server([&asked](const SeenRequest& request) {
    EXPECT_EQ(field(request, "Range"), "");
    auto answer = whole(content(), ++asked == 1 ? "ETag: W/\"weak\"\r\n" : "");
    if (asked == 1) answer.resize(answer.size() - 10'000);
    return Answer{answer, true};
  });
  ASSERT_TRUE(fetch(server.address()));
  EXPECT_EQ(bytes(), content());
}

TEST_F(FileDownload, ARangeThatWasNotAskedForIsNotTaken) {
  std::atomic<int> asked = 0;
  const KeepingServer server([&asked](const SeenRequest& request) {
    if (++asked == 2) {
      return Answer{
          "HTTP/1.1 206 Partial Content\r\nContent-Length: 5\r\nContent-Range: bytes 7-11/40000\r\nETag: "
          "\"one\"\r\n\r\nwrong"};
    }
    auto answer = served(request, content(), "\"one\"");
    if (asked == 1) answer.resize(answer.size() - 10'000);
    return Answer{answer, true};
  });
  ASSERT_TRUE(fetch(server.address()));
  EXPECT_EQ(bytes(), content());
}

TEST_F(FileDownload, ALieAboutTheLengthHasAnEnd) {
  // It promises 50,000 bytes and has 40,000; a rest after those it does not have.
  const KeepingServer server([](const SeenRequest& request) {
    if (!field(request, "Range").empty()) return Answer{served(request, content(), "\"one\"")};
    return Answer{"HTTP/1.1 200 OK\r\nContent-Length: 50000\r\nETag: \"one\"\r\n\r\n" + content(), true};
  });
  const auto file = fetch(server.address());
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, ErrorCode::unavailable);
  EXPECT_LT(server.requests().size(), 20U);
}

TEST_F(FileDownload, RedirectsAreFollowed) {
  const KeepingServer server([](const SeenRequest& request) {
    if (request.head.starts_with("GET /1 ")) return Answer{"HTTP/1.1 302 Found\r\nLocation: /2?x=y\r\nContent-Length: 0\r\n\r\n"};
    if (request.head.starts_with("GET /2?x=y "))
      return Answer{"HTTP/1.1 307 T\r\nLocation: 3/model\r\nContent-Length: 2\r\n\r\nno"};
    if (request.head.starts_with("GET /3/model ")) return Answer{served(request, content(), "\"one\"")};
    return Answer{"HTTP/1.1 308 P\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n"};
  });
  ASSERT_TRUE(fetch(server.address() + "/1"));
  EXPECT_EQ(bytes(), content());
  const auto endless = fetch(server.address() + "/again");
  ASSERT_FALSE(endless);
  EXPECT_TRUE(endless.error().message.contains("more than 5 times")) << endless.error().message;
}

TEST_F(FileDownload, NotFromHttpsToHttp) {
  const testing::CertificateAuthority authority;
  auto context = authority.server_context("IP:127.0.0.1");
  const KeepingServer open([](const SeenRequest& request) { return Answer{served(request, content(), "\"one\"")}; });
  const KeepingServer safe(
      [&open](const SeenRequest& request) {
        if (request.head.starts_with("GET /here ")) return Answer{served(request, content(), "\"one\"")};
        return Answer{"HTTP/1.1 302 Found\r\nLocation: " + open.address() + "/model\r\nContent-Length: 0\r\n\r\n"};
      },
      &context);
  const auto file = fetch(safe.address() + "/there");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, ErrorCode::forbidden);
  EXPECT_TRUE(open.requests().empty());
  ASSERT_TRUE(fetch(safe.address() + "/here"));
  EXPECT_EQ(bytes(), content());
}

TEST_F(FileDownload, SaysWhatTheServerAnswers) {
  const KeepingServer server([](const SeenRequest& request) {
    const auto status = request.head.substr(5, 3);
    return Answer{"HTTP/1.1 " + status + " No\r\nContent-Length: 0\r\n\r\n"};
  });
  settings_.most_first_tries = 2;
  EXPECT_EQ(fetch(server.address() + "/404").error().code, ErrorCode::not_found);
  EXPECT_EQ(fetch(server.address() + "/403").error().code, ErrorCode::forbidden);
  EXPECT_EQ(server.requests().size(), 2U) << "what will not change is not asked again";
  EXPECT_EQ(fetch(server.address() + "/503").error().code, ErrorCode::unavailable);
  EXPECT_EQ(server.requests().size(), 4U);
  EXPECT_EQ(fetch("ftp://127.0.0.1/model").error().code, ErrorCode::invalid_argument);
}

TEST_F(FileDownload, ChecksComeBeforeTheBytes) {
  const KeepingServer server([](const SeenRequest& request) {
    if (request.head.starts_with("GET /huge ")) return Answer{"HTTP/1.1 200 OK\r\nContent-Length: 9000000000000000\r\n\r\nGGUF"};
    return Answer{whole("<html>a page</html>", "")};
  });
  const auto page = fetch(server.address() + "/page", {.check_beginning = [](std::string_view bytes) -> Result<void> {
                            if (bytes.starts_with("GGUF")) return {};
                            return fail(ErrorCode::corrupt, "no model");
                          }});
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().message, "no model");
  EXPECT_EQ(bytes(), "");
  const auto refused = fetch(server.address() + "/huge",
                             {.check_length = [](std::uint64_t) { return Result<void>(fail(ErrorCode::forbidden, "no")); }});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::forbidden);
  const auto no_room = fetch(server.address() + "/huge");
  ASSERT_FALSE(no_room);
  EXPECT_EQ(no_room.error().code, ErrorCode::too_large);
  EXPECT_TRUE(no_room.error().message.contains("9000000.0 GB")) << no_room.error().message;
  EXPECT_EQ(server.requests().size(), 3U);
}

TEST_F(FileDownload, WhatIsSentCompressedIsNotTaken) {
  const KeepingServer server([](const SeenRequest&) { return Answer{whole("GGUF in a zip", "Content-Encoding: gzip\r\n")}; });
  const auto file = fetch(server.address());
  ASSERT_FALSE(file);
  EXPECT_TRUE(file.error().message.contains("compressed (gzip)")) << file.error().message;
  EXPECT_EQ(bytes(), "");
}

TEST_F(FileDownload, AFileIsFetchedByOneAtATime) {
  auto part = PartFile::open(part_, "http://a/");
  ASSERT_TRUE(part);
  const auto second = fetch("http://127.0.0.1:1/");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::busy);
}

TEST_F(FileDownload, WhatIsOfAnotherAddressIsDropped) {
  {
    auto part = PartFile::open(part_, "http://a/");
    ASSERT_TRUE(part);
    ASSERT_TRUE(part->append("bytes"));
  }
  {
    auto same = PartFile::open(part_, "http://a/");
    ASSERT_TRUE(same);
    EXPECT_EQ(same->size(), 5U);
    Sha256 hash;
    hash.add("bytes");
    EXPECT_EQ(same->sha256(), hash.hex());
  }
  auto other = PartFile::open(part_, "http://b/");
  ASSERT_TRUE(other);
  EXPECT_EQ(other->size(), 0U);
  EXPECT_EQ(bytes(), "");
}

}  // namespace
}  // namespace gibsey::net
