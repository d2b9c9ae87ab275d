#pragma once
#include "base/result.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <optional>
#include <string>

namespace gibsey::retrieval {

/// How much of a world's book can be found.
struct BookSize {
  std::size_t pages = 0;
  std::size_t passages = 0;
  std::size_t without_vector = 0;  ///< passages that are found by their words alone so far
};

/// What is kept in step with the pages of the store, so that they can be found. Safe to call from any executor.
class PageIndex {
 public:
  virtual ~PageIndex() = default;
  /// (Re)builds what is held of one world from the store. A failure changes nothing. Errors: not_found (no such world), those of
  /// the store.
  virtual boost::asio::awaitable<Result<void>> load(std::string world) = 0;
  /// Brings one page of a loaded world in step with the store: written, removed, or only its vectors. Loads and changes take
  /// their turn; nothing to do, and no error, in a world that is not loaded.
  virtual boost::asio::awaitable<Result<void>> follow(std::string world, std::string page_id) = 0;
  /// Whether this page is held here, or would be if it were written: not in a world that is not loaded, nor in a part of one that
  /// another process holds.
  [[nodiscard]] virtual bool holds(const std::string& world, const std::string& page_id) const = 0;
  /// Of what is held here; nullopt for a world that is not loaded.
  [[nodiscard]] virtual std::optional<BookSize> size(const std::string& world) const = 0;
};

}  // namespace gibsey::retrieval
