#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gibsey::fuzz {

/// A fuzzer's input: `stream`, the last 0xFF byte, `option`, `cuts`. Without a 0xFF byte all of it is the stream, the option is
/// 0, and there are no cuts.
struct Input {
  std::string_view stream;
  std::uint8_t option = 0;
  std::string_view cuts;  ///< lengths of the pieces less one, over and over; none: pieces of one byte
};
[[nodiscard]] Input parse_input(std::string_view bytes);

/// Calls `take(piece)` for the pieces of the stream, in order, until it gives false.
template <typename Take>
void for_each_piece(const Input& input, Take take) {
  auto left = input.stream;
  for (std::size_t i = 0; !left.empty(); ++i) {
    const auto cut = input.cuts.empty() ? 0U : static_cast<unsigned char>(input.cuts[i % input.cuts.size()]);
    const auto piece = left.substr(0, cut + 1U);
    left.remove_prefix(piece.size());
    if (!take(piece)) return;
  }
}

/// Aborts with `what` where it does not hold.
void require(bool holds, const char* what);

/// Bytes of memory that are in use, as AddressSanitizer counts them; 0 without it.
[[nodiscard]] std::size_t allocated_bytes();

}  // namespace gibsey::fuzz
