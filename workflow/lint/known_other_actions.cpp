#include "workflow/lint/known_action_rows.h"

namespace workflow::lint {

namespace {

constexpr KnownActionRow kOtherActions[] = {
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
    {"conda-incubator/setup-miniconda", 4, "1:node12 2:node16 3:node20 4:node24",
     "installer-url miniconda-version conda-version conda-build-version environment-file "
     "activate-environment python-version add-anaconda-token add-pip-as-python-dependency allow-softlinks "
     "auto-activate-base:-2 auto-update-conda condarc-file channel-alias channel-priority channels "
     "show-channel-urls use-only-tar-bz2 remove-profiles mamba-version architecture miniforge-variant:2- "
     "miniforge-version:2- use-mamba:2- clean-patched-environment-file:2- run-post:2- installation-dir:3- "
     "auto-activate:3- ~auto-activate-base:3- conda-remove-defaults:3- pkgs-dirs:3- conda-solver:3- "
     "run-init:4-",
     "environment-file:2- environment-file-content:2- environment-file-was-patched:2-"},
    {"cypress-io/github-action", 7, "1:node12 3:node16 6:node20 7:node24",
     "record config config-file env browser command start start-windows build install runTests wait-on "
     "wait-on-timeout parallel group tag working-directory headless:-3 spec project command-prefix "
     "ci-build-id cache-key install-command:2- quiet:2- component:3- headed:4- "
     "auto-cancel-after-failures:5- publish-summary:5- summary-title:6- expose:7- package-manager-cache:7-",
     "dashboardUrl:2- resultsUrl:5-"},
    {"dart-lang/setup-dart", 1, "0:composite 1:node24", "sdk architecture flavor:1-", "dart-version:1-"},
    {"dawidd6/action-download-artifact", 21, "1:docker 2:node16 3:node20 17:node24",
     "!github_token:-1 !workflow:-1 pr commit !name:-1 path github_token:2- workflow:2- "
     "workflow_conclusion:2- repo:2- branch:2- event:2- run_id:2- run_number:2- name:2- name_is_regexp:2- "
     "allow_forks:2- check_artifacts:2- search_artifacts:2- skip_unpack:2- dry_run:2- "
     "if_no_artifact_found:2- workflow_search:3- use_unzip:8- merge_multiple:9- ref:10-",
     "error_message:2- dry_run:2- found_artifact:2- artifacts:2-"},
    {"denoland/setup-deno", 2, "1:node20 2:node24",
     "deno-version deno-version-file deno-binary-name cache:2- cache-hash:2-",
     "deno-version is-canary:-1 release-channel cache-hit:2-"},
    {"dessant/lock-threads", 6, "2:node12 4:node16 5:node20 6:node24",
     "github-token issue-lock-inactive-days:-2 issue-exclude-created-before:-2 issue-exclude-labels:-2 "
     "issue-lock-labels:-2 issue-lock-comment:-2 issue-lock-reason pr-lock-inactive-days:-2 "
     "pr-exclude-created-before:-2 pr-exclude-labels:-2 pr-lock-labels:-2 pr-lock-comment:-2 pr-lock-reason "
     "process-only issue-inactive-days:3- exclude-issue-created-before:3- exclude-issue-created-after:3- "
     "exclude-issue-created-between:3- exclude-issue-closed-before:3- exclude-issue-closed-after:3- "
     "exclude-issue-closed-between:3- include-any-issue-labels:3- include-all-issue-labels:3- "
     "exclude-any-issue-labels:3- add-issue-labels:3- remove-issue-labels:3- issue-comment:3- "
     "pr-inactive-days:3- exclude-pr-created-before:3- exclude-pr-created-after:3- "
     "exclude-pr-created-between:3- exclude-pr-closed-before:3- exclude-pr-closed-after:3- "
     "exclude-pr-closed-between:3- include-any-pr-labels:3- include-all-pr-labels:3- "
     "exclude-any-pr-labels:3- add-pr-labels:3- remove-pr-labels:3- pr-comment:3- log-output:3- "
     "discussion-inactive-days:5- exclude-discussion-created-before:5- exclude-discussion-created-after:5- "
     "exclude-discussion-created-between:5- exclude-discussion-closed-before:5- "
     "exclude-discussion-closed-after:5- exclude-discussion-closed-between:5- "
     "include-any-discussion-labels:5- include-all-discussion-labels:5- exclude-any-discussion-labels:5- "
     "add-discussion-labels:5- remove-discussion-labels:5- discussion-comment:5-",
     "issues prs discussions:5-"},
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
    {"EnricoMi/publish-unit-test-result-action", 2, "1:docker",
     "github_token github_retries commit check_name comment_title comment_mode fail_on !files:-1 time_unit "
     "report_individual_runs deduplicate_classes_by_file_name ignore_runs hide_comments:-1 "
     "~comment_on_pr:-1 job_summary compare_to_earlier_commit pull_request_build event_file event_name "
     "test_changes_limit check_run_annotations check_run_annotations_branch seconds_between_github_reads "
     "seconds_between_github_writes json_file json_thousands_separator ~github_token_actor:2- ssl_verify:2- "
     "action_fail:2- action_fail_on_inconclusive:2- files:2- ~junit_files:2- ~nunit_files:2- "
     "~xunit_files:2- ~trx_files:2- test_file_prefix:2- report_suite_logs:2- large_files:2- check_run:2- "
     "secondary_rate_limit_wait_seconds:2- json_suite_details:2- json_test_case_results:2- "
     "search_pull_requests:2-",
     "json"},
    {"erlef/setup-beam", 1, "1:node24",
     "github-token otp-version otp-architecture elixir-version gleam-version install-hex install-rebar "
     "rebar3-version version-type disable_problem_matchers version-file hexpm-mirrors",
     "elixir-version otp-version gleam-version rebar3-version setup-beam-version"},
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
    {"google-github-actions/deploy-cloudrun", 3, "0:node16 2:node20 3:node24",
     "image service region env_vars secrets labels metadata project_id credentials:-0 source suffix tag "
     "timeout no_traffic revision_traffic tag_traffic flags gcloud_version gcloud_component "
     "env_vars_file:1-2 skip_default_labels:1- job:2- env_vars_update_strategy:2- "
     "secrets_update_strategy:2- wait:2- update_traffic_flags:2-",
     "url"},
    {"google-github-actions/get-gke-credentials", 3, "0:node16 2:node20 3:node24",
     "!cluster_name location project_id use_auth_provider use_internal_ip ~credentials:-0 context_name "
     "use_connect_gateway fleet_membership_name quota_project_id:1- namespace:2- use_dns_based_endpoint:2-",
     "kubeconfig_path:1-"},
    {"google-github-actions/setup-gcloud", 3, "0:node16 2:node20 3:node24",
     "version service_account_email:-0 service_account_key:-0 project_id install_components "
     "export_default_credentials:-0 credentials_file_path:-0 cleanup_credentials:-0 skip_install:1- "
     "skip_tool_cache:2 cache:3-",
     "version:2-"},
    {"googleapis/release-please-action", 4, "1:node12 3:node16 4:node20",
     "!token:-1 !package-name:-1 !release-type:-3 bump-minor-pre-major:-3 path monorepo-tags:-3 token:2- "
     "fork:2- clean:2-3 package-name:2-3 bump-patch-for-minor-pre-major:2-3 changelog-path:2-3 "
     "changelog-types:2-3 command:2-3 version-file:2-3 default-branch:2-3 pull-request-title-pattern:2-3 "
     "config-file:2- manifest-file:2- signoff:2-3 github-api-url:2- github-graphql-url:2- repo-url:2- "
     "changelog-host:3- extra-files:3 pull-request-header:3 draft:3 draft-pull-request:3 "
     "changelog-notes-type:3 versioning-strategy:3 release-as:3 skip-github-release:3- prerelease:3 "
     "component:3 include-v-in-tag:3 tag-separator:3 snapshot-labels:3 bootstrap-sha:3 last-release-sha:3 "
     "always-link-local:3 separate-pull-requests:3 plugins:3 labels:3 release-labels:3 skip-labeling:3 "
     "sequential-calls:3 group-pull-request-title-pattern:3 release-search-depth:3 commit-search-depth:3 "
     "proxy-server:3- release-type:4- target-branch:4- include-component-in-tag:4- "
     "skip-github-pull-request:4-",
     "*"},
    {"goreleaser/goreleaser-action", 7, "0:node12 3:node16 5:node20 7:node24",
     "version args key:-0 ~key:1 workdir:1- distribution:2- install-only:2- version-file:7-",
     "artifacts:2- metadata:2-"},
    {"gradle/actions/dependency-submission", 6, "0:composite 3:node20 5:node24",
     "gradle-version build-root-directory cache-encryption-key dependency-graph-action:-0 "
     "dependency-resolution-task:3- additional-arguments:3- cache-disabled:3- cache-read-only:3- "
     "cache-write-only:3- cache-overwrite-existing:3- gradle-home-cache-includes:3- "
     "gradle-home-cache-excludes:3- gradle-home-cache-cleanup:3- add-job-summary:3- "
     "add-job-summary-as-pr-comment:3- dependency-graph:3- dependency-graph-continue-on-failure:3- "
     "artifact-retention-days:3- build-scan-publish:3- build-scan-terms-of-use-url:3- "
     "build-scan-terms-of-use-agree:3- develocity-access-key:3- develocity-token-expiry:3- "
     "build-scan-terms-of-service-url:3 build-scan-terms-of-service-agree:3 generate-job-summary:3 "
     "gradle-home-cache-strict-match:3- workflow-job-context:3- github-token:3- cache-cleanup:4- "
     "dependency-graph-report-dir:4- dependency-graph-exclude-projects:4- "
     "dependency-graph-include-projects:4- dependency-graph-exclude-configurations:4- "
     "dependency-graph-include-configurations:4- validate-wrappers:4- allow-snapshot-wrappers:4- "
     "cache-provider:6-",
     "build-scan-url:3- dependency-graph-file:3- gradle-version:3-"},
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
    {"gradle/actions/wrapper-validation", 6, "3:node20 5:node24",
     "min-wrapper-count allow-snapshots allow-checksums", "failed-wrapper"},
    {"hadolint/hadolint-action", 3, "1:docker",
     "dockerfile config recursive output-file no-color no-fail verbose format failure-threshold "
     "override-error override-warning override-info override-style ignore trusted-registries",
     ""},
    {"hashicorp/setup-terraform", 4, "1:node12 2:node16 3:node20 4:node24",
     "cli_config_credentials_hostname cli_config_credentials_token terraform_version terraform_wrapper", ""},
    {"JamesIves/github-pages-deploy-action", 4, "2:docker 3:node12 4:node20",
     "SSH:3 ACCESS_TOKEN:3 GITHUB_TOKEN:3 !BRANCH:3 !FOLDER:3- TARGET_FOLDER:3 BASE_BRANCH:3 "
     "COMMIT_MESSAGE:3 CLEAN:3- CLEAN_EXCLUDE:3 GIT_CONFIG_NAME:3 GIT_CONFIG_EMAIL:3 REPOSITORY_NAME:3 "
     "WORKSPACE:3 SINGLE_COMMIT:3 LFS:3 SILENT:3- PRESERVE:3 ssh-key:4- token:4- branch:4- target-folder:4- "
     "commit-message:4- clean-exclude:4- dry-run:4- force:4- git-config-name:4- git-config-email:4- "
     "repository-name:4- tag:4- single-commit:4-",
     "DEPLOYMENT_STATUS:3 deployment-status:4-"},
    {"microsoft/setup-msbuild", 3, "1:node16 2:node20 3:node24",
     "vswhere-path vs-version vs-prerelease msbuild-architecture", "msbuildPath"},
    {"mikepenz/release-changelog-builder-action", 6, "0:node12 3:node16 4:node20 6:node24",
     "configuration path owner repo fromTag toTag ignorePreReleases failOnError token commitMode:1-4 "
     "outputFile:1- baseUrl:2- configurationJson:3- includeOpen:3- fetchReviewers:3- "
     "fetchReleaseInformation:3- fetchReviews:3- fetchViaCommits:4- exportCache:4- exportOnly:4- cache:4- "
     "platform:4- mode:5- ~commitMode:5- offlineMode:5- includeOnlyPaths:6-",
     "changelog owner:1- repo:1- fromTag:1- toTag:1- failed:1- pull_requests:3- categorized_prs:3- "
     "uncategorized_prs:3- open_prs:3- cache:4- contributors:6-"},
    {"msys2/setup-msys2", 2, "0:node12 2:node24",
     "msystem path-type update install release:1- cache:1- pacboy:2- location:2- platform-check-severity:2-",
     "msys2-location:2-"},
    {"mxschmitt/action-tmate", 3, "1:node16 2:node12 3:node20",
     "sudo:-1 sudo:3- install-dependencies:-1 install-dependencies:3- limit-access-to-actor:-1 "
     "limit-access-to-actor:3- tmate-server-host:-1 tmate-server-host:3- tmate-server-port:-1 "
     "tmate-server-port:3- tmate-server-rsa-fingerprint:-1 tmate-server-rsa-fingerprint:3- "
     "tmate-server-ed25519-fingerprint:-1 tmate-server-ed25519-fingerprint:3- github-token:-1 "
     "github-token:3- detached:3- connect-timeout-seconds:3- msys2-location:3-",
     "ssh-command:3- ssh-address:3- web-url:3-"},
    {"ncipollo/release-action", 1, "1:node24",
     "allowUpdates artifactErrorsFailBuild ~artifact artifacts artifactContentType body bodyFile commit "
     "discussionCategory draft generateReleaseNotes generateReleaseNotesPreviousTag immutableCreate "
     "makeLatest name omitBody omitBodyDuringUpdate omitDraftDuringUpdate omitName omitNameDuringUpdate "
     "omitPrereleaseDuringUpdate owner prerelease removeArtifacts replacesArtifacts repo "
     "skipIfReleaseExists tag token updateOnlyUnreleased",
     "id html_url upload_url tarball_url zipball_url assets"},
    {"nick-fields/retry", 4, "1:node12 2:node16 3:node20 4:node24",
     "!timeout_minutes:-1 max_attempts !command retry_wait_seconds polling_interval_seconds "
     "timeout_minutes:2- timeout_seconds:2- shell:2- retry_on:2- warning_on_retry:2- on_retry_command:2- "
     "continue_on_error:2- new_command_on_retry:2- retry_on_exit_code:2-",
     "total_attempts:2- exit_code:2- exit_error:2-"},
    {"nwtgck/actions-netlify", 4, "0:node12 2:node16 3:node20 4:node24",
     "!publish-dir github-token production-branch functions-dir:1- deploy-message:1- production-deploy:1- "
     "enable-pull-request-comment:1- enable-commit-comment:1- enable-commit-status:1- "
     "overwrites-pull-request-comment:1- netlify-config-path:1- alias:1- github-deployment-environment:1- "
     "github-deployment-description:1- fails-without-credentials:1- enable-github-deployment:2-",
     "deploy-url:1-"},
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
    {"peaceiris/actions-hugo", 3, "0:docker 2:node16 3:node24", "hugo-version:2- extended:2-", ""},
    {"peter-evans/create-or-update-comment", 5, "1:node12 2:node16 4:node20 5:node24",
     "token repository issue-number comment-id body edit-mode ~reaction-type:-2 reactions body-file:2 "
     "body-path:3- ~body-file:3- append-separator:3- reactions-edit-mode:3-",
     "comment-id"},
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
    {"pulumi/actions", 7, "1:docker 2:node12 4:node16 5:node20 7:node24",
     "!command:-3 !stack-name:2-3 work-dir:2- comment-on-pr:2- github-token:2- cloud-url:2- parallel:2- "
     "message:2- expect-no-changes:2- diff:2- replace:2- target:2- target-dependents:2- refresh:2- "
     "upsert:2- comment-on-pr-number:3- secrets-provider:3- config-map:3- policyPacks:3- "
     "policyPackConfigs:3- remove:3- edit-pr-comment:3- pulumi-version:3- color:3- command:4- stack-name:4- "
     "comment-on-summary:4- exclude-protected:4- plan:4- pulumi-version-file:5- suppress-outputs:5- "
     "suppress-progress:5- always-include-summary:5- exclude:6- exclude-dependents:6- continue-on-error:6- "
     "log-verbosity:6- log-flow:6- debug:6-",
     "* output:2-"},
    {"pypa/gh-action-pypi-publish", 1, "1:docker",
     "user password repository-url ~repository_url packages-dir ~packages_dir verify-metadata "
     "~verify_metadata skip-existing ~skip_existing verbose print-hash ~print_hash",
     ""},
    {"ReactiveCircus/android-emulator-runner", 2, "1:node12 2:node24",
     "!api-level target arch profile headless:-1 disable-animations !script system-image-api-level:2- "
     "cores:2- ram-size:2- heap-size:2- sdcard-path-or-size:2- disk-size:2- avd-name:2- "
     "force-avd-creation:2- emulator-boot-timeout:2- emulator-port:2- emulator-options:2- "
     "disable-spellchecker:2- disable-linux-hw-accel:2- enable-hw-keyboard:2- emulator-build:2- "
     "working-directory:2- ndk:2- cmake:2- channel:2- pre-emulator-launch-script:2-",
     ""},
    {"reviewdog/action-actionlint", 1, "1:docker",
     "github_token tool_name level reporter filter_mode fail_level ~fail_on_error reviewdog_flags "
     "actionlint_flags",
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
    {"stefanzweifel/git-auto-commit-action", 7, "2:docker 4:node16 5:node20 7:node24",
     "!commit_message:-3 commit_options !branch:-2 file_pattern repository branch:3- commit_user_name:3- "
     "commit_user_email:3- commit_author:3- commit_message:4- add_options:4- status_options:4- "
     "tagging_message:4- push_options:4- skip_dirty_check:4- skip_fetch:4-5 skip_fetch:7- skip_checkout:4-5 "
     "skip_checkout:7- disable_globbing:4- create_branch:4-5 create_branch:7- internal_git_binary:4- "
     "create_git_tag_only:5- ~skip_fetch:6 ~skip_checkout:6 ~create_branch:6 tag_name:7- skip_push:7- "
     "before_add_hook:7- after_add_hook:7- before_commit_hook:7- after_commit_hook:7- before_tag_hook:7- "
     "after_tag_hook:7- before_push_hook:7- after_push_hook:7- "
     "disable_pull_request_target_trigger_warning:7-",
     "changes_detected:4- commit_hash:4- create_git_tag_only:5-"},
    {"subosito/flutter-action", 2, "1:node12 2:composite",
     "flutter-version channel flutter-version-file:2- architecture:2- cache:2- cache-key:2- cache-path:2- "
     "pub-cache:2- pub-cache-key:2- pub-cache-path:2- dry-run:2- git-source:2-",
     "CHANNEL:2- VERSION:2- ARCHITECTURE:2- CACHE-KEY:2- CACHE-PATH:2- PUB-CACHE-KEY:2- PUB-CACHE-PATH:2- "
     "GIT_SOURCE:2- CACHE-HIT:2- PUB-CACHE-HIT:2-"},
    {"Swatinem/rust-cache", 2, "1:node12 2:node24",
     "key sharedKey:-1 working-directory:-1 target-dir:-1 cache-on-failure prefix-key:2- shared-key:2- "
     "add-job-id-key:2- add-rust-environment-hash-key:2- env-vars:2- workspaces:2- cache-directories:2- "
     "cache-targets:2- cache-all-crates:2- cache-workspace-crates:2- save-if:2- cache-provider:2- "
     "cache-bin:2- lookup-only:2- cmd-format:2-",
     "cache-hit"},
    {"treosh/lighthouse-ci-action", 12, "1:node12 9:node16 11:node20 12:node24",
     "url:-1 urls budgetPath:2- configPath:2- uploadArtifacts:2- temporaryPublicStorage:2- runs:2- "
     "serverBaseUrl:2- serverToken:2- basicAuthUsername:3- basicAuthPassword:3- artifactName:8- "
     "uploadExtraArgs:11-",
     "resultsPath links:3- assertionResults:3-"},
};

}  // namespace

std::span<const KnownActionRow> other_action_rows() {
  return kOtherActions;
}

}  // namespace workflow::lint
