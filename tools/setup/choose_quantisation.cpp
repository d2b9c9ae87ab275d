// Chooses by measurement in which number format the bundled chat model runs fastest on this processor.
//
//   choose_quantisation ORIGINAL.gguf OUTPUT_FOLDER TEXT_FILE...
//
// Writes OUTPUT_FOLDER/chat.gguf (a link when the original itself wins) and OUTPUT_FOLDER/chat.json with every figure.
// Candidates: the original and llama.cpp's own requantisations of it. For each: prompt tokens/s over 512 tokens, reply
// tokens/s over 64, perplexity over about 1,500 tokens of the text files. The winner is the one with the smallest
//   reply_seconds = 200 / prompt rate + 80 / reply rate
// (a typical turn: 200 tokens of prompt that are not kept from before, 80 tokens of reply) among those whose perplexity is
// at most 3 % over the original's. Everything runs on one thread and is timed by that thread's processor time, so that the
// choice does not depend on what else the machine is doing; rates are therefore those of one core.
#include <ggml-cpu.h>
#include <llama.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using Tokens = std::vector<llama_token>;

constexpr int kPromptTokens = 512;
constexpr int kReplyTokens = 64;
constexpr int kTextTokens = 3 * kPromptTokens;
constexpr int kRounds = 2;
/// The first tokens of each piece only give context.
constexpr int kUnscored = 64;
constexpr double kTypicalPrompt = 200;
constexpr double kTypicalReply = 80;
constexpr double kPerplexityAllowed = 1.03;

template <auto free_function>
struct FreeWith {
  template <typename T>
  void operator()(T* pointer) const {
    free_function(pointer);
  }
};

struct Candidate {
  std::string format;
  std::filesystem::path file;
  std::unique_ptr<llama_model, FreeWith<llama_model_free>> model;
  std::unique_ptr<llama_context, FreeWith<llama_free>> context;
  double prompt_rate = 0;
  double reply_rate = 0;
  double perplexity = 0;

  [[nodiscard]] double reply_seconds() const { return kTypicalPrompt / prompt_rate + kTypicalReply / reply_rate; }
};

[[noreturn]] void refuse(const std::string& what) {
  throw std::runtime_error(what);
}

double processor_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

std::string read_texts(const std::vector<std::filesystem::path>& files) {
  std::string text;
  for (const auto& file : files) {
    std::ifstream in(file, std::ios::binary);
    if (!in) refuse("cannot read " + file.string());
    text.append(std::istreambuf_iterator<char>(in), {});
    text += '\n';
  }
  return text;
}

Tokens tokenize(const llama_model& model, const std::string& text) {
  Tokens tokens(text.size() + 8);
  const int count = llama_tokenize(llama_model_get_vocab(&model), text.data(), static_cast<int>(text.size()), tokens.data(),
                                   static_cast<int>(tokens.size()), false, false);
  if (count < kTextTokens)
    refuse("the text files hold too little text: give at least " + std::to_string(kTextTokens) + " tokens");
  tokens.resize(kTextTokens);
  return tokens;
}

void load(Candidate& candidate) {
  candidate.model.reset(llama_model_load_from_file(candidate.file.c_str(), llama_model_default_params()));
  if (!candidate.model) refuse("cannot load " + candidate.file.string());
  auto params = llama_context_default_params();
  params.n_ctx = 2 * kPromptTokens;
  params.n_batch = kPromptTokens;
  params.n_ubatch = kPromptTokens;
  params.n_threads = 1;
  params.n_threads_batch = 1;
  candidate.context.reset(llama_init_from_model(candidate.model.get(), params));
  if (!candidate.context) refuse("not enough memory to run " + candidate.file.string());
}

void evaluate(Candidate& candidate, const llama_token* tokens, int count, int first_position, bool all_outputs) {
  auto batch = llama_batch_init(count, 0, 1);
  batch.n_tokens = count;
  for (int i = 0; i < count; ++i) {
    batch.token[i] = tokens[i];
    batch.pos[i] = first_position + i;
    batch.n_seq_id[i] = 1;
    batch.seq_id[i][0] = 0;
    batch.logits[i] = all_outputs || i == count - 1 ? 1 : 0;
  }
  const int result = llama_decode(candidate.context.get(), batch);
  llama_batch_free(batch);
  if (result != 0) refuse("the model could not be evaluated: " + candidate.file.string());
}

void clear(Candidate& candidate) {
  llama_memory_clear(llama_get_memory(candidate.context.get()), false);
}

void measure_speed(Candidate& candidate, const Tokens& text) {
  clear(candidate);
  auto start = processor_seconds();
  evaluate(candidate, text.data(), kPromptTokens, 0, false);
  candidate.prompt_rate = std::max(candidate.prompt_rate, kPromptTokens / (processor_seconds() - start));
  start = processor_seconds();
  for (int i = 0; i < kReplyTokens; ++i)
    evaluate(candidate, &text[static_cast<std::size_t>(kPromptTokens + i)], 1, kPromptTokens + i, true);
  candidate.reply_rate = std::max(candidate.reply_rate, kReplyTokens / (processor_seconds() - start));
}

/// Minus the logarithm of the probability that the logits give to `token`.
double surprise(const float* logits, int vocabulary, llama_token token) {
  const float top = *std::max_element(logits, logits + vocabulary);
  double sum = 0;
  for (int i = 0; i < vocabulary; ++i) sum += std::exp(static_cast<double>(logits[i] - top));
  return std::log(sum) - static_cast<double>(logits[token] - top);
}

void measure_perplexity(Candidate& candidate, const Tokens& text) {
  const int vocabulary = llama_vocab_n_tokens(llama_model_get_vocab(candidate.model.get()));
  double total = 0;
  int scored = 0;
  for (int begin = 0; begin < kTextTokens; begin += kPromptTokens) {
    clear(candidate);
    const auto* piece = &text[static_cast<std::size_t>(begin)];
    evaluate(candidate, piece, kPromptTokens, 0, true);
    for (int i = kUnscored; i + 1 < kPromptTokens; ++i, ++scored) {
      total += surprise(llama_get_logits_ith(candidate.context.get(), i), vocabulary, piece[i + 1]);
    }
  }
  candidate.perplexity = std::exp(total / scored);
}

/// smollm2-135m-instruct-q4_1.gguf, q8_0 -> smollm2-135m-instruct-q8_0.
std::string name_of(const std::filesystem::path& original, const std::string& format) {
  const auto stem = original.stem().string();
  return stem.substr(0, stem.rfind('-')) + "-" + format;
}

Candidate requantise(const std::filesystem::path& original, const std::filesystem::path& folder, const std::string& format,
                     llama_ftype type) {
  Candidate candidate{format, folder / ("candidate-" + format + ".gguf"), {}, {}};
  // The model's name goes into receipts and records, so it says which format was in use. The list ends with an empty key.
  std::array<llama_model_kv_override, 2> overrides{};
  overrides[0].tag = LLAMA_KV_OVERRIDE_TYPE_STR;
  std::snprintf(overrides[0].key, sizeof overrides[0].key, "general.name");
  std::snprintf(overrides[0].val_str, sizeof overrides[0].val_str, "%s", name_of(original, format).c_str());
  auto params = llama_model_quantize_default_params();
  params.ftype = type;
  params.allow_requantize = true;
  params.kv_overrides = overrides.data();
  if (llama_model_quantize(original.c_str(), candidate.file.c_str(), &params) != 0)
    refuse("requantising to " + format + " failed");
  return candidate;
}

std::vector<Candidate> make_candidates(const std::filesystem::path& original, const std::filesystem::path& folder) {
  std::vector<Candidate> candidates;
  candidates.push_back({"original", original, {}, {}});
  candidates.push_back(requantise(original, folder, "q8_0", LLAMA_FTYPE_MOSTLY_Q8_0));
  candidates.push_back(requantise(original, folder, "q4_0", LLAMA_FTYPE_MOSTLY_Q4_0));
  // Sixteen-bit numbers of the kind that the processor multiplies itself.
  const bool bf16 = ggml_cpu_has_avx512_bf16() != 0;
  candidates.push_back(bf16 ? requantise(original, folder, "bf16", LLAMA_FTYPE_MOSTLY_BF16)
                            : requantise(original, folder, "f16", LLAMA_FTYPE_MOSTLY_F16));
  return candidates;
}

const Candidate& choose(const std::vector<Candidate>& candidates) {
  const double allowed = candidates.front().perplexity * kPerplexityAllowed;
  const Candidate* best = &candidates.front();
  for (const auto& candidate : candidates) {
    if (candidate.perplexity <= allowed && candidate.reply_seconds() < best->reply_seconds()) best = &candidate;
  }
  return *best;
}

void print_table(const std::vector<Candidate>& candidates, const Candidate& best) {
  std::printf("%-16s %10s %12s %12s %12s %14s\n", "format", "MB", "prompt t/s", "reply t/s", "perplexity", "reply seconds");
  for (const auto& candidate : candidates) {
    std::printf("%-16s %10.1f %12.0f %12.0f %12.3f %14.3f%s\n", candidate.format.c_str(),
                static_cast<double>(std::filesystem::file_size(candidate.file)) / 1e6, candidate.prompt_rate,
                candidate.reply_rate, candidate.perplexity, candidate.reply_seconds(), &candidate == &best ? "  <- chosen" : "");
  }
}

void write_figures(const std::filesystem::path& file, const std::vector<Candidate>& candidates, const Candidate& best) {
  std::FILE* out = std::fopen(file.c_str(), "w");
  if (out == nullptr) refuse("cannot write " + file.string());
  std::fprintf(out, "{\n  \"original\": \"%s\",\n  \"chosen\": \"%s\",\n", candidates.front().file.filename().c_str(),
               best.format.c_str());
  std::fprintf(out, "  \"score\": \"%.0f / prompt_rate + %.0f / reply_rate, perplexity at most %.2f times the original's\",\n",
               kTypicalPrompt, kTypicalReply, kPerplexityAllowed);
  std::fprintf(out, "  \"candidates\": [\n");
  for (const auto& candidate : candidates) {
    std::fprintf(out,
                 "    {\"format\": \"%s\", \"bytes\": %ju, \"prompt_rate\": %.1f, \"reply_rate\": %.1f, \"perplexity\": %.4f, "
                 "\"reply_seconds\": %.4f}%s\n",
                 candidate.format.c_str(), static_cast<std::uintmax_t>(std::filesystem::file_size(candidate.file)),
                 candidate.prompt_rate, candidate.reply_rate, candidate.perplexity, candidate.reply_seconds(),
                 &candidate == &candidates.back() ? "" : ",");
  }
  std::fprintf(out, "  ]\n}\n");
  if (std::fclose(out) != 0) refuse("cannot write " + file.string());
}

/// chat.gguf last: its presence says that the choice is complete.
void keep(const std::vector<Candidate>& candidates, const Candidate& best, const std::filesystem::path& folder) {
  const auto staged = folder / "chat.gguf.tmp";
  std::filesystem::remove(staged);
  if (&best == &candidates.front()) {
    std::filesystem::create_symlink(std::filesystem::absolute(best.file), staged);
  } else {
    std::filesystem::rename(best.file, staged);
  }
  for (const auto& candidate : candidates) {
    if (&candidate != &candidates.front()) std::filesystem::remove(candidate.file);
  }
  std::filesystem::rename(staged, folder / "chat.gguf");
}

void run(const std::filesystem::path& original, const std::filesystem::path& folder,
         const std::vector<std::filesystem::path>& texts) {
  auto candidates = make_candidates(original, folder);
  Tokens text;
  for (auto& candidate : candidates) {
    load(candidate);
    if (text.empty()) text = tokenize(*candidate.model, read_texts(texts));
    measure_perplexity(candidate, text);
  }
  for (int round = 0; round < kRounds; ++round) {
    for (auto& candidate : candidates) measure_speed(candidate, text);
  }
  const auto& best = choose(candidates);
  print_table(candidates, best);
  write_figures(folder / "chat.json", candidates, best);
  for (auto& candidate : candidates) {
    candidate.context.reset();
    candidate.model.reset();
  }
  keep(candidates, best, folder);
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 4) {
    std::fputs("usage: choose_quantisation ORIGINAL.gguf OUTPUT_FOLDER TEXT_FILE...\n", stderr);
    return 2;
  }
  llama_log_set(
      [](ggml_log_level level, const char* text, void*) {
        if (level == GGML_LOG_LEVEL_ERROR) std::fputs(text, stderr);
      },
      nullptr);
  llama_backend_init();
  try {
    run(arguments[1], arguments[2], {arguments + 3, arguments + count});
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "choose_quantisation: %s\n", error.what());
    return 1;
  }
}
