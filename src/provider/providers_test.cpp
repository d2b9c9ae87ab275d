#include "provider/providers.hpp"

#include "provider/scripted/scripted_model.hpp"

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <thread>

namespace gibsey::provider {
namespace {

using std::chrono::milliseconds;
using Choice = Providers::Choice;

/// A script under a name of its own, whose check() can be told what to say.
class Named final : public ChatModel {
 public:
  explicit Named(std::string name) : name_(std::move(name)) {}
  Async<std::unique_ptr<TokenStream>> start(ChatRequest request) override { return script_.start(std::move(request)); }
  [[nodiscard]] std::string provider() const override { return name_; }
  [[nodiscard]] std::string model() const override { return name_ + "-model"; }
  [[nodiscard]] bool in_process() const override { return here; }
  [[nodiscard]] bool supports_opening() const override { return false; }
  [[nodiscard]] int context_tokens() const override { return 4096; }
  [[nodiscard]] bool is_small() const override { return false; }
  [[nodiscard]] int count_tokens(const std::string& text) const override { return script_.count_tokens(text); }
  Async<void> check() override {
    ++checks;
    if (!reachable) co_return fail(ErrorCode::unavailable, "nobody listens");
    co_return Result<void>{};
  }
  bool reachable = false;
  bool here = false;
  int checks = 0;

 private:
  std::string name_;
  ScriptedModel script_{{.replies = {ScriptedModel::steady(1, 0)}}};
};

const Error kBroken{ErrorCode::unavailable, "the connection broke"};

class ProvidersTest : public testing::Test {
 protected:
  Named one{"one"};
  Named two{"two"};
  Named three{"three"};
  ProviderSettings settings{.breaker = {.failures = 2, .open_for = milliseconds(50)},
                            .check_after = milliseconds(10),
                            .check_at_most = milliseconds(40),
                            .again_after = milliseconds(0)};

  /// The providers that a reply asks when each of them fails with `error`.
  static std::vector<std::string> asked(Providers& providers, const Error& error, const std::string& named = "") {
    std::vector<std::string> names;
    Choice choice(providers, named, "");
    while (auto chosen = choice.next()) {
      names.push_back(chosen->model.provider() + " " + chosen->why);
      choice.failed(error);
    }
    return names;
  }

  static void check(Providers& providers) {
    boost::asio::io_context io;
    auto done = boost::asio::co_spawn(io, providers.check_failed(), boost::asio::use_future);
    io.run();
    done.get();
  }
};

TEST_F(ProvidersTest, TheyAreAskedInOrder) {
  Providers providers({&one, &two, &three}, settings);
  EXPECT_EQ(&providers.preferred(), &one);
  EXPECT_EQ(asked(providers, kBroken), (std::vector<std::string>{"one first", "two fallback", "three fallback"}));
}

TEST_F(ProvidersTest, ANamedOneIsTheOnlyOne) {
  Providers providers({&one, &two}, settings);
  EXPECT_EQ(asked(providers, kBroken, "two"), std::vector<std::string>{"two named"});
  EXPECT_TRUE(providers.has("two", "two-model"));
  EXPECT_FALSE(providers.has("two", "one-model"));
  EXPECT_TRUE(providers.has("", "one-model"));
  Choice nobody(providers, "four", "");
  EXPECT_FALSE(nobody.next().has_value());
  EXPECT_EQ(nobody.error().code, ErrorCode::not_found);
}

TEST_F(ProvidersTest, AFailedOneIsAskedLastUntilACheckFindsItWell) {
  Providers providers({&one, &two}, settings);
  {
    Choice choice(providers, "", "");
    (void)choice.next();
    choice.failed(kBroken);
    const auto fallback = choice.next();
    ASSERT_TRUE(fallback.has_value());
    EXPECT_TRUE(fallback->fallback);
    choice.succeeded();
  }
  EXPECT_EQ(&providers.preferred(), &two);
  EXPECT_EQ(providers.states().at(0).status, "down");
  check(providers);
  EXPECT_EQ(one.checks, 0) << "not before its pause";
  std::this_thread::sleep_for(milliseconds(15));
  check(providers);
  EXPECT_EQ(one.checks, 1);
  check(providers);
  EXPECT_EQ(one.checks, 1) << "the pause is longer after a check in vain";
  std::this_thread::sleep_for(milliseconds(30));
  one.reachable = true;
  check(providers);
  EXPECT_EQ(&providers.preferred(), &one);
  EXPECT_EQ(providers.states().at(0).status, "ready");
  EXPECT_EQ(two.checks, 0);
}

TEST_F(ProvidersTest, SeveralFailuresOpenTheBreaker) {
  Providers providers({&one}, settings);
  EXPECT_EQ(asked(providers, kBroken).size(), 1U);
  EXPECT_EQ(asked(providers, kBroken).size(), 1U);
  EXPECT_EQ(asked(providers, kBroken).size(), 0U);
  EXPECT_EQ(providers.states().at(0).status, "open");
  Choice refused(providers, "", "");
  EXPECT_FALSE(refused.next().has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
  EXPECT_EQ(refused.error().message, "the connection broke");
  std::this_thread::sleep_for(milliseconds(60));
  EXPECT_EQ(asked(providers, kBroken).size(), 1U) << "a probe is let through";
}

TEST_F(ProvidersTest, AModelInThisProcessHasNoBreaker) {
  one.here = true;
  Providers providers({&one}, settings);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(asked(providers, kBroken).size(), 1U);
  EXPECT_EQ(providers.states().at(0).status, "down");
}

TEST_F(ProvidersTest, ABusyOneIsLeftAloneForAsLongAsItAsked) {
  Providers providers({&one, &two}, settings);
  const Error busy{ErrorCode::busy, "too many requests", milliseconds(60)};
  EXPECT_EQ(asked(providers, busy), (std::vector<std::string>{"one first", "two fallback"}));
  EXPECT_EQ(providers.states().at(0).status, "resting");
  Choice choice(providers, "", "");
  EXPECT_FALSE(choice.next().has_value());
  const auto error = choice.error();
  EXPECT_EQ(error.code, ErrorCode::busy);
  ASSERT_TRUE(error.retry_after.has_value());
  EXPECT_LE(*error.retry_after, milliseconds(60));
  std::this_thread::sleep_for(milliseconds(70));
  EXPECT_EQ(asked(providers, kBroken).size(), 2U) << "busy is no failure";
}

TEST_F(ProvidersTest, APassingFaultIsTriedOnceMore) {
  settings.again_after = milliseconds(5);
  Providers providers({&one, &two}, settings);
  EXPECT_EQ(asked(providers, kBroken), (std::vector<std::string>{"one first", "two fallback", "one again"}));
  Providers refused({&three}, settings);
  EXPECT_EQ(asked(refused, {ErrorCode::forbidden, "the key is refused"}), std::vector<std::string>{"three first"});
}

TEST_F(ProvidersTest, AWaitIsKeptBeforeABusyOneIsAskedAgain) {
  settings.again_after = milliseconds(5);
  Providers providers({&one}, settings);
  Choice choice(providers, "", "");
  (void)choice.next();
  choice.failed({ErrorCode::busy, "slow down", milliseconds(40)});
  const auto again = choice.next();
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->wait, milliseconds(40));
  choice.failed({ErrorCode::busy, "slow down", milliseconds(40)});
  EXPECT_FALSE(choice.next().has_value());
  Choice other(providers, "", "");
  const auto after = other.next();
  ASSERT_TRUE(after.has_value());
  EXPECT_LE(after->wait, milliseconds(40));
}

TEST_F(ProvidersTest, AQuestionThatIsWrongIsNobodysFault) {
  Providers providers({&one}, settings);
  for (const auto code : {ErrorCode::invalid_argument, ErrorCode::cancelled, ErrorCode::internal}) {
    EXPECT_FALSE(Providers::another_may_help({code, ""}));
    (void)asked(providers, {code, ""});
  }
  EXPECT_EQ(providers.states().at(0).status, "ready");
  (void)asked(providers, {ErrorCode::too_large, "does not fit"});
  EXPECT_EQ(providers.states().at(0).status, "ready") << "another question may fit";
}

TEST_F(ProvidersTest, TheErrorNamesEveryProvider) {
  Providers providers({&one, &two}, settings);
  Choice choice(providers, "", "");
  (void)choice.next();
  choice.failed(kBroken);
  (void)choice.next();
  choice.failed({ErrorCode::busy, "too many requests"});
  EXPECT_FALSE(choice.next().has_value());
  EXPECT_EQ(choice.error().code, ErrorCode::unavailable);
  EXPECT_EQ(choice.error().message, "no model could answer: one: the connection broke; two: too many requests");
}

TEST_F(ProvidersTest, StatesTellChoicesAndFailures) {
  Providers providers({&one, &two}, settings);
  {
    Choice choice(providers, "", "");
    (void)choice.next();
    choice.failed(kBroken);
    (void)choice.next();
    choice.first_token(milliseconds(20));
    choice.succeeded();
  }
  const auto states = providers.states();
  EXPECT_EQ(states[0].choices, (std::map<std::string, std::int64_t>{{"first", 1}}));
  EXPECT_EQ(states[0].failures, (std::map<std::string, std::int64_t>{{"unavailable", 1}}));
  EXPECT_EQ(states[0].last_error, "the connection broke");
  EXPECT_EQ(states[1].choices, (std::map<std::string, std::int64_t>{{"fallback", 1}}));
  EXPECT_EQ(states[1].replies, 1);
  EXPECT_DOUBLE_EQ(states[1].first_token_ms, 20);
}

}  // namespace
}  // namespace gibsey::provider
