#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "base/json.h"
#include "base/strings.h"
#include "workflow/expression/template.h"
#include "workflow/expression/value.h"
#include "workflow/lint/places.h"
#include "workflow/lint/rules.h"
#include "workflow/matrix.h"

namespace workflow::lint {

namespace {

expression::Value value_of(const Node& scalar) {
  switch (scalar.kind) {
    case NodeKind::boolean:
      return expression::Value(base::to_lower(scalar.text) == "true");
    case NodeKind::number:
      return expression::Value(number_of(scalar));
    case NodeKind::string:
      return expression::Value(scalar.text);
    default:
      return expression::Value();
  }
}

// Whether an exclude takes the value out, as expand_matrix decides it; what is not known yet may.
bool may_match(const Node& filter, const Node& value) {
  if ((filter.is_scalar() && holds_expression(filter)) || (value.is_scalar() && holds_expression(value)))
    return true;
  if (filter.is_mapping()) {
    return value.is_mapping() &&
           std::all_of(filter.members.begin(), filter.members.end(), [&](const Member& wanted) {
             return std::any_of(value.members.begin(), value.members.end(), [&](const Member& member) {
               return expression::has_expression(member.key.text) ||
                      expression::has_expression(wanted.key.text) ||
                      (base::equals_ignoring_case(member.key.text, wanted.key.text) &&
                       may_match(wanted.value, member.value));
             });
           });
  }
  if (filter.is_sequence()) {
    return value.is_sequence() && filter.items.size() == value.items.size() &&
           std::equal(filter.items.begin(), filter.items.end(), value.items.begin(), may_match);
  }
  return value.is_scalar() && filter.is_scalar() &&
         expression::loosely_equal(value_of(filter), value_of(value));
}

// Tells values apart as people read them: 14 and '14' make the same job.
std::string identity_of(const Node& node) {
  if (node.is_scalar()) return node.text;
  return to_json(node).dump(-1, ' ', false, base::Json::error_handler_t::replace);
}

std::string shown(const Node& node) {
  constexpr std::size_t kLongest = 80;
  auto text = identity_of(node);
  if (text.size() <= kLongest) return text;
  std::size_t end = kLongest;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "…";
}

class MatrixRule {
 public:
  MatrixRule(const LintedFile& file, const Node& matrix, Diagnostics& findings)
      : file_(file), matrix_(matrix), findings_(findings) {}

  void check() {
    if (is_too_large()) return;
    for (const auto& [key, values] : matrix_.members) {
      if (!is_vector(key)) continue;
      if (values.is_sequence()) values_differ(key, values);
    }
    for (const auto& filter : matrix_["exclude"].items) {
      for (const auto& [key, value] : filter.members) takes_something_out(key, value);
    }
  }

  void check_includes() {
    if (is_too_large()) return;
    const bool fixed = !matrix_["exclude"].present() && !holds_expression(matrix_);
    std::unordered_map<std::string, int> first_lines;
    for (const auto& include : matrix_["include"].items) {
      if (!include.is_mapping() || include.members.empty()) continue;
      const auto [first, fresh] = first_lines.try_emplace(identity_of(include), include.line);
      if (!fresh) {
        report(file_, findings_, include,
               fmt::format("the include {} is there twice, first on line {}", shown(include), first->second));
      } else if (fixed && is_there(include)) {
        report(file_, findings_, include,
               fmt::format("the include {} adds nothing: the matrix has this combination", shown(include)));
      }
    }
  }

 private:
  // More than there can be jobs: GitHub refuses it, and to compare everything with everything takes too long.
  [[nodiscard]] bool is_too_large() const {
    return matrix_.members.size() > kMaxMatrixJobs ||
           std::any_of(matrix_.members.begin(), matrix_.members.end(), [](const Member& member) {
             return is_vector(member.key) && member.value.items.size() > kMaxMatrixJobs;
           });
  }

  static bool is_vector(const Node& key) { return key.text != "include" && key.text != "exclude"; }

  void values_differ(const Node& key, const Node& values) {
    std::unordered_map<std::string, int> first_lines;
    for (const auto& value : values.items) {
      const auto [first, fresh] = first_lines.try_emplace(identity_of(value), value.line);
      if (fresh) continue;
      report(file_, findings_, value,
             fmt::format("the value '{}' is twice in '{}', first on line {}: its jobs run twice",
                         shown(value), key.text, first->second));
    }
  }

  void takes_something_out(const Node& key, const Node& value) {
    for (const auto& [name, values] : matrix_.members) {
      if (!is_vector(name) || !base::equals_ignoring_case(name.text, key.text) || !values.is_sequence())
        continue;
      const auto fits = [&](const Node& candidate) { return may_match(value, candidate); };
      if (std::any_of(values.items.begin(), values.items.end(), fits)) return;
      constexpr std::size_t kMostShown = 10;
      std::vector<std::string> known;
      for (const auto& candidate : values.items) {
        known.push_back(known.size() < kMostShown ? shown(candidate) : "…");
        if (known.size() > kMostShown) break;
      }
      report(file_, findings_, value,
             fmt::format("'{}' is no value of '{}': nothing is excluded. Its values are: {}", shown(value),
                         name.text, base::join(known, ", ")));
    }
  }

  // An include that a combination of the vectors holds already, whole.
  [[nodiscard]] bool is_there(const Node& include) const {
    return std::all_of(include.members.begin(), include.members.end(), [&](const Member& wanted) {
      return std::any_of(matrix_.members.begin(), matrix_.members.end(), [&](const Member& vector) {
        return is_vector(vector.key) && base::equals_ignoring_case(vector.key.text, wanted.key.text) &&
               vector.value.is_sequence() &&
               std::any_of(vector.value.items.begin(), vector.value.items.end(),
                           [&](const Node& value) { return may_match(wanted.value, value); });
      });
    });
  }

  const LintedFile& file_;
  const Node& matrix_;
  Diagnostics& findings_;
};

}  // namespace

void check_matrices(const LintedFile& file, Diagnostics& findings) {
  for_each_at(file.draft.root, "jobs/*/strategy/matrix",
              [&](const Node&, const Node& matrix) { MatrixRule(file, matrix, findings).check(); });
}

void check_matrix_includes(const LintedFile& file, Diagnostics& findings) {
  for_each_at(file.draft.root, "jobs/*/strategy/matrix",
              [&](const Node&, const Node& matrix) { MatrixRule(file, matrix, findings).check_includes(); });
}

}  // namespace workflow::lint
