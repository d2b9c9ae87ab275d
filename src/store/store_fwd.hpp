#pragma once
#include "base/result.hpp"

#include <boost/asio/awaitable.hpp>

namespace gibsey::store {

/// What every store operation returns: it suspends the caller, never blocks its thread, and resumes on the caller's
/// executor. Besides the errors that an operation names: busy when too many calls wait, invalid_argument for values that
/// make no sense. An operation that has begun is not cancelled.
template <typename T>
using Async = boost::asio::awaitable<Result<T>>;

}  // namespace gibsey::store
