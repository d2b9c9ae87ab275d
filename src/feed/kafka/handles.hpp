#pragma once
#include "base/result.hpp"

#include <librdkafka/rdkafka.h>

#include <map>
#include <memory>
#include <string>

/// librdkafka's things, owned; its errors as ours.
namespace gibsey::feed::kafka {

template <auto destroy>
struct Destroy {
  template <typename T>
  void operator()(T* thing) const {
    destroy(thing);
  }
};

using Client = std::unique_ptr<rd_kafka_t, Destroy<rd_kafka_destroy>>;
using Conf = std::unique_ptr<rd_kafka_conf_t, Destroy<rd_kafka_conf_destroy>>;
using Queue = std::unique_ptr<rd_kafka_queue_t, Destroy<rd_kafka_queue_destroy>>;
using Message = std::unique_ptr<rd_kafka_message_t, Destroy<rd_kafka_message_destroy>>;
using Partitions = std::unique_ptr<rd_kafka_topic_partition_list_t, Destroy<rd_kafka_topic_partition_list_destroy>>;
using Settings = std::map<std::string, std::string>;

/// What every client has, with `more` besides; its log goes to ours. Error: invalid_argument, naming the setting.
[[nodiscard]] Result<Conf> make_conf(const Settings& settings, void* opaque);
/// A client takes the conf over. Errors: unavailable.
[[nodiscard]] Result<Client> make_client(rd_kafka_type_t type, Conf conf);
[[nodiscard]] Error to_error(rd_kafka_resp_err_t error, const std::string& what);

}  // namespace gibsey::feed::kafka
