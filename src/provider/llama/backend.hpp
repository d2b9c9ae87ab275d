#pragma once
#include <string>
#include <string_view>

namespace gibsey::provider {

/// llama.cpp's messages go to our log from here on; what concerns its developers only at the level debug. As often as you like.
void direct_llama_log();
/// Makes llama.cpp ready to load models (and finds the GPUs of a build that knows any). As often as you like.
void initialise_llama();

/// Gathers what llama.cpp complains of on this thread while it lives. They nest; the innermost hears.
class Complaints {
 public:
  Complaints();
  ~Complaints();
  Complaints(const Complaints&) = delete;
  Complaints& operator=(const Complaints&) = delete;

  /// The first one, which tells the most, without the name of the function: "unknown model architecture: 'x'". Empty for none.
  [[nodiscard]] const std::string& first() const { return first_; }
  void hear(std::string_view line);

 private:
  Complaints* outer_;
  std::string first_;
};

/// For a person's eyes: valid UTF-8 without control characters, cut at 200 bytes. What a foreign file says goes through it.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace gibsey::provider
