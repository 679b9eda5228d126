#pragma once
// The outputs of a step, an action or a job: in the order in which they were first set, names without regard
// to case (actions/runner StepsContext.cs). Not for environments, whose names have case.

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/strings.h"

namespace steps {

class Outputs {
 public:
  using value_type = std::pair<std::string, std::string>;
  using const_iterator = std::vector<value_type>::const_iterator;

  Outputs() = default;
  Outputs(std::initializer_list<value_type> list) {
    for (const auto& [name, value] : list) (*this)[name] = value;
  }

  /// The value of that name, added at the end when there is none.
  std::string& operator[](std::string_view name) {
    const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const value_type& entry) {
      return base::equals_ignoring_case(entry.first, name);
    });
    return found != entries_.end() ? found->second : entries_.emplace_back(name, "").second;
  }
  [[nodiscard]] const_iterator find(std::string_view name) const {
    return std::find_if(entries_.begin(), entries_.end(), [&](const value_type& entry) {
      return base::equals_ignoring_case(entry.first, name);
    });
  }
  /// Of one that is there.
  [[nodiscard]] const std::string& at(std::string_view name) const {
    return entries_.at(static_cast<std::size_t>(find(name) - begin())).second;
  }
  [[nodiscard]] bool contains(std::string_view name) const { return find(name) != end(); }
  [[nodiscard]] const_iterator begin() const { return entries_.begin(); }
  [[nodiscard]] const_iterator end() const { return entries_.end(); }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  bool operator==(const Outputs&) const = default;

 private:
  std::vector<value_type> entries_;
};

}  // namespace steps
