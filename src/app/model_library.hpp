#pragma once
#include "base/result.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace gibsey::app {

/// Where a model of the library came from; kept beside it in NAME.json.
struct ModelOrigin {
  std::string source;  ///< a path, or an address without its query
  std::string sha256;  ///< of the file, 64 hexadecimal digits
};

struct StoredModel {
  std::string name;
  std::filesystem::path file;
  ModelOrigin origin;  ///< empty for a file that was laid there by hand
};

/// A download that has not ended.
struct PartialModel {
  std::string name;
  std::uint64_t bytes = 0;
  std::uint64_t total = 0;  ///< 0: unknown
};

/// The chat models of a data folder, in its folder models/: NAME.gguf with NAME.json, NAME.gguf.part while it comes, and the file
/// in_use with the name of the one that answers. Nothing of it is locked: each change is one rename.
class ModelLibrary {
 public:
  explicit ModelLibrary(const std::filesystem::path& data) : folder_(data / "models") {}

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] std::filesystem::path file_of(const std::string& name) const { return folder_ / (name + ".gguf"); }
  [[nodiscard]] std::filesystem::path part_of(const std::string& name) const { return folder_ / (name + ".gguf.part"); }
  [[nodiscard]] bool has(const std::string& name) const { return std::filesystem::exists(file_of(name)); }

  /// By name.
  [[nodiscard]] std::vector<StoredModel> list() const;
  [[nodiscard]] std::vector<PartialModel> list_partial() const;

  /// Gives a whole file, `from` in the library's folder, its name. Errors: conflict (the name is taken), unavailable.
  Result<void> take_in(const std::filesystem::path& from, const std::string& name, const ModelOrigin& origin) const;
  /// Errors: not_found, conflict (it is in use), unavailable.
  Result<void> remove(const std::string& name) const;

  /// The name that use() recorded; nothing for the bundled model.
  [[nodiscard]] std::optional<std::string> in_use() const;
  /// `name` empty: the bundled one. Errors: not_found, unavailable.
  Result<void> use(const std::string& name) const;

 private:
  Result<void> make_folder() const;

  std::filesystem::path folder_;
};

/// A name for the command line and for a file: letters, digits, '.', '_' and '-', not first a '.' or '-'; an ending ".gguf" goes.
/// Errors: invalid_argument.
[[nodiscard]] Result<std::string> model_name_of(std::string text);

/// The file of the chat model in this process: `configured` (--model, GIBSEY_MODEL) where it is set, else the one that `gibsey
/// model use` chose, else empty for the bundled one. Errors: not_found (the chosen one is gone; the sentence tells the way out).
[[nodiscard]] Result<std::filesystem::path> chosen_model(const std::filesystem::path& data,
                                                         const std::filesystem::path& configured);

}  // namespace gibsey::app
