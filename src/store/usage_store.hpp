#pragma once
#include "model/turn.hpp"
#include "store/store_fwd.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace gibsey::store {

inline constexpr std::size_t kLongestUsageQuery = 2'000;  ///< code points

/// The usage log of the cited chat (seed 002). Append-only. Errors: unavailable, corrupt. Concurrent.
class UsageStore {
 public:
  virtual ~UsageStore() = default;
  /// `number` is given by the store; `query` is cut at 2,000 code points.
  virtual Async<void> log_usage(model::UsageRow row) = 0;
  /// Newest first, those numbered under `before` (0: from the newest), at most `limit`.
  virtual Async<std::vector<model::UsageRow>> list_usage(std::int64_t before, int limit) = 0;
};

}  // namespace gibsey::store
