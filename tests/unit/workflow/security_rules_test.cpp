#include <gtest/gtest.h>

#include "lint_fixture.h"

namespace workflow::lint {
namespace {

using Lines = std::vector<int>;

std::string step(const std::string& uses, const std::string& with = "") {
  return "      - uses: " + uses + "\n" + (with.empty() ? "" : "        with: " + with + "\n");
}

/// The step begins at line 7.
std::string granting(const std::string& permissions, const std::string& steps) {
  return workflow_with_steps(steps, "on: push\npermissions: " + permissions);
}

Lines missing(const std::string& permissions, const std::string& steps) {
  return lines_of("missing-permission", granting(permissions, steps));
}

TEST(MissingPermission, IsThatOfACheckout) {
  EXPECT_EQ(missing("{issues: write}", step("actions/checkout@v4")), (Lines{7}));
  EXPECT_EQ(missing("{}", step("actions/checkout@v4")), (Lines{7}));
  EXPECT_EQ(missing("{contents: read}", step("actions/checkout@v4")), Lines{});
  EXPECT_EQ(missing("write-all", step("actions/checkout@v4")), Lines{});
  EXPECT_EQ(missing("read-all", step("actions/checkout@v4")), Lines{});
  EXPECT_EQ(missing("{issues: write}", step("actions/checkout@v4", "{token: '${{ secrets.PAT }}'}")),
            Lines{});
  EXPECT_EQ(missing("{issues: write}", step("actions/checkout@v4", "{token: '${{ github.token }}'}")),
            (Lines{7}));
  EXPECT_EQ(lines_of("missing-permission", workflow_with_steps(step("actions/checkout@v4"))), Lines{})
      << "nothing is listed: the repository decides";
}

TEST(MissingPermission, IsThatOfTheJobBeforeThatOfTheWorkflow) {
  EXPECT_EQ(lines_of("missing-permission",
                     "on: push\npermissions: write-all\njobs:\n  a:\n    runs-on: "
                     "ubuntu-latest\n    permissions: {}\n    steps:\n      - uses: "
                     "actions/checkout@v4\n"),
            (Lines{8}));
}

TEST(MissingPermission, IsIdTokenForWhoTradesItForCredentials) {
  const auto role = step("aws-actions/configure-aws-credentials@v6", "{aws-region: x, role-to-assume: y}");
  EXPECT_EQ(missing("read-all", role), (Lines{7}));
  EXPECT_EQ(missing("{id-token: write}", role), Lines{});
  EXPECT_EQ(lines_of("missing-permission", workflow_with_steps(role)), (Lines{6})) << "no setting grants it";
  EXPECT_EQ(lines_of("missing-permission", workflow_with_steps(role, "on: workflow_call")), Lines{})
      << "the caller may grant it";
  const auto keys = step("aws-actions/configure-aws-credentials@v6",
                         "{aws-region: x, role-to-assume: y, aws-access-key-id: z}");
  EXPECT_EQ(missing("read-all", keys), Lines{});
}

TEST(MissingPermission, IsThatOfWellKnownActions) {
  EXPECT_EQ(missing("{contents: read}", step("github/codeql-action/upload-sarif@v4")), (Lines{7}));
  EXPECT_EQ(missing("{pages: write}", step("actions/deploy-pages@v5")), (Lines{7}));
  EXPECT_EQ(missing("{pages: write, id-token: write}", step("actions/deploy-pages@v5")), Lines{});
  EXPECT_EQ(missing("{contents: read}", step("softprops/action-gh-release@v2")), (Lines{7}));
  EXPECT_EQ(missing("{contents: read}", step("somebody/something@v2")), Lines{});
}

Lines unneeded(const std::string& steps) {
  return lines_of("unneeded-id-token", granting("{id-token: write}", steps));
}

TEST(UnneededIdToken, IsToldWhenNothingCouldAskForIt) {
  EXPECT_EQ(unneeded(step("actions/checkout@v4") + "      - run: echo hello\n"), (Lines{2}));
  EXPECT_EQ(unneeded(step("actions/deploy-pages@v5")), Lines{});
  EXPECT_EQ(unneeded(step("somebody/something@v1")), Lines{}) << "who knows";
  EXPECT_EQ(unneeded("      - run: npm publish --provenance\n"), Lines{});
  EXPECT_EQ(unneeded("      - run: ./release.sh\n"), Lines{});
}

TEST(UnpinnedAction, IsOneOfAThirdParty) {
  EXPECT_EQ(lines_of("unpinned-action", workflow_with_steps(step("somebody/something@v1"))), (Lines{6}));
  EXPECT_EQ(
      lines_of("unpinned-action",
               workflow_with_steps(step("somebody/something@8df1039502a15bceb9433410b1a100fbe190c53b"))),
      Lines{});
  for (const auto* trusted : {"actions/checkout@v4", "docker/login-action@v3", "AWS-actions/x@v1", "./local"})
    EXPECT_EQ(lines_of("unpinned-action", workflow_with_steps(step(trusted))), Lines{}) << trusted;
  EXPECT_EQ(
      lines_of("unpinned-action", "on: push\njobs:\n  a:\n    uses: o/r/.github/workflows/x.yml@main\n"),
      (Lines{4}));
}

TEST(InheritedSecrets, ShouldNotGoToOthers) {
  const auto calling = [](const std::string& uses) {
    return lines_of("inherited-secrets",
                    "on: push\njobs:\n  a:\n    uses: " + uses + "\n    secrets: inherit\n");
  };
  EXPECT_EQ(calling("o/r/.github/workflows/x.yml@main"), (Lines{5}));
  EXPECT_EQ(calling("./.github/workflows/x.yml"), Lines{});
}

Lines checkouts(const std::string& event, const std::string& with, const std::string& condition = "true") {
  return lines_of("untrusted-checkout",
                  workflow_with_steps("      - uses: actions/checkout@v4\n        if: " + condition +
                                          "\n        with: " + with + "\n",
                                      "on: " + event));
}

TEST(UntrustedCheckout, IsCodeOfAForkWithSecretsInReach) {
  const std::string head = "{ref: '${{ github.event.pull_request.head.sha }}'}";
  EXPECT_EQ(checkouts("pull_request_target", head), (Lines{8}));
  EXPECT_EQ(checkouts("[push, workflow_run]", "{ref: '${{ github.event.workflow_run.head_branch }}'}"),
            (Lines{8}));
  EXPECT_EQ(checkouts("issue_comment", "{ref: 'refs/pull/${{ github.event.issue.number }}/merge'}"),
            (Lines{8}));
  EXPECT_EQ(checkouts("pull_request_target",
                      "{repository: '${{ github.event.pull_request.head.repo.full_name }}'}"),
            (Lines{8}));
}

TEST(UntrustedCheckout, IsFineWithoutSecretsOrWithAGuard) {
  const std::string head = "{ref: '${{ github.event.pull_request.head.sha }}'}";
  EXPECT_EQ(checkouts("pull_request", head), Lines{});
  EXPECT_EQ(checkouts("pull_request_target", "{ref: '${{ github.event.pull_request.base.sha }}'}"), Lines{});
  EXPECT_EQ(checkouts("pull_request_target", "{ref: main}"), Lines{});
  EXPECT_EQ(checkouts("pull_request_target", head,
                      "github.event.pull_request.head.repo.full_name == github.repository"),
            Lines{});
}

TEST(CachePoisoning, IsWhatAModeAllowsStrangers) {
  const auto found = [](const std::string& head) {
    return lines_of("cache-poisoning", workflow_with_steps(step("actions/checkout@v6"), head));
  };
  EXPECT_EQ(found("on: pull_request_target\ncache-mode: write"), (Lines{2}));
  EXPECT_EQ(found("on: [push, issue_comment]\ncache-mode: write-only"), (Lines{2}));
  EXPECT_EQ(found("on: issue_comment\ncache-mode: read"), Lines{});
  EXPECT_EQ(found("on: push\ncache-mode: write"), Lines{});
  EXPECT_EQ(
      lines_of(
          "cache-poisoning",
          "on: workflow_run\njobs:\n  a:\n    cache-mode: write\n    runs-on: x\n    steps: [{run: x}]\n"),
      (Lines{4}));
}

TEST(PersistedCredentials, MayEndInAnArtifact) {
  const auto upload = step("actions/upload-artifact@v4", "{path: ., include-hidden-files: true}");
  const auto found = [](const std::string& steps) {
    return lines_of("persisted-credentials", workflow_with_steps(steps));
  };
  EXPECT_EQ(found(step("actions/checkout@v4") + upload), (Lines{8}));
  EXPECT_EQ(found(step("actions/checkout@v4", "{persist-credentials: false}") + upload), Lines{});
  EXPECT_EQ(found(step("actions/checkout@v6") + upload), Lines{}) << "keeps it elsewhere";
  EXPECT_EQ(found(step("actions/checkout@v4") + step("actions/upload-artifact@v4", "{path: .}")), Lines{})
      << "leaves .git out";
  EXPECT_EQ(found(step("actions/checkout@v4") +
                  step("actions/upload-artifact@v4", "{path: dist, include-hidden-files: true}")),
            Lines{});
}

TEST(UntrustedArtifact, ShouldNotLandInTheWorkspace) {
  const auto found = [](const std::string& event, const std::string& with) {
    return lines_of("untrusted-artifact",
                    workflow_with_steps(step("actions/download-artifact@v8", with), "on: " + event));
  };
  const std::string run = "run-id: '${{ github.event.workflow_run.id }}'";
  EXPECT_EQ(found("workflow_run", "{" + run + "}"), (Lines{6}));
  EXPECT_EQ(found("workflow_run", "{" + run + ", path: '${{ runner.temp }}/a'}"), Lines{});
  EXPECT_EQ(found("workflow_run", "{name: x}"), Lines{}) << "of this run";
  EXPECT_EQ(found("push", "{" + run + "}"), Lines{});
}

}  // namespace
}  // namespace workflow::lint
