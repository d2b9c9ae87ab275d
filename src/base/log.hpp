#pragma once
#include <spdlog/spdlog.h>

/// The program's log: one line an event, to standard error, with what identifies it (turn id, path). Never a secret, never a
/// reader's text.
namespace gibsey::log {

using spdlog::debug;
using spdlog::error;
using spdlog::info;
using spdlog::warn;

/// `level`: trace, debug, info, warning, error, critical, off (in any case, as LOG_LEVEL has it). False: no such level.
bool set_level(const std::string& level);

}  // namespace gibsey::log
