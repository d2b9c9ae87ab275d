#include "input.hpp"

#include <cstdio>
#include <cstdlib>

#if __has_feature(address_sanitizer)
#include <sanitizer/allocator_interface.h>
#endif

namespace gibsey::fuzz {

Input parse_input(std::string_view bytes) {
  const auto mark = bytes.rfind('\xFF');
  if (mark == std::string_view::npos) return {bytes, 0, {}};
  Input input{bytes.substr(0, mark), 0, bytes.substr(mark + 1)};
  if (input.cuts.empty()) return input;
  input.option = static_cast<std::uint8_t>(input.cuts.front());
  input.cuts.remove_prefix(1);
  return input;
}

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

std::size_t allocated_bytes() {
#if __has_feature(address_sanitizer)
  return __sanitizer_get_current_allocated_bytes();
#else
  return 0;
#endif
}

}  // namespace gibsey::fuzz
