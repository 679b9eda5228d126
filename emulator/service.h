#pragma once
// What a service of the emulator is: a table from operation names to functions, in one of AWS's protocols.
// Requests and answers are JSON here; aws_protocol turns them into what goes over the wire.

#include <functional>
#include <map>
#include <set>
#include <string>
#include <variant>

#include "base/json.h"

namespace emulator {

enum class Protocol {
  json,   ///< X-Amz-Target: Prefix.Operation, JSON bodies, epoch-second times
  query,  ///< form parameters Action and Version, XML answers, ISO times
  cbor,   ///< rpc-v2-cbor: /service/Prefix/operation/Operation, CBOR bodies, tagged times
};

/// Who signed the request.
struct Principal {
  std::string account;
  std::string arn;      ///< user or assumed role
  std::string user_id;  ///< AIDA…, or AROA…:session
  std::string access_key_id;
  std::string role_arn;  ///< of an assumed role
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
  std::string target_prefix;  ///< json, cbor: AmazonEC2ContainerServiceV20141113
  std::string version;        ///< query: 2015-12-01, 2011-06-15
  std::string xml_namespace;  ///< query: http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/
  /// Members of answers that are epoch seconds and that each protocol writes as its own times.
  std::set<std::string> time_members;
  std::set<std::string> map_members;  ///< of answers: objects that the query protocol writes as entries
  /// What the query protocol calls failures that json and cbor name by their shapes; when there are any, the
  /// json protocol is the one of version 1.0 with awsQueryCompatible errors.
  std::map<std::string, std::string> query_codes;
  std::map<std::string, Operation> operations;
};

}  // namespace emulator
