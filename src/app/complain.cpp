#include "app/complain.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace gibsey::app {

int complain(const Error& error) {
  fmt::print(stderr, "gibsey: {}\n", error.message);
  return error.code == ErrorCode::invalid_argument || error.code == ErrorCode::not_found ? 2 : 1;
}

}  // namespace gibsey::app
