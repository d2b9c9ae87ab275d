#include "retrieval/made_store.hpp"

namespace gibsey::bench {

void MadeStore::edit(std::size_t page, std::size_t other) {
  removed_.erase(page);
  edited_[page] = {other, edited_.contains(page) ? edited_[page].second + 1 : 2};
  changes_.push_back(page);
}

void MadeStore::remove(std::size_t page) {
  removed_.insert(page);
  changes_.push_back(page);
}

store::Async<std::optional<model::World>> MadeStore::find_world(std::string name) {
  co_return model::World{.name = std::move(name)};
}

store::Async<std::optional<model::Page>> MadeStore::find_page(std::string world, std::string id) {
  GIBSEY_CO_TRY(auto found, co_await find_content(std::move(world), std::move(id), ""));
  if (!found) co_return std::nullopt;
  co_return std::move(found->content.page);
}

store::Async<std::vector<store::PageChange>> MadeStore::changes_after(std::int64_t after, int limit) {
  std::vector<store::PageChange> changes;
  for (auto i = static_cast<std::size_t>(after); i < changes_.size() && changes.size() < static_cast<std::size_t>(limit); ++i) {
    changes.push_back({.world = book_.shape().world,
                       .page_id = book_.page_id(changes_[i]),
                       .seq = static_cast<std::int64_t>(i) + 1,
                       .removed = removed_.contains(changes_[i])});
  }
  co_return changes;
}

store::IndexedPage MadeStore::page(std::size_t number, const std::string& model) const {
  const auto edited = edited_.find(number);
  const std::size_t made = edited == edited_.end() ? number : edited->second.first;
  store::IndexedPage page{.content = book_.page(made), .vectors = {}};
  page.content.page.id = book_.page_id(number);
  page.content.page.order = static_cast<std::int64_t>(number);
  if (edited != edited_.end()) page.content.page.version = edited->second.second;
  if (vectors_ == nullptr || model.empty()) return page;
  for (const auto& passage : page.content.passages) {
    const auto which = made * book_.shape().passages_a_page + static_cast<std::size_t>(passage.number);
    page.vectors.push_back({page.content.page.id, passage.number, vectors_->vector(which), page.content.page.version});
  }
  return page;
}

store::Async<std::vector<store::IndexedPage>> MadeStore::find_contents(std::string, std::vector<std::string> ids,
                                                                       std::string model) {
  std::vector<store::IndexedPage> pages;
  for (const std::string& id : ids) {
    const std::size_t number = std::stoul(id) - 1;
    if (number < book_.page_count() && !removed_.contains(number)) pages.push_back(page(number, model));
  }
  co_return pages;
}

store::Async<std::vector<store::IndexedPage>> MadeStore::list_contents(std::string, store::BookPosition after, int limit,
                                                                       std::string model) {
  std::vector<store::IndexedPage> pages;
  auto number = after.order < 0 ? 0 : static_cast<std::size_t>(after.order) + 1;
  for (; number < book_.page_count() && pages.size() < static_cast<std::size_t>(limit); ++number) {
    if (!removed_.contains(number)) pages.push_back(page(number, model));
  }
  co_return pages;
}

}  // namespace gibsey::bench
