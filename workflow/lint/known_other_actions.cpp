#include "workflow/lint/known_action_rows.h"

namespace workflow::lint {

namespace {

constexpr KnownActionRow kRows[] = {
    {"aquasecurity/trivy-action", 0, "0:composite",
     "scan-type image-ref input scan-ref exit-code ignore-unfixed vuln-type severity format template output "
     "skip-dirs skip-files cache-dir timeout ignore-policy hide-progress list-all-pkgs scanners "
     "trivyignores github-pat trivy-config tf-vars limit-severities-for-sarif docker-host version cache "
     "skip-setup-trivy token-setup-trivy",
     ""},
    {"astral-sh/setup-uv", 10, "1:node20 7:node24",
     "version checksum github-token enable-cache cache-dependency-glob cache-suffix cache-local-path "
     "prune-cache:3- tool-dir:3- tool-bin-dir:3- python-version:4- ignore-nothing-to-cache:4- "
     "pyproject-file:5 uv-file:5 ignore-empty-workdir:5- version-file:6- activate-environment:6- "
     "working-directory:6- ~server-url:6 restore-cache:6- save-cache:6- manifest-file:6- "
     "add-problem-matchers:6- venv-path:7- cache-python:7- resolution-strategy:7- no-project:8- "
     "download-from-astral-mirror:8- quiet:8-",
     "uv-version cache-hit uv-path:5- uvx-path:5- cache-key:7- venv:7- python-version:7- "
     "python-cache-hit:7-"},
    {"codecov/codecov-action", 5, "0:docker 1:node12 3:node16 4:node20 5:composite",
     "name token file:-4 flags files:1- directory:1- aws_curl_args:1 codecov_curl_args:1 commit_parent:1- "
     "env_vars:1- fail_ci_if_error:1- functionalities:1-3 gcov_args:1 gcov_args:3 gcov_args:5- "
     "gcov_executable:1 gcov_executable:3 gcov_executable:5- gcov_path_exclude:1 gcov_path_include:1 "
     "gcov_prefix:1 gcov_root_dir:1 move_coverage_to_trash:1-3 network_filter:1 network_filter:3- "
     "override_branch:1- override_build:1- override_commit:1- override_pr:1- override_tag:1-3 "
     "path_to_write_report:1 root_dir:1- verbose:1- working-directory:1- xcode_derived_data:1 "
     "xcode_package:1 dry_run:2- os:2- slug:2- url:2- version:2- full_report:3 gcov:3 gcov_ignore:3 "
     "gcov_ignore:5- gcov_include:3 gcov_include:5- network_prefix:3- swift:3 swift_project:3 "
     "swift_project:5- upstream_proxy:3 xcode:3 xcode_archive_path:3 xtra_args:3 codecov_yml_path:4- "
     "disable_file_fixes:4- disable_search:4- disable_safe_directory:4- exclude:4- git_service:4- "
     "handle_no_reports_found:4- job_code:4- override_build_url:4- plugin:4 plugins:4- report_code:4- "
     "use_legacy_upload_endpoint:4- use_oidc:4- base_sha:5- binary:5- disable_telem:5- force:5- "
     "recurse_submodules:5- report_type:5- run_command:5- skip_validation:5- use_pypi:5-",
     ""},
    {"denoland/setup-deno", 2, "1:node20 2:node24",
     "deno-version deno-version-file deno-binary-name cache:2- cache-hash:2-",
     "deno-version is-canary:-1 release-channel cache-hit:2-"},
    {"dorny/paths-filter", 4, "1:node12 2:node16 3:node20 4:node24",
     "token !filters working-directory:2- ref:2- base:2- list-files:2- initial-fetch-depth:2- "
     "predicate-quantifier:3-",
     "* changes:2-"},
    {"dtolnay/rust-toolchain", 0, "0:composite", "toolchain targets target components", "cachekey name"},
    {"EndBug/add-and-commit", 11, "1:docker 2:node12 9:node20 10:node24",
     "author_name author_email message path:-3 cwd:2- force:2-4 pattern:2-3 remove:3- add:4- signoff:4-7 "
     "ref:4 tag:4- branch:5-7 pull_strategy:5-6 push:5- token:6 branch_mode:7 committer_name:7- "
     "committer_email:7- default_author:7- pathspec_error_handling:7- pull:7- ~pull_strategy:7 "
     "github_token:7- commit:8- new_branch:8- fetch:9- tag_push:9- dry_run:11- push_attempts:11- "
     "allow_unsafe_git_protocols:11-",
     "committed:5- pushed:5- tagged:5- commit_sha:7- commit_long_sha:8- tag_pushed:9-"},
    {"golangci/golangci-lint-action", 9, "0:node12 3:node16 4:node20 9:node24",
     "!version:-1 args !github-token:-0 working-directory:1- github-token:1- only-new-issues:1- version:2- "
     "skip-go-installation:2 skip-pkg-cache:2-4 skip-build-cache:2-4 skip-cache:3- install-mode:3- "
     "skip-save-cache:5- annotations:5 cache-invalidation-interval:5- verify:6- problem-matchers:6- "
     "version-file:9- install-only:9- debug:9- experimental:9-",
     ""},
    {"google-github-actions/auth", 3, "0:node16 2:node20 3:node24",
     "project_id workload_identity_provider service_account audience credentials_json "
     "create_credentials_file export_environment_variables token_format delegates cleanup_credentials "
     "access_token_lifetime access_token_scopes access_token_subject retries:-1 backoff:-1 backoff_limit:-1 "
     "id_token_audience id_token_include_email universe:2- request_reason:2- ~retries:2 ~backoff:2 "
     "~backoff_limit:2",
     "project_id credentials_file_path access_token access_token_expiration:-1 id_token auth_token:2-"},
    {"google-github-actions/setup-gcloud", 3, "0:node16 2:node20 3:node24",
     "version service_account_email:-0 service_account_key:-0 project_id install_components "
     "export_default_credentials:-0 credentials_file_path:-0 cleanup_credentials:-0 skip_install:1- "
     "skip_tool_cache:2 cache:3-",
     "version:2-"},
    {"goreleaser/goreleaser-action", 7, "0:node12 3:node16 5:node20 7:node24",
     "version args key:-0 ~key:1 workdir:1- distribution:2- install-only:2- version-file:7-",
     "artifacts:2- metadata:2-"},
    {"gradle/actions/setup-gradle", 6, "0:composite 3:node20 5:node24",
     "gradle-version cache-disabled cache-read-only cache-write-only cache-overwrite-existing "
     "cache-encryption-key gradle-home-cache-includes gradle-home-cache-excludes gradle-home-cache-cleanup "
     "add-job-summary add-job-summary-as-pr-comment dependency-graph dependency-graph-continue-on-failure "
     "artifact-retention-days workflow-job-context github-token build-scan-publish:3- "
     "build-scan-terms-of-use-url:3- build-scan-terms-of-use-agree:3- develocity-access-key:3- "
     "develocity-token-expiry:3- develocity-injection-enabled:3- develocity-url:3- "
     "develocity-allow-untrusted-server:3- develocity-capture-file-fingerprints:3- "
     "develocity-enforce-url:3- develocity-plugin-version:3- develocity-ccud-plugin-version:3- "
     "gradle-plugin-repository-url:3- gradle-plugin-repository-username:3- "
     "gradle-plugin-repository-password:3- validate-wrappers:3- build-scan-terms-of-service-url:3 "
     "build-scan-terms-of-service-agree:3 generate-job-summary:3 arguments:3- build-root-directory:3 "
     "gradle-home-cache-strict-match:3- cache-cleanup:4- dependency-graph-report-dir:4- "
     "dependency-graph-exclude-projects:4- dependency-graph-include-projects:4- "
     "dependency-graph-exclude-configurations:4- dependency-graph-include-configurations:4- "
     "allow-snapshot-wrappers:4- cache-provider:6-",
     "build-scan-url dependency-graph-file gradle-version"},
    {"hashicorp/setup-terraform", 4, "1:node12 2:node16 3:node20 4:node24",
     "cli_config_credentials_hostname cli_config_credentials_token terraform_version terraform_wrapper", ""},
    {"microsoft/setup-msbuild", 3, "1:node16 2:node20 3:node24",
     "vswhere-path vs-version vs-prerelease msbuild-architecture", "msbuildPath"},
    {"ncipollo/release-action", 1, "1:node24",
     "allowUpdates artifactErrorsFailBuild ~artifact artifacts artifactContentType body bodyFile commit "
     "discussionCategory draft generateReleaseNotes generateReleaseNotesPreviousTag immutableCreate "
     "makeLatest name omitBody omitBodyDuringUpdate omitDraftDuringUpdate omitName omitNameDuringUpdate "
     "omitPrereleaseDuringUpdate owner prerelease removeArtifacts replacesArtifacts repo "
     "skipIfReleaseExists tag token updateOnlyUnreleased",
     "id html_url upload_url tarball_url zipball_url assets"},
    {"ossf/scorecard-action", 2, "0:docker",
     "!results_file !results_format !repo_token:-0 publish_results repo_token:1- internal_default_token:1- "
     "file_mode:2- internal_publish_base_url:2-",
     ""},
    {"oven-sh/setup-bun", 2, "0:node16 1:node20 2:node24",
     "bun-version github-token:-0 ~misc-test-builds:-0 repository:-0 custom-download-url:-0 "
     "bun-download-url:1- registry-url:1 scope:1 no-cache:1- bun-version-file:2- registries:2- "
     "~registry-url:2- ~scope:2- token:2-",
     "bun-version bun-revision:1- cache-hit:1- bun-path:2- bun-download-url:2-"},
    {"peaceiris/actions-gh-pages", 4, "2:docker 3:node16 4:node24",
     "emptyCommits:-2 keepFiles:-2 forceOrphan:-2 username:-2 useremail:-2 commitMessage:-2 tagName:-2 "
     "tagMessage:-2 tagOverwrite:-2 deploy_key:3- github_token:3- personal_token:3- publish_branch:3- "
     "publish_dir:3- destination_dir:3- external_repository:3- allow_empty_commit:3- keep_files:3- "
     "force_orphan:3- user_name:3- user_email:3- commit_message:3- full_commit_message:3- tag_name:3- "
     "tag_message:3- enable_jekyll:3- disable_nojekyll:3- cname:3- exclude_assets:3-",
     ""},
    {"peter-evans/create-pull-request", 8, "1:node12 4:node16 6:node20 8:node24",
     "!token:-1 commit-message author-name:-1 author-email:-1 committer-name:-1 committer-email:-1 title "
     "body labels assignees reviewers team-reviewers milestone project:-1 project-column:-1 branch base "
     "branch-suffix token:2- path:2- committer:2- author:2- ~project:2 ~project-column:2 draft:2- "
     "request-to-parent:2 add-paths:3- signoff:3- delete-branch:3- push-to-fork:3- body-path:5- git-token:6 "
     "branch-token:7- sign-commits:7- maintainer-can-modify:7-",
     "pr_number:-1 pull-request-number:2- pull-request-url:3- pull-request-operation:3- "
     "pull-request-head-sha:3- pull-request-branch:6-"},
    {"pnpm/action-setup", 4, "1:node12 2:node16 3:node20",
     "!version:-1 dest bin_dest:-1 registry:-1 version:2- run_install:2- package_json_file:2- standalone:2-",
     ""},
    {"pypa/gh-action-pypi-publish", 1, "1:docker",
     "user password repository-url ~repository_url packages-dir ~packages_dir verify-metadata "
     "~verify_metadata skip-existing ~skip_existing verbose print-hash ~print_hash",
     ""},
    {"rhysd/action-setup-vim", 1, "1:node24", "version neovim configure-args token", "executable vim-dir"},
    {"ruby/setup-ruby", 1, "1:node24",
     "ruby-version rubygems bundler bundler-cache working-directory cache-version self-hosted "
     "windows-toolchain token",
     "ruby-prefix"},
    {"shivammathur/setup-php", 2, "1:node12 2:node24",
     "php-version extensions ini-values coverage tools ~extension-csv:-1 ~ini-values-csv:-1 ~pecl:-1 "
     "php-version-file:2- ini-file:2- github-token:2-",
     "php-version:2-"},
    {"sigstore/cosign-installer", 4, "0:composite", "cosign-release install-dir:2- use-sudo:2-", ""},
    {"slackapi/slack-github-action", 4, "1:node20 3:node24",
     "channel-id:-1 slack-message:-1 payload payload-delimiter payload-file-path "
     "payload-file-path-parsed:-1 update-ts:-1 api:2- errors:2- method:2- payload-templated:2- proxy:2- "
     "retries:2- token:2- webhook:2- webhook-type:2-",
     "time thread_ts ts channel_id ok:2- response:2-"},
    {"softprops/action-gh-release", 3, "0:node16 2:node20 3:node24",
     "body body_path name tag_name draft prerelease files fail_on_unmatched_files repository token "
     "target_commitish discussion_category_name generate_release_notes append_body preserve_order:2- "
     "working_directory:2- overwrite_files:2- previous_tag:2- make_latest:2-",
     "url id upload_url assets"},
    {"Swatinem/rust-cache", 2, "1:node12 2:node24",
     "key sharedKey:-1 working-directory:-1 target-dir:-1 cache-on-failure prefix-key:2- shared-key:2- "
     "add-job-id-key:2- add-rust-environment-hash-key:2- env-vars:2- workspaces:2- cache-directories:2- "
     "cache-targets:2- cache-all-crates:2- cache-workspace-crates:2- save-if:2- cache-provider:2- "
     "cache-bin:2- lookup-only:2- cmd-format:2-",
     "cache-hit"},
};

}  // namespace

std::span<const KnownActionRow> other_action_rows() {
  return kRows;
}

}  // namespace workflow::lint
