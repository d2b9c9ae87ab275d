#include "feed/kafka/handles.hpp"

#include "base/log.hpp"

#include <fmt/format.h>

#include <array>

namespace gibsey::feed::kafka {
namespace {

void write_log(const rd_kafka_t* /*client*/, int level, const char* /*facility*/, const char* text) {
  // syslog's levels; a broker that is away is told once, by the error callback.
  if (level <= 3) {
    gibsey::log::warn("kafka: {}", text);
  } else {
    gibsey::log::debug("kafka: {}", text);
  }
}

}  // namespace

Result<Conf> make_conf(const Settings& settings, void* opaque) {
  Conf conf(rd_kafka_conf_new());
  rd_kafka_conf_set_log_cb(conf.get(), write_log);
  rd_kafka_conf_set_opaque(conf.get(), opaque);
  std::array<char, 256> why{};
  for (const auto& [name, value] : settings) {
    if (rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), why.data(), why.size()) != RD_KAFKA_CONF_OK)
      return fail(ErrorCode::invalid_argument, fmt::format("kafka's setting {}: {}", name, why.data()));
  }
  return conf;
}

Result<Client> make_client(rd_kafka_type_t type, Conf conf) {
  std::array<char, 256> why{};
  Client client(rd_kafka_new(type, conf.get(), why.data(), why.size()));
  if (!client) return fail(ErrorCode::unavailable, fmt::format("no client of Kafka can be made: {}", why.data()));
  (void)conf.release();  // NOLINT: the client's by now
  return client;
}

Error to_error(rd_kafka_resp_err_t error, const std::string& what) {
  return {ErrorCode::unavailable, fmt::format("kafka: {}: {}", what, rd_kafka_err2str(error))};
}

}  // namespace gibsey::feed::kafka
