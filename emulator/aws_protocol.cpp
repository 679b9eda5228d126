#include "emulator/aws_protocol.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "base/strings.h"
#include "base/xml_text.h"
#include "emulator/cbor.h"

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

enum class Holds { anything, times, entries };

class XmlWriter {
 public:
  explicit XmlWriter(const ServiceTable& service) : service_(service) {}

  std::string write(const base::Json& value) {
    write(value, Holds::anything);
    return std::move(out_);
  }

 private:
  void write(const base::Json& value, Holds holds) {
    if (value.is_object()) {
      for (const auto& [name, member] : value.items()) {
        if (member.is_null()) continue;
        holds == Holds::entries ? write_entry(name, member) : write_member(name, member);
      }
    } else if (value.is_array()) {
      for (const auto& item : value) {
        out_ += "<member>";
        write(item, holds);
        out_ += "</member>";
      }
    } else if (value.is_number() && holds == Holds::times) {
      out_ += base::format_iso8601(base::from_epoch_seconds(value.get<double>()));
    } else if (value.is_string()) {
      out_ += base::xml_escaped(value.get_ref<const std::string&>());
    } else if (!value.is_null()) {
      out_ += base::xml_escaped(base::to_text(value));
    }
  }

  void write_member(const std::string& name, const base::Json& member) {
    out_ += fmt::format("<{}>", name);
    write(member, service_.time_members.contains(name)  ? Holds::times
                  : service_.map_members.contains(name) ? Holds::entries
                                                        : Holds::anything);
    out_ += fmt::format("</{}>", name);
  }

  void write_entry(const std::string& key, const base::Json& value) {
    out_ += fmt::format("<entry><key>{}</key><value>", base::xml_escaped(key));
    write(value, Holds::anything);
    out_ += "</value></entry>";
  }

  const ServiceTable& service_;
  std::string out_;
};

std::string query_code(const ServiceTable& service, const std::string& code) {
  const auto known = service.query_codes.find(code);
  return known == service.query_codes.end() ? code : known->second;
}

const char* fault_of(const ApiFailure& failure) {
  return failure.status >= 500 ? "Receiver" : "Sender";
}

void add_query_error(const ServiceTable& service, const ApiFailure& failure, base::Headers& headers) {
  if (service.query_codes.empty()) return;
  headers.emplace("x-amzn-query-error",
                  fmt::format("{};{}", query_code(service, failure.code), fault_of(failure)));
}

base::ServerResponse json_answer(const ServiceTable& service, const ApiCall& call, const ApiResult& result) {
  base::ServerResponse response;
  response.headers = {{"Content-Type", service.query_codes.empty() ? "application/x-amz-json-1.1"
                                                                   : "application/x-amz-json-1.0"},
                      {"x-amzn-RequestId", call.request_id}};
  if (const auto* failure = std::get_if<ApiFailure>(&result)) {
    response.status = failure->status;
    response.headers.emplace("x-amzn-ErrorType", failure->code);
    add_query_error(service, *failure, response.headers);
    response.body = base::to_text({{"__type", failure->code}, {"message", failure->message}});
  } else {
    response.body = base::to_text(std::get<base::Json>(result));
  }
  return response;
}

base::ServerResponse cbor_answer(const ServiceTable& service, const ApiCall& call, const ApiResult& result) {
  base::ServerResponse response;
  response.headers = {{"Content-Type", "application/cbor"},
                      {"smithy-protocol", "rpc-v2-cbor"},
                      {"x-amzn-RequestId", call.request_id}};
  if (const auto* failure = std::get_if<ApiFailure>(&result)) {
    response.status = failure->status;
    add_query_error(service, *failure, response.headers);
    response.body = to_cbor({{"__type", failure->code}, {"message", failure->message}}, {});
  } else {
    response.body = to_cbor(std::get<base::Json>(result), service.time_members);
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
        service.xml_namespace, fault_of(*failure), base::xml_escaped(query_code(service, failure->code)),
        base::xml_escaped(failure->message), call.request_id);
    return response;
  }
  const auto body = XmlWriter(service).write(std::get<base::Json>(result));
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
  switch (service.protocol) {
    case Protocol::json:
      return json_answer(service, call, result);
    case Protocol::query:
      return query_answer(service, call, result);
    case Protocol::cbor:
      break;
  }
  return cbor_answer(service, call, result);
}

}  // namespace emulator
