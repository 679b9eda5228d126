#pragma once
// What the token of a job may do, as far as the workflow says it, and what well-known actions ask of it.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "workflow/workflow.h"

namespace workflow::lint {

enum class Access { none, read, write };

/// The permissions of a job: its own, else the workflow's. Nothing when neither lists any: then the settings
/// of the repository decide.
class GrantedPermissions {
 public:
  GrantedPermissions(const Workflow& workflow, const Job& job);

  [[nodiscard]] bool are_listed() const { return node_->present(); }
  /// Of a scope that is not listed beside others: none.
  [[nodiscard]] Access of(std::string_view scope) const;
  /// Where they are listed.
  [[nodiscard]] const Node& node() const { return *node_; }

 private:
  const Node* node_;
};

struct NeededPermission {
  std::string_view scope;
  Access access = Access::none;
  bool operator==(const NeededPermission&) const = default;
};

/// What the step asks of the job's token, by the documentation of the action that it uses; nothing when it
/// brings a token of its own.
std::vector<NeededPermission> permissions_needed_by(const Step& step);

/// Whether the step may ask for an OIDC token; nothing when that cannot be told.
std::optional<bool> may_use_oidc(const Step& step);

}  // namespace workflow::lint
