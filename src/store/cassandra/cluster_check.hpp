#pragma once
#include "store/cassandra/session.hpp"

#include <string>
#include <vector>

namespace gibsey::store::cassandra {

/// What in the settings of the node that answers may cost data or events, a sentence each with what to do; none where all is
/// well. Of the other nodes nothing is known. Errors: unavailable.
Async<std::vector<std::string>> find_dangers(Session& session);

}  // namespace gibsey::store::cassandra
