#include "workflow/matrix.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/strings.h"
#include "base/utf8.h"

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
// value has besides does not count, and what it lacks equals null, 0 and '' (MatrixFilter). Every combination
// is held against every exclude and include, so all that is compared has a limit.
class Comparison {
 public:
  bool matches(const Value& pattern, const Value& value) {
    if (!take(1)) return false;
    if (pattern.is_object()) {
      const auto& members = pattern.object().members();
      return std::all_of(members.begin(), members.end(), [&](const Object::Member& member) {
        return matches(member.second, member_of(value, member.first));
      });
    }
    if (pattern.is_array()) {
      for (std::size_t i = 0; i < pattern.array().size(); ++i) {
        if (!matches(pattern.array()[i], element_of(value, i))) return false;
      }
      return true;
    }
    return take(steps_of(pattern) + steps_of(value)) && expression::loosely_equal(pattern, value);
  }

  [[nodiscard]] base::Result<void> check() const {
    if (left_ > 0) return {};
    return base::invalid_input("the matrix has too many combinations, excludes and includes to compare");
  }

 private:
  // A long text is more than one step.
  static std::size_t steps_of(const Value& value) {
    return value.is_string() ? value.string().size() / 64 : 0;
  }

  bool take(std::size_t steps) {
    left_ -= std::min(left_, steps);
    return left_ > 0;
  }

  std::size_t left_ = 5'000'000;
};

// Of all combinations together.
constexpr std::size_t kMostMembers = 500'000;

base::Error too_large() {
  return base::invalid_input(
      fmt::format("the combinations of the matrix have more than {} values together", kMostMembers));
}

base::Error too_many(std::size_t jobs) {
  return base::invalid_input(fmt::format("the matrix has {} jobs; {} is the limit", jobs, kMaxMatrixJobs));
}

/// An include: what must agree with a combination's own values, and what it adds to it.
struct Include {
  Value filter;  ///< an object
  Object extra;
};

struct Parts {
  std::vector<std::pair<std::string, Array>> vectors;
  Array include;
  Array exclude;
  std::set<std::string, base::LessIgnoringCase> names;  ///< of the vectors
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
      parts.names.insert(key);
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
      if (!parts.names.contains(key))
        return base::invalid_input(
            fmt::format("Matrix exclude key '{}' does not match any key within the matrix", key));
    }
  }
  return {};
}

base::Result<std::vector<Object>> product(const Parts& parts, Comparison& comparison) {
  std::vector<Object> combinations;
  if (parts.vectors.empty()) return combinations;
  std::size_t count = 1;
  for (const auto& [name, values] : parts.vectors) {
    count *= values.size();
    if (count > 100 * kMaxMatrixJobs) return base::invalid_input("the matrix is far larger than 256 jobs");
  }
  if (count * parts.vectors.size() > kMostMembers) return too_large();
  for (std::size_t i = 0; i < count; ++i) {
    Object combination;
    std::size_t block = count;  // how many combinations share what was chosen so far
    for (const auto& [name, values] : parts.vectors) {
      block /= values.size();
      combination.set(name, values[i / block % values.size()]);
    }
    const Value value(combination);
    const bool excluded = std::any_of(parts.exclude.begin(), parts.exclude.end(),
                                      [&](const Value& filter) { return comparison.matches(filter, value); });
    TRY(comparison.check());
    if (!excluded) combinations.push_back(std::move(combination));
  }
  return combinations;
}

base::Result<std::vector<Include>> includes_of(const Parts& parts) {
  std::vector<Include> includes;
  for (const auto& item : parts.include) {
    Object filter;
    Object extra;
    for (const auto& [key, value] : item.object().members())
      (parts.names.contains(key) ? filter : extra).set(key, value);
    if (filter.empty() && extra.empty())
      return base::invalid_input("Matrix include mapping does not contain any values");
    includes.push_back({Value(std::move(filter)), std::move(extra)});
  }
  return includes;
}

// A name has at most 100 characters of UTF-16, each of at most three bytes: nothing behind them is seen.
constexpr std::size_t kMostBytes = 300;

void append_leaves(const Value& value, std::vector<std::string>& leaves, std::size_t& bytes) {
  if (bytes > kMostBytes) return;
  if (value.is_object()) {
    for (const auto& [key, member] : value.object().members()) append_leaves(member, leaves, bytes);
  } else if (value.is_array()) {
    for (const auto& element : value.array()) append_leaves(element, leaves, bytes);
  } else if (const auto text = value.to_text(); !text.empty()) {
    leaves.emplace_back(base::clipped(text, kMostBytes + 3));
    bytes += leaves.back().size();
  }
}

Combination combination_of(Object values) {
  Combination combination{.values = Value(std::move(values))};
  std::size_t bytes = 0;
  append_leaves(combination.values, combination.segments, bytes);
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
  Comparison comparison;
  TRY(auto originals, product(parts, comparison));
  if (originals.size() > kMaxMatrixJobs) return too_many(originals.size());
  std::vector<Combination> combinations;
  std::vector<bool> merged(includes.size());
  std::size_t members = 0;
  for (auto& original : originals) {
    // An include is held against what the vectors gave, never against what another include added.
    const Value own(original);
    auto combination = combination_of(std::move(original));
    for (std::size_t i = 0; i < includes.size(); ++i) {
      if (!comparison.matches(includes[i].filter, own)) continue;
      merged[i] = true;
      members += includes[i].extra.members().size();
      if (members > kMostMembers) return too_large();
      add_members(combination.values, includes[i].extra);
    }
    TRY(comparison.check());
    combinations.push_back(std::move(combination));
  }
  for (std::size_t i = 0; i < includes.size(); ++i) {
    if (merged[i]) continue;
    Value alone = includes[i].filter;
    add_members(alone, includes[i].extra);
    combinations.push_back(combination_of(alone.object()));
  }
  if (combinations.size() > kMaxMatrixJobs) return too_many(combinations.size());
  return combinations;
}

std::string job_display_name(const std::string& name, const Combination& combination) {
  if (combination.segments.empty()) return shortened_job_name(name);
  return shortened_job_name(fmt::format("{} ({})", name, base::join(combination.segments, ", ")));
}

std::string shortened_job_name(std::string name) {
  name = base::with_valid_utf8(name);
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
