#pragma once
// Environment variables in the order in which they were first set, as the runner keeps and shows them: those
// of the workflow, of the job, of GITHUB_ENV, of the step. Names have case. Not for what a process gets
// (sandbox::EnvVars), whose order is nobody's business.

#include <initializer_list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sandbox/sandbox.h"

namespace steps {

class OrderedVariables {
 public:
  using value_type = std::pair<std::string, std::string>;
  using const_iterator = std::vector<value_type>::const_iterator;

  OrderedVariables() = default;
  OrderedVariables(std::initializer_list<value_type> list) {
    for (const auto& [name, value] : list) (*this)[name] = value;
  }

  /// The value of that name, added at the end when there is none.
  std::string& operator[](const std::string& name) {
    const std::size_t at = position_of(name);
    if (at < entries_.size()) return entries_[at].second;
    entries_.emplace_back(name, "");
    // A step may set as many as it likes.
    if (entries_.size() >= kMany) {
      for (std::size_t i = index_.empty() ? 0 : at; i < entries_.size(); ++i)
        index_.emplace(entries_[i].first, i);
    }
    return entries_.back().second;
  }
  [[nodiscard]] const_iterator find(const std::string& name) const {
    return entries_.begin() + static_cast<std::ptrdiff_t>(position_of(name));
  }
  [[nodiscard]] bool contains(const std::string& name) const { return position_of(name) < entries_.size(); }
  /// Of one that is there.
  [[nodiscard]] const std::string& at(const std::string& name) const {
    return entries_.at(position_of(name)).second;
  }
  [[nodiscard]] const_iterator begin() const { return entries_.begin(); }
  [[nodiscard]] const_iterator end() const { return entries_.end(); }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  /// For a process.
  [[nodiscard]] sandbox::EnvVars for_process() const { return {entries_.begin(), entries_.end()}; }

 private:
  static constexpr std::size_t kMany = 64;

  [[nodiscard]] std::size_t position_of(const std::string& name) const {
    if (!index_.empty()) {
      const auto found = index_.find(name);
      return found == index_.end() ? entries_.size() : found->second;
    }
    std::size_t at = 0;
    while (at < entries_.size() && entries_[at].first != name) ++at;
    return at;
  }

  std::vector<value_type> entries_;
  std::unordered_map<std::string, std::size_t> index_;  ///< of many only
};

}  // namespace steps
