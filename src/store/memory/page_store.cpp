#include "store/memory/page_store.hpp"

#include "store/page_check.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <tuple>

namespace gibsey::store {
namespace {

bool is_number(const std::string& id) {
  constexpr std::size_t kMostDigits = 18;
  return !id.empty() && id.size() <= kMostDigits && id.find_first_not_of("0123456789") == std::string::npos;
}

/// The id behind every number among those that are and those that were.
template <typename Current, typename Former>
std::string new_id(const Current& current, const Former& former) {
  std::int64_t highest = 0;
  std::size_t digits = 0;
  const auto look_at = [&](const std::string& id) {
    if (!is_number(id)) return;
    highest = std::max<std::int64_t>(highest, std::stoll(id));
    digits = std::max(digits, id.size());
  };
  for (const auto& [id, page] : current) look_at(id);
  for (const auto& [key, page] : former) look_at(key.first);
  return next_page_id(highest, digits);
}

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

std::int64_t MemoryPageStore::newest_former(const Pages& pages, const std::string& id) {
  std::int64_t last = 0;
  for (auto version = pages.former_versions.lower_bound({id, 0});
       version != pages.former_versions.end() && version->first.first == id; ++version) {
    last = version->first.second;
  }
  return last;
}

MemoryPageStore::StoredPage& MemoryPageStore::write_page(Pages& pages, model::PageContent content, PageChanges& changes) {
  const auto found = pages.current.find(content.page.id);
  StoredPage made;
  if (found == pages.current.end()) {
    ++changes.added;
    pages.removed.erase(content.page.id);
  } else if (auto& stored = found->second.content.page; stored.content_hash == content.page.content_hash) {
    ++changes.unchanged;
    const auto place = [](model::Page& page) { return std::tie(page.order, page.label, page.chapter); };
    if (place(stored) != place(content.page)) found->second.seq = ++last_change_;
    place(stored) = place(content.page);
    return found->second;
  } else {
    ++changes.changed;
    pages.former_versions[{stored.id, stored.version}] = stored;
    made.edited = found->second.edited;
    for (const auto& [key, values] : found->second.vectors) {
      const auto& text = std::ranges::find(found->second.content.passages, key.second, &model::Passage::number)->text;
      for (const auto& passage : content.passages) {
        if (passage.text == text) made.vectors[{key.first, passage.number}] = values;
      }
    }
  }
  content.page.version = newest_former(pages, content.page.id) + 1;
  if (content.page.updated == 0) content.page.updated = unix_millis_now();
  name_parts(content);
  made.seq = ++last_change_;
  made.content = std::move(content);
  auto& place = pages.current[made.content.page.id];
  place = std::move(made);
  return place;
}

PageChange MemoryPageStore::take_page(Pages& pages, const std::string& id, bool by_hand) {
  const auto at = pages.current.find(id);
  const auto& gone = at->second.content.page;
  const PageChange change{
      .world = gone.world, .page_id = gone.id, .version = gone.version, .seq = ++last_change_, .removed = true};
  pages.former_versions[{gone.id, gone.version}] = gone;
  pages.removed[change.page_id] = {.change = change, .edited = by_hand};
  pages.current.erase(at);
  return change;
}

PageChanges MemoryPageStore::write_book(std::vector<model::PageContent> pages, bool remove_others, bool over_edits) {
  PageChanges changes;
  auto& stored = pages_[pages.front().page.world];
  std::set<std::string> given;
  for (auto& content : pages) {
    const auto& id = content.page.id;
    given.insert(id);
    const auto now = stored.current.find(id);
    const auto removed = stored.removed.find(id);
    const bool by_hand =
        (now != stored.current.end() && now->second.edited) || (removed != stored.removed.end() && removed->second.edited);
    if (by_hand && !over_edits) {
      ++changes.kept;
    } else {
      write_page(stored, std::move(content), changes).edited = false;
    }
  }
  std::vector<std::string> absent;
  for (const auto& [id, page] : stored.current) {
    if (!remove_others || given.contains(id)) continue;
    if (page.edited && !over_edits) {
      ++changes.kept;
    } else {
      absent.push_back(id);
    }
  }
  for (const auto& id : absent) take_page(stored, id, false);
  changes.removed = static_cast<int>(absent.size());
  return changes;
}

Async<PageChanges> MemoryPageStore::put_pages(std::vector<model::PageContent> pages, bool remove_others) {
  GIBSEY_CO_CHECK(check_pages(pages, remove_others));
  if (pages.empty()) co_return PageChanges();
  const std::lock_guard lock(mutex_);
  co_return write_book(std::move(pages), remove_others, true);
}

Async<PageChanges> MemoryPageStore::sync_pages(std::vector<model::PageContent> pages) {
  GIBSEY_CO_CHECK(check_pages(pages, true));
  const std::lock_guard lock(mutex_);
  co_return write_book(std::move(pages), true, false);
}

Async<WrittenPage> MemoryPageStore::put_page(model::PageContent content, std::optional<std::int64_t> expected) {
  const std::lock_guard lock(mutex_);
  auto& page = content.page;
  const auto known = pages_.find(page.world);
  if (page.id.empty())
    page.id = known == pages_.end() ? next_page_id(0, 0) : new_id(known->second.current, known->second.former_versions);
  if (page.label.empty()) page.label = label_of_id(page.id);
  GIBSEY_CO_CHECK(check_pages({content}, false));
  const StoredPage* stored = nullptr;
  std::int64_t behind_the_last = 0;
  if (known != pages_.end()) {
    for (const auto& [id, other] : known->second.current) {
      if (id == page.id) stored = &other;
      behind_the_last = std::max(behind_the_last, other.content.page.order + 1);
    }
  }
  GIBSEY_CO_CHECK(check_version(page, stored != nullptr ? stored->content.page.version : 0, expected));
  if (page.order < 0) page.order = stored != nullptr ? stored->content.page.order : behind_the_last;
  PageChanges changes;
  auto& written = write_page(pages_[page.world], std::move(content), changes);
  written.edited = true;
  co_return WrittenPage{.page = written.content.page,
                        .seq = written.seq,
                        .added = changes.added > 0,
                        .changed = changes.added + changes.changed > 0};
}

Async<PageChange> MemoryPageStore::remove_page(std::string world, std::string id, std::optional<std::int64_t> expected) {
  const std::lock_guard lock(mutex_);
  const auto pages = pages_.find(world);
  if (pages == pages_.end() || !pages->second.current.contains(id)) co_return std::unexpected(unknown_page(world, id));
  const auto& page = pages->second.current[id].content.page;
  GIBSEY_CO_CHECK(check_version(page, page.version, expected));
  co_return take_page(pages->second, id, true);
}

Async<std::int64_t> MemoryPageStore::last_version(std::string world, std::string id) {
  const std::lock_guard lock(mutex_);
  const auto pages = pages_.find(world);
  if (pages == pages_.end()) co_return 0;
  const auto current = pages->second.current.find(id);
  co_return current != pages->second.current.end() ? current->second.content.page.version : newest_former(pages->second, id);
}

Async<std::int64_t> MemoryPageStore::last_change() {
  const std::lock_guard lock(mutex_);
  co_return last_change_;
}

Async<std::vector<PageChange>> MemoryPageStore::changes_after(std::int64_t after, int limit) {
  const std::lock_guard lock(mutex_);
  std::vector<PageChange> changes;
  for (const auto& [world, pages] : pages_) {
    for (const auto& [id, stored] : pages.current) {
      if (stored.seq > after)
        changes.push_back({.world = world, .page_id = id, .version = stored.content.page.version, .seq = stored.seq});
    }
    for (const auto& [id, removed] : pages.removed) {
      if (removed.change.seq > after) changes.push_back(removed.change);
    }
  }
  std::ranges::sort(changes, {}, &PageChange::seq);
  changes.resize(std::min(changes.size(), static_cast<std::size_t>(std::max(limit, 0))));
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
    if (vector.page_version != page->second.content.page.version) continue;
    const auto& passages = page->second.content.passages;
    if (std::ranges::find(passages, vector.passage, &model::Passage::number) == passages.end()) continue;
    page->second.vectors[{embedding_model, vector.passage}] = std::move(vector.values);
  }
  co_return Result<void>();
}

std::vector<model::PassageVector> MemoryPageStore::vectors_of(const StoredPage& page, const std::string& embedding_model) {
  std::vector<model::PassageVector> found;
  for (const auto& [key, values] : page.vectors) {
    if (key.first != embedding_model) continue;
    found.push_back(
        {.page_id = page.content.page.id, .passage = key.second, .values = values, .page_version = page.content.page.version});
  }
  return found;
}

Async<std::vector<model::PassageVector>> MemoryPageStore::load_vectors(std::string world, std::string embedding_model) {
  const std::lock_guard lock(mutex_);
  std::vector<model::PassageVector> found;
  for (const auto* stored : in_book_order(world))
    std::ranges::move(vectors_of(*stored, embedding_model), std::back_inserter(found));
  co_return found;
}

Async<std::vector<IndexedPage>> MemoryPageStore::find_contents(std::string world, std::vector<std::string> ids,
                                                               std::string embedding_model) {
  const std::lock_guard lock(mutex_);
  std::vector<IndexedPage> found;
  const auto pages = pages_.find(world);
  if (pages == pages_.end()) co_return found;
  for (const auto& id : ids) {
    const auto page = pages->second.current.find(id);
    if (page == pages->second.current.end()) continue;
    found.push_back({.content = page->second.content, .vectors = vectors_of(page->second, embedding_model)});
  }
  co_return found;
}

Async<std::int64_t> MemoryPageStore::count_passages(std::string world) {
  const std::lock_guard lock(mutex_);
  std::size_t count = 0;
  for (const auto* stored : in_book_order(world)) count += stored->content.passages.size();
  co_return static_cast<std::int64_t>(count);
}

Async<std::vector<IndexedPage>> MemoryPageStore::list_contents(std::string world, BookPosition after, int limit,
                                                               std::string embedding_model) {
  const std::lock_guard lock(mutex_);
  std::vector<IndexedPage> listed;
  for (const auto* stored : in_book_order(world)) {
    const auto& page = stored->content.page;
    if (std::tie(page.order, page.id) <= std::tie(after.order, after.id)) continue;
    if (static_cast<int>(listed.size()) >= limit) break;
    listed.push_back({.content = stored->content, .vectors = vectors_of(*stored, embedding_model)});
  }
  co_return listed;
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
