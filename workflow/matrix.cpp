#include "workflow/matrix.h"

#include <fmt/format.h>

#include "base/strings.h"

namespace workflow {

using expression::Array;
using expression::Object;
using expression::Value;

namespace {

// Deep and loose: objects match when every key of the pattern does (MatrixBuilder's MatrixFilter).
bool matches(const Value& pattern, const Value& value) {
  if (pattern.is_object()) {
    if (!value.is_object()) return false;
    for (const auto& [key, member] : pattern.object().members()) {
      const auto* found = value.object().find(key);
      if (found == nullptr || !matches(member, *found)) return false;
    }
    return true;
  }
  if (pattern.is_array()) {
    if (!value.is_array() || pattern.array().size() != value.array().size()) return false;
    for (std::size_t i = 0; i < pattern.array().size(); ++i) {
      if (!matches(pattern.array()[i], value.array()[i])) return false;
    }
    return true;
  }
  return expression::loosely_equal(pattern, value);
}

struct Parts {
  std::vector<std::pair<std::string, Array>> vectors;
  Array include;
  Array exclude;
};

base::Result<Array> filter_list(std::string_view name, const Value& value) {
  if (value.is_null()) return Array();
  if (!value.is_array())
    return base::invalid_input(fmt::format("matrix.{}: expected a sequence of mappings", name));
  for (const auto& item : value.array()) {
    if (!item.is_object())
      return base::invalid_input(
          fmt::format("matrix.{}: expected a mapping, found {}", name, item.to_text()));
  }
  return value.array();
}

base::Result<Parts> split(const Value& matrix) {
  if (!matrix.is_object()) return base::invalid_input("expected the matrix to be a mapping");
  Parts parts;
  for (const auto& [key, value] : matrix.object().members()) {
    if (base::equals_ignoring_case(key, "include")) {
      TRY(parts.include, filter_list("include", value));
    } else if (base::equals_ignoring_case(key, "exclude")) {
      TRY(parts.exclude, filter_list("exclude", value));
    } else if (!value.is_array()) {
      return base::invalid_input(
          fmt::format("Matrix vector '{}': expected a sequence, found {}", key, value.to_text()));
    } else if (value.array().empty()) {
      return base::invalid_input(fmt::format("Matrix vector '{}' does not contain any values", key));
    } else {
      parts.vectors.emplace_back(key, value.array());
    }
  }
  if (parts.vectors.empty() && parts.include.empty())
    return base::invalid_input("Matrix must define at least one vector");
  return parts;
}

base::Result<void> check_excludes(const Parts& parts) {
  for (const auto& filter : parts.exclude) {
    if (filter.object().empty()) return base::invalid_input("Matrix exclude filter must not be empty");
    for (const auto& [key, value] : filter.object().members()) {
      bool known = false;
      for (const auto& [name, values] : parts.vectors) known = known || base::equals_ignoring_case(name, key);
      if (!known)
        return base::invalid_input(
            fmt::format("Matrix exclude key '{}' does not match any key within the matrix", key));
    }
  }
  return {};
}

base::Result<std::vector<Object>> product(const Parts& parts) {
  std::vector<Object> combinations;
  if (parts.vectors.empty()) return combinations;
  combinations.emplace_back();
  for (const auto& [name, values] : parts.vectors) {
    if (combinations.size() * values.size() > 100 * kMaxMatrixJobs)
      return base::invalid_input("the matrix is far larger than 256 jobs");
    std::vector<Object> longer;
    for (const auto& combination : combinations) {
      for (const auto& value : values) {
        Object next = combination;
        next.set(name, value);
        longer.push_back(std::move(next));
      }
    }
    combinations = std::move(longer);
  }
  std::erase_if(combinations, [&](const Object& combination) {
    for (const auto& filter : parts.exclude) {
      if (matches(filter, Value(combination))) return true;
    }
    return false;
  });
  return combinations;
}

// Whether an include's values agree with the combination's own; keys that the matrix lacks do not count.
bool include_fits(const Object& include, const Object& original) {
  for (const auto& [key, value] : include.members()) {
    const auto* own = original.find(key);
    if (own != nullptr && !matches(value, *own)) return false;
  }
  return true;
}

void append_leaves(const Value& value, std::vector<std::string>& leaves) {
  if (value.is_object()) {
    for (const auto& [key, member] : value.object().members()) append_leaves(member, leaves);
  } else if (value.is_array()) {
    for (const auto& element : value.array()) append_leaves(element, leaves);
  } else if (auto text = value.to_text(); !text.empty()) {
    leaves.push_back(std::move(text));
  }
}

}  // namespace

base::Result<std::vector<Value>> expand_matrix(const Value& matrix) {
  TRY(const auto parts, split(matrix));
  TRY(check_excludes(parts));
  TRY(const auto originals, product(parts));
  std::vector<Object> combinations = originals;
  std::vector<Value> appended;
  for (const auto& include : parts.include) {
    bool merged = false;
    for (std::size_t i = 0; i < originals.size(); ++i) {
      if (!include_fits(include.object(), originals[i])) continue;
      merged = true;
      for (const auto& [key, value] : include.object().members()) combinations[i].set(key, value);
    }
    if (!merged) appended.push_back(include);
  }
  std::vector<Value> result(combinations.begin(), combinations.end());
  result.insert(result.end(), appended.begin(), appended.end());
  if (result.size() > kMaxMatrixJobs) {
    return base::invalid_input(
        fmt::format("the matrix has {} jobs; {} is the limit", result.size(), kMaxMatrixJobs));
  }
  return result;
}

std::string matrix_suffix(const Value& combination) {
  std::vector<std::string> leaves;
  append_leaves(combination, leaves);
  if (leaves.empty()) return "";
  return fmt::format("({})", base::join(leaves, ", "));
}

}  // namespace workflow
