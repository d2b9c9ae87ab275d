#pragma once
#include "base/error.hpp"

#include <string>

/// What every turn store refuses, in the same words.
namespace gibsey::store {

[[nodiscard]] inline Error turn_exists(const std::string& id) {
  return {ErrorCode::conflict, "the turn " + id + " exists already; begin a new one with an id of its own"};
}
[[nodiscard]] inline Error no_running_turn(const std::string& id) {
  return {ErrorCode::not_found, "no turn " + id + " is running, so that nothing can be added to its reply"};
}
[[nodiscard]] inline Error unknown_turn(const std::string& id) {
  return {ErrorCode::not_found, "there is no turn " + id + " to finish"};
}

}  // namespace gibsey::store
