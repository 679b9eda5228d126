#include "workflow/lint/known_action_rows.h"

namespace workflow::lint {

namespace {

constexpr KnownActionRow kGithubActions[] = {
    {"actions/add-to-project", 2, "0:node20 2:node24", "!project-url !github-token labeled label-operator",
     "itemId"},
    {"actions/ai-inference", 3, "0:node20 2:node24",
     "prompt model endpoint:-2 system-prompt max-tokens:-2 token prompt-file:1- input:1- file_input:1- "
     "system-prompt-file:1- enable-github-mcp:1-2 github-mcp-token:1-2 max-completion-tokens:2 "
     "temperature:2 top-p:2 github-mcp-toolsets:2 custom-headers:2 provider:2- copilot-cli-path:2- "
     "copilot-allow-tools:2-",
     "response response-file:1-"},
    {"actions/attest", 4, "0:node20 3:node24",
     "subject-path subject-digest subject-name !predicate-type:-3 predicate predicate-path push-to-registry "
     "github-token show-summary:1- subject-checksums:2- subject-version:4- sbom-path:4- predicate-type:4- "
     "create-storage-record:4-",
     "bundle-path attestation-id:2- attestation-url:2- storage-record-ids:4-"},
    {"actions/attest-build-provenance", 4, "0:composite",
     "subject-path subject-digest subject-name push-to-registry github-token show-summary:1- "
     "subject-checksums:2- predicate-type:4- predicate:4- predicate-path:4- create-storage-record:4-",
     "bundle-path attestation-id:2- attestation-url:2- storage-record-ids:4-"},
    {"actions/attest-sbom", 4, "0:composite",
     "subject-path subject-digest subject-name sbom-path:-0 scan-path:-0 sbom-format:-0 push-to-registry "
     "github-token !sbom-path:1- show-summary:1- subject-checksums:2-",
     "bundle-path attestation-id:2- attestation-url:2-"},
    {"actions/cache", 5, "0:node12 3:node16 4:node20 5:node24",
     "!path !key restore-keys upload-chunk-size:2- enableCrossOsArchive:3- fail-on-cache-miss:3- "
     "lookup-only:3- ~save-always:4-",
     "cache-hit"},
    {"actions/cache/restore", 5, "3:node16 4:node20 5:node24",
     "!path !key restore-keys enableCrossOsArchive fail-on-cache-miss lookup-only",
     "cache-hit cache-primary-key cache-matched-key"},
    {"actions/cache/save", 5, "3:node16 4:node20 5:node24",
     "!path !key upload-chunk-size enableCrossOsArchive", ""},
    {"actions/checkout", 7, "1:plugin 2:node12 3:node16 4:node20 5:node24",
     "repository ref token clean submodules lfs fetch-depth path ssh-key:2- ssh-known-hosts:2- "
     "ssh-strict:2- persist-credentials:2- set-safe-directory:2- allow-unsafe-pr-checkout:2- "
     "sparse-checkout:3- sparse-checkout-cone-mode:3- fetch-tags:3- github-server-url:3- ssh-user:4- "
     "filter:4- show-progress:4-",
     "ref:4- commit:4-"},
    {"actions/configure-pages", 5, "0:node16 4:node20",
     "static_site_generator token generator_config_file:1- enablement:1-", "base_url origin host base_path"},
    {"actions/create-github-app-token", 3, "1:node20 3:node24",
     "app-id:-1 ~app_id:-1 private-key:-1 ~private_key:-1 owner repositories skip-token-revoke "
     "~skip_token_revoke:-1 github-api-url permission-actions permission-administration permission-checks "
     "permission-codespaces permission-contents permission-dependabot-secrets permission-deployments "
     "permission-email-addresses permission-environments permission-followers permission-git-ssh-keys "
     "permission-gpg-keys permission-interaction-limits permission-issues permission-members "
     "permission-metadata permission-organization-administration "
     "permission-organization-announcement-banners permission-organization-copilot-seat-management "
     "permission-organization-custom-org-roles permission-organization-custom-properties "
     "permission-organization-custom-roles permission-organization-events permission-organization-hooks "
     "permission-organization-packages permission-organization-personal-access-token-requests "
     "permission-organization-personal-access-tokens permission-organization-plan "
     "permission-organization-projects permission-organization-secrets "
     "permission-organization-self-hosted-runners permission-organization-user-blocking permission-packages "
     "permission-pages permission-profile permission-pull-requests permission-repository-custom-properties "
     "permission-repository-hooks permission-repository-projects permission-secret-scanning-alerts "
     "permission-secrets permission-security-events permission-single-file permission-starring "
     "permission-statuses permission-team-discussions permission-vulnerability-alerts permission-workflows "
     "!app-id:2 !private-key:2- permission-custom-properties-for-organizations:2- "
     "permission-enterprise-custom-properties-for-organizations:2- client-id:3- ~app-id:3- "
     "permission-artifact-metadata:3- permission-attestations:3- permission-discussions:3- "
     "permission-merge-queues:3-",
     "token installation-id app-slug"},
    {"actions/create-release", 1, "1:node12",
     "!tag_name !release_name body body_path draft prerelease commitish owner repo",
     "id html_url upload_url"},
    {"actions/delete-package-versions", 5, "1:node12 3:node16 5:node20",
     "package-version-ids owner repo:-3 package-name:-3 num-old-versions-to-delete token "
     "min-versions-to-keep:2- ignore-versions:2- delete-only-pre-release-versions:2- !package-name:4- "
     "!package-type:4- delete-only-untagged-versions:4-",
     ""},
    {"actions/dependency-review-action", 4, "1:node16 4:node20",
     "repo-token fail-on-severity:2- fail-on-scopes:2- base-ref:2- head-ref:2- config-file:2- "
     "allow-licenses:2- deny-licenses:2- allow-ghsas:2- allow-dependencies-licenses:3- "
     "external-repo-token:3- license-check:3- vulnerability-check:3- comment-summary-in-pr:3- "
     "deny-packages:3- deny-groups:3- retry-on-snapshot-warnings:3- retry-on-snapshot-warnings-timeout:3- "
     "warn-only:4- show-openssf-scorecard:4- warn-on-openssf-scorecard-level:4- show-patched-versions:4-",
     "comment-content:4- dependency-changes:4- vulnerable-changes:4- invalid-license-changes:4- "
     "denied-changes:4-"},
    {"actions/deploy-pages", 5, "1:node16 3:node20 5:node24",
     "~emit_telemetry:-1 ~conclusion:-1 token timeout error_count reporting_interval artifact_name preview",
     "page_url"},
    {"actions/download-artifact", 8, "1:plugin 2:node12 3:node16 4:node20 7:node24",
     "!name:-1 path name:2- artifact-ids:4- pattern:4- merge-multiple:4- github-token:4- repository:4- "
     "run-id:4- skip-decompress:8- digest-mismatch:8-",
     "download-path:2-"},
    {"actions/first-interaction", 3, "1:docker 2:node20 3:node24",
     "!repo-token:-1 issue-message:-1 pr-message:-1 issue_message:2- pr_message:2- repo_token:2-", ""},
    {"actions/github-script", 8, "0:node12 6:node16 7:node20 8:node24",
     "!script github-token debug user-agent previews result-encoding retries:6- "
     "retry-exempt-status-codes:6- base-url:7-",
     "* result"},
    {"actions/jekyll-build-pages", 1, "1:docker", "source destination future build_revision verbose token",
     ""},
    {"actions/labeler", 7, "2:node12 4:node16 5:node20 6:node24",
     "repo-token configuration-path sync-labels dot:4- pr-number:4-", "new-labels:4- all-labels:4-"},
    {"actions/setup-dotnet", 6, "1:node12 2:node16 4:node20 5:node24",
     "dotnet-version source-url owner config-file include-prerelease:-2 global-json-file:2- "
     "dotnet-quality:3- cache:3- cache-dependency-path:3- dotnet-channel:5- workloads:5- architecture:5-",
     "cache-hit:3- dotnet-version:3-"},
    {"actions/setup-go", 7, "1:node12 3:node16 5:node20 6:node24",
     "go-version ~version:-1 check-latest:2- stable:2 token:2- go-version-file:3- cache:3- "
     "cache-dependency-path:3- architecture:3- go-download-base-url:6-",
     "go-version:3- cache-hit:3-"},
    {"actions/setup-haskell", 1, "1:node12",
     "ghc-version cabal-version stack-version enable-stack stack-no-global stack-setup-ghc",
     "ghc-path cabal-path stack-path cabal-store ghc-exe cabal-exe stack-exe"},
    {"actions/setup-java", 5, "1:node12 3:node16 4:node20 5:node24",
     "!java-version:-2 java-package architecture jdkFile:-4 server-id server-username server-password "
     "settings-path gpg-private-key gpg-passphrase !distribution:2-4 check-latest:2- overwrite-settings:2- "
     "cache:2- job-status:2- java-version:3- java-version-file:3- token:3- mvn-toolchain-id:3- "
     "mvn-toolchain-vendor:3- cache-dependency-path:4- distribution:5- jdk-file:5- ~jdkFile:5- "
     "set-default:5- verify-signature:5- verify-signature-public-key:5- show-download-progress:5-",
     "path version distribution:2- cache-hit:3- cache-primary-key:5-"},
    {"actions/setup-node", 7, "1:node12 3:node16 4:node20 5:node24",
     "always-auth:-5 node-version registry-url scope ~version:-2 node-version-file:2- architecture:2- "
     "check-latest:2- token:2- cache:2- cache-dependency-path:2- mirror:4- mirror-token:4- "
     "package-manager-cache:5-",
     "cache-hit:2- node-version:3- cache-primary-key:7- cache-matched-key:7-"},
    {"actions/setup-python", 7, "1:node12 3:node16 5:node20 6:node24",
     "python-version architecture cache:2- token:2- cache-dependency-path:2- python-version-file:4- "
     "check-latest:4- update-environment:4- allow-prereleases:4- freethreaded:5- pip-version:6- "
     "pip-install:6",
     "python-version cache-hit:3- python-path:4-"},
    {"actions/setup-ruby", 1, "1:node12", "ruby-version ~version", ""},
    {"actions/stale", 10, "1:node12 5:node16 9:node20 10:node24",
     "!repo-token:-2 stale-issue-message stale-pr-message days-before-stale days-before-close "
     "stale-issue-label exempt-issue-label:-1 stale-pr-label exempt-pr-label:-1 operations-per-run "
     "exempt-issue-labels:2- exempt-pr-labels:2- only-labels:2- debug-only:2- repo-token:3- "
     "close-issue-message:3- close-pr-message:3- days-before-issue-stale:3- days-before-pr-stale:3- "
     "days-before-issue-close:3- days-before-pr-close:3- close-issue-label:3- close-pr-label:3- "
     "exempt-milestones:3- exempt-issue-milestones:3- exempt-pr-milestones:3- exempt-all-milestones:3- "
     "exempt-all-issue-milestones:3- exempt-all-pr-milestones:3- any-of-labels:3- any-of-issue-labels:3- "
     "any-of-pr-labels:3- only-issue-labels:3- only-pr-labels:3- remove-stale-when-updated:3- "
     "remove-issue-stale-when-updated:3- remove-pr-stale-when-updated:3- ascending:3- "
     "skip-stale-pr-message:3 skip-stale-issue-message:3 delete-branch:3- start-date:3- exempt-assignees:3- "
     "exempt-issue-assignees:3- exempt-pr-assignees:3- exempt-all-assignees:3- "
     "exempt-all-issue-assignees:3- exempt-all-pr-assignees:3- enable-statistics:3- exempt-draft-pr:4- "
     "labels-to-add-when-unstale:4- labels-to-remove-when-unstale:4- ignore-updates:4- "
     "ignore-issue-updates:4- ignore-pr-updates:4- close-issue-reason:5- include-only-assigned:5- "
     "labels-to-remove-when-stale:8- sort-by:10- only-issue-types:10-",
     "closed-issues-prs:4- staled-issues-prs:4-"},
    {"actions/upload-artifact", 7, "1:plugin 2:node12 3:node16 4:node20 6:node24",
     "!name:-1 !path name:2- if-no-files-found:2- retention-days:2- include-hidden-files:3- "
     "compression-level:4- overwrite:4- archive:7-",
     "artifact-id:4- artifact-url:4- artifact-digest:4-"},
    {"actions/upload-artifact/merge", 7, "4:node20 6:node24",
     "name pattern separate-directories retention-days compression-level delete-merged include-hidden-files",
     "artifact-id artifact-url artifact-digest"},
    {"actions/upload-pages-artifact", 5, "0:composite", "path retention-days name:1- include-hidden-files:5-",
     "artifact_id:3-"},
    {"actions/upload-release-asset", 1, "1:node12", "!upload_url !asset_path !asset_name !asset_content_type",
     "browser_download_url"},
    {"github/codeql-action/analyze", 4, "1:node12 2:node16 3:node20 4:node24",
     "check_name output upload cleanup-level:-2 ram add-snippets:-1 skip-queries threads checkout_path ref "
     "sha category upload-database wait-for-processing token matrix expect-error ~add-snippets:2- "
     "~cleanup-level:3- post-processed-sarif-path:3-",
     "db-locations sarif-id sarif-output:2-"},
    {"github/codeql-action/autobuild", 4, "1:node12 2:node16 3:node20 4:node24",
     "token matrix working-directory", ""},
    {"github/codeql-action/init", 4, "1:node12 2:node16 3:node20 4:node24",
     "tools languages token registries matrix config-file db-location queries packs "
     "external-repository-token setup-python-dependencies:-1 source-root ram threads debug "
     "debug-artifact-name debug-database-name trap-caching build-mode:2- config:2- "
     "~setup-python-dependencies:2- dependency-caching:2- analysis-kinds:3- quality-queries:3- "
     "check-run-id:3-",
     "codeql-path codeql-version:2-"},
    {"github/codeql-action/upload-sarif", 4, "1:node12 2:node16 3:node20 4:node24",
     "sarif_file checkout_path ref sha token matrix category wait-for-processing", "sarif-id sarif-ids:3-"},
};

}  // namespace

std::span<const KnownActionRow> github_action_rows() {
  return kGithubActions;
}

}  // namespace workflow::lint
