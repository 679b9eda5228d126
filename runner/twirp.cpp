#include "runner/twirp.h"

#include <array>
#include <utility>

#include "base/clock.h"
#include "base/json.h"
#include "base/strings.h"
#include "runner/json_answer.h"

namespace runner {

namespace {

int status_of(std::string_view code) {
  constexpr std::array<std::pair<std::string_view, int>, 8> kStatuses = {{
      {"invalid_argument", 400},
      {"malformed", 400},
      {"unauthenticated", 401},
      {"permission_denied", 403},
      {"not_found", 404},
      {"bad_route", 404},
      {"already_exists", 409},
      {"failed_precondition", 412},
  }};
  for (const auto& [known, status] : kStatuses) {
    if (known == code) return status;
  }
  return 500;
}

// Names come as in the .proto or in camel case.
const base::Json& member(const base::Json& message, std::string_view name) {
  const auto& plain = base::json_member(message, name);
  if (!plain.is_null()) return plain;
  std::string camel;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] != '_') {
      camel += name[i];
    } else if (i + 1 < name.size()) {
      camel += base::to_upper(name.substr(++i, 1));
    }
  }
  return base::json_member(message, camel);
}

}  // namespace

base::ServerResponse twirp_error(std::string_view code, const std::string& message) {
  return json_answer(status_of(code), {{"code", std::string(code)}, {"msg", message}});
}

base::ServerResponse twirp_error(const base::Error& error) {
  switch (error.kind) {
    case base::ErrorKind::invalid_input:
      return twirp_error("invalid_argument", error.message);
    case base::ErrorKind::not_found:
      return twirp_error("not_found", error.message);
    case base::ErrorKind::denied:
      return twirp_error("permission_denied", error.message);
    default:
      return twirp_error("internal", error.message);
  }
}

std::string text_field(const base::Json& message, std::string_view name) {
  const auto& value = member(message, name);
  if (value.is_object()) return base::json_string(value, "value");
  return value.is_string() ? value.get<std::string>() : "";
}

std::optional<std::int64_t> number_field(const base::Json& message, std::string_view name) {
  const auto& value = member(message, name);
  if (value.is_object()) return number_field(value, "value");
  if (value.is_string()) return base::parse_integer(value.get<std::string>());
  if (value.is_number_integer()) return value.get<std::int64_t>();
  return std::nullopt;
}

std::vector<std::string> texts_field(const base::Json& message, std::string_view name) {
  std::vector<std::string> texts;
  const auto& list = member(message, name);
  if (!list.is_array()) return texts;
  for (const auto& item : list) {
    if (item.is_string()) texts.push_back(item.get<std::string>());
  }
  return texts;
}

double time_field(const base::Json& message, std::string_view name) {
  auto text = text_field(message, name);
  text = base::replace_all(base::replace_all(text.substr(0, text.find('.')), "-", ""), ":", "");
  if (!text.ends_with("Z")) text += "Z";
  const auto time = base::parse_basic_iso8601(text);
  return time ? base::to_epoch_seconds(*time) : 0;
}

}  // namespace runner
