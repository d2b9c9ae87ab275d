#pragma once
#include <cstddef>
#include <list>
#include <mutex>
#include <optional>
#include <string>

namespace gibsey::net {

/// Messages on their way to one client, up to a bound in bytes and number. Any thread pushes; one writer takes. Thread-safe.
class OutgoingQueue {
 public:
  enum class Push {
    queued,
    first,      ///< queued, and nobody is writing: the caller starts the writer
    full,       ///< over the bound: the queue is empty and closed from now on
    too_large,  ///< larger than the whole bound: nothing has changed
    closed,
  };

  OutgoingQueue(std::size_t most_bytes, std::size_t most_messages) : most_bytes_(most_bytes), most_messages_(most_messages) {}

  Push push(std::string text);
  /// For the writer: the next message, when the one before is written. nullopt: nothing is left and the writer ends; a later
  /// push() says `first` again.
  std::optional<std::string> next();
  /// Takes no more; what waits still goes out.
  void close();
  /// Takes no more and drops what waits.
  void cut();

  [[nodiscard]] bool writing() const;
  /// Of what waits and of the message being written.
  [[nodiscard]] std::size_t bytes() const;

 private:
  const std::size_t most_bytes_;
  const std::size_t most_messages_;
  mutable std::mutex mutex_;
  std::list<std::string> waiting_;  // a deque takes half a KiB while it is empty, and nearly every client's queue is
  std::size_t bytes_ = 0;
  std::size_t being_written_ = 0;  ///< bytes of the message that the writer has taken
  bool writing_ = false;
  bool closed_ = false;
};

}  // namespace gibsey::net
