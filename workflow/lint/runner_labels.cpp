#include "workflow/lint/runner_labels.h"

#include <algorithm>

#include "base/strings.h"
#include "workflow/expression/syntax.h"
#include "workflow/expression/template.h"

namespace workflow::lint {

namespace {

// The name behind `matrix.` when the text is that and nothing else, as `${{ matrix.os }}`.
std::string matrix_key_of(const std::string& text) {
  const auto parts = expression::split_template(text);
  if (!parts || parts->size() != 1 || !parts->front().is_expression) return "";
  const auto tree = expression::parse_expression(parts->front().text);
  if (!tree || !*tree || (*tree)->kind != expression::NodeKind::index) return "";
  const auto& object = *(*tree)->children[0];
  const auto& key = *(*tree)->children[1];
  const bool is_matrix =
      object.kind == expression::NodeKind::name && base::equals_ignoring_case(object.name, "matrix");
  if (!is_matrix || key.kind != expression::NodeKind::literal || !key.literal.is_string()) return "";
  return key.literal.string();
}

class LabelReader {
 public:
  explicit LabelReader(const Job& job) : matrix_(job.strategy.matrix) {}

  RunnerLabels read(const Node& runs_on) {
    add(runs_on.is_mapping() ? runs_on["labels"] : runs_on);
    return std::move(found_);
  }

 private:
  void add(const Node& node) {
    for (const auto& item : node.items) add(item);
    if (!node.is_scalar() || node.text.empty()) return;
    if (!expression::has_expression(node.text)) {
      add_label(node, 0);
    } else if (const auto key = matrix_key_of(node.text); !key.empty()) {
      add_values(key);
    } else {
      found_.complete = false;
    }
  }

  void add_values(const std::string& key) {
    if (!matrix_.is_mapping()) found_.complete = false;
    for (const auto& [name, values] : matrix_.members) {
      if (name.text == "include") {
        if (!values.is_sequence()) found_.complete = false;
        for (const auto& entry : values.items) add_member(entry, key);
      } else if (base::equals_ignoring_case(name.text, key)) {
        if (!values.is_sequence()) found_.complete = false;
        for (const auto& value : values.items) add_choice(value);
      }
    }
  }

  void add_member(const Node& entry, const std::string& key) {
    for (const auto& [name, value] : entry.members) {
      if (base::equals_ignoring_case(name.text, key)) add_choice(value);
    }
  }

  void add_choice(const Node& value) {
    ++choices_;
    if (value.is_scalar()) add_label(value, choices_);
    for (const auto& item : value.items) add_label(item, choices_);
    if (value.is_mapping()) found_.complete = false;
  }

  void add_label(const Node& node, int choice) {
    if (!node.is_scalar()) return;
    if (expression::has_expression(node.text)) {
      found_.complete = false;
    } else {
      found_.labels.push_back({node.text, node.line, node.column, choice});
    }
  }

  const Node& matrix_;
  RunnerLabels found_;
  int choices_ = 0;
};

}  // namespace

RunnerLabels runner_labels_of(const Job& job) {
  return LabelReader(job).read(job.runs_on);
}

OperatingSystem operating_system_of(std::string_view label) {
  const auto name = base::to_lower(label);
  if (name == "linux" || name.starts_with("ubuntu-")) return OperatingSystem::linux;
  if (name == "windows" || name.starts_with("windows-")) return OperatingSystem::windows;
  if (name == "macos" || name.starts_with("macos-")) return OperatingSystem::macos;
  return OperatingSystem::unknown;
}

OperatingSystem operating_system_of(const Job& job) {
  if (job.container.present() && job.container.kind != NodeKind::null) return OperatingSystem::linux;
  const auto [labels, complete] = runner_labels_of(job);
  if (!complete) return OperatingSystem::unknown;
  // `self-hosted` beside `linux` says nothing of the system; the labels of one choice agree.
  auto system = OperatingSystem::unknown;
  for (const auto& label : labels) {
    const auto found = operating_system_of(label.text);
    if (found == OperatingSystem::unknown) continue;
    if (system != OperatingSystem::unknown && system != found) return OperatingSystem::unknown;
    system = found;
  }
  return system;
}

}  // namespace workflow::lint
