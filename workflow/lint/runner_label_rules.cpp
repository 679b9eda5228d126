#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/glob.h"
#include "base/similar_name.h"
#include "base/strings.h"
#include "workflow/lint/rules.h"
#include "workflow/lint/runner_labels.h"

namespace workflow::lint {

namespace {

// github.com/actions/runner-images, "Available Images", October 2026, and the labels that every self-hosted
// runner has of itself.
constexpr std::array kHosted{
    std::string_view("ubuntu-latest"),       std::string_view("ubuntu-26.04"),
    std::string_view("ubuntu-24.04"),        std::string_view("ubuntu-22.04"),
    std::string_view("ubuntu-26.04-arm"),    std::string_view("ubuntu-24.04-arm"),
    std::string_view("ubuntu-22.04-arm"),    std::string_view("ubuntu-slim"),
    std::string_view("windows-latest"),      std::string_view("windows-2025"),
    std::string_view("windows-2025-vs2026"), std::string_view("windows-2022"),
    std::string_view("windows-11-arm"),      std::string_view("windows-11-vs2026-arm"),
    std::string_view("macos-latest"),        std::string_view("macos-latest-large"),
    std::string_view("macos-latest-xlarge"), std::string_view("macos-26"),
    std::string_view("macos-26-intel"),      std::string_view("macos-26-large"),
    std::string_view("macos-26-xlarge"),     std::string_view("macos-15"),
    std::string_view("macos-15-intel"),      std::string_view("macos-15-large"),
    std::string_view("macos-15-xlarge"),     std::string_view("macos-14"),
    std::string_view("macos-14-large"),      std::string_view("macos-14-xlarge"),
};
constexpr std::array kOfEveryRunner{
    std::string_view("self-hosted"), std::string_view("linux"), std::string_view("windows"),
    std::string_view("macos"),       std::string_view("x64"),   std::string_view("arm"),
    std::string_view("arm64"),
};
constexpr std::array kRetired{
    std::string_view("ubuntu-16.04"),    std::string_view("ubuntu-18.04"),
    std::string_view("ubuntu-20.04"),    std::string_view("windows-2016"),
    std::string_view("windows-2019"),    std::string_view("macos-10.15"),
    std::string_view("macos-11"),        std::string_view("macos-12"),
    std::string_view("macos-12-large"),  std::string_view("macos-13"),
    std::string_view("macos-13-xlarge"), std::string_view("macos-13-large"),
    std::string_view("macos-12-xlarge"),
};

template <typename Names>
bool has(const Names& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view each) { return base::equals_ignoring_case(each, name); });
}

// ubuntu-latest-16-cores, windows-2025-8core: what organizations call larger runners by default.
bool is_larger_runner(std::string_view name) {
  const auto lower = base::to_lower(name);
  return (lower.ends_with("core") || lower.ends_with("cores")) &&
         operating_system_of(lower) != OperatingSystem::unknown;
}

bool is_of_github(std::string_view name) {
  return has(kHosted, name) || has(kRetired, name) || has(kOfEveryRunner, name) || is_larger_runner(name);
}

class LabelCheck {
 public:
  LabelCheck(const LintedFile& file, Diagnostics& findings) : file_(file), findings_(findings) {}

  void check(const Job& job) {
    const auto labels = runner_labels_of(job).labels;
    for (const auto& label : labels) {
      if (is_known(label.text) || (file_.config.runner_labels.empty() && is_own_runner(labels, label)))
        continue;
      report(label);
    }
  }

 private:
  [[nodiscard]] bool is_known(std::string_view name) const {
    const auto& own = file_.config.runner_labels;
    return has(kHosted, name) || has(kOfEveryRunner, name) || is_larger_runner(name) ||
           std::any_of(own.begin(), own.end(), [&](const auto& pattern) {
             return base::glob_matches(base::to_lower(pattern), base::to_lower(name));
           });
  }

  // Beside `self-hosted` a label may be anything, unless the configuration lists what there is.
  static bool is_own_runner(const std::vector<RunnerLabel>& labels, const RunnerLabel& label) {
    return std::any_of(labels.begin(), labels.end(), [&](const RunnerLabel& other) {
      const bool together = other.choice == 0 || label.choice == 0 || other.choice == label.choice;
      return together && base::equals_ignoring_case(other.text, "self-hosted");
    });
  }

  void report(const RunnerLabel& label) {
    std::string message;
    if (has(kRetired, label.text)) {
      message =
          fmt::format("GitHub retired the runner '{}': jobs for it never start; use a newer one", label.text);
    } else {
      std::vector<std::string> names(kHosted.begin(), kHosted.end());
      names.insert(names.end(), kOfEveryRunner.begin(), kOfEveryRunner.end());
      names.insert(names.end(), file_.config.runner_labels.begin(), file_.config.runner_labels.end());
      const auto meant = base::similar_name(label.text, names);
      message = fmt::format("no runner of GitHub has the label '{}'; {}", label.text,
                            meant ? fmt::format("did you mean '{}'?", *meant)
                                  : "labels of your own runners can be listed in the configuration "
                                    "(runner-labels)");
    }
    findings_.push_back({{file_.path, label.line, label.column}, std::move(message)});
  }

  const LintedFile& file_;
  Diagnostics& findings_;
};

// What a hosted runner cannot be at once: two systems, or two images of one system. `-latest` is one of them.
bool exclude_each_other(std::string_view a, std::string_view b) {
  if (!is_of_github(a) || !is_of_github(b)) return false;
  const auto system = operating_system_of(a);
  const auto other = operating_system_of(b);
  if (system == OperatingSystem::unknown || other == OperatingSystem::unknown) return false;
  if (system != other) return true;
  const bool are_images = has(kHosted, a) && has(kHosted, b);
  const bool may_be_same =
      a.find("-latest") != std::string_view::npos || b.find("-latest") != std::string_view::npos;
  return are_images && !may_be_same && !base::equals_ignoring_case(a, b);
}

}  // namespace

void check_runner_labels(const LintedFile& file, Diagnostics& findings) {
  for (const auto& job : file.draft.workflow.jobs) LabelCheck(file, findings).check(job);
}

void check_runner_label_conflicts(const LintedFile& file, Diagnostics& findings) {
  for (const auto& job : file.draft.workflow.jobs) {
    const auto labels = runner_labels_of(job).labels;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      // Reported at the value of the matrix, which comes later than what is always asked for.
      for (std::size_t j = 0; j < labels.size(); ++j) {
        const bool is_after = labels[i].choice == labels[j].choice ? j < i : labels[j].choice == 0;
        if (!is_after || !exclude_each_other(labels[i].text, labels[j].text)) continue;
        findings.push_back(
            {{file.path, labels[i].line, labels[i].column},
             fmt::format("no runner has both the label '{}' and the label '{}' (line {}): the "
                         "labels of runs-on must all fit one runner; for a run on each of them "
                         "use a matrix",
                         labels[i].text, labels[j].text, labels[j].line)});
        break;
      }
    }
  }
}

}  // namespace workflow::lint
