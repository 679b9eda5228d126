#include "steps/go_template_functions.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>

#include "base/strings.h"

namespace steps {
namespace {

using base::Json;
using base::Result;
using TemplateArguments = std::vector<Json>;

base::Error bad_template_call(std::string_view name, std::string_view why) {
  return base::invalid_input(fmt::format("template parsing error: calling {}: {}", name, why));
}

Result<Json> index_of(const TemplateArguments& arguments) {
  if (arguments.empty()) return bad_template_call("index", "expected a value");
  Json value = arguments[0];
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const Json& key = arguments[i];
    if (value.is_null()) return bad_template_call("index", "index of untyped nil");
    if (value.is_array()) {
      if (!key.is_number_integer() || key.get<std::int64_t>() < 0 || key.get<std::size_t>() >= value.size())
        return bad_template_call("index", fmt::format("index out of range: {}", shown_value(key)));
      value = Json(value[key.get<std::size_t>()]);
    } else {
      if (!key.is_string()) return bad_template_call("index", "expected the name of an entry");
      const auto found = value.is_object() ? value.find(key.get<std::string>()) : value.end();
      // Docker's maps hold texts: one that is not there is an empty one.
      value = found == value.end() ? Json("") : Json(*found);
    }
  }
  return value;
}

/// Numbers by size, all else as text.
int compare_values(const Json& a, const Json& b) {
  if (a.is_number() && b.is_number()) {
    const auto x = a.get<double>();
    const auto y = b.get<double>();
    return x < y ? -1 : (x > y ? 1 : 0);
  }
  return shown_value(a).compare(shown_value(b));
}

Result<Json> ordered(std::string_view name, const TemplateArguments& arguments) {
  if (arguments.size() < 2) return bad_template_call(name, "expected two values");
  if (name == "eq") {
    return Json(std::any_of(arguments.begin() + 1, arguments.end(),
                            [&](const Json& other) { return compare_values(arguments[0], other) == 0; }));
  }
  const int order = compare_values(arguments[0], arguments[1]);
  if (name == "ne") return Json(order != 0);
  if (name == "lt") return Json(order < 0);
  if (name == "le") return Json(order <= 0);
  return Json(name == "gt" ? order > 0 : order >= 0);
}

/// The first that decides, or the last.
Json decided(const TemplateArguments& arguments, bool by) {
  for (const Json& value : arguments) {
    if (is_true_value(value) == by) return value;
  }
  return arguments.empty() ? Json() : arguments.back();
}

Result<Json> length_of(const TemplateArguments& arguments) {
  if (arguments.size() != 1) return bad_template_call("len", "expected one value");
  if (arguments[0].is_string()) return Json(arguments[0].get_ref<const std::string&>().size());
  return Json(arguments[0].size());
}

/// %s, %v, %d, %q and %%, with a width.
Result<Json> printed(const TemplateArguments& arguments) {
  if (arguments.empty() || !arguments[0].is_string()) return bad_template_call("printf", "expected a format");
  const auto& format = arguments[0].get_ref<const std::string&>();
  std::string text;
  std::size_t next = 1;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      text += format[i];
      continue;
    }
    const auto end = format.find_first_not_of("-0123456789", i + 1);
    if (end == std::string::npos) return bad_template_call("printf", "a % without its letter");
    const auto width = base::parse_integer(format.substr(i + 1, end - i - 1)).value_or(0);
    i = end;
    if (format[i] == '%') {
      text += '%';
      continue;
    }
    if (std::string_view("svdq").find(format[i]) == std::string_view::npos)
      return bad_template_call("printf",
                               fmt::format("%{} is not supported here; what is: %s %v %d %q", format[i]));
    if (next == arguments.size()) return bad_template_call("printf", "more letters than values");
    auto shown = shown_value(arguments[next++]);
    if (format[i] == 'q') shown = base::to_text(Json(shown));
    constexpr std::int64_t kWidest = 1000;
    const auto columns = static_cast<std::size_t>(std::min(width < 0 ? -width : width, kWidest));
    const std::string blanks(columns - std::min(columns, shown.size()), ' ');
    text += width < 0 ? shown + blanks : blanks + shown;
  }
  return Json(std::move(text));
}

Result<Json> split_text(const TemplateArguments& arguments) {
  if (arguments.size() != 2)
    return bad_template_call("split", "expected a text and what separates its parts");
  const auto text = shown_value(arguments[0]);
  const auto separator = shown_value(arguments[1]);
  if (separator.empty()) return bad_template_call("split", "the separator is empty");
  Json parts = Json::array();
  std::size_t from = 0;
  for (auto at = text.find(separator); at != std::string::npos; at = text.find(separator, from)) {
    parts.push_back(text.substr(from, at - from));
    from = at + separator.size();
  }
  parts.push_back(text.substr(from));
  return parts;
}

Result<Json> join_texts(const TemplateArguments& arguments) {
  if (arguments.size() != 2)
    return bad_template_call("join", "expected a list and what stands between its parts");
  std::vector<std::string> parts;
  for (const Json& part : arguments[0]) parts.push_back(shown_value(part));
  return Json(base::join(parts, shown_value(arguments[1])));
}

Result<Json> truncated(const TemplateArguments& arguments) {
  if (arguments.size() != 2 || !arguments[1].is_number_unsigned())
    return bad_template_call("truncate", "expected a text and a length");
  return Json(std::string(base::clipped(shown_value(arguments[0]), arguments[1].get<std::size_t>())));
}

std::string shown_together(const TemplateArguments& arguments) {
  std::vector<std::string> parts;
  for (const Json& value : arguments) parts.push_back(shown_value(value));
  return base::join(parts, " ");
}

using TemplateFunction = std::function<Result<Json>(const TemplateArguments&)>;

const std::map<std::string_view, TemplateFunction>& template_functions() {
  const auto of_one = [](auto change) {
    return [change](const TemplateArguments& arguments) -> Result<Json> {
      if (arguments.size() != 1) return bad_template_call("a function of one value", "expected one");
      return Json(change(arguments[0]));
    };
  };
  static const std::map<std::string_view, TemplateFunction> kTemplateFunctions = {
      {"and", [](const TemplateArguments& a) -> Result<Json> { return decided(a, false); }},
      {"or", [](const TemplateArguments& a) -> Result<Json> { return decided(a, true); }},
      {"not", of_one([](const Json& value) { return !is_true_value(value); })},
      {"index", index_of},
      {"len", length_of},
      {"printf", printed},
      {"print", [](const TemplateArguments& a) -> Result<Json> { return Json(shown_together(a)); }},
      {"println", [](const TemplateArguments& a) -> Result<Json> { return Json(shown_together(a) + "\n"); }},
      {"json", of_one([](const Json& value) { return base::to_text(value); })},
      {"lower", of_one([](const Json& value) { return base::to_lower(shown_value(value)); })},
      {"upper", of_one([](const Json& value) { return base::to_upper(shown_value(value)); })},
      {"title", of_one([](const Json& value) {
         auto text = shown_value(value);
         if (!text.empty()) text[0] = base::to_upper(text.substr(0, 1))[0];
         return text;
       })},
      {"split", split_text},
      {"join", join_texts},
      {"truncate", truncated},
  };
  return kTemplateFunctions;
}

}  // namespace

std::string shown_value(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_null()) return "<no value>";
  std::vector<std::string> parts;
  if (value.is_array()) {
    for (const Json& part : value) parts.push_back(shown_value(part));
    return fmt::format("[{}]", base::join(parts, " "));
  }
  if (!value.is_object()) return base::to_text(value);
  for (const auto& [name, part] : value.items()) parts.push_back(name + ":" + shown_value(part));
  return fmt::format("map[{}]", base::join(parts, " "));
}

bool is_true_value(const Json& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number()) return value.get<double>() != 0;
  if (value.is_string()) return !value.get_ref<const std::string&>().empty();
  return !value.empty();
}

Result<Json> call_template_function(std::string_view name, const TemplateArguments& arguments) {
  for (const char* order : {"eq", "ne", "lt", "le", "gt", "ge"}) {
    if (name == order) return ordered(name, arguments);
  }
  const auto found = template_functions().find(name);
  if (found == template_functions().end())
    return base::invalid_input(fmt::format("template parsing error: function \"{}\" not defined", name));
  return found->second(arguments);
}

}  // namespace steps
