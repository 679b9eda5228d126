#pragma once
// What a service of the emulator is: a table from operation names to functions, in one of AWS's protocols.
// Requests and answers are JSON here; aws_protocol turns them into what goes over the wire.

#include <functional>
#include <map>
#include <string>
#include <variant>

#include "base/json.h"

namespace emulator {

enum class Protocol {
  json,   ///< X-Amz-Target: Prefix.Operation, JSON bodies, epoch-second times
  query,  ///< form parameters Action and Version, XML answers, ISO times
};

/// Who signed the request.
struct Principal {
  std::string account;
  std::string arn;      ///< user or assumed role
  std::string user_id;  ///< AIDA…, or AROA…:session
  std::string access_key_id;
};

struct ApiCall {
  std::string operation;
  /// The input shape's members. Query parameters `A.member.1.B` come as {"A": [{"B": …}]}, all scalars as
  /// text.
  base::Json input;
  Principal principal;
  std::string region;
  std::string request_id;
};

/// An error as AWS answers it; `code` is what SDKs match.
struct ApiFailure {
  std::string code;
  std::string message;
  int status = 400;
};

/// The output shape's members, or a failure. In the query protocol lists become <member> elements and a null
/// value leaves its element out.
using ApiResult = std::variant<base::Json, ApiFailure>;
using Operation = std::function<ApiResult(const ApiCall& call)>;

struct ServiceTable {
  std::string name;  ///< in the credential scope: ecs, ecr, elasticloadbalancing, sts …
  Protocol protocol = Protocol::json;
  std::string target_prefix;  ///< json: AmazonEC2ContainerServiceV20141113
  std::string version;        ///< query: 2015-12-01, 2011-06-15
  std::string xml_namespace;  ///< query: http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/
  std::map<std::string, Operation> operations;
};

}  // namespace emulator
