#pragma once
// AWS's wire protocols: JSON 1.0 and 1.1, Query/XML, rpc-v2-cbor. Requests → JSON input, results → answers,
// failures in each one's way.

#include <string>

#include "base/http_server.h"
#include "emulator/service.h"

namespace emulator {

/// `A.member.1.B=x` → {"A": [{"B": "x"}]}. Deeper than 20 levels or more than 10,000 parameters is cut off.
base::Json parse_query_input(const std::string& body);

base::ServerResponse encode(const ServiceTable& service, const ApiCall& call, const ApiResult& result);

}  // namespace emulator
