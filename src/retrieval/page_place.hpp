#pragma once
#include <cstdint>

namespace gibsey::retrieval {

/// Where a page of a book stands among the segments of its index. A book has them in its own order; a page of a segment that no
/// place names was edited or removed since the segment was made.
struct PagePlace {
  std::uint32_t segment = 0;
  std::uint32_t page = 0;  ///< within the segment
};

}  // namespace gibsey::retrieval
