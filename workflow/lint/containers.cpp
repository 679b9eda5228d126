#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "workflow/lint/places.h"
#include "workflow/lint/rules.h"
#include "workflow/lint/runner_labels.h"

namespace workflow::lint {

namespace {

constexpr int kLastPort = 65535;

// "80" or "8000-8010".
bool is_port_range(std::string_view text) {
  const auto dash = text.find('-');
  const auto is_port = [](std::string_view part) {
    const auto port = base::parse_integer(part);
    return port && *port >= 0 && *port <= kLastPort;
  };
  if (dash == std::string_view::npos) return is_port(text);
  return is_port(text.substr(0, dash)) && is_port(text.substr(dash + 1));
}

// [[address:]host:]container[/protocol], as `docker run --publish` takes it.
bool is_port_mapping(std::string_view text) {
  const auto slash = text.find('/');
  if (slash != std::string_view::npos) {
    const auto protocol = text.substr(slash + 1);
    if (protocol != "tcp" && protocol != "udp" && protocol != "sctp") return false;
    text = text.substr(0, slash);
  }
  const auto last = text.rfind(':');
  if (!is_port_range(last == std::string_view::npos ? text : text.substr(last + 1))) return false;
  if (last == std::string_view::npos) return true;
  const auto before = text.substr(0, last);
  const auto address_end = before.rfind(':');
  const auto host = address_end == std::string_view::npos ? before : before.substr(address_end + 1);
  return host.empty() || is_port_range(host);
}

// [source:]destination[:options], as `docker run --volume` takes it.
bool is_volume(std::string_view text) {
  const auto parts = base::split(text, ':');
  if (parts.size() > 3) return false;
  const auto& destination = parts.size() == 1 ? parts[0] : parts[1];
  return destination.starts_with('/') && !parts[0].empty();
}

class ContainerRule {
 public:
  ContainerRule(const LintedFile& file, Diagnostics& findings) : file_(file), findings_(findings) {}

  void check_job(const Job& job, const Node& node) {
    for (const auto& [key, value] : node.members) {
      if (key.text == "container") check(key, value);
      if (key.text == "services") {
        for (const auto& [name, service] : value.members) check(name, service);
      }
      if (key.text == "container" || key.text == "services") on_linux_only(key, job);
    }
  }

 private:
  void check(const Node& key, const Node& container) {
    image(key, container);
    if (!container.is_mapping()) return;
    for (const auto& [name, value] : container.members) {
      if (name.text == "credentials") credentials(name, value);
    }
    each(container["ports"], is_port_mapping,
         "is no port mapping: expected CONTAINER or HOST:CONTAINER, such as 8080:80");
    each(container["volumes"], is_volume,
         "is no volume: expected SOURCE:DESTINATION with an absolute path as destination, such as "
         "cache:/var/cache");
    options(container["options"]);
  }

  void image(const Node& key, const Node& container) {
    // A null that is written out says that there is no container; one that is not stands behind the colon.
    const bool says_null = container.written_as == NodeKind::null &&
                           container.column > key.column + static_cast<int>(key.text.size()) + 1;
    const bool no_text = container.is_scalar() && container.text.empty() && !says_null;
    const bool no_image = container.is_mapping() && !container["image"].present() &&
                          std::none_of(container.members.begin(), container.members.end(),
                                       [](const Member& member) { return holds_expression(member.key); });
    if (no_text)
      report(file_, findings_, container, fmt::format("'{}' names no image: leave it out", key.text));
    if (no_image)
      report(file_, findings_, key, fmt::format("'{}' has no image: no container is started", key.text));
  }

  void credentials(const Node& key, const Node& value) {
    if (!value.is_mapping() || value["username"].present() == value["password"].present()) return;
    const bool has_name = value["username"].present();
    report(file_, findings_, key,
           fmt::format("'credentials' has a {} and no {}: both are needed",
                       has_name ? "username" : "password", has_name ? "password" : "username"));
  }

  void each(const Node& values, bool (*is_right)(std::string_view), std::string_view problem) {
    for (const auto& value : values.items) {
      if (value.is_scalar() && !holds_expression(value) && !is_right(value.text))
        report(file_, findings_, value, fmt::format("'{}' {}", value.text, problem));
    }
  }

  // docs.github.com workflow-syntax "jobs.<job_id>.container.options".
  void options(const Node& value) {
    if (!value.is_scalar()) return;
    for (const auto& word : base::split(base::replace_all(value.text, "\n", " "), ' ')) {
      const auto name = word.substr(0, word.find('='));
      if (name == "--network" || name == "--net")
        report(file_, findings_, value,
               fmt::format("the option '{}' is not supported: GitHub puts containers on a network of its own",
                           name));
    }
  }

  void on_linux_only(const Node& key, const Job& job) {
    std::string other;
    for (const auto& label : runner_labels_of(job).labels) {
      const auto system = operating_system_of(label.text);
      if (system == OperatingSystem::linux) return;
      if (system != OperatingSystem::unknown) other = label.text;
    }
    if (other.empty()) return;
    report(file_, findings_, key,
           fmt::format("'{}' needs a Linux runner; the job runs on '{}'", key.text, other));
  }

  const LintedFile& file_;
  Diagnostics& findings_;
};

}  // namespace

void check_containers(const LintedFile& file, Diagnostics& findings) {
  const auto& nodes = file.draft.root["jobs"].members;
  const auto& jobs = file.draft.workflow.jobs;
  ContainerRule rule(file, findings);
  for (std::size_t i = 0; i < nodes.size() && i < jobs.size(); ++i) rule.check_job(jobs[i], nodes[i].value);
}

}  // namespace workflow::lint
