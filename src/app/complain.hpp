#pragma once
#include "base/error.hpp"

namespace gibsey::app {

/// Tells a person on standard error what went wrong; answers the exit status: 2 for wrong input, 1 for anything else.
int complain(const Error& error);

}  // namespace gibsey::app
