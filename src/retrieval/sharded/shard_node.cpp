#include "retrieval/sharded/shard_node.hpp"

#include "retrieval/sharded/shard_nodes.hpp"
#include "retrieval/store_pages.hpp"

#include <fmt/format.h>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <thread>
#include <utility>

namespace gibsey::retrieval::sharded {

namespace asio = boost::asio;

namespace {

constexpr int kPagesAtOnce = 256;

/// A shard while it is read.
struct ReadShard {
  std::vector<model::PageContent> contents;
  std::vector<model::PassageVector> vectors;
};

/// What `call` asks of a shard, once its payload is understood.
using Ask = std::function<std::string(const HeldShard&)>;

Result<Ask> ask_of(const std::string& call, const std::string& payload) {
  if (call == kCallCounts) {
    GIBSEY_TRY(auto keys, read_keys(payload));
    return [keys = std::move(keys)](const HeldShard& shard) { return encode(shard.count(keys)); };
  }
  if (call == kCallCards) {
    GIBSEY_TRY(auto wanted, read_wanted(payload));
    return [wanted = std::move(wanted)](const HeldShard& shard) { return encode(shard.find_cards(wanted)); };
  }
  if (call == kCallPages) {
    GIBSEY_TRY(auto names, read_names(payload));
    return [names = std::move(names)](const HeldShard& shard) { return encode(shard.quotes_of(names)); };
  }
  if (call == kCallQuote) {
    GIBSEY_TRY(auto claim, read_claim(payload));
    return [claim = std::move(claim)](const HeldShard& shard) { return encode(shard.find_quote(claim)); };
  }
  return fail(ErrorCode::not_found, fmt::format("shards know no call '{}'", call));
}

std::shared_ptr<const HeldShard> held(BookParts parts) {
  // Small segments are put together at once: a shard is cut to be small.
  if (auto small = parts.wanted_merge(); !small.empty()) {
    BookSegment segment(small, parts.language());
    parts = parts.merged(small, std::move(segment));
  }
  return std::make_shared<const HeldShard>(std::move(parts));
}

asio::awaitable<std::shared_ptr<const HeldShard>> make(ReadShard read, std::string language) {
  co_return held(BookParts(std::move(read.contents), read.vectors, std::move(language)));
}

/// Whether the shard has them just so.
bool is_as(const HeldShard& shard, const StorePages& pages) {
  const auto is_there = [&shard](const store::IndexedPage& page) {
    return shard.parts().has(page.content.page, page.vectors.size());
  };
  const auto is_gone = [&shard](const std::string& id) { return shard.parts().find(id) == nullptr; };
  return std::ranges::all_of(pages.written, is_there) && std::ranges::all_of(pages.gone, is_gone);
}

asio::awaitable<std::shared_ptr<const HeldShard>> changed(std::shared_ptr<const HeldShard> shard, StorePages pages) {
  if (is_as(*shard, pages)) co_return shard;
  co_return held(shard->parts().changed(std::move(pages.written), pages.gone));
}

}  // namespace

ShardNode::ShardNode(store::PageStore& pages, std::string embedding_model, ShardMap map, std::size_t node)
    : pages_(pages),
      embedding_model_(std::move(embedding_model)),
      map_(std::move(map)),
      node_(node),
      searchers_(std::max(1U, std::thread::hardware_concurrency())) {}

asio::awaitable<Result<void>> ShardNode::load(std::string world) {
  GIBSEY_CO_TRY(const auto found, co_await pages_.find_world(world));
  if (!found) co_return fail(ErrorCode::not_found, fmt::format("no world {}", world));
  const auto turn = co_await changing_.take();
  GIBSEY_CO_TRY(auto read, co_await read_world(*found));
  const std::scoped_lock lock(mutex_);
  worlds_[world] = std::move(read);
  co_return Result<void>();
}

asio::awaitable<Result<ShardNode::World>> ShardNode::read_world(model::World world) {
  std::map<std::uint32_t, ReadShard> read;
  for (std::uint32_t shard = 0; shard < map_.shards(); ++shard) {
    if (map_.owns(node_, world.name, shard)) read[shard];
  }
  std::string after;
  for (bool more = true; more;) {
    GIBSEY_CO_TRY(const auto pages, co_await pages_.list_pages(world.name, after, kPagesAtOnce));
    std::vector<std::string> own;
    for (const model::Page& page : pages) {
      if (read.contains(shard_of(world.name, page.id, map_.shards()))) own.push_back(page.id);
    }
    GIBSEY_CO_TRY(auto contents, co_await pages_.find_contents(world.name, std::move(own), embedding_model_));
    for (store::IndexedPage& page : contents) {
      ReadShard& shard = read.at(shard_of(world.name, page.content.page.id, map_.shards()));
      shard.contents.push_back(std::move(page.content));
      std::ranges::move(page.vectors, std::back_inserter(shard.vectors));
    }
    more = pages.size() == kPagesAtOnce;
    if (more) after = pages.back().id;
  }
  World made{.language = world.language, .shards = {}};
  for (auto& [shard, pages] : read) {
    made.shards[shard] = co_await asio::co_spawn(builders_, make(std::move(pages), world.language), asio::use_awaitable);
  }
  co_return made;
}

asio::awaitable<Result<void>> ShardNode::follow(std::string world, std::vector<std::string> page_ids) {
  std::erase_if(page_ids, [&](const std::string& id) { return !holds(world, id); });
  if (page_ids.empty()) co_return Result<void>();
  const auto turn = co_await changing_.take();
  GIBSEY_CO_TRY(auto found, co_await look_up_pages(pages_, world, std::move(page_ids), embedding_model_));
  std::map<std::uint32_t, StorePages> by_shard;
  const auto of = [&](const std::string& id) -> StorePages& { return by_shard[shard_of(world, id, map_.shards())]; };
  for (store::IndexedPage& page : found.written) of(page.content.page.id).written.push_back(std::move(page));
  for (std::string& id : found.gone) of(id).gone.push_back(std::move(id));
  for (auto& [shard, pages] : by_shard) {
    auto before = find(world, shard);
    if (!before) continue;
    auto after = co_await asio::co_spawn(builders_, changed(std::move(before), std::move(pages)), asio::use_awaitable);
    const std::scoped_lock lock(mutex_);
    worlds_[world].shards[shard] = std::move(after);
  }
  co_return Result<void>();
}

bool ShardNode::holds(const std::string& world, const std::string& page_id) const {
  return find(world, shard_of(world, page_id, map_.shards())) != nullptr;
}

std::optional<BookSize> ShardNode::size(const std::string& world) const {
  const std::scoped_lock lock(mutex_);
  const auto known = worlds_.find(world);
  if (known == worlds_.end()) return std::nullopt;
  BookSize size;
  for (const auto& [number, shard] : known->second.shards) {
    const BookSize part = shard->size();
    size.pages += part.pages;
    size.passages += part.passages;
    size.without_vector += part.without_vector;
  }
  return size;
}

asio::awaitable<Result<std::string>> ShardNode::answer(std::string call, std::string body) {
  GIBSEY_CO_TRY(auto request, read_request(body));
  if (request.shard_count != map_.shards()) {
    co_return fail(ErrorCode::conflict,
                   fmt::format("worlds are cut into {} shards here, not {}; give all processes the same GIBSEY_SHARDS",
                               map_.shards(), request.shard_count));
  }
  // Here, since the store may answer when the searchers are gone.
  if (call == kCallFollow) {
    GIBSEY_CO_TRY(auto page_ids, read_ids(request.payload));
    GIBSEY_CO_CHECK(co_await follow(request.world, std::move(page_ids)));
  }
  // It is not ended half-way from another thread; it takes milliseconds.
  auto to_the_end = asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable_t<>());
  co_return co_await asio::co_spawn(searchers_, ask_shards(std::move(call), std::move(request)), std::move(to_the_end));
}

asio::awaitable<Result<std::string>> ShardNode::ask_shards(std::string call, ShardRequest request) {
  const bool follows = call == kCallFollow;
  auto ask = follows ? Result<Ask>([](const HeldShard&) { return std::string(); }) : ask_of(call, request.payload);
  if (!ask) co_return std::unexpected(ask.error());
  std::vector<ShardAnswer> answers;
  for (const std::uint32_t number : request.shards) {
    if (const auto shard = find(request.world, number)) answers.push_back({number, (*ask)(*shard)});
  }
  co_return encode(answers);
}

std::shared_ptr<const HeldShard> ShardNode::find(const std::string& world, std::uint32_t shard) const {
  const std::scoped_lock lock(mutex_);
  const auto known = worlds_.find(world);
  if (known == worlds_.end()) return nullptr;
  const auto held = known->second.shards.find(shard);
  return held == known->second.shards.end() ? nullptr : held->second;
}

}  // namespace gibsey::retrieval::sharded
