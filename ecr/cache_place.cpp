#include "ecr/cache_place.h"

#include <fmt/format.h>

#include <map>
#include <vector>

#include "base/strings.h"

namespace ecr {

namespace {

using base::ErrorKind;
using base::make_error;
using base::Result;
using Kind = CachePlace::Kind;

enum class CacheDirection { from, to };

base::Error bad_cache(CacheDirection direction, std::string message) {
  return make_error(
      ErrorKind::invalid_input,
      fmt::format("--cache-{}: {}", direction == CacheDirection::from ? "from" : "to", message));
}

/// Attributes that say how BuildKit writes what is written here in one way only.
bool has_no_effect(const std::string& key, const std::string& value) {
  if (key == "compression") return value == "gzip";
  if (key == "oci-mediatypes" || key == "image-manifest" || key == "force-compression") return true;
  // Of the service that type=gha asks: the job knows where it is.
  return key == "url" || key == "url_v2" || key == "token" || key == "version" || key == "timeout" ||
         key == "tag";
}

Result<void> take_cache_attribute(const std::string& key, const std::string& value, CacheDirection direction,
                                  CachePlace& place) {
  const bool to = direction == CacheDirection::to;
  const auto is = [&](Kind kind, const char* name) { return place.kind == kind && key == name; };
  if (is(Kind::registry, "ref") || is(Kind::folder, to ? "dest" : "src") || is(Kind::actions, "scope")) {
    place.name = value;
  } else if (to && key == "mode") {
    if (value != "min" && value != "max")
      return bad_cache(direction, fmt::format("mode={}: expected min or max", value));
    place.all_stages = value == "max";
  } else if (to && key == "ignore-error") {
    place.optional = value == "true" || value == "1";
  } else if (!has_no_effect(key, value)) {
    return bad_cache(direction, fmt::format("{}={} is not supported", key, value));
  }
  return {};
}

Result<Kind> parse_cache_type(const std::string& type, CacheDirection direction) {
  if (type == "registry") return Kind::registry;
  if (type == "local") return Kind::folder;
  if (type == "gha") return Kind::actions;
  if (type == "inline" && direction == CacheDirection::to) return Kind::in_image;
  return bad_cache(direction, fmt::format("type={} is not supported; what is: registry, local, gha{}", type,
                                          direction == CacheDirection::to ? ", inline" : ""));
}

Result<CachePlace> parse_cache_place(std::string_view text, CacheDirection direction) {
  CachePlace place;
  const auto trimmed = base::trim(text);
  if (trimmed.find('=') == std::string_view::npos) {
    place.name = std::string(trimmed);
    if (place.name.empty()) return bad_cache(direction, "expected type=…");
    return place;
  }
  std::map<std::string, std::string> attributes;
  for (const auto& part : base::split(trimmed, ',')) {
    const auto equals = part.find('=');
    if (equals == std::string::npos)
      return bad_cache(direction, fmt::format("'{}': expected name=value", part));
    attributes[base::to_lower(base::trim(part.substr(0, equals)))] = base::trim(part.substr(equals + 1));
  }
  if (!attributes.contains("type")) return bad_cache(direction, "type= is missing");
  TRY(place.kind, parse_cache_type(attributes["type"], direction));
  attributes.erase("type");
  for (const auto& [key, value] : attributes) TRY(take_cache_attribute(key, value, direction, place));
  if (place.kind == Kind::actions && place.name.empty()) place.name = "buildkit";
  if (place.name.empty() && place.kind == Kind::registry)
    return bad_cache(direction, "type=registry needs ref=");
  if (place.name.empty() && place.kind == Kind::folder)
    return bad_cache(direction,
                     fmt::format("type=local needs {}=", direction == CacheDirection::to ? "dest" : "src"));
  return place;
}

}  // namespace

Result<CachePlace> parse_cache_source(std::string_view text) {
  return parse_cache_place(text, CacheDirection::from);
}

Result<CachePlace> parse_cache_target(std::string_view text) {
  return parse_cache_place(text, CacheDirection::to);
}

}  // namespace ecr
