#include "generated_check.hpp"
#include "input.hpp"
#include "provider/anthropic/messages_reader.hpp"
#include "reply_check.hpp"
#include "targets.hpp"

namespace gibsey::fuzz {
namespace {

provider::MessagesReader reader_for(std::uint8_t option) {
  provider::MessagesStreamInputs inputs{.who = "the server", .secret = "sk-secret", .prompt_bytes = 4000};
  inputs.trim_start = (option & 1U) != 0;
  if ((option & 2U) != 0) inputs.stop = {"\nReader:", "</s>"};
  return {std::make_shared<provider::ClaudeLearned>(), std::move(inputs)};
}

}  // namespace

/// Option: 1 whitespace at the beginning is dropped, 2 with stop strings.
void anthropic_stream(std::string_view bytes) {
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
