// The entry of one fuzzer: GIBSEY_FUZZ_TARGET is the function of targets.hpp that it runs.
#include "targets.hpp"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  gibsey::fuzz::GIBSEY_FUZZ_TARGET({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
