#include "store/memory/page_store.hpp"

#include "store/page_check.hpp"

#include <algorithm>
#include <set>
#include <tuple>

namespace gibsey::store {
namespace {

/// Fills what a passage or quote knows by the page that it lies in.
void name_parts(model::PageContent& content) {
  for (auto& passage : content.passages) {
    passage.world = content.page.world;
    passage.page_id = content.page.id;
  }
  std::ranges::sort(content.passages, {}, &model::Passage::number);
  for (auto& quote : content.quotes) {
    quote.world = content.page.world;
    quote.page_id = content.page.id;
  }
}

}  // namespace

// No coroutine here suspends, so that a lock is never held across a co_await.

Async<void> MemoryPageStore::put_world(model::World world) {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(worlds_, world.name, &model::World::name);
  if (found != worlds_.end()) {
    *found = std::move(world);
  } else {
    worlds_.push_back(std::move(world));
  }
  co_return Result<void>();
}

Async<std::optional<model::World>> MemoryPageStore::find_world(std::string name) {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(worlds_, name, &model::World::name);
  if (found == worlds_.end()) co_return std::nullopt;
  co_return *found;
}

Async<std::vector<model::World>> MemoryPageStore::list_worlds() {
  const std::lock_guard lock(mutex_);
  co_return worlds_;
}

Async<void> MemoryPageStore::remove_world(std::string name) {
  const std::lock_guard lock(mutex_);
  const auto had_row = std::erase_if(worlds_, [&](const model::World& world) { return world.name == name; }) > 0;
  const auto had_pages = pages_.erase(name) > 0;
  if (!had_row && !had_pages) co_return std::unexpected(unknown_world(name));
  co_return Result<void>();
}

std::int64_t MemoryPageStore::next_version(const Pages& pages, const std::string& id) {
  std::int64_t last = 0;
  for (auto version = pages.former_versions.lower_bound({id, 0});
       version != pages.former_versions.end() && version->first.first == id; ++version) {
    last = version->first.second;
  }
  return last + 1;
}

void MemoryPageStore::put_page(Pages& pages, model::PageContent content, PageChanges& changes) {
  const auto found = pages.current.find(content.page.id);
  if (found == pages.current.end()) {
    ++changes.added;
  } else if (auto& stored = found->second.content.page; stored.content_hash == content.page.content_hash) {
    ++changes.unchanged;
    std::tie(stored.order, stored.label, stored.chapter) = std::tie(content.page.order, content.page.label, content.page.chapter);
    return;
  } else {
    ++changes.changed;
    pages.former_versions[{stored.id, stored.version}] = stored;
  }
  content.page.version = next_version(pages, content.page.id);
  if (content.page.updated == 0) content.page.updated = unix_millis_now();
  name_parts(content);
  const auto id = content.page.id;
  pages.current[id] = StoredPage{.content = std::move(content), .vectors = {}};
}

Async<PageChanges> MemoryPageStore::put_pages(std::vector<model::PageContent> pages, bool remove_others) {
  GIBSEY_CO_CHECK(check_pages(pages, remove_others));
  PageChanges changes;
  if (pages.empty()) co_return changes;
  const std::lock_guard lock(mutex_);
  auto& stored = pages_[pages.front().page.world];
  std::set<std::string> given;
  for (auto& content : pages) {
    given.insert(content.page.id);
    put_page(stored, std::move(content), changes);
  }
  for (auto page = stored.current.begin(); remove_others && page != stored.current.end();) {
    if (given.contains(page->first)) {
      ++page;
      continue;
    }
    const auto& gone = page->second.content.page;
    stored.former_versions[{gone.id, gone.version}] = gone;
    page = stored.current.erase(page);
    ++changes.removed;
  }
  co_return changes;
}

Async<std::optional<model::Page>> MemoryPageStore::find_page(std::string world, std::string id) {
  const std::lock_guard lock(mutex_);
  const auto pages = pages_.find(world);
  if (pages == pages_.end()) co_return std::nullopt;
  const auto page = pages->second.current.find(id);
  if (page == pages->second.current.end()) co_return std::nullopt;
  co_return page->second.content.page;
}

Async<std::optional<model::Page>> MemoryPageStore::find_page_version(std::string world, std::string id, std::int64_t version) {
  const std::lock_guard lock(mutex_);
  const auto pages = pages_.find(world);
  if (pages == pages_.end()) co_return std::nullopt;
  const auto current = pages->second.current.find(id);
  if (current != pages->second.current.end() && current->second.content.page.version == version) {
    co_return current->second.content.page;
  }
  const auto former = pages->second.former_versions.find({id, version});
  if (former == pages->second.former_versions.end()) co_return std::nullopt;
  co_return former->second;
}

std::vector<const MemoryPageStore::StoredPage*> MemoryPageStore::in_book_order(const std::string& world) const {
  std::vector<const StoredPage*> ordered;
  const auto pages = pages_.find(world);
  if (pages == pages_.end()) return ordered;
  for (const auto& [id, stored] : pages->second.current) ordered.push_back(&stored);
  std::ranges::sort(ordered, {},
                    [](const StoredPage* stored) { return std::tie(stored->content.page.order, stored->content.page.id); });
  return ordered;
}

Async<std::vector<model::Page>> MemoryPageStore::list_pages(std::string world, std::string after, int limit) {
  const std::lock_guard lock(mutex_);
  const auto ordered = in_book_order(world);
  auto next = ordered.begin();
  if (!after.empty()) {
    next = std::ranges::find(ordered, after, [](const StoredPage* stored) { return stored->content.page.id; });
    if (next == ordered.end()) co_return std::unexpected(unknown_page(world, after));
    ++next;
  }
  std::vector<model::Page> listed;
  for (; next != ordered.end() && static_cast<int>(listed.size()) < limit; ++next) listed.push_back((*next)->content.page);
  co_return listed;
}

Async<std::int64_t> MemoryPageStore::count_pages(std::string world) {
  const std::lock_guard lock(mutex_);
  co_return static_cast<std::int64_t>(in_book_order(world).size());
}

Async<std::vector<model::PageContent>> MemoryPageStore::load_contents(std::string world) {
  const std::lock_guard lock(mutex_);
  std::vector<model::PageContent> contents;
  for (const auto* stored : in_book_order(world)) contents.push_back(stored->content);
  co_return contents;
}

Async<void> MemoryPageStore::put_vectors(std::string world, std::string embedding_model,
                                         std::vector<model::PassageVector> vectors) {
  const std::lock_guard lock(mutex_);
  std::size_t dimension = 0;
  for (const auto* stored : in_book_order(world)) {
    const auto first = stored->vectors.lower_bound({embedding_model, 0});
    if (first != stored->vectors.end() && first->first.first == embedding_model) dimension = first->second.size();
  }
  GIBSEY_CO_CHECK(check_vectors(vectors, dimension));
  const auto pages = pages_.find(world);
  if (pages == pages_.end()) co_return Result<void>();
  auto& current = pages->second.current;
  for (auto& vector : vectors) {
    const auto page = current.find(vector.page_id);
    if (page == current.end()) continue;
    const auto& passages = page->second.content.passages;
    if (std::ranges::find(passages, vector.passage, &model::Passage::number) == passages.end()) continue;
    page->second.vectors[{embedding_model, vector.passage}] = std::move(vector.values);
  }
  co_return Result<void>();
}

Async<std::vector<model::PassageVector>> MemoryPageStore::load_vectors(std::string world, std::string embedding_model) {
  const std::lock_guard lock(mutex_);
  std::vector<model::PassageVector> found;
  for (const auto* stored : in_book_order(world)) {
    for (const auto& [key, values] : stored->vectors) {
      if (key.first != embedding_model) continue;
      found.push_back({.page_id = stored->content.page.id, .passage = key.second, .values = values});
    }
  }
  co_return found;
}

Async<std::vector<PassageKey>> MemoryPageStore::passages_without_vector(std::string world, std::string embedding_model) {
  const std::lock_guard lock(mutex_);
  std::vector<PassageKey> missing;
  for (const auto* stored : in_book_order(world)) {
    for (const auto& passage : stored->content.passages) {
      if (!stored->vectors.contains({embedding_model, passage.number})) {
        missing.push_back({.page_id = stored->content.page.id, .passage = passage.number});
      }
    }
  }
  co_return missing;
}

Async<void> MemoryPageStore::replace_characters(std::string world, std::vector<model::Character> characters) {
  const std::lock_guard lock(mutex_);
  co_return casts_.replace(world, std::move(characters));
}

Async<void> MemoryPageStore::put_character(model::Character character) {
  const std::lock_guard lock(mutex_);
  co_return casts_.put(std::move(character));
}

Async<void> MemoryPageStore::remove_character(std::string world, std::string id) {
  const std::lock_guard lock(mutex_);
  co_return casts_.remove(world, id);
}

Async<std::vector<model::Character>> MemoryPageStore::list_characters(std::string world) {
  const std::lock_guard lock(mutex_);
  co_return casts_.list(world);
}

Async<std::optional<model::Character>> MemoryPageStore::find_character(std::string world, std::string id) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> worlds;
  if (!world.empty()) {
    worlds.push_back(world);
  } else {
    for (const auto& known : worlds_) worlds.push_back(known.name);
    worlds = casts_.with_others(std::move(worlds));
  }
  co_return casts_.find(worlds, id);
}

}  // namespace gibsey::store
