#include "ecr/annotation.h"

#include <fmt/format.h>

#include "base/strings.h"

namespace ecr {

namespace {

using base::ErrorKind;
using base::make_error;
using base::Result;
using Level = Annotation::Level;

/// `index`, `manifest[linux/amd64]`, …; nothing when it is no level, but the beginning of a key.
std::optional<Result<Annotation>> parse_level(std::string_view text) {
  const auto bracket = text.find('[');
  const auto name = text.substr(0, bracket);
  Annotation annotation;
  if (name == "manifest") {
    annotation.level = Level::manifest;
  } else if (name == "index") {
    annotation.level = Level::index;
  } else if (name == "manifest-descriptor") {
    annotation.level = Level::manifest_descriptor;
  } else if (name == "index-descriptor") {
    annotation.level = Level::index_descriptor;
  } else {
    return std::nullopt;
  }
  if (bracket == std::string_view::npos) return annotation;
  if (!text.ends_with(']')) return std::nullopt;
  auto platform = parse_platform(text.substr(bracket + 1, text.size() - bracket - 2));
  if (!platform) return std::move(platform).error();
  annotation.platform = std::move(*platform);
  return annotation;
}

}  // namespace

Result<std::vector<Annotation>> parse_annotation(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0)
    return make_error(ErrorKind::invalid_input, fmt::format("annotation '{}': expected key=value", text));
  auto key = text.substr(0, equals);
  std::vector<Annotation> annotations;
  if (const auto colon = key.find(':'); colon != std::string_view::npos) {
    for (const auto& level : base::split(key.substr(0, colon), ',')) {
      auto parsed = parse_level(level);
      if (!parsed) break;
      TRY(auto annotation, std::move(*parsed).while_doing(fmt::format("reading the annotation '{}'", text)));
      annotations.push_back(std::move(annotation));
    }
    if (!annotations.empty()) key.remove_prefix(colon + 1);
  }
  if (annotations.empty()) annotations.emplace_back();
  for (auto& annotation : annotations) {
    annotation.key = key;
    annotation.value = text.substr(equals + 1);
  }
  return annotations;
}

std::map<std::string, std::string> annotations_of(const std::vector<Annotation>& all, Level level,
                                                  const std::optional<Platform>& platform) {
  std::map<std::string, std::string> found;
  for (const auto& annotation : all) {
    const bool fits = !annotation.platform || (platform && *annotation.platform == *platform);
    if (annotation.level == level && fits) found[annotation.key] = annotation.value;
  }
  return found;
}

}  // namespace ecr
