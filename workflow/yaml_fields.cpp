#include "workflow/yaml_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/similar_name.h"
#include "base/strings.h"

namespace workflow {

using base::Result;

base::Error YamlFields::wrong(const Node& node, std::string_view expected) const {
  auto error = base::invalid_input(
      fmt::format("expected {}, found {}", expected,
                  node.is_scalar() ? "'" + node.text + "'" : std::string(name_of(node.kind))));
  error.location = base::Location{file_, node.line, node.column};
  return error;
}

Result<void> YamlFields::check_keys(const Node& node, const std::vector<std::string>& known) const {
  if (!node.is_mapping()) return wrong(node, "keys and values");
  for (const auto& member : node.members) {
    if (std::find(known.begin(), known.end(), member.key.text) != known.end()) continue;
    const auto near = base::similar_name(member.key.text, known);
    auto error = base::invalid_input(fmt::format("unknown key '{}'; {} {}", member.key.text,
                                                 near ? "did you mean" : "expected one of",
                                                 near ? *near + "?" : base::join(known, ", ")));
    error.location = base::Location{file_, member.key.line, member.key.column};
    return error;
  }
  return {};
}

Result<std::string> YamlFields::text_at(const Node& node, std::string_view key, std::string fallback) const {
  const Node& value = node[key];
  if (!value.present() || value.kind == NodeKind::null) return fallback;
  if (!value.is_scalar()) return wrong(value, "a text");
  return text_of(value);
}

Result<int> YamlFields::whole_at(const Node& node, std::string_view key, int fallback, int most) const {
  const Node& value = node[key];
  if (!value.present()) return fallback;
  const double number = value.kind == NodeKind::number ? number_of(value) : -1;
  if (std::floor(number) != number || number < 0 || number > most)
    return wrong(value, fmt::format("a whole number from 0 to {}", most));
  return static_cast<int>(number);
}

Result<double> YamlFields::number_at(const Node& node, std::string_view key, double fallback) const {
  const Node& value = node[key];
  if (!value.present()) return fallback;
  if (value.kind != NodeKind::number || !std::isfinite(number_of(value))) return wrong(value, "a number");
  return number_of(value);
}

Result<bool> YamlFields::flag_at(const Node& node, std::string_view key) const {
  const Node& value = node[key];
  if (!value.present()) return false;
  if (value.kind != NodeKind::boolean) return wrong(value, "true or false");
  return value.text == "true";
}

Result<std::vector<std::string>> YamlFields::list_at(const Node& node, std::string_view key) const {
  const Node& value = node[key];
  std::vector<std::string> list;
  if (!value.present()) return list;
  if (value.is_scalar()) return std::vector<std::string>{text_of(value)};
  if (!value.is_sequence()) return wrong(value, "a list of texts");
  for (const auto& entry : value.items) {
    if (!entry.is_scalar()) return wrong(entry, "a text");
    list.push_back(text_of(entry));
  }
  return list;
}

}  // namespace workflow
