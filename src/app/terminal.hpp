#pragma once
#include "model/turn.hpp"

#include <cstdio>
#include <string>
#include <vector>

namespace gibsey::app {

/// Shows a turn in a terminal: the reply in the character's colour as it comes, then what was quoted, what was found besides, and
/// the receipt. Colour only on a terminal and where NO_COLOR is not set.
class TurnPrinter {
 public:
  /// `color_hex` "#RRGGBB" or empty.
  TurnPrinter(std::FILE* out, std::string name, const std::string& color_hex);

  void show(const model::TurnEvent& event);
  /// Whether the turn ended with an error.
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  void text(const std::string& text);
  void end_reply();
  void show_sources() const;
  [[nodiscard]] std::string dim(const std::string& text) const;

  std::FILE* out_;
  std::string name_;
  std::string color_;  ///< escape sequence, or empty
  std::string reset_;
  bool began_ = false;
  bool ended_ = false;
  bool failed_ = false;
  std::vector<model::Source> sources_;
  std::vector<model::Quote> quotes_;
};

}  // namespace gibsey::app
