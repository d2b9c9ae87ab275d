#pragma once
#include <fmt/core.h>

#include <cstdint>
#include <string>

/// The program's log: one line an event, to standard error, with what identifies it (turn id, path). Never a secret, never a
/// reader's text. Formats are those of fmt, checked when they are compiled; what writes the lines is compiled once.
namespace gibsey::log {

enum class Level : std::uint8_t { debug, info, warn, error };

/// What the functions below call.
void write(Level level, fmt::string_view format, fmt::format_args arguments);

template <typename... Arguments>
void debug(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  write(Level::debug, format, fmt::make_format_args(arguments...));
}
template <typename... Arguments>
void info(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  write(Level::info, format, fmt::make_format_args(arguments...));
}
template <typename... Arguments>
void warn(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  write(Level::warn, format, fmt::make_format_args(arguments...));
}
template <typename... Arguments>
void error(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  write(Level::error, format, fmt::make_format_args(arguments...));
}

/// `level`: trace, debug, info, warning, error, critical, off (in any case, as LOG_LEVEL has it). False: no such level.
bool set_level(const std::string& level);

}  // namespace gibsey::log
