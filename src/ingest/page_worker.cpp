#include "ingest/page_worker.hpp"

#include "base/log.hpp"
#include "ingest/content_hash.hpp"
#include "ingest/page_editor.hpp"
#include "net/side_by_side.hpp"
#include "retrieval/chunks.hpp"

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

namespace gibsey::ingest {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

/// One call of the embedder. An embedder elsewhere answers a reader's question after it.
constexpr std::size_t kTextsAtOnce = 32;
/// Pages that are read, and cut and written where that is due, side by side: on Cassandra each waits for a dozen answers.
constexpr std::size_t kPagesAtOnce = 8;
constexpr auto kListen = std::chrono::seconds(2);
constexpr auto kLongestRest = std::chrono::milliseconds(10'000);

/// Trying again would not help.
bool is_hopeless(ErrorCode code) {
  return code == ErrorCode::invalid_argument || code == ErrorCode::too_large;
}

feed::Event dead_event(const feed::Delivered& delivered, const std::string& reason) {
  auto event = delivered.event;
  event.headers.push_back({"reason", reason});
  event.headers.push_back({"place", fmt::format("{}:{}", delivered.partition, delivered.offset)});
  return event;
}

}  // namespace

PageWorker::PageWorker(asio::any_io_executor executor, store::PageStore& pages, feed::Feed& feed, provider::Embedder* embedder,
                       retrieval::PageIndex* retriever, VectorWorker* owed, PageObserver& observer, WorkerSettings settings)
    : executor_(std::move(executor)),
      pages_(pages),
      feed_(feed),
      embedder_(embedder),
      retriever_(retriever),
      owed_(owed),
      observer_(observer),
      settings_(std::move(settings)) {}

void PageWorker::start() {
  running_ = asio::co_spawn(executor_, run(), asio::use_future);
}

void PageWorker::stop() {
  stopped_ = true;
  {
    const std::lock_guard lock(mutex_);
    if (consumer_ != nullptr) consumer_->stop();
  }
  const std::lock_guard lock(wake_.mutex());
  wake_.notify();
}

void PageWorker::wait() {
  if (running_.valid()) running_.get();
}

feed::Lag PageWorker::lag() const {
  const std::lock_guard lock(mutex_);
  return consumer_ == nullptr ? feed::Lag() : consumer_->lag();
}

std::string PageWorker::problem() const {
  const std::lock_guard lock(mutex_);
  return problem_;
}

void PageWorker::tell(std::string problem) {
  {
    const std::lock_guard lock(mutex_);
    if (problem_ == problem) return;
    problem_ = problem;
  }
  if (problem.empty()) log::info("the worker goes on");
  if (!problem.empty()) log::warn("the worker waits: {}", problem);
}

/// False: it was told to stop.
asio::awaitable<bool> PageWorker::rest(std::chrono::milliseconds time) {
  co_await wake_.wait([this] { return stopped_.load(); }, Clock::now() + time);
  co_return !stopped_;
}

asio::awaitable<void> PageWorker::run() {
  while (!stopped_) {
    auto opened = co_await feed_.consumer(settings_.topic, settings_.group);
    if (!opened) {
      tell(opened.error().message);
      co_await rest(settings_.try_again);
      continue;
    }
    {
      const std::lock_guard lock(mutex_);
      consumer_ = opened->get();
      if (stopped_) consumer_->stop();
    }
    co_await consume(**opened);
    const std::lock_guard lock(mutex_);
    consumer_ = nullptr;
  }
}

/// Until it is stopped, or the consumer must be opened anew.
asio::awaitable<void> PageWorker::consume(feed::Consumer& consumer) {
  while (!stopped_) {
    const auto events = co_await consumer.next(settings_.most, Deadline::after(kListen));
    if (!events) {
      if (stopped_) co_return;
      tell(events.error().message);
      co_await rest(settings_.try_again);
      co_return;
    }
    const auto started = Clock::now();
    if (!events->empty()) {
      if (!co_await work_until_done(*events)) co_return;
      const auto committed = co_await consumer.commit(*events);
      // They are another worker's by now, who will find that there is nothing left to do.
      if (!committed && committed.error().code != ErrorCode::conflict) tell(committed.error().message);
      if (committed) observer_.events_worked(events->size());
    }
    const auto [behind, seconds] = consumer.lag();
    observer_.feed_lag(behind, seconds);
    if (events->size() < settings_.most) continue;
    const auto busy = std::chrono::duration<double, std::milli>(Clock::now() - started);
    co_await rest(std::chrono::milliseconds(static_cast<std::int64_t>(busy.count() * (1 / settings_.share - 1))));
  }
}

/// False: it was told to stop before.
asio::awaitable<bool> PageWorker::work_until_done(const std::vector<feed::Delivered>& events) {
  auto wait = settings_.try_again;
  for (;;) {
    const auto worked = co_await work(events);
    if (worked) break;
    tell(worked.error().message);
    if (!co_await rest(wait)) co_return false;
    wait = std::min(2 * wait, kLongestRest);
  }
  tell("");
  co_return true;
}

asio::awaitable<Result<void>> PageWorker::work(const std::vector<feed::Delivered>& events) {
  std::vector<feed::Event> dead;
  auto tasks = tasks_of(events, dead);
  std::vector<Prepared> prepared(tasks.size());
  co_await net::side_by_side(tasks.size(), kPagesAtOnce, [&](std::size_t i) { return prepare(tasks[i], i, prepared[i]); });
  std::vector<Missing> missing;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    auto& [outcome, of_page] = prepared[i];
    if (!outcome && !is_hopeless(outcome.error().code)) co_return outcome;
    if (!outcome) tasks[i].died = outcome.error().message;
    std::ranges::move(of_page, std::back_inserter(missing));
  }
  GIBSEY_CO_CHECK(co_await embed(tasks, std::move(missing)));
  co_return co_await finish(std::move(tasks), std::move(dead));
}

/// A page once, however many of the events name it.
std::vector<PageWorker::Task> PageWorker::tasks_of(const std::vector<feed::Delivered>& events,
                                                   std::vector<feed::Event>& dead) const {
  std::vector<Task> tasks;
  std::map<std::pair<std::string, std::string>, std::size_t> places;
  for (const auto& delivered : events) {
    auto page = read_page_event(delivered.event.key, delivered.event.value, settings_.default_world);
    if (!page) {
      dead.push_back(dead_event(delivered, page.error().message));
      continue;
    }
    const auto [place, first] = places.try_emplace({page->world, page->page_id}, tasks.size());
    if (first) tasks.push_back({.page = *std::move(page)});
    tasks[place->second].events.push_back(&delivered);
  }
  return tasks;
}

asio::awaitable<void> PageWorker::prepare(const Task& task, std::size_t number, Prepared& prepared) {
  auto missing = stopped_ ? Result<std::vector<Missing>>(fail(ErrorCode::cancelled, "the worker stops"))
                          : co_await find_missing(task.page, number);
  if (missing)
    prepared.missing = *std::move(missing);
  else
    prepared.outcome = std::unexpected(std::move(missing).error());
}

asio::awaitable<Result<std::vector<PageWorker::Missing>>> PageWorker::find_missing(PageEvent event, std::size_t number) {
  const auto& [world, id, version, seq, removed] = event;
  std::vector<Missing> missing;
  if (owed_ != nullptr && owed_->owed().contains(world))
    co_return fail(ErrorCode::unavailable, fmt::format("world {} is being embedded as a whole", world));
  const auto model = embedder_ == nullptr ? std::string() : embedder_->model();
  GIBSEY_CO_TRY(auto found, co_await pages_.find_content(world, id, model));
  if (!found) {
    // A row of another hand is no content yet: it has its text, and neither a version nor a place in the book.
    GIBSEY_CO_TRY(auto page, co_await pages_.find_page(world, id));
    if (!page || page->version > 0) co_return missing;
    page->order = -1;
    found.emplace().content.page = *std::move(page);
  }
  // Whoever wrote it may have given its text alone, or changed the text under its passages.
  if (content_hash(found->content.page) != found->content.page.content_hash) {
    GIBSEY_CO_TRY(found, co_await cut(*std::move(found)));
  }
  if (embedder_ == nullptr) co_return missing;
  for (const auto& passage : found->content.passages) {
    if (std::ranges::find(found->vectors, passage.number, &model::PassageVector::passage) != found->vectors.end()) continue;
    missing.push_back({number, {id, passage.number, {}, found->content.page.version}, passage.text});
  }
  co_return missing;
}

asio::awaitable<Result<store::IndexedPage>> PageWorker::cut(store::IndexedPage page) {
  auto content = std::move(page.content);
  const auto world = content.page.world;
  const auto id = content.page.id;
  const auto before = content.page.version;
  GIBSEY_CO_CHECK(check_page_text(content.page.text));
  GIBSEY_CO_TRY(const auto stored, co_await pages_.find_world(world));
  auto chunks = retrieval::cut_page(content.page, stored ? stored->language : std::string());
  content.passages = std::move(chunks.passages);
  content.quotes = std::move(chunks.quotes);
  content.page.content_hash = content_hash(content.page);
  const auto written = co_await pages_.put_page(std::move(content), before);
  // It was written once more in between: what it is now has an event of its own, too.
  if (!written && written.error().code != ErrorCode::conflict) co_return std::unexpected(written.error());
  GIBSEY_CO_TRY(auto now, co_await pages_.find_content(world, id, embedder_ == nullptr ? std::string() : embedder_->model()));
  co_return now ? *std::move(now) : store::IndexedPage();
}

asio::awaitable<Result<void>> PageWorker::embed(std::vector<Task>& tasks, std::vector<Missing> missing) {
  for (std::size_t first = 0; first < missing.size(); first += kTextsAtOnce) {
    if (stopped_) co_return fail(ErrorCode::cancelled, "the worker stops");
    const auto end = std::min(first + kTextsAtOnce, missing.size());
    const auto at = [&missing](std::size_t i) { return missing.begin() + static_cast<std::ptrdiff_t>(i); };
    std::vector<Missing> slice(std::make_move_iterator(at(first)), std::make_move_iterator(at(end)));
    const auto embedded = co_await embed_slice(tasks, slice);
    if (embedded) continue;
    if (!is_hopeless(embedded.error().code)) co_return embedded;
    // One of them cannot be embedded: which one is learned page by page.
    std::map<std::size_t, std::vector<Missing>> by_task;
    for (auto& one : slice) by_task[one.task].push_back(std::move(one));
    for (auto& [task, of_page] : by_task) {
      const auto alone = co_await embed_slice(tasks, std::move(of_page));
      if (!alone && !is_hopeless(alone.error().code)) co_return alone;
      if (!alone) tasks[task].died = alone.error().message;
    }
  }
  co_return Result<void>();
}

asio::awaitable<Result<void>> PageWorker::embed_slice(std::vector<Task>& tasks, std::vector<Missing> slice) {
  std::vector<std::string> texts;
  std::size_t bytes = 0;
  for (const auto& one : slice) {
    texts.push_back(one.text);
    bytes += one.text.size();
  }
  co_await keep_to_rate(bytes);
  auto vectors = co_await embedder_->embed(std::move(texts));
  if (!vectors) {
    auto error = std::move(vectors).error();
    error.message = fmt::format("world {}: searched by words alone: {}", tasks[slice.front().task].page.world, error.message);
    co_return std::unexpected(std::move(error));
  }
  std::map<std::string, std::vector<model::PassageVector>> by_world;
  for (std::size_t i = 0; i < slice.size(); ++i) {
    auto& task = tasks[slice[i].task];
    slice[i].vector.values = std::move(vectors->at(i));
    by_world[task.page.world].push_back(std::move(slice[i].vector));
    ++task.embedded;
  }
  for (auto& [world, of_world] : by_world)
    GIBSEY_CO_CHECK(co_await pages_.put_vectors(world, embedder_->model(), std::move(of_world)));
  co_return Result<void>();
}

/// The vectors are searched, and what died is told, before the events are committed.
asio::awaitable<Result<void>> PageWorker::finish(std::vector<Task> tasks, std::vector<feed::Event> dead) {
  std::map<std::string, std::vector<std::string>> embedded;
  for (const auto& task : tasks) {
    for (const auto* delivered : task.events) {
      if (!task.died.empty()) dead.push_back(dead_event(*delivered, task.died));
    }
    if (task.died.empty() && task.embedded > 0) embedded[task.page.world].push_back(task.page.page_id);
  }
  for (auto& [world, ids] : embedded) {
    if (retriever_ != nullptr) GIBSEY_CO_CHECK(co_await retriever_->follow(world, std::move(ids)));
  }
  for (const auto& task : tasks) {
    if (!task.died.empty() || task.embedded == 0) continue;
    const auto since = unix_millis_now() - task.events.front()->event.time;
    observer_.page_embedded(task.embedded, static_cast<double>(std::max<UnixMillis>(since, 0)) / 1000);
  }
  if (dead.empty()) co_return Result<void>();
  for (const auto& event : dead) log::error("an event of a page is put aside: {}", event.headers[event.headers.size() - 2].value);
  const auto count = dead.size();
  GIBSEY_CO_CHECK(co_await feed_.append(settings_.dead_topic, std::move(dead)));
  for (std::size_t i = 0; i < count; ++i) observer_.event_died();
  co_return Result<void>();
}

/// A bucket of one second's bytes.
asio::awaitable<void> PageWorker::keep_to_rate(std::size_t bytes) {
  if (settings_.bytes_per_second <= 0) co_return;
  const auto cost = std::chrono::duration_cast<Clock::duration>(
      std::chrono::duration<double>(static_cast<double>(bytes) / settings_.bytes_per_second));
  may_embed_at_ = std::max(may_embed_at_, Clock::now() - std::chrono::seconds(1)) + cost;
  const auto early = std::chrono::duration_cast<std::chrono::milliseconds>(may_embed_at_ - Clock::now());
  if (early.count() > 0) co_await rest(early);
}

}  // namespace gibsey::ingest
