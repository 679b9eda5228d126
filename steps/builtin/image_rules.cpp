#include "steps/builtin/image_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/strings.h"
#include "steps/builtin/input_list.h"

namespace steps::builtin {
namespace {

using base::ErrorKind;
using base::make_error;

struct TagTypeName {
  TagType type;
  std::string_view name;
  std::string_view priority;
};
constexpr std::array<TagTypeName, 8> kTagTypes = {{{TagType::schedule, "schedule", "1000"},
                                                   {TagType::semver, "semver", "900"},
                                                   {TagType::pep440, "pep440", "900"},
                                                   {TagType::match, "match", "800"},
                                                   {TagType::edge, "edge", "700"},
                                                   {TagType::ref, "ref", "600"},
                                                   {TagType::raw, "raw", "200"},
                                                   {TagType::sha, "sha", "100"}}};

base::Error wrong(std::string_view what, std::string_view entry) {
  return make_error(ErrorKind::invalid_input, fmt::format("{}: {}", what, entry));
}

/// `key=value` with the key in lower case; without `=` the key is empty.
struct RuleField {
  std::string key;
  std::string value;
};
RuleField field_of(const std::string& text) {
  const std::size_t equals = text.find('=');
  // An entry that begins with `=` has no key to speak of.
  if (equals == std::string::npos || equals == 0) return {"", std::string(base::trim(text))};
  return {base::to_lower(base::trim(std::string_view(text).substr(0, equals))),
          std::string(base::trim(std::string_view(text).substr(equals + 1)))};
}

/// Images and flavors are split at every `=`: what follows a second one is lost, as in the original.
RuleField short_field_of(const std::string& text) {
  RuleField field = field_of(text);
  field.value = std::string(base::trim(std::string_view(field.value).substr(0, field.value.find('='))));
  return field;
}

base::Result<ImageName> read_image_name(const std::string& input) {
  ImageName image;
  for (const std::string& text : fields_of(input)) {
    const RuleField field = short_field_of(text);
    if (field.key.empty() || field.key == "name") {
      image.name = field.value;
    } else if (field.key == "enable") {
      if (field.value != "true" && field.value != "false")
        return wrong("Invalid enable attribute value", input);
      image.enabled = field.value == "true";
    } else {
      return wrong("Unknown image attribute", input);
    }
  }
  if (image.name.empty()) return wrong("Image name attribute empty", input);
  return image;
}

void set_default(TagRule& rule, const std::string& name, std::string_view value) {
  rule.attributes.try_emplace(name, value);
}

base::Result<void> complete_match(TagRule& rule, const std::string& input) {
  if (!rule.attributes.contains("pattern")) return wrong("Missing pattern attribute for", input);
  set_default(rule, "group", "0");
  set_default(rule, "value", "");
  const std::string group = rule.attribute("group");
  if (!base::parse_integer(group))
    return make_error(ErrorKind::invalid_input, "Invalid match group for " + input);
  return {};
}

base::Result<void> complete(TagRule& rule, const std::string& input) {
  const auto missing = [&](const char* name) {
    return make_error(ErrorKind::invalid_input, fmt::format("Missing {} attribute for {}", name, input));
  };
  switch (rule.type) {
    case TagType::schedule:
      set_default(rule, "pattern", "nightly");
      break;
    case TagType::semver:
    case TagType::pep440:
      if (!rule.attributes.contains("pattern")) return missing("pattern");
      set_default(rule, "value", "");
      set_default(rule, "match", "");
      break;
    case TagType::match:
      TRY(complete_match(rule, input));
      break;
    case TagType::edge:
      set_default(rule, "branch", "");
      break;
    case TagType::ref: {
      if (!rule.attributes.contains("event")) return missing("event");
      const std::string event = rule.attribute("event");
      if (event != "branch" && event != "tag" && event != "pr")
        return make_error(ErrorKind::invalid_input, "Invalid event for " + input);
      if (event == "pr") set_default(rule, "prefix", "pr-");
      break;
    }
    case TagType::raw:
      if (!rule.attributes.contains("value")) return missing("value");
      break;
    case TagType::sha:
      set_default(rule, "prefix", "sha-");
      set_default(rule, "format", "short");
      if (rule.attribute("format") != "short" && rule.attribute("format") != "long")
        return make_error(ErrorKind::invalid_input, "Invalid format for " + input);
      break;
  }
  set_default(rule, "enable", "true");
  for (const auto& known : kTagTypes) {
    if (known.type == rule.type) set_default(rule, "priority", known.priority);
  }
  return {};
}

base::Result<TagRule> read_tag_rule(const std::string& input) {
  TagRule rule;
  for (const std::string& text : fields_of(input)) {
    const RuleField field = field_of(text);
    if (field.key.empty()) {
      rule.attributes["value"] = field.value;
    } else if (field.key == "type") {
      const auto* const known = std::find_if(kTagTypes.begin(), kTagTypes.end(),
                                             [&](const auto& type) { return type.name == field.value; });
      if (known == kTagTypes.end()) return wrong("Unknown tag type attribute", field.value);
      rule.type = known->type;
    } else {
      rule.attributes[field.key] = field.value;
    }
  }
  TRY(complete(rule, input));
  return rule;
}

double priority_of(const TagRule& rule) {
  const auto number = base::parse_integer(rule.attribute("priority"));
  return number ? static_cast<double>(*number) : 0;
}

}  // namespace

std::string_view to_string(TagType type) {
  for (const auto& known : kTagTypes) {
    if (known.type == type) return known.name;
  }
  return "raw";
}

std::string TagRule::attribute(const std::string& name) const {
  const auto found = attributes.find(name);
  return found == attributes.end() ? std::string() : found->second;
}

std::string TagRule::to_string() const {
  std::string text = fmt::format("type={}", builtin::to_string(type));
  for (const auto& [name, value] : attributes) text += fmt::format(",{}={}", name, value);
  return text;
}

base::Result<std::vector<ImageName>> read_image_names(const std::vector<std::string>& inputs) {
  std::vector<ImageName> images;
  if (inputs.size() == 1) {
    // The old form: names in one line.
    const std::vector<std::string> names = fields_of(inputs[0]);
    const bool old = std::all_of(names.begin(), names.end(),
                                 [](const std::string& name) { return name.find('=') == std::string::npos; });
    if (old) {
      for (const std::string& name : names) images.push_back({std::string(base::trim(name)), true});
      return images;
    }
  }
  for (const std::string& input : inputs) {
    TRY(auto image, read_image_name(input));
    images.push_back(std::move(image));
  }
  return images;
}

base::Result<std::vector<TagRule>> read_tag_rules(const std::vector<std::string>& inputs) {
  static const std::vector<std::string> kDefaults = {"type=schedule", "type=ref,event=branch",
                                                     "type=ref,event=tag", "type=ref,event=pr"};
  std::vector<TagRule> rules;
  for (const std::string& input : inputs.empty() ? kDefaults : inputs) {
    TRY(auto rule, read_tag_rule(input));
    rules.push_back(std::move(rule));
  }
  std::stable_sort(rules.begin(), rules.end(),
                   [](const TagRule& a, const TagRule& b) { return priority_of(a) > priority_of(b); });
  return rules;
}

base::Result<Flavor> read_flavor(const std::vector<std::string>& inputs) {
  Flavor flavor;
  for (const std::string& input : inputs) {
    bool* on_latest = nullptr;
    for (const std::string& text : fields_of(input)) {
      const RuleField field = short_field_of(text);
      if (field.key.empty()) return wrong("Invalid flavor entry", input);
      if (field.key == "latest") {
        if (field.value != "auto" && field.value != "true" && field.value != "false")
          return wrong("Invalid latest flavor entry", input);
        flavor.latest = field.value;
      } else if (field.key == "prefix") {
        flavor.prefix = field.value;
        on_latest = &flavor.prefix_on_latest;
      } else if (field.key == "suffix") {
        flavor.suffix = field.value;
        on_latest = &flavor.suffix_on_latest;
      } else if (field.key == "onlatest") {
        if (field.value != "true" && field.value != "false")
          return wrong("Invalid value for onlatest attribute", field.value);
        if (on_latest != nullptr) *on_latest = field.value == "true";
      } else {
        return wrong("Unknown flavor entry", input);
      }
    }
  }
  return flavor;
}

}  // namespace steps::builtin
