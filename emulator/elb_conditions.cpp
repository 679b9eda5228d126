// The conditions of listener rules: which requests they match, and how the API writes them.
#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/http_server.h"
#include "base/json.h"
#include "base/strings.h"
#include "emulator/elb_service.h"

namespace emulator {
namespace {

struct ConditionField {
  const char* name;
  const char* config;
};
constexpr ConditionField kFields[] = {
    {"host-header", "HostHeaderConfig"},   {"path-pattern", "PathPatternConfig"},
    {"http-header", "HttpHeaderConfig"},   {"http-request-method", "HttpRequestMethodConfig"},
    {"query-string", "QueryStringConfig"}, {"source-ip", "SourceIpConfig"}};

const ConditionField* find_field(const std::string& name) {
  const auto* const found = std::find_if(std::begin(kFields), std::end(kFields),
                                         [&](const ConditionField& field) { return name == field.name; });
  return found == std::end(kFields) ? nullptr : found;
}

bool matches_query(const std::string& wanted, const RequestHead& head) {
  const std::size_t question = head.target.find('?');
  if (question == std::string::npos) return false;
  const std::size_t equals = wanted.find('=');
  const std::string key = equals == std::string::npos ? "*" : wanted.substr(0, equals);
  const std::string value = equals == std::string::npos ? wanted : wanted.substr(equals + 1);
  for (const auto& [name, text] : base::parse_query(head.target.substr(question + 1))) {
    if (matches_wildcard(base::to_lower(key), base::to_lower(name)) &&
        matches_wildcard(base::to_lower(value), base::to_lower(text)))
      return true;
  }
  return false;
}

/// Clients are on this machine, all of them.
bool contains_loopback(const std::string& cidr) {
  const std::size_t slash = cidr.find('/');
  in_addr network{};
  if (inet_pton(AF_INET, cidr.substr(0, slash).c_str(), &network) != 1) return false;
  const auto bits = slash == std::string::npos ? std::optional<std::int64_t>(32)
                                               : base::parse_integer(cidr.substr(slash + 1));
  if (!bits || *bits < 0 || *bits > 32) return false;
  const std::uint32_t mask = *bits == 0 ? 0 : ~std::uint32_t{0} << (32 - *bits);
  return (ntohl(network.s_addr) & mask) == (INADDR_LOOPBACK & mask);
}

}  // namespace

bool matches_wildcard(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool matches(const RuleCondition& condition, const RequestHead& head) {
  return std::any_of(condition.values.begin(), condition.values.end(), [&](const std::string& value) {
    if (condition.field == "host-header") return matches_wildcard(base::to_lower(value), head.host());
    if (condition.field == "path-pattern") return matches_wildcard(value, head.path());
    if (condition.field == "http-request-method") return value == head.method;
    if (condition.field == "query-string") return matches_query(value, head);
    if (condition.field == "source-ip") return contains_loopback(value);
    return condition.field == "http-header" &&
           matches_wildcard(base::to_lower(value), base::to_lower(head.field(condition.header).value_or("")));
  });
}

std::variant<std::vector<RuleCondition>, ApiFailure> conditions_of(const base::Json& list) {
  std::vector<RuleCondition> conditions;
  for (const base::Json& entry : list) {
    const std::string field = text_of(entry, "Field");
    const ConditionField* known = find_field(field);
    if (known == nullptr) {
      return validation(
          fmt::format("Condition field '{}' must be one of '[path-pattern, host-header, http-header, "
                      "http-request-method, query-string, source-ip]'",
                      field));
    }
    const base::Json& config = base::json_member(entry, known->config);
    RuleCondition condition{field, texts_of(entry, "Values"), text_of(config, "HttpHeaderName")};
    if (condition.values.empty()) condition.values = texts_of(config, "Values");
    if (field == "query-string") {
      for (const base::Json& pair : base::json_member(config, "Values")) {
        const std::string key = text_of(pair, "Key");
        condition.values.push_back(key.empty() ? text_of(pair, "Value") : key + "=" + text_of(pair, "Value"));
      }
    }
    if (condition.values.empty()) return validation("A condition needs at least one value");
    if (field == "http-header" && condition.header.empty())
      return validation("An http-header condition needs an HttpHeaderName");
    conditions.push_back(std::move(condition));
  }
  return conditions;
}

base::Json conditions_json(const std::vector<RuleCondition>& conditions) {
  base::Json list = base::Json::array();
  for (const RuleCondition& condition : conditions) {
    const ConditionField* field = find_field(condition.field);
    base::Json config = {{"Values", condition.values}};
    if (condition.field == "query-string") {
      config["Values"] = base::Json::array();
      for (const std::string& value : condition.values) {
        const std::size_t equals = value.find('=');
        base::Json pair = {{"Value", equals == std::string::npos ? value : value.substr(equals + 1)}};
        if (equals != std::string::npos) pair["Key"] = value.substr(0, equals);
        config["Values"].push_back(std::move(pair));
      }
    }
    if (!condition.header.empty()) config["HttpHeaderName"] = condition.header;
    base::Json entry = {{"Field", condition.field}};
    const bool is_classic = condition.field == "host-header" || condition.field == "path-pattern";
    if (is_classic) entry["Values"] = condition.values;
    if (field != nullptr) entry[field->config] = std::move(config);
    list.push_back(std::move(entry));
  }
  return list;
}

}  // namespace emulator
