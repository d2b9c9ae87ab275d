#pragma once
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace gibsey::server {

using Digest = std::array<unsigned char, 32>;

[[nodiscard]] Digest sha256(std::string_view text);
[[nodiscard]] Digest hmac_sha256(std::string_view key, std::string_view text);

/// Takes as long for digests that differ at once as for equal ones.
[[nodiscard]] bool equal(const Digest& a, const Digest& b);

/// The digest as bytes; `digest` must outlive the view.
[[nodiscard]] std::string_view bytes_of(const Digest& digest);

/// 64 lower-case hexadecimal digits, and back (either case); nullopt for anything else.
[[nodiscard]] std::string to_hex(const Digest& digest);
[[nodiscard]] std::optional<Digest> digest_from_hex(std::string_view hex);

/// From the operating system's generator, fit for keys.
[[nodiscard]] std::string random_bytes(std::size_t count);

}  // namespace gibsey::server
