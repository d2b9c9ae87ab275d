#include "generated_check.hpp"
#include "input.hpp"
#include "provider/ollama/chat_reader.hpp"
#include "reply_check.hpp"
#include "targets.hpp"

namespace gibsey::fuzz {
namespace {

provider::ChatReader reader_for(std::uint8_t option) {
  const auto learned = std::make_shared<provider::OllamaLearned>();
  learned->begins_inside = (option & 1U) != 0;
  learned->warned_of_cut = true;  // the log is no part of this
  provider::ChatStreamInputs inputs{.who = "the server",
                                    .model = "llama3:8b",
                                    .secret = "sk-secret",
                                    .prompt_bytes = 8000,
                                    .prompt_estimate = 2000,
                                    .context_tokens = 4096};
  if ((option & 2U) != 0) inputs.stop = {"\nReader:", "</s>"};
  return {learned, std::move(inputs)};
}

}  // namespace

/// Option: 1 the reply begins inside its reasoning, 2 with stop strings.
void ollama_stream(std::string_view bytes) {
  const auto input = parse_input(bytes);
  auto whole_reader = reader_for(input.option);
  const auto whole = read_whole(whole_reader, input.stream);
  auto pieces_reader = reader_for(input.option);
  const auto pieces = read_pieces(pieces_reader, input);
  require_same(whole, pieces, input.stream.size());
  require_same(whole_reader.generated(), pieces_reader.generated());
  if (whole.error) require(!whole.error->message.contains("sk-secret"), "the key is not told");
  auto cut_reader = reader_for(input.option);
  read_and_cut(cut_reader, input.stream);
}

}  // namespace gibsey::fuzz
