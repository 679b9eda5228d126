#include "workflow/lint/granted_permissions.h"

#include <algorithm>
#include <array>

#include "base/strings.h"
#include "workflow/lint/known_actions.h"
#include "workflow/lint/used_actions.h"

namespace workflow::lint {

namespace {

/// Of the README of each action. `unless` and `only` name inputs, separated by spaces: with one of the first
/// the step has credentials of its own; without one of the second it does nothing that asks for more.
struct ActionNeeds {
  std::string_view action;
  std::array<NeededPermission, 3> needs;
  std::string_view unless;
  std::string_view only;
};

constexpr NeededPermission kContentsRead{"contents", Access::read};
constexpr NeededPermission kContentsWrite{"contents", Access::write};
constexpr NeededPermission kIdToken{"id-token", Access::write};
constexpr NeededPermission kAttestations{"attestations", Access::write};
constexpr NeededPermission kPagesRead{"pages", Access::read};
constexpr NeededPermission kPagesWrite{"pages", Access::write};
constexpr NeededPermission kPullRequestsWrite{"pull-requests", Access::write};
constexpr NeededPermission kIssuesWrite{"issues", Access::write};
constexpr NeededPermission kPackagesWrite{"packages", Access::write};
constexpr NeededPermission kSecurityEvents{"security-events", Access::write};
constexpr NeededPermission kModelsRead{"models", Access::read};

constexpr std::array<ActionNeeds, 27> kNeeds{{
    {"actions/checkout", {kContentsRead}, "token ssh-key repository", ""},
    {"actions/attest", {kIdToken, kAttestations}, "", ""},
    {"actions/attest-build-provenance", {kIdToken, kAttestations}, "", ""},
    {"actions/attest-sbom", {kIdToken, kAttestations}, "", ""},
    {"actions/ai-inference", {kModelsRead}, "token", ""},
    {"actions/configure-pages", {kPagesRead}, "token", ""},
    {"actions/deploy-pages", {kPagesWrite, kIdToken}, "token", ""},
    {"actions/delete-package-versions", {kPackagesWrite}, "token", ""},
    {"actions/dependency-review-action", {kContentsRead}, "repo-token", ""},
    {"actions/labeler", {kContentsRead, kPullRequestsWrite}, "repo-token", ""},
    {"github/codeql-action/analyze", {kSecurityEvents}, "token upload", ""},
    {"github/codeql-action/upload-sarif", {kSecurityEvents}, "token", ""},
    {"aws-actions/configure-aws-credentials",
     {kIdToken},
     "aws-access-key-id web-identity-token-file role-chaining force-skip-oidc",
     "role-to-assume"},
    {"google-github-actions/auth", {kIdToken}, "credentials_json", "workload_identity_provider"},
    {"azure/login", {kIdToken}, "creds", "client-id"},
    {"pypa/gh-action-pypi-publish", {kIdToken}, "password", ""},
    {"ossf/scorecard-action", {kIdToken}, "", "publish_results"},
    {"codecov/codecov-action", {kIdToken}, "", "use_oidc"},
    {"rust-lang/crates-io-auth-action", {kIdToken}, "", ""},
    {"rubygems/release-gem", {kIdToken, kContentsWrite}, "", ""},
    {"rubygems/configure-rubygems-credentials", {kIdToken}, "api-token", ""},
    {"softprops/action-gh-release", {kContentsWrite}, "token", ""},
    {"ncipollo/release-action", {kContentsWrite}, "token", ""},
    {"peter-evans/create-pull-request", {kContentsWrite, kPullRequestsWrite}, "token", ""},
    {"peaceiris/actions-gh-pages", {kContentsWrite}, "deploy_key personal_token", ""},
    {"stefanzweifel/git-auto-commit-action", {kContentsWrite}, "", ""},
    {"googleapis/release-please-action", {kContentsWrite, kPullRequestsWrite, kIssuesWrite}, "token", ""},
}};

const ActionNeeds* find_needs(const Step& step) {
  const auto found = std::find_if(kNeeds.begin(), kNeeds.end(),
                                  [&](const ActionNeeds& each) { return uses_action(step, each.action); });
  return found == kNeeds.end() ? nullptr : &*found;
}

// The job's own token is no other one, and `false` is as good as nothing.
bool has_input(const Step& step, const std::string& name) {
  const Node& input = input_of(step, name);
  const auto text = base::to_lower(input.text);
  return input.present() && !text.empty() && text != "false" &&
         text.find("github.token") == std::string::npos &&
         text.find("secrets.github_token") == std::string::npos;
}

bool has_one_of(const Step& step, std::string_view names) {
  const auto list = base::split(std::string(names), ' ');
  return std::any_of(list.begin(), list.end(),
                     [&](const std::string& name) { return !name.empty() && has_input(step, name); });
}

// Parts of scripts that may ask for a token, or that start what is not seen here.
constexpr std::array kMayUseOidc{
    std::string_view("id_token"), std::string_view("idtoken"),   std::string_view("oidc"),
    std::string_view("publish"),  std::string_view("deploy"),    std::string_view("release"),
    std::string_view("sign"),     std::string_view("attest"),    std::string_view("provenance"),
    std::string_view("vault"),    std::string_view("login"),     std::string_view("auth"),
    std::string_view("./"),       std::string_view("make"),      std::string_view("npm "),
    std::string_view("npx"),      std::string_view("yarn"),      std::string_view("pnpm"),
    std::string_view("bun "),     std::string_view("python"),    std::string_view("node "),
    std::string_view("bash "),    std::string_view("sh "),       std::string_view("gradle"),
    std::string_view("mvn"),      std::string_view("terraform"), std::string_view("pulumi"),
    std::string_view("curl"),     std::string_view("aws "),      std::string_view("upload"),
};

bool script_may_use_oidc(std::string_view script) {
  const auto text = base::to_lower(script);
  return std::any_of(kMayUseOidc.begin(), kMayUseOidc.end(),
                     [&](std::string_view part) { return text.find(part) != std::string::npos; });
}

// Of these it is known that they ask for none: no script of the user's runs in them.
bool is_without_oidc(std::string_view name) {
  constexpr std::array kWithout{
      std::string_view("actions/checkout"),
      std::string_view("actions/cache"),
      std::string_view("actions/setup-node"),
      std::string_view("actions/setup-python"),
      std::string_view("actions/setup-java"),
      std::string_view("actions/setup-go"),
      std::string_view("actions/setup-dotnet"),
      std::string_view("actions/upload-artifact"),
      std::string_view("actions/download-artifact"),
      std::string_view("actions/labeler"),
      std::string_view("actions/stale"),
      std::string_view("docker/build-push-action"),
      std::string_view("docker/metadata-action"),
      std::string_view("docker/login-action"),
      std::string_view("docker/setup-qemu-action"),
      std::string_view("docker/setup-buildx-action"),
      std::string_view("actions/cache/restore"),
      std::string_view("actions/cache/save"),
  };
  return std::any_of(kWithout.begin(), kWithout.end(),
                     [&](std::string_view each) { return base::equals_ignoring_case(each, name); });
}

}  // namespace

GrantedPermissions::GrantedPermissions(const Workflow& workflow, const Job& job)
    : node_(job.permissions.present() ? &job.permissions : &workflow.permissions) {}

Access GrantedPermissions::of(std::string_view scope) const {
  const auto access_of = [](std::string_view text) {
    if (text == "write") return Access::write;
    return text == "read" ? Access::read : Access::none;
  };
  if (node_->is_mapping()) return access_of((*node_)[scope].text);
  if (node_->text == "write-all") return Access::write;
  // read-all has no id-token: it knows no reading.
  return node_->text == "read-all" && scope != "id-token" ? Access::read : Access::none;
}

std::vector<NeededPermission> permissions_needed_by(const Step& step) {
  const auto* found = find_needs(step);
  if (found == nullptr || has_one_of(step, found->unless)) return {};
  if (!found->only.empty() && !has_one_of(step, found->only)) return {};
  std::vector<NeededPermission> needed;
  for (const auto& need : found->needs) {
    if (need.access != Access::none) needed.push_back(need);
  }
  return needed;
}

std::optional<bool> may_use_oidc(const Step& step) {
  if (step.run) return script_may_use_oidc(step.run->text);
  if (!step.uses) return false;
  const auto needed = permissions_needed_by(step);
  if (std::find(needed.begin(), needed.end(), kIdToken) != needed.end()) return true;
  const auto reference = split_action_reference(step.uses->text);
  if (reference && is_without_oidc(reference->name)) return false;
  return std::nullopt;
}

}  // namespace workflow::lint
