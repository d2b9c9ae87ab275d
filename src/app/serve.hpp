#pragma once
#include "app/config.hpp"

namespace gibsey::app {

/// Serves until SIGTERM or SIGINT, then drains: no new turn is admitted, running ones get 8 s. SIGHUP reloads the worlds. Prints
/// one line with the address on standard output when ready. The exit status of the program.
int serve(const Config& config, const Installation& installation);

}  // namespace gibsey::app
