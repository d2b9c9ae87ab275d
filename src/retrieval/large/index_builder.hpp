#pragma once
#include "base/result.hpp"
#include "retrieval/large/segment.hpp"
#include "store/page_store.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>

namespace gibsey::retrieval::large {

struct IndexPlan {
  std::string world;
  std::string language;
  std::string embedding_model;   ///< "" for none
  std::filesystem::path folder;  ///< of the world's index
  std::size_t segment_passages = 250'000;
  std::size_t written_least = 5'000;  ///< as LargeBooks has it
  int threads = 2;
  bool owns_folder = true;  ///< whether litter may be removed
  std::stop_token stop;
};

/// Reads a world from the store piece by piece and makes its index in a folder of its own beside what is there; writes the
/// manifest last, then removes what it does not name. Holds one segment's vectors and keys at a time: about 1 KiB a passage of
/// it. Runs for minutes on the executor that it is awaited on, so that wants a thread of its own. Errors: those of the store;
/// unavailable (the disk), cancelled. A failure leaves the folder as it was.
boost::asio::awaitable<Result<std::shared_ptr<const SegmentSet>>> build_index(store::PageStore& pages, IndexPlan plan);

}  // namespace gibsey::retrieval::large
