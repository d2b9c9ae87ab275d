#pragma once
#include "chat/turn_service.hpp"
#include "provider/scripted/scripted_model.hpp"
#include "retrieval/chunks.hpp"
#include "retrieval/retriever.hpp"
#include "store/memory/ledger_store.hpp"
#include "store/memory/page_store.hpp"
#include "store/memory/turn_store.hpp"

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace gibsey::chat::testing {

namespace asio = boost::asio;

struct CountingObserver final : TurnObserver {
  void phase(std::string_view, double) override { ++phases; }
  void count(std::string_view, std::string_view, double) override {}
  std::atomic<int> phases = 0;
};

/// The real turn service over in-memory stores, the real retriever (text alone) and a script.
class TurnTest : public ::testing::Test {
 protected:
  asio::thread_pool pool{2};
  store::MemoryPageStore pages;
  store::MemoryTurnStore turns;
  store::MemoryLedgerStore ledger;
  retrieval::Retriever retriever{pages, nullptr};
  CountingObserver observer;
  store::TurnStore* turn_store = &turns;  ///< those of the service, from its start on
  store::LedgerStore* ledger_store = &ledger;
  std::vector<std::unique_ptr<provider::ScriptedModel>> scripted;
  std::unique_ptr<provider::Providers> models;
  std::unique_ptr<TurnService> service;

  template <typename T>
  T wait(asio::awaitable<T> work) {
    return asio::co_spawn(pool, std::move(work), asio::use_future).get();
  }

  void SetUp() override {
    model::Page page{.world = "w",
                     .id = "001",
                     .label = "1",
                     .title = "One",
                     .text =
                         "Arieol climbed the tower to put out the lamp. Nobody else had wanted the key.\n\n"
                         "The goat ate the second ticket of the morning. It was a Friday, and the sea was flat."};
    wait(pages.put_world(
             {.name = "w", .title = "W", .narrator = {.world = "w", .display_name = "Narrator", .system_prompt = "You tell."}}))
        .value();
    auto chunks = retrieval::cut_page(page, "en");
    wait(pages.put_pages({{.page = page, .passages = std::move(chunks.passages), .quotes = std::move(chunks.quotes)}}, false))
        .value();
    wait(pages.replace_characters("w",
                                  {{.world = "w", .id = "arieol", .display_name = "Arieol", .system_prompt = "You are Arieol."}}))
        .value();
    wait(retriever.load("w")).value();
  }

  void TearDown() override {
    if (service) wait(service->drain(std::chrono::milliseconds(100)));
    pool.join();
  }

  void start_service(std::vector<provider::ScriptedReply> replies, TurnSettings settings = {}) {
    std::vector<provider::ScriptedOptions> scripts;
    scripts.push_back({.replies = std::move(replies)});
    start_with(std::move(scripts), settings);
  }

  /// With one model a script, asked in this order.
  void start_with(std::vector<provider::ScriptedOptions> scripts, TurnSettings settings = {}) {
    std::vector<provider::ChatModel*> in_order;
    for (auto& script : scripts) {
      scripted.push_back(std::make_unique<provider::ScriptedModel>(std::move(script)));
      in_order.push_back(scripted.back().get());
    }
    models = std::make_unique<provider::Providers>(in_order);
    service = make_turn_service(pool.get_executor(),
                                {.pages = pages,
                                 .characters = pages,
                                 .turns = *turn_store,
                                 .ledger = *ledger_store,
                                 .passages = retriever,
                                 .models = *models,
                                 .observer = observer},
                                settings);
  }

  StartOutcome ask(const std::string& text, const std::string& character = "arieol") {
    auto started = wait(service->start({.user_id = "u", .character_id = character, .text = text}));
    EXPECT_TRUE(started.has_value()) << started.error().message;
    return std::move(*started);
  }

  static asio::awaitable<std::vector<model::TurnEvent>> all_events(std::shared_ptr<RunningTurn> turn) {
    std::vector<model::TurnEvent> events;
    std::int64_t seq = 0;
    while (auto next = co_await turn->next_after(seq)) {
      EXPECT_EQ(next->seq, seq + 1) << "no number is left out or given twice";
      seq = next->seq;
      events.push_back(std::move(next->event));
    }
    EXPECT_EQ(turn->last_seq(), seq);
    co_return events;
  }

  std::vector<model::TurnEvent> events_of(const StartOutcome& outcome) {
    return wait(all_events(std::get<std::shared_ptr<RunningTurn>>(outcome)));
  }

  template <typename Event>
  static std::vector<Event> only(const std::vector<model::TurnEvent>& events) {
    std::vector<Event> found;
    for (const auto& event : events) {
      if (const auto* match = std::get_if<Event>(&event)) found.push_back(*match);
    }
    return found;
  }

  static provider::ScriptedReply says(std::vector<std::string> chunks, int delay_ms = 0) {
    provider::ScriptedReply reply;
    for (auto& chunk : chunks) reply.chunks.push_back({std::move(chunk), std::chrono::milliseconds(delay_ms)});
    return reply;
  }

  std::int64_t balance() { return wait(ledger.balance("u")).value(); }
};

}  // namespace gibsey::chat::testing
