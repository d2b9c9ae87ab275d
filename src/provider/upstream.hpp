#pragma once
#include "net/http_pool.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace gibsey::provider {

/// How long a model server may take.
struct Patience {
  std::chrono::milliseconds connect{5'000};        ///< name, connection, TLS
  std::chrono::milliseconds first_token{120'000};  ///< from the request sent to the head of the answer, and on to its first text
  std::chrono::milliseconds between_tokens{60'000};
  std::chrono::milliseconds total{300'000};  ///< of a whole reply; the turn's own deadline counts too
};

/// A model server elsewhere and how it is to be asked. A value, made of the configuration.
struct UpstreamOptions {
  std::string name;      ///< as LLM_PROVIDERS has it, "llm_fallback"; told to readers
  std::string base_url;  ///< http or https (verified); a "/" at its end is dropped
  std::string api_key;   ///< "" none. Never told, logged or echoed
  std::string model;
  std::optional<double> temperature;  ///< wins over the turn's own
  int max_tokens = 0;                 ///< of a reply at most; 0: the turn's own bound
  int context_tokens = 8192;          ///< prompt and reply together
  bool is_small = false;              ///< takes the prompt for tiny models
  Patience patience;
  std::shared_ptr<net::HttpPool> pool;  ///< whose connections are used; null: one a call
};

}  // namespace gibsey::provider
