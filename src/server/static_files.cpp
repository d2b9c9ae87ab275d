#include "server/static_files.hpp"

#include "base/log.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <fstream>
#include <iterator>
#include <string_view>
#include <system_error>

namespace gibsey::server {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kLargestFile = 16 * 1024 * 1024;
constexpr const char* kPolicy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:";
constexpr const char* kNotBuilt =
    "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Gibsey</title>\n"
    "<h1>The page is not built yet</h1>\n"
    "<p>The server runs, and its API answers; the page for readers is missing. <code>make run</code> builds it, or\n"
    "<code>npm ci &amp;&amp; npm run build</code> in the folder <code>web</code>; then start the server again.</p>\n</html>\n";

const std::map<std::string, std::string, std::less<>>& content_types() {
  static const std::map<std::string, std::string, std::less<>> kTypes = {{".html", "text/html; charset=utf-8"},
                                                                         {".js", "text/javascript; charset=utf-8"},
                                                                         {".mjs", "text/javascript; charset=utf-8"},
                                                                         {".css", "text/css; charset=utf-8"},
                                                                         {".json", "application/json"},
                                                                         {".map", "application/json"},
                                                                         {".svg", "image/svg+xml"},
                                                                         {".png", "image/png"},
                                                                         {".jpg", "image/jpeg"},
                                                                         {".webp", "image/webp"},
                                                                         {".ico", "image/x-icon"},
                                                                         {".woff2", "font/woff2"},
                                                                         {".woff", "font/woff"},
                                                                         {".ttf", "font/ttf"},
                                                                         {".txt", "text/plain; charset=utf-8"},
                                                                         {".webmanifest", "application/manifest+json"}};
  return kTypes;
}

std::string content_type(const fs::path& path) {
  const auto at = content_types().find(path.extension().string());
  return at == content_types().end() ? "application/octet-stream" : at->second;
}

/// FNV-1a, 64 bit: tells versions of one file apart, nothing more.
std::string etag_of(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return fmt::format("\"{:016x}-{:x}\"", hash, bytes.size());
}

bool hidden(const fs::path& relative) {
  for (const auto& part : relative) {
    if (part.string().starts_with('.')) return true;
  }
  return false;
}

}  // namespace

StaticFiles::StaticFiles(const fs::path& folder) {
  std::error_code error;
  fs::recursive_directory_iterator files(folder, error);
  for (; !error && files != fs::recursive_directory_iterator(); files.increment(error)) {
    const auto& entry = *files;
    const auto relative = entry.path().lexically_relative(folder);
    std::error_code unknown;
    if (entry.is_symlink(unknown) || hidden(relative) || !entry.is_regular_file(unknown)) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    if (entry.file_size(unknown) > kLargestFile || !in) {
      log::warn("the page's file {} is left out: it is too large or cannot be read", relative.string());
      continue;
    }
    File file;
    file.body.assign(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    file.content_type = content_type(entry.path());
    file.etag = etag_of(file.body);
    files_.emplace("/" + relative.generic_string(), std::move(file));
  }
  if (!built()) log::warn("no web page in {}: / will tell how to build it", folder.string());
}

net::HttpResponse StaticFiles::find(const std::string& path, const net::HttpRequest& request) const {
  const bool root = path == "/";
  const auto at = files_.find(root ? "/index.html" : path);
  if (at == files_.end()) {
    if (!root) return {404, {}, {}};
    return {200,
            {{"Content-Type", "text/html; charset=utf-8"}, {"Cache-Control", "no-store"}, {"Content-Security-Policy", kPolicy}},
            kNotBuilt};
  }
  const auto& file = at->second;
  net::HttpResponse response;
  response.headers.add("ETag", file.etag);
  // The bundler puts a hash of the content into the names of assets: such a name never gets another content.
  const bool hashed = path.starts_with("/assets/");
  response.headers.add("Cache-Control", hashed ? "public, max-age=31536000, immutable" : "no-cache");
  response.headers.add("Content-Security-Policy", kPolicy);
  if (request.headers.has_token("If-None-Match", file.etag) || request.headers.has_token("If-None-Match", "W/" + file.etag)) {
    response.status = 304;
    return response;
  }
  response.headers.add("Content-Type", file.content_type);
  response.body = file.body;
  return response;
}

}  // namespace gibsey::server
