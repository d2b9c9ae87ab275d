#pragma once
#include "net/http_message.hpp"

#include <filesystem>
#include <map>
#include <string>

namespace gibsey::server {

/// The built web page, read into memory once: a request is a look-up in a map, so no path can lead out of the folder and no
/// request waits for a disk. Immutable; safe to share.
class StaticFiles {
 public:
  /// Reads `folder` (web/dist). A folder without index.html is not an error: GET / then says how to build the page. Files over
  /// 16 MiB, links and hidden files are left out, with a warning in the log.
  explicit StaticFiles(const std::filesystem::path& folder);

  /// For the path of a GET ("/", "/assets/index-1a2b.js"): 200, 304 or 404 (status alone; the caller makes the body).
  [[nodiscard]] net::HttpResponse find(const std::string& path, const net::HttpRequest& request) const;
  [[nodiscard]] bool built() const { return files_.contains("/index.html"); }

 private:
  struct File {
    std::string body;
    std::string content_type;
    std::string etag;
  };
  std::map<std::string, File> files_;
};

}  // namespace gibsey::server
