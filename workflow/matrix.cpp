#include "workflow/matrix.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/strings.h"

namespace workflow {

using expression::Array;
using expression::Object;
using expression::Value;

namespace {

// As an index in an expression: of what has no members, null.
Value element_of(const Value& value, std::size_t index) {
  if (value.is_array()) return index < value.array().size() ? value.array()[index] : Value();
  return value.is_object() ? value.get(std::to_string(index)) : Value();
}

Value member_of(const Value& value, const std::string& key) {
  if (!value.is_array()) return value.get(key);
  const double index = std::floor(Value(key).to_number());
  return index >= 0 && index < static_cast<double>(value.array().size())
             ? value.array()[static_cast<std::size_t>(index)]
             : Value();
}

// Deep and loose: for each scalar of the pattern `matrix['a']['b'] == scalar` must hold, so that what the
// value has besides does not count, and what it lacks equals null, 0 and '' (MatrixFilter).
bool matches(const Value& pattern, const Value& value) {
  if (pattern.is_object()) {
    return std::all_of(
        pattern.object().members().begin(), pattern.object().members().end(),
        [&](const Object::Member& member) { return matches(member.second, member_of(value, member.first)); });
  }
  if (pattern.is_array()) {
    for (std::size_t i = 0; i < pattern.array().size(); ++i) {
      if (!matches(pattern.array()[i], element_of(value, i))) return false;
    }
    return true;
  }
  return expression::loosely_equal(pattern, value);
}

/// An include: what must agree with a combination's own values, and what it adds to it.
struct Include {
  Object filter;
  Object extra;
};

struct Parts {
  std::vector<std::pair<std::string, Array>> vectors;
  Array include;
  Array exclude;

  [[nodiscard]] bool has_vector(std::string_view name) const {
    return std::any_of(vectors.begin(), vectors.end(),
                       [&](const auto& vector) { return base::equals_ignoring_case(vector.first, name); });
  }
};

base::Result<Array> filter_list(std::string_view name, const Value& value) {
  if (!value.is_array()) {
    return base::invalid_input(fmt::format("matrix.{}: expected a sequence of mappings, found {}", name,
                                           value.is_null() ? "nothing" : value.to_text()));
  }
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
    if (key == "include") {
      TRY(parts.include, filter_list("include", value));
    } else if (key == "exclude") {
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
      if (!parts.has_vector(key))
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
  // Each combination is held against each filter.
  constexpr std::size_t kMostComparisons = 4'000'000;
  if (combinations.size() * (parts.exclude.size() + parts.include.size()) > kMostComparisons)
    return base::invalid_input(
        fmt::format("the matrix holds {} combinations against {} filters: that is far too many",
                    combinations.size(), parts.exclude.size() + parts.include.size()));
  std::erase_if(combinations, [&](const Object& combination) {
    const Value whole(combination);
    return std::any_of(parts.exclude.begin(), parts.exclude.end(),
                       [&](const Value& filter) { return matches(filter, whole); });
  });
  return combinations;
}

base::Result<std::vector<Include>> includes_of(const Parts& parts) {
  std::vector<Include> includes;
  for (const auto& item : parts.include) {
    Include include;
    for (const auto& [key, value] : item.object().members())
      (parts.has_vector(key) ? include.filter : include.extra).set(key, value);
    if (include.filter.empty() && include.extra.empty())
      return base::invalid_input("Matrix include mapping does not contain any values");
    includes.push_back(std::move(include));
  }
  return includes;
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

Combination combination_of(Object values) {
  Combination combination{.values = Value(std::move(values))};
  append_leaves(combination.values, combination.segments);
  return combination;
}

void add_members(Value& values, const Object& extra) {
  for (const auto& [key, value] : extra.members()) values.own_object().set(key, value);
}

}  // namespace

base::Result<std::vector<Combination>> expand_matrix(const Value& matrix) {
  TRY(const auto parts, split(matrix));
  TRY(check_excludes(parts));
  TRY(const auto includes, includes_of(parts));
  TRY(auto originals, product(parts));
  std::vector<Combination> combinations;
  std::vector<bool> merged(includes.size());
  for (auto& original : originals) {
    // An include is held against what the vectors gave, never against what another include added.
    const Value own(original);
    auto combination = combination_of(std::move(original));
    for (std::size_t i = 0; i < includes.size(); ++i) {
      if (!matches(Value(includes[i].filter), own)) continue;
      merged[i] = true;
      add_members(combination.values, includes[i].extra);
    }
    combinations.push_back(std::move(combination));
  }
  for (std::size_t i = 0; i < includes.size(); ++i) {
    if (merged[i]) continue;
    Value alone(includes[i].filter);
    add_members(alone, includes[i].extra);
    combinations.push_back(combination_of(alone.object()));
  }
  if (combinations.size() > kMaxMatrixJobs) {
    return base::invalid_input(
        fmt::format("the matrix has {} jobs; {} is the limit", combinations.size(), kMaxMatrixJobs));
  }
  return combinations;
}

std::string job_display_name(const std::string& name, const Combination& combination) {
  if (combination.segments.empty()) return shortened_job_name(name);
  return shortened_job_name(fmt::format("{} ({})", name, base::join(combination.segments, ", ")));
}

std::string shortened_job_name(std::string name) {
  constexpr std::size_t kLongest = 100;
  std::size_t units = 0;
  std::size_t cut = 0;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const auto byte = static_cast<unsigned char>(name[i]);
    if ((byte & 0xC0U) == 0x80U) continue;
    const std::size_t next = units + (byte >= 0xF0U ? 2 : 1);
    if (units <= kLongest - 3) cut = i;
    units = next;
  }
  if (units <= kLongest) return name;
  name.resize(cut);
  return name + "...";
}

}  // namespace workflow
