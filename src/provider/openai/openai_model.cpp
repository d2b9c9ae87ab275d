#include "provider/openai/openai_model.hpp"

#include "provider/openai/chat_call.hpp"
#include "provider/openai/openai_stream.hpp"
#include "provider/openai/pending_reply.hpp"

namespace gibsey::provider {

namespace {

constexpr std::chrono::seconds kCheck{10};
constexpr std::size_t kMostRefusal = 64 * 1024;

Async<std::unique_ptr<UpstreamReply>> ask_for_models(std::shared_ptr<ServedModel> served, Deadline deadline) {
  co_return co_await served->server().get("/models", deadline);
}

}  // namespace

Result<std::unique_ptr<OpenAiModel>> OpenAiModel::create(UpstreamOptions options) {
  GIBSEY_TRY(auto server, OpenAiServer::create(std::move(options)));
  return std::unique_ptr<OpenAiModel>(new OpenAiModel(std::make_shared<ServedModel>(std::move(server))));
}

OpenAiModel::~OpenAiModel() = default;

Async<std::unique_ptr<TokenStream>> OpenAiModel::start(ChatRequest request) {
  if (request.messages.empty()) co_return fail(ErrorCode::invalid_argument, "there is no message to answer");
  const auto total = Deadline::after(served_->options().patience.total);
  const auto call = std::make_shared<ChatCall>(ChatCall{.model = served_, .request = std::move(request)});
  call->deadline = total.at() < call->request.deadline.at() ? total : call->request.deadline;
  co_return std::make_unique<OpenAiStream>(call);
}

Async<void> OpenAiModel::check() {
  const auto served = served_;
  const auto deadline = Deadline::after(kCheck);
  const auto reply = co_await reply_by(ask_for_models(served, deadline), deadline);
  if (!reply) co_return std::unexpected(served->server().told(reply.error()));
  const auto status = (*reply)->status();
  const bool has_no_list = status == 404 || status == 405 || status == 501;
  if (status == 200 || has_no_list) co_return Result<void>{};
  const auto body = (co_await (*reply)->read_all(kMostRefusal)).value_or("");
  co_return std::unexpected(served->server().refusal(**reply, body));
}

std::string OpenAiModel::provider() const {
  return served_->options().name;
}
std::string OpenAiModel::model() const {
  return served_->options().model;
}
int OpenAiModel::context_tokens() const {
  return served_->options().context_tokens;
}
bool OpenAiModel::is_small() const {
  return served_->options().is_small;
}
int OpenAiModel::count_tokens(const std::string& text) const {
  return served_->tokens().count(text);
}

}  // namespace gibsey::provider
