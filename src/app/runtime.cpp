#include "app/runtime.hpp"

#include <algorithm>

namespace gibsey::app {

Runtime::Runtime(unsigned threads) : work_(boost::asio::make_work_guard(context_)) {
  const auto count = threads > 0 ? threads : std::max(2U, std::thread::hardware_concurrency());
  for (unsigned i = 0; i < count; ++i) threads_.emplace_back([this] { context_.run(); });
}

Runtime::~Runtime() {
  stop();
}

void Runtime::stop() {
  work_.reset();
  context_.stop();
  for (auto& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
  threads_.clear();
}

}  // namespace gibsey::app
