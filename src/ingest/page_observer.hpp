#pragma once
#include "store/page_store.hpp"

#include <cstddef>
#include <cstdint>

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
  /// So many changes are on the feed.
  virtual void events_published(std::size_t /*events*/) {}
  /// The worker has done what these events ask for.
  virtual void events_worked(std::size_t /*events*/) {}
  /// It could not, and never will: the event is on the topic of the dead.
  virtual void event_died() {}
  /// How far the worker is behind the feed.
  virtual void feed_lag(std::int64_t /*events*/, double /*seconds*/) {}
};

}  // namespace gibsey::ingest
