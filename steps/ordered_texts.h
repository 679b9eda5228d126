#pragma once
// Named texts in the order in which they were first set, as the runner keeps and shows them. Finding one
// stays quick however many a step sets. Not for what a process gets (sandbox::EnvVars), whose order is
// nobody's business.

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/strings.h"
#include "workflow/expression/value.h"

namespace steps {

template <workflow::expression::NameCase kNames>
class OrderedTexts {
 public:
  using value_type = std::pair<std::string, std::string>;
  using const_iterator = std::vector<value_type>::const_iterator;

  OrderedTexts() = default;
  OrderedTexts(std::initializer_list<value_type> list) {
    for (const auto& [name, value] : list) (*this)[name] = value;
  }

  /// The value of that name, added at the end when there is none.
  std::string& operator[](std::string_view name) {
    const std::size_t at = position_of(name);
    if (at < entries_.size()) return entries_[at].second;
    entries_.emplace_back(name, "");
    if (entries_.size() >= kMany) {
      for (std::size_t i = index_.empty() ? 0 : at; i < entries_.size(); ++i)
        index_.emplace(index_key(entries_[i].first), i);
    }
    return entries_.back().second;
  }
  [[nodiscard]] const_iterator find(std::string_view name) const {
    return entries_.begin() + static_cast<std::ptrdiff_t>(position_of(name));
  }
  /// Of one that is there.
  [[nodiscard]] const std::string& at(std::string_view name) const {
    return entries_.at(position_of(name)).second;
  }
  [[nodiscard]] bool contains(std::string_view name) const { return position_of(name) < entries_.size(); }
  [[nodiscard]] const_iterator begin() const { return entries_.begin(); }
  [[nodiscard]] const_iterator end() const { return entries_.end(); }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  bool operator==(const OrderedTexts& other) const { return entries_ == other.entries_; }

 private:
  static constexpr bool kIgnoresCase = kNames == workflow::expression::NameCase::ignored;
  /// Looking at each of a few is quicker than an index.
  static constexpr std::size_t kMany = 64;

  static std::string index_key(std::string_view name) {
    return kIgnoresCase ? base::to_lower(name) : std::string(name);
  }
  [[nodiscard]] std::size_t position_of(std::string_view name) const {
    if (!index_.empty()) {
      const auto found = index_.find(index_key(name));
      return found == index_.end() ? entries_.size() : found->second;
    }
    const auto found = std::find_if(entries_.begin(), entries_.end(), [name](const value_type& entry) {
      return kIgnoresCase ? base::equals_ignoring_case(entry.first, name) : entry.first == name;
    });
    return static_cast<std::size_t>(found - entries_.begin());
  }

  std::vector<value_type> entries_;
  std::unordered_map<std::string, std::size_t> index_;  ///< of many only
};

/// The outputs of a step, an action or a job: names without regard to case (actions/runner StepsContext.cs).
using Outputs = OrderedTexts<workflow::expression::NameCase::ignored>;

/// Environment variables: those of the workflow, of the job, of GITHUB_ENV, of the step. Names have case.
using OrderedVariables = OrderedTexts<workflow::expression::NameCase::counts>;

}  // namespace steps
