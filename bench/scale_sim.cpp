// What does a question wait for that goes to many memory nodes?
//
// A simulation, not a measurement: questions arrive at random (Poisson), each is sent to every shard of its world, each shard's
// node searches for a time drawn from a log-normal distribution through the p50 and p95 that bench/retrieval measured, one
// question a core at a time, and now and then stands still (a compaction, a neighbour, the kernel). The coordinator gathers until
// all have answered or its deadline ends, and then says how many shards are missing. With --hedge a second replica is asked after
// so long.
//
// Printed: a line of JSON a scenario. The distribution of the slowest of many is what J. Dean and L. A. Barroso, "The Tail at
// Scale" (CACM 56/2, 2013) describe; the remedies simulated here are theirs.

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <queue>
#include <random>
#include <string>
#include <vector>

namespace {

struct Scenario {
  int shards = 1;
  int replicas = 2;
  int cores = 2;          ///< of a node: questions that it searches at a time
  int questions = 4'000;  ///< that are measured, after a tenth as many to warm up
  double rate = 10;       ///< questions a second, each to all shards
  double p50 = 9.2;       ///< ms of a search on one shard
  double p95 = 17.4;
  double network = 0.3;     ///< ms there and back, the median; log-normal too
  double pause_every = 30;  ///< s between stops of a node, exponential; 0: none
  double pause = 60;        ///< ms of a stop, exponential
  double deadline = 250;    ///< ms; the coordinator answers with what it has
  double hedge = 0;         ///< ms after which a second replica is asked; 0: never
  std::uint64_t seed = 1;
};

/// exp(normal) with this median and this 95th percentile (1.645 standard deviations of a normal distribution lie under it).
class LogNormal {
 public:
  LogNormal(double p50, double p95) : draw_(std::log(p50), std::log(p95 / p50) / 1.6449) {}
  double operator()(std::mt19937_64& random) { return draw_(random); }

 private:
  std::lognormal_distribution<double> draw_;
};

/// A node that holds one replica of one shard: `cores` searches at a time, first come first served.
struct Node {
  std::vector<double> free_at;  ///< by core, ms
  double next_pause = 0;
  double busy = 0;  ///< ms of cores
};

class Simulation {
 public:
  explicit Simulation(const Scenario& scenario)
      : scenario_(scenario),
        random_(scenario.seed),
        search_(scenario.p50, scenario.p95),
        network_(scenario.network, scenario.network * 4) {
    nodes_.resize(static_cast<std::size_t>(scenario.shards) * static_cast<std::size_t>(scenario.replicas));
    for (auto& node : nodes_) {
      node.free_at.assign(static_cast<std::size_t>(scenario.cores), 0);
      node.next_pause = until_pause();
    }
  }

  void run() {
    std::exponential_distribution<double> gap(scenario_.rate / 1000);
    const int warm_up = scenario_.questions / 10;
    for (int i = 0; i < warm_up + scenario_.questions; ++i) {
      now_ += gap(random_);
      send_hedges(now_);
      ask(i >= warm_up);
    }
    send_hedges(now_ + scenario_.deadline * 2);
    for (auto& question : asked_) finish(question);
  }

  void print() {
    std::ranges::sort(latencies_);
    const auto at = [this](double share) {
      return latencies_[static_cast<std::size_t>(share * static_cast<double>(latencies_.size() - 1))];
    };
    const auto count = static_cast<double>(latencies_.size());
    double busy = 0;
    for (const auto& node : nodes_) busy += node.busy;
    const double load = busy / (now_ * static_cast<double>(nodes_.size()) * scenario_.cores);
    fmt::print(
        R"({{"shards": {}, "replicas": {}, "rate": {}, "deadline_ms": {}, "hedge_ms": {}, "load": {:.3f}, "p50_ms": {:.1f}, "p95_ms": {:.1f}, "p99_ms": {:.1f}, "p999_ms": {:.1f}, "whole": {:.4f}, "missing_shards": {:.5f}, "extra_searches": {:.4f}}})"
        "\n",
        scenario_.shards, scenario_.replicas, scenario_.rate, scenario_.deadline, scenario_.hedge, load, at(.5), at(.95), at(.99),
        at(.999), static_cast<double>(whole_) / count, static_cast<double>(missing_) / count / scenario_.shards,
        static_cast<double>(hedges_) / std::max<double>(1, static_cast<double>(searches_)));
  }

 private:
  /// A question, and when each of its shards has answered.
  struct Question {
    double start = 0;
    bool measured = false;
    std::vector<double> answered;
  };
  struct Hedge {
    double at = 0;
    std::size_t question = 0;
    int shard = 0;
    int first_replica = 0;
    bool operator>(const Hedge& other) const { return at > other.at; }
  };

  double until_pause() {
    if (scenario_.pause_every <= 0) return 1e300;
    return std::exponential_distribution<double>(1 / (scenario_.pause_every * 1000))(random_);
  }

  /// When the answer of a search that reaches the node at `at` is back.
  double search(Node& node, double at) {
    auto& core = *std::ranges::min_element(node.free_at);
    double start = std::max(core, at);
    while (node.next_pause <= start) {
      const double stop = std::exponential_distribution<double>(1 / scenario_.pause)(random_);
      for (auto& other : node.free_at) other = std::max(other, node.next_pause + stop);
      start = std::max(start, core);
      node.next_pause += stop + until_pause();
    }
    const double takes = search_(random_);
    core = start + takes;
    node.busy += takes;
    return core;
  }

  double send(int shard, int replica, double at) {
    auto& node = nodes_[static_cast<std::size_t>(shard) * static_cast<std::size_t>(scenario_.replicas) +
                        static_cast<std::size_t>(replica)];
    ++searches_;
    const double way = network_(random_);
    return search(node, at + way / 2) + way / 2;
  }

  void ask(bool measured) {
    Question question{now_, measured, std::vector<double>(static_cast<std::size_t>(scenario_.shards))};
    std::uniform_int_distribution<int> choose(0, scenario_.replicas - 1);
    for (int shard = 0; shard < scenario_.shards; ++shard) {
      const int replica = choose(random_);
      const double back = send(shard, replica, now_);
      question.answered[static_cast<std::size_t>(shard)] = back;
      // Whether the first has answered by then is known only to who waits: so here.
      if (scenario_.hedge > 0 && scenario_.replicas > 1 && back > now_ + scenario_.hedge) {
        waiting_.push({now_ + scenario_.hedge, first_ + asked_.size(), shard, replica});
      }
    }
    asked_.push_back(std::move(question));
    finish_old();
  }

  /// Second requests go out in the order of time, among the questions that come.
  void send_hedges(double until) {
    while (!waiting_.empty() && waiting_.top().at <= until) {
      const auto hedge = waiting_.top();
      waiting_.pop();
      if (hedge.question < first_) continue;
      const int other = (hedge.first_replica + 1) % scenario_.replicas;
      const double back = send(hedge.shard, other, hedge.at);
      ++hedges_;
      auto& answered = asked_[hedge.question - first_].answered[static_cast<std::size_t>(hedge.shard)];
      answered = std::min(answered, back);
    }
  }

  void finish_old() {
    std::size_t old = 0;
    while (old < asked_.size() && asked_[old].start + scenario_.deadline < now_) finish(asked_[old++]);
    if (old < 256) return;  // they leave in bulk
    asked_.erase(asked_.begin(), asked_.begin() + static_cast<std::ptrdiff_t>(old));
    first_ += old;
  }

  void finish(Question& question) {
    if (!question.measured) return;
    question.measured = false;
    const double end = question.start + scenario_.deadline;
    const auto late = std::ranges::count_if(question.answered, [end](double at) { return at > end; });
    const double last = std::ranges::max(question.answered);
    latencies_.push_back(std::min(last, end) - question.start);
    missing_ += late;
    if (late == 0) ++whole_;
  }

  Scenario scenario_;
  std::mt19937_64 random_;
  LogNormal search_;
  LogNormal network_;
  std::vector<Node> nodes_;
  std::priority_queue<Hedge, std::vector<Hedge>, std::greater<>> waiting_;
  std::vector<Question> asked_;
  std::size_t first_ = 0;  ///< number of asked_[0]
  double now_ = 0;         ///< ms
  std::vector<double> latencies_;
  std::int64_t whole_ = 0;
  std::int64_t missing_ = 0;
  std::int64_t searches_ = 0;
  std::int64_t hedges_ = 0;
};

void simulate(const Scenario& scenario) {
  Simulation simulation(scenario);
  simulation.run();
  simulation.print();
}

}  // namespace

int main(int argc, char** argv) {
  Scenario base;
  std::vector<int> shards{1, 10, 100, 1000};
  std::vector<double> hedges{0, 20};
  std::vector<double> deadlines{50, 250};
  CLI::App app("The tail of a question that goes to many memory nodes");
  app.add_option("--shards", shards, "how many, a scenario each");
  app.add_option("--hedge", hedges, "ms after which a second replica is asked, a scenario each; 0: never");
  app.add_option("--deadline", deadlines, "ms after which the coordinator answers with what it has, a scenario each");
  app.add_option("--replicas", base.replicas, "of each shard")->check(CLI::PositiveNumber);
  app.add_option("--cores", base.cores, "of a node")->check(CLI::PositiveNumber);
  app.add_option("--questions", base.questions, "that are measured")->check(CLI::PositiveNumber);
  app.add_option("--rate", base.rate, "questions a second, each to all shards")->check(CLI::PositiveNumber);
  app.add_option("--p50", base.p50, "ms of a search on one shard")->check(CLI::PositiveNumber);
  app.add_option("--p95", base.p95, "ms")->check(CLI::PositiveNumber);
  app.add_option("--network", base.network, "ms there and back, the median")->check(CLI::PositiveNumber);
  app.add_option("--pause-every", base.pause_every, "s between stops of a node; 0: none");
  app.add_option("--pause", base.pause, "ms of a stop, the mean")->check(CLI::PositiveNumber);
  app.add_option("--seed", base.seed, "of the random numbers");
  CLI11_PARSE(app, argc, argv);
  for (const int count : shards) {
    for (const double deadline : deadlines) {
      for (const double hedge : hedges) {
        auto scenario = base;
        scenario.shards = count;
        scenario.deadline = deadline;
        scenario.hedge = hedge;
        simulate(scenario);
      }
    }
  }
  return 0;
}
