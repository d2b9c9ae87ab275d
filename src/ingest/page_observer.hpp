#pragma once
#include "store/page_store.hpp"

#include <cstddef>

namespace gibsey::ingest {

/// Who is told what became of changed pages. Thread-safe, must not block.
struct PageObserver {
  virtual ~PageObserver() = default;
  /// A change is searchable, or what was removed no longer is.
  virtual void page_changed(const store::PageChange& /*change*/) {}
  /// It is so this long after the write was durable.
  virtual void page_searchable(double /*seconds*/) {}
  /// A changed page's passages are found by meaning too; so many of them were embedded for it.
  virtual void page_embedded(std::size_t /*passages*/, double /*seconds*/) {}
};

}  // namespace gibsey::ingest
