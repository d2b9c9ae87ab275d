#include "app/application.hpp"

#include "app/absent_model.hpp"
#include "app/chat_models.hpp"
#include "app/memory_nodes.hpp"
#include "app/model_library.hpp"
#include "app/progress.hpp"
#include "app/version.hpp"
#include "base/ids.hpp"
#include "base/log.hpp"
#include "chat/recovery.hpp"
#include "provider/redis/query_vector_cache.hpp"

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <iterator>

namespace gibsey::app {

namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

constexpr auto kSweepEvery = std::chrono::minutes(1);
constexpr auto kWatchEvery = std::chrono::seconds(1);
/// No turn may last longer (TurnSettings::time_limit is five minutes).
constexpr auto kHoldLimit = std::chrono::minutes(10);

Result<fs::path> existing_model(const fs::path& chosen, const fs::path& bundled, const char* what) {
  const auto& path = chosen.empty() ? bundled : chosen;
  if (fs::exists(path)) return path;
  return fail(ErrorCode::not_found, chosen.empty()
                                        ? fmt::format("the bundled {} is not there yet: run `make` in the clone once", what)
                                        : fmt::format("there is no {} at {}", what, path.string()));
}

/// A price for a world that is not there is most likely a slip of the pen; the world may also come by ingest later.
void warn_of_prices(const chat::Costs& costs, const std::vector<model::World>& worlds) {
  for (const auto& [name, cost] : costs) {
    const auto world = name.substr(0, name.find(':'));
    if (name.contains(':') && std::ranges::find(worlds, world, &model::World::name) == worlds.end())
      log::warn("GIBSEY_COSTS: there is no world '{}' so far", world);
  }
}

}  // namespace

Application::Application(Config config, Installation installation)
    : config_(std::move(config)), installation_(std::move(installation)) {}

Application::~Application() {
  nightly_.reset();
  // Stores and engine resume their callers on the runtime's threads, so those go last; nothing runs by now.
  turns_.reset();
  observer_.late_vectors = nullptr;
  late_vectors_.reset();
  observer_.feed = nullptr;
  feed_.reset();
  observer_.remote = nullptr;
  remote_.reset();
  editor_.reset();
  follower_.reset();
  vectors_.reset();
  memory_nodes_.reset();
  retriever_.reset();
  models_.reset();
  chat_models_.clear();
  // Its timer would keep the runtime's threads for half a minute.
  if (pool_) pool_->close();
  embedder_.reset();
  if (redis_) redis_->stop();
  engine_.reset();
  if (stores_) stores_->close();
  runtime_.stop();
}

Result<std::unique_ptr<Application>> Application::open(Config config, Installation installation, Needs needs) {
  std::unique_ptr<Application> app(new Application(std::move(config), std::move(installation)));
  GIBSEY_CHECK(app->open_stores(needs.exclusive));
  if (needs.worlds || needs.embedder || needs.chat_model) GIBSEY_CHECK(app->open_models(needs.chat_model));
  GIBSEY_CHECK(app->open_search(needs.turns));
  if (needs.worlds) GIBSEY_CHECK(app->runtime_.wait(app->load_worlds()));
  if (needs.turns) GIBSEY_CHECK(app->open_feed());
  if (needs.turns) GIBSEY_CHECK(app->open_turns());
  if (needs.turns && app->config_.roles.scheduler) GIBSEY_CHECK(app->open_nightly());
  return app;
}

Result<void> Application::open_search(bool serves) {
  retrieval::LargeBooks large;
  if (config_.large_book > 0) large.folder = config_.data / "index";
  large.least_passages = static_cast<std::size_t>(config_.large_book);
  large.owns_folder = lock_.has_value();
  retriever_ = std::make_unique<retrieval::Retriever>(*pages_, embedder_.get(), std::move(large));
  index_ = retriever_.get();
  passages_ = retriever_.get();
  const auto executor = runtime_.executor();
  // Commands hold what they search.
  if (serves) {
    const auto count = [this](std::string_view name, std::string_view label, double n) { observer_.count(name, label, n); };
    GIBSEY_TRY(memory_nodes_, MemoryNodes::open(config_, {executor, *pages_, embedder_.get(), pool_, count}));
  }
  if (memory_nodes_) {
    index_ = &memory_nodes_->finder();
    passages_ = &memory_nodes_->finder();
  }
  if (embedder_) vectors_ = std::make_unique<ingest::VectorWorker>(executor, *pages_, *index_, *embedder_);
  follower_ = std::make_unique<ingest::PageFollower>(executor, *pages_, *index_, observer_);
  editor_ = std::make_unique<ingest::PageEditor>(*pages_);
  return {};
}

Result<void> Application::open_feed() {
  const auto& roles = config_.roles;
  if (!roles.chat && !roles.memory && !roles.worker) return {};
  GIBSEY_TRY(const auto worlds, runtime_.wait(pages_->list_worlds()));
  const bool searches = roles.chat || roles.memory;
  GIBSEY_TRY(feed_, ChangeFeed::open(config_, {.executor = runtime_.executor(),
                                               .pages = *pages_,
                                               .embedder = embedder_.get(),
                                               .retriever = searches ? index_ : nullptr,
                                               .vectors = vectors_.get(),
                                               .observer = observer_,
                                               .default_world = worlds.empty() ? "" : worlds.front().name}));
  observer_.feed = feed_.get();
  // Workers on one Kafka share the pages among them, and those on one Cassandra find each other's vectors: another one may embed
  // what this process searches.
  const bool elsewhere = !feed_->works() || !config_.kafka_brokers.empty() || !stores_->node().empty();
  retrieval::PageIndex* held = retriever_.get();
  if (memory_nodes_) held = memory_nodes_->node();
  if (embedder_ && searches && elsewhere && held != nullptr) {
    late_vectors_.emplace(runtime_.executor(), *pages_, *held, embedder_->model(), observer_);
    observer_.late_vectors = &*late_vectors_;
  }
  return {};
}

Result<void> Application::open_turns() {
  if (chat_models_.empty()) chat_models_.push_back(std::make_unique<AbsentModel>());
  std::vector<provider::ChatModel*> in_order;
  for (const auto& model : chat_models_) in_order.push_back(model.get());
  models_ = std::make_unique<provider::Providers>(std::move(in_order));
  if (auto loaded = chat::Sentiments::load(installation_.lexicon)) {
    sentiments_.emplace(*std::move(loaded));
  } else {
    log::warn("no tone follows the reader's mood: {}", loaded.error().message);
  }
  recall_ = chat::make_recall(stores_->recall(), embedder_.get());
  notes_layer_ = std::make_unique<chat::NotesLayer>(stores_->notes());
  GIBSEY_TRY(auto authenticator, server::Authenticator::make(config_.auth));
  authenticator_.emplace(std::move(authenticator));
  GIBSEY_TRY(remote_, RemoteServices::open(config_, runtime_.executor(), stores_->characters(), *passages_, redis_));
  observer_.remote = remote_.get();
  ledgers_ = {{"", ledger_}};
  if (remote_->ledger() != nullptr) ledgers_[chat::ask_dialect().name] = remote_->ledger();
  GIBSEY_CHECK(runtime_.wait(chat::recover_turns(*turn_store_, ledgers_)));
  if (config_.debug) log::warn("debug: what the models are sent is kept in turns.db and shown in the traces of turns");
  const chat::TurnParts parts{.pages = *pages_,
                              .characters = stores_->characters(),
                              .turns = *turn_store_,
                              .ledger = *ledger_,
                              .passages = *passages_,
                              .models = *models_,
                              .observer = observer_,
                              .sentiments = sentiments_ ? &*sentiments_ : nullptr,
                              .recall = recall_.get(),
                              .window = remote_->window(),
                              .notes = notes_layer_.get()};
  turns_ = chat::make_turn_service(runtime_.executor(), parts,
                                   {.max_tokens = config_.max_tokens,
                                    .max_turns = config_.max_turns,
                                    .opening_grant = config_.opening_grant,
                                    .passages_required = config_.passages_required,
                                    .tell_faults = !authenticator_->on(),
                                    .costs = config_.costs,
                                    .debug = config_.debug},
                                   remote_->parts_by_dialect(parts));
  return {};
}

Result<void> Application::open_nightly() {
  const auto node = stores_->node();
  jobs::SchedulerSettings settings{
      .node = node.empty() ? random_id() : node, .alone = node.empty(), .retry_after = config_.nightly_retry};
  if (config_.nightly != "off") {
    auto schedule = jobs::CronSchedule::parse(config_.nightly);
    if (!schedule) return fail(schedule.error().code, "GIBSEY_NIGHTLY: " + schedule.error().message);
    auto zone = jobs::TimeZone::find(config_.time_zone);
    if (!zone) return fail(zone.error().code, "GIBSEY_TIME_ZONE: " + zone.error().message);
    settings.schedule = *schedule;
    settings.zone = *zone;
  }
  const auto count = [this](std::string_view name, std::string_view label, double n) { observer_.count(name, label, n); };
  nightly_notes_ = std::make_unique<jobs::NightlyNotes>(jobs::NightlyParts{
      .pages = *pages_, .notes = stores_->notes(), .models = *models_, .embedder = embedder_.get(), .count = count});
  if (!config_.alert_webhook.empty()) alarm_ = std::make_unique<jobs::WebhookAlarm>(config_.alert_webhook);
  nightly_ = std::make_unique<jobs::Scheduler>(
      runtime_.executor(),
      jobs::SchedulerParts{.notes = stores_->notes(), .job = *nightly_notes_, .alarm = alarm_.get(), .count = count},
      std::move(settings));
  return {};
}

void Application::start_chores() {
  remote_->start();
  chores_.emplace(runtime_.executor());
  for (auto* timer : {&sweep_timer_, &watch_timer_}) timer->emplace(*chores_);
  asio::co_spawn(*chores_, sweep_holds(), asio::detached);
  watching_ = asio::co_spawn(*chores_, watch_models(), asio::use_future);
  observer_.sessions = &sessions_;
  follower_->start(loaded_change_);
  if (vectors_) vectors_->start();
  if (nightly_) nightly_->start();
  if (feed_) feed_->start(loaded_change_);
  if (late_vectors_) late_vectors_->start();
}

void Application::end_waits() {
  follower_->stop();
}

void Application::stop_chores() {
  remote_->stop();
  asio::post(*chores_, [this] {
    no_more_chores_ = true;
    for (auto* timer : {&sweep_timer_, &watch_timer_}) (*timer)->cancel();
  });
  follower_->stop();
  if (vectors_) vectors_->stop();
  if (nightly_) nightly_->stop();
  if (feed_) feed_->stop();
  if (late_vectors_) late_vectors_->stop();
  // A model server may take minutes to embed a book.
  if (pool_) pool_->shut_down();
  if (watching_.valid()) watching_.wait();
  follower_->wait();
  if (vectors_) vectors_->wait();
  if (nightly_) nightly_->wait();
  if (feed_) feed_->wait();
  if (late_vectors_) late_vectors_->wait();
}

/// Ends early when the chores do.
asio::awaitable<void> Application::rest(asio::steady_timer& timer, std::chrono::milliseconds time) {
  if (no_more_chores_) co_return;
  boost::system::error_code woken;
  timer.expires_after(time);
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
}

asio::awaitable<void> Application::watch_models() {
  while (!no_more_chores_) {
    co_await rest(*watch_timer_, kWatchEvery);
    if (!no_more_chores_) co_await models_->check_failed();
  }
}

asio::awaitable<void> Application::sweep_holds() {
  while (!no_more_chores_) {
    co_await rest(*sweep_timer_, kSweepEvery);
    if (no_more_chores_) co_return;
    const auto swept = co_await chat::sweep_holds(*turn_store_, ledgers_, kHoldLimit);
    if (!swept) log::error("holds were not swept: {}", swept.error().message);
    if (swept && *swept > 0) log::warn("{} forgotten holds were ended", *swept);
  }
}

Result<void> Application::open_stores(bool exclusive) {
  if (exclusive) {
    GIBSEY_TRY(lock_, store::FolderLock::take(config_.data));
  }
  GIBSEY_TRY(stores_, app::open_stores(config_, runtime_, exclusive));
  pages_ = &stores_->pages();
  if (!exclusive) return {};
  turn_store_ = &stores_->turns();
  ledger_ = &stores_->ledger();
  return {};
}

Result<void> Application::open_models(bool chat) {
  provider::EngineOptions options;
  // Every admitted turn may wait in the engine: the turn service's own bound is the one that answers 429.
  options.max_queue = config_.max_turns;
  options.threads = config_.threads;
  if (embeds_here()) {
    GIBSEY_TRY(options.embedding_model_path,
               existing_model(config_.embedding_model, installation_.models / "all-minilm-l6-v2-q8_0.gguf", "embedding model"));
  }
  if (chat && wants_local_model(config_)) {
    GIBSEY_TRY(const auto chosen, chosen_model(config_.data, config_.model));
    auto file = existing_model(chosen, installation_.models / "chat.gguf", "chat model");
    const bool needed = config_.providers_named || config_.providers.size() == 1 || !chosen.empty();
    if (!file && needed) return std::unexpected(file.error());
    if (file) options.chat_model_path = *std::move(file);
    if (!file) log::warn("no model in this process stands behind the others: {}", file.error().message);
  }
  if (embeds_here() || !options.chat_model_path.empty()) {
    GIBSEY_TRY(engine_, provider::LlamaEngine::open(options));
  }
  pool_ = std::make_shared<net::HttpPool>(runtime_.executor());
  GIBSEY_TRY(embedder_, open_embedder(config_, engine_.get(), pool_));
  redis_ = open_redis(config_, runtime_.executor());
  if (embedder_ && redis_) {
    embedder_ = std::make_unique<provider::QueryVectorCache>(
        std::move(embedder_), redis_, [this](std::string_view source) { observer_.count("query_vectors", source, 1); });
  }
  if (!chat) return {};
  GIBSEY_TRY(chat_models_, open_chat_models(config_, options.chat_model_path.empty() ? nullptr : engine_.get(), pool_));
  return {};
}

bool Application::embeds_here() const {
  return config_.embedder && config_.embedder->kind == ProviderKind::local;
}

std::vector<fs::path> Application::world_folders() const {
  if (!config_.worlds.empty()) return config_.worlds;
  std::vector<fs::path> folders;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(installation_.worlds, ignored)) {
    if (fs::exists(entry.path() / "world.toml")) folders.push_back(entry.path());
  }
  // entrance-way is what a reader meets first (contracts section 0).
  std::ranges::sort(folders, {}, [](const fs::path& path) { return std::pair(path.filename() != "entrance-way", path); });
  return folders;
}

asio::awaitable<Result<void>> Application::load_worlds() {
  std::vector<std::string> problems;
  for (const auto& folder : world_folders()) {
    const auto synced = co_await sync_folder(folder);
    if (synced) continue;
    log::error("world {}: {}", folder.string(), synced.error().message);
    problems.push_back(fmt::format("world {}: {}", folder.filename().string(), synced.error().message));
  }
  {
    const std::lock_guard lock(mutex_);
    problems_ = std::move(problems);
    loaded_.clear();
  }
  GIBSEY_CO_TRY(auto worlds, co_await pages_->list_worlds());
  warn_of_prices(config_.costs, worlds);
  // Before the first is read: what is written while they are loaded is followed as any other change.
  GIBSEY_CO_TRY(loaded_change_, co_await pages_->last_change());
  for (auto& world : worlds) GIBSEY_CO_CHECK(co_await load_index(std::move(world)));
  follower_->loaded(loaded_change_);
  co_return Result<void>{};
}

asio::awaitable<Result<void>> Application::sync_folder(fs::path folder) {
  const auto name = fs::weakly_canonical(folder).filename().string();
  GIBSEY_CO_TRY(const auto stored, co_await pages_->find_world(name));
  if (stored && stored->origin == "ingest") {
    log::info("world {} was ingested by hand; its folder {} is left aside", name, folder.string());
    co_return Result<void>{};
  }
  GIBSEY_CO_TRY(auto book, ingest::read_book(name, {folder}));
  book.world.origin = "folder";
  // load_index() embeds.
  GIBSEY_CO_TRY(const auto report, co_await ingest::import_book(std::move(book), ingest::IfExists::sync, *pages_,
                                                                stores_->characters(), nullptr, ProgressBar(name)));
  const auto& changes = report.pages;
  if (changes.added + changes.changed + changes.removed > 0) {
    log::info("world {}: {} pages new, {} changed, {} removed", name, changes.added, changes.changed, changes.removed);
  }
  if (changes.kept > 0) {
    log::info("world {}: {} pages stay as they were edited or removed by hand, whatever their files say now", name, changes.kept);
  }
  co_return Result<void>{};
}

asio::awaitable<Result<void>> Application::load_index(model::World world) {
  // What an interrupted ingest left without a vector is made up for here; an embedder elsewhere does so while readers read.
  if (embedder_ && !embeds_here()) {
    vectors_->owe(world.name);
  } else if (embedder_) {
    GIBSEY_CO_CHECK(co_await ingest::embed_missing(world.name, *pages_, *embedder_, ProgressBar(world.name)));
  }
  GIBSEY_CO_CHECK(co_await index_->load(world.name));
  const std::lock_guard lock(mutex_);
  loaded_.push_back({.name = world.name, .title = world.title});
  co_return Result<void>{};
}

server::HealthSnapshot Application::health() const {
  server::HealthSnapshot snapshot;
  snapshot.service = config_.service_name;
  snapshot.version = kVersion;
  snapshot.ready = ready_;
  if (remote_) snapshot.dependencies = remote_->dependencies();
  if (memory_nodes_) std::ranges::move(memory_nodes_->dependencies(), std::back_inserter(snapshot.dependencies));
  if (const auto where = stores_->elsewhere(); !where.empty()) {
    snapshot.dependencies.push_back({.name = stores_->name(), .connected = stores_->connected(), .detail = where});
  }
  if (models_) {
    snapshot.provider = models_->preferred().provider();
    snapshot.model = models_->preferred().model();
  }
  if (embedder_) snapshot.embedding_model = embedder_->model();
  if (turns_) snapshot.running = turns_->running();
  if (engine_) snapshot.waiting = engine_->stats().queued;
  if (nightly_) {
    const bool on = config_.nightly != "off";
    snapshot.nightly = {on ? config_.nightly : "", on ? config_.time_zone : "", nightly_->state()};
  }
  const std::lock_guard lock(mutex_);
  snapshot.worlds = loaded_;
  for (auto& world : snapshot.worlds) {
    const auto size = index_->size(world.name).value_or(retrieval::BookSize());
    world.pages = static_cast<std::int64_t>(size.pages);
    world.passages = static_cast<std::int64_t>(size.passages);
    world.without_vector = static_cast<std::int64_t>(size.without_vector);
    world.files = size.files;
  }
  snapshot.problems = problems_;
  if (snapshot.nightly && !snapshot.nightly->state.job.last_error.empty())
    snapshot.problems.push_back("the nightly run failed: " + snapshot.nightly->state.job.last_error);
  if (feed_) feed_->tell(snapshot);
  if (!vectors_) return snapshot;
  for (const auto& [world, why] : vectors_->owed()) {
    if (!why.empty()) snapshot.problems.push_back(fmt::format("world {}: searched by words alone: {}", world, why));
  }
  return snapshot;
}

server::Services Application::services(const server::StaticFiles& page) {
  return {.pages = *pages_,
          .characters = stores_->characters(),
          .ledger = *ledger_,
          .turn_store = *turn_store_,
          .usage = stores_->usage(),
          .recall_store = stores_->recall(),
          .recall = *recall_,
          .sentiments = sentiments_ ? &*sentiments_ : nullptr,
          .passages = *passages_,
          .editor = *editor_,
          .follower = *follower_,
          .turns = *turns_,
          .models = *models_,
          .auth = *authenticator_,
          .conversations = observer_.conversations,
          .sessions = sessions_,
          .metrics = observer_,
          .page = page,
          .health = [this] { return health(); },
          .dialect_defaults = config_.dialect_defaults,
          .ping_interval = config_.ping_interval,
          .ping_timeout = config_.ping_timeout,
          .opening_grant = config_.opening_grant,
          .embedder = embedder_.get(),
          .window = remote_->window(),
          .notes = &stores_->notes(),
          .nightly = nightly_.get(),
          .feed = feed_ ? &feed_->feed() : nullptr,
          .pages_topic = config_.pages_topic,
          .shards = memory_nodes_ ? memory_nodes_->node() : nullptr};
}

}  // namespace gibsey::app
