#include "emulator/aws_protocol.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "base/xml_text.h"

namespace emulator {

namespace {

constexpr std::size_t kMostParameters = 10'000;
constexpr std::size_t kDeepest = 20;
constexpr std::int64_t kMostItems = 10'000;

// "member.1" names an item of a list: the word is dropped, the number is its place.
void put(base::Json& object, const std::vector<std::string>& path, std::size_t at, const std::string& value) {
  if (at == path.size()) {
    object = value;
    return;
  }
  const auto index = base::parse_integer(path[at]);
  if (index && *index >= 1 && *index <= kMostItems) {
    if (!object.is_array()) object = base::Json::array();
    while (object.size() < static_cast<std::size_t>(*index)) object.push_back(nullptr);
    put(object[static_cast<std::size_t>(*index - 1)], path, at + 1, value);
    return;
  }
  if (path[at] == "member" || path[at] == "entry") return put(object, path, at + 1, value);
  if (!object.is_object()) object = base::Json::object();
  put(object[path[at]], path, at + 1, value);
}

void write_xml(const base::Json& value, std::string& out) {
  if (value.is_object()) {
    for (const auto& [name, member] : value.items()) {
      if (member.is_null()) continue;
      out += fmt::format("<{}>", name);
      write_xml(member, out);
      out += fmt::format("</{}>", name);
    }
  } else if (value.is_array()) {
    for (const auto& item : value) {
      out += "<member>";
      write_xml(item, out);
      out += "</member>";
    }
  } else if (value.is_string()) {
    out += base::xml_escaped(value.get_ref<const std::string&>());
  } else if (!value.is_null()) {
    out += base::xml_escaped(base::to_text(value));
  }
}

base::ServerResponse json_answer(const ApiCall& call, const ApiResult& result) {
  base::ServerResponse response;
  response.headers = {{"Content-Type", "application/x-amz-json-1.1"}, {"x-amzn-RequestId", call.request_id}};
  if (const auto* failure = std::get_if<ApiFailure>(&result)) {
    response.status = failure->status;
    response.headers.emplace("x-amzn-ErrorType", failure->code);
    response.body = base::to_text({{"__type", failure->code}, {"message", failure->message}});
  } else {
    response.body = base::to_text(std::get<base::Json>(result));
  }
  return response;
}

base::ServerResponse query_answer(const ServiceTable& service, const ApiCall& call, const ApiResult& result) {
  base::ServerResponse response;
  response.headers = {{"Content-Type", "text/xml"}, {"x-amzn-RequestId", call.request_id}};
  if (const auto* failure = std::get_if<ApiFailure>(&result)) {
    response.status = failure->status;
    response.body = fmt::format(
        "<ErrorResponse xmlns=\"{}\"><Error><Type>{}</Type><Code>{}</Code><Message>{}</Message></Error>"
        "<RequestId>{}</RequestId></ErrorResponse>",
        service.xml_namespace, failure->status >= 500 ? "Receiver" : "Sender",
        base::xml_escaped(failure->code), base::xml_escaped(failure->message), call.request_id);
    return response;
  }
  std::string body;
  write_xml(std::get<base::Json>(result), body);
  response.body = fmt::format(
      "<{0}Response xmlns=\"{1}\"><{0}Result>{2}</{0}Result><ResponseMetadata><RequestId>{3}</RequestId>"
      "</ResponseMetadata></{0}Response>",
      call.operation, service.xml_namespace, body, call.request_id);
  return response;
}

}  // namespace

base::Json parse_query_input(const std::string& body) {
  base::Json input = base::Json::object();
  std::size_t count = 0;
  for (const auto& [name, value] : base::parse_query(body)) {
    if (++count > kMostParameters) break;
    const auto path = base::split(name, '.');
    if (path.size() <= kDeepest) put(input, path, 0, value);
  }
  return input;
}

base::ServerResponse encode(const ServiceTable& service, const ApiCall& call, const ApiResult& result) {
  return service.protocol == Protocol::json ? json_answer(call, result) : query_answer(service, call, result);
}

}  // namespace emulator
