#include "steps/compose/read_parts.h"

#include <fmt/format.h>

#include "base/strings.h"

namespace steps::compose {

namespace {

using base::Result;
using workflow::Node;

Result<Volume> read_long_volume(const NodeReader& reader, const Node& node, const std::string& service) {
  Volume volume;
  std::string type = "volume";
  const auto text_into = [&reader](std::string& into) {
    return [&reader, &into](const Node& value) -> Result<void> {
      TRY(into, reader.text(value));
      return {};
    };
  };
  const auto read_only = [&](const Node& value) -> Result<void> {
    TRY(const bool wanted, reader.truth(value));
    if (wanted) volume.mode = "ro";
    return {};
  };
  const auto bind = [&](const Node& value) -> Result<void> {
    // A folder that is not there is made anyway.
    const auto ignored = [&reader](const Node& inner) -> Result<void> {
      TRY(const bool wanted, reader.truth(inner));
      (void)wanted;
      return {};
    };
    return reader.members(value, "bind", {{"create_host_path", ignored}});
  };
  TRY(reader.members(node, "a volume of " + service,
                     {{"type", text_into(type)},
                      {"source", text_into(volume.source)},
                      {"target", text_into(volume.target)},
                      {"read_only", read_only},
                      {"bind", bind}}));
  if (volume.target.empty()) return reader.wrong(node, "a volume needs a target");
  volume.in_memory = type == "tmpfs";
  if (volume.in_memory || type == "volume" || type == "bind") return volume;
  return reader.wrong(node, fmt::format("the type {} of a volume is not supported here", type));
}

}  // namespace

Result<Build> read_build(const NodeReader& reader, const Node& node, const std::string& service) {
  Build build;
  if (node.is_scalar()) {
    TRY(build.context, reader.text(node));
    return build;
  }
  build.context = ".";
  const auto text_into = [&reader](std::string& into) {
    return [&reader, &into](const Node& value) -> Result<void> {
      TRY(into, reader.text(value));
      return {};
    };
  };
  const auto each = [&reader, &build](const char* option) {
    return [&reader, &build, option](const Node& value) -> Result<void> {
      TRY(const auto texts, reader.one_or_list(value));
      for (const auto& text : texts) build.options.push_back(fmt::format("{}={}", option, text));
      return {};
    };
  };
  const auto each_pair = [&reader, &build](const char* option) {
    return [&reader, &build, option](const Node& value) -> Result<void> {
      TRY(const auto pairs, reader.pairs(value));
      for (const auto& [name, text] : pairs)
        build.options.push_back(fmt::format("{}={}{}", option, name, text ? "=" + *text : ""));
      return {};
    };
  };
  const auto flag = [&reader, &build](const char* option) {
    return [&reader, &build, option](const Node& value) -> Result<void> {
      TRY(const bool wanted, reader.truth(value));
      if (wanted) build.options.emplace_back(option);
      return {};
    };
  };
  TRY(reader.members(node, "the build of " + service,
                     {{"context", text_into(build.context)},
                      {"dockerfile", text_into(build.dockerfile)},
                      {"dockerfile_inline", text_into(build.dockerfile_text)},
                      {"args", each_pair("--build-arg")},
                      {"labels", each_pair("--label")},
                      {"target", each("--target")},
                      {"tags", each("--tag")},
                      {"cache_from", each("--cache-from")},
                      {"cache_to", each("--cache-to")},
                      {"platforms", each("--platform")},
                      {"no_cache", flag("--no-cache")},
                      {"pull", flag("--pull")}}));
  return build;
}

Result<Volume> read_volume(const NodeReader& reader, const Node& node, const std::string& service) {
  if (!node.is_scalar()) return read_long_volume(reader, node, service);
  const auto parts = base::split(node.text, ':');
  if (parts.size() > 3) return reader.wrong(node, "expected [source:]target[:mode]");
  Volume volume{.target = parts.size() == 1 ? parts[0] : parts[1]};
  if (parts.size() > 1) volume.source = parts[0];
  if (parts.size() > 2) volume.mode = parts[2];
  if (volume.target.empty()) return reader.wrong(node, "a volume needs a target");
  return volume;
}

}  // namespace steps::compose
