#include "server/runner_labels.h"

#include <fmt/format.h>

#include <algorithm>

namespace server {

namespace {

constexpr std::string_view kHost = "host";
constexpr std::string_view kDocker = "docker:";

}  // namespace

base::Result<RunnerLabel> parse_runner_label(std::string_view text) {
  const auto colon = text.find(':');
  const auto name = text.substr(0, colon);
  const auto kind = colon == std::string_view::npos ? kHost : text.substr(colon + 1);
  if (name.empty()) {
    return base::invalid_input(fmt::format(
        "expected a label like ubuntu-latest:host or ubuntu-latest:docker://debian:12, found '{}'", text));
  }
  if (kind == kHost) return RunnerLabel{.name = std::string(name)};
  if (kind == "docker" || kind == "lxc" || kind.starts_with("lxc:")) {
    return base::invalid_input(
        fmt::format("label '{}': {}; expected {}:host or {}:docker://IMAGE", text,
                    kind == "docker" ? "it names no image" : "there are no LXC containers here", name, name));
  }
  // Any other colon is part of the name (`pool:7`), as act_runner has it.
  if (!kind.starts_with(kDocker)) return RunnerLabel{.name = std::string(text)};
  auto image = kind.substr(kDocker.size());
  if (image.starts_with("//")) image.remove_prefix(2);
  if (image.empty()) return base::invalid_input(fmt::format("label '{}': it names no image", text));
  return RunnerLabel{.name = std::string(name), .image = std::string(image)};
}

std::string to_string(const RunnerLabel& label) {
  return label.name + (label.image.empty() ? ":host" : ":docker://" + label.image);
}

std::vector<std::string> names_of(const std::vector<RunnerLabel>& labels) {
  std::vector<std::string> names;
  for (const auto& label : labels) names.push_back(label.name);
  return names;
}

std::string image_for(const std::vector<RunnerLabel>& labels, const std::vector<std::string>& runs_on) {
  for (const auto& wanted : runs_on) {
    const auto found = std::find_if(labels.begin(), labels.end(),
                                    [&](const RunnerLabel& label) { return label.name == wanted; });
    if (found != labels.end()) return found->image;
  }
  return "";
}

}  // namespace server
