#pragma once
#include <array>
#include <string_view>

/// What the fuzzers run: each takes any bytes and aborts, with one line on standard error, where a promise of the code does not
/// hold. An input is the bytes of a stream; what follows its last 0xFF byte says how it is cut and read (see Input). A file of
/// plain text is thus an input by itself.
namespace gibsey::fuzz {

void sse(std::string_view bytes);
void ndjson(std::string_view bytes);
void openai_stream(std::string_view bytes);
void anthropic_stream(std::string_view bytes);
void ollama_stream(std::string_view bytes);
void reasoning_filter(std::string_view bytes);
void http_parser(std::string_view bytes);
void page_event(std::string_view bytes);
void shard_messages(std::string_view bytes);

struct Target {
  const char* name;  ///< of its folders in seeds/ and regressions/; the program is called <name>_fuzz
  void (*run)(std::string_view bytes);
};

inline constexpr std::array<Target, 9> kTargets{{{"sse", sse},
                                                 {"ndjson", ndjson},
                                                 {"openai_stream", openai_stream},
                                                 {"anthropic_stream", anthropic_stream},
                                                 {"ollama_stream", ollama_stream},
                                                 {"reasoning_filter", reasoning_filter},
                                                 {"http_parser", http_parser},
                                                 {"page_event", page_event},
                                                 {"shard_messages", shard_messages}}};

}  // namespace gibsey::fuzz
