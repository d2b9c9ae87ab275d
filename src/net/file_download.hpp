#pragma once
#include "base/result.hpp"
#include "net/http_client.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace gibsey::net {

/// Each function may be empty.
struct DownloadRequest {
  std::string url;
  std::filesystem::path part;  ///< what has come so far, kept over every kind of end; see PartFile
  /// Told the length of the whole file before a byte of it is taken, where the server tells it; an error ends the download.
  std::function<Result<void>(std::uint64_t)> check_length;
  /// Told the first bytes, four at least where the file has them; an error ends the download.
  std::function<Result<void>(std::string_view)> check_beginning;
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;  ///< `total` 0: unknown
  std::function<void(const std::string&)> note;                           ///< why it waits or starts anew, in a sentence
};

struct DownloadSettings {
  HttpClientTimeouts timeouts{.connect = std::chrono::seconds(15)};
  int most_tries = 8;                         ///< in a row that brought nothing
  int most_first_tries = 3;                   ///< likewise, before the first byte: most likely the address is wrong
  std::chrono::milliseconds first_wait{500};  ///< between two tries; then twice as long each time, up to half a minute
  ProxyRules proxies = default_proxies();
};

struct DownloadedFile {
  std::uint64_t bytes = 0;
  std::string sha256;  ///< 64 hexadecimal digits
};

/// Fetches a file by GET into `part`, from where an earlier download of the same address ended: by Range and If-Range, so that
/// what is put together is one version of the file. Where the server cannot go on, or has another version by now, it starts anew.
/// Up to five redirects are followed, none from https to http. A connection that breaks is tried again by itself. The whole file
/// lies in `part` then, synced. Hashes and writes on the caller's executor: give it one that nobody else waits for.
///
/// Errors: invalid_argument (address), not_found (404, 410), forbidden (401, 403, a redirect to http), too_large (the disk), busy
/// (another program is at it), unavailable (every try failed; what has come is kept), and those of the two checks.
boost::asio::awaitable<Result<DownloadedFile>> download_file(DownloadRequest request, DownloadSettings settings = {});

}  // namespace gibsey::net
