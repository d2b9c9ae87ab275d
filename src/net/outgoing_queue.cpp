#include "net/outgoing_queue.hpp"

#include <utility>

namespace gibsey::net {

OutgoingQueue::Push OutgoingQueue::push(std::string text) {
  const std::lock_guard lock(mutex_);
  if (closed_) return Push::closed;
  if (text.size() > most_bytes_) return Push::too_large;
  if (text.size() > most_bytes_ - bytes_ || waiting_.size() >= most_messages_) {
    closed_ = true;
    waiting_.clear();
    bytes_ = being_written_;
    return Push::full;
  }
  bytes_ += text.size();
  waiting_.push_back(std::move(text));
  return std::exchange(writing_, true) ? Push::queued : Push::first;
}

std::optional<std::string> OutgoingQueue::next() {
  const std::lock_guard lock(mutex_);
  bytes_ -= std::exchange(being_written_, 0);
  if (waiting_.empty()) {
    writing_ = false;
    return std::nullopt;
  }
  auto text = std::move(waiting_.front());
  waiting_.pop_front();
  being_written_ = text.size();
  return text;
}

void OutgoingQueue::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
}

void OutgoingQueue::cut() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  waiting_.clear();
  bytes_ = being_written_;
}

bool OutgoingQueue::writing() const {
  const std::lock_guard lock(mutex_);
  return writing_;
}

std::size_t OutgoingQueue::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace gibsey::net
