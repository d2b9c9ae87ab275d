#pragma once
#include "base/result.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gibsey::retrieval {

/// The files from which a large book is searched (docs/index_files.md).
struct IndexFiles {
  std::uint64_t bytes = 0;
  std::size_t passages_since = 0;  ///< written or removed since they were made; each search goes through all of them
  bool rebuilding = false;         ///< new ones are being made beside them
};

/// How much of a world's book can be found.
struct BookSize {
  std::size_t pages = 0;
  std::size_t passages = 0;
  std::size_t without_vector = 0;                  ///< passages that are found by their words alone so far
  std::optional<IndexFiles> files = std::nullopt;  ///< none: held in memory
};

/// What is kept in step with the pages of the store, so that they can be found. Safe to call from any executor.
class PageIndex {
 public:
  virtual ~PageIndex() = default;
  /// (Re)builds what is held of one world from the store. A failure changes nothing. Errors: not_found (no such world), those of
  /// the store.
  virtual boost::asio::awaitable<Result<void>> load(std::string world) = 0;
  /// Brings some pages of a loaded world, no id twice, in step with the store: written, removed, or only their vectors. Many at
  /// once take little longer than one. Loads and changes take their turn; nothing to do, and no error, in a world that is not
  /// loaded.
  virtual boost::asio::awaitable<Result<void>> follow(std::string world, std::vector<std::string> page_ids) = 0;
  /// Whether this page is held here, or would be if it were written: not in a world that is not loaded, nor in a part of one that
  /// another process holds.
  [[nodiscard]] virtual bool holds(const std::string& world, const std::string& page_id) const = 0;
  /// Of what is held here; nullopt for a world that is not loaded.
  [[nodiscard]] virtual std::optional<BookSize> size(const std::string& world) const = 0;
};

}  // namespace gibsey::retrieval
