#include <gtest/gtest.h>

#include "lint_fixture.h"
#include "workflow/lint/local_references.h"
#include "workflow/reusable_workflows.h"

namespace workflow::lint {
namespace {

const char* const kDeploy = R"(on:
  workflow_call:
    inputs:
      Target: {type: string, required: true}
      count: {type: number}
      dry: {type: boolean, default: false}
    secrets:
      token: {required: true}
    outputs:
      url: {value: 'https://example.com'}
jobs:
  a: {runs-on: ubuntu-latest, steps: [{run: echo}]}
)";

ProjectFiles callable_workflows() {
  return project_of(
      {{".github/workflows/deploy.yml", kDeploy},
       {".github/workflows/plain.yml", "on: push\njobs: {a: {runs-on: ubuntu-latest, steps: []}}\n"},
       {".github/workflows/broken.yml", "on: ["},
       {".github/workflows/free.yml",
        "on: workflow_call\njobs: {a: {runs-on: ubuntu-latest, steps: []}}\n"}});
}

/// The job begins at line 3; `uses` is at line 4, `with` and `secrets` follow.
Diagnostics calling(const std::string& name, const std::string& rest = "") {
  return findings_of("called-workflow",
                     "on: push\njobs:\n  a:\n    uses: ./.github/workflows/" + name + "\n" + rest,
                     callable_workflows());
}

TEST(CalledWorkflow, GetsWhatItTakes) {
  EXPECT_TRUE(
      calling("deploy.yml", "    with: {target: x, count: 3, dry: true}\n    secrets: {TOKEN: x}\n").empty());
  EXPECT_TRUE(calling("deploy.yml", "    with: {target: x}\n    secrets: inherit\n").empty());
  EXPECT_TRUE(calling("free.yml").empty());
}

TEST(CalledWorkflow, MissesWhatItNeeds) {
  const auto found = calling("deploy.yml");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_NE(found[0].message.find("input 'Target'"), std::string::npos) << found[0].message;
  EXPECT_NE(found[1].message.find("secret 'token'"), std::string::npos) << found[1].message;
}

TEST(CalledWorkflow, DoesNotHaveWhatIsGiven) {
  const auto found =
      calling("deploy.yml", "    with: {target: x, dri: true}\n    secrets: {token: x, tokem: x}\n");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].location.line, 5);
  EXPECT_NE(found[0].message.find("did you mean 'dry'?"), std::string::npos) << found[0].message;
  EXPECT_NE(found[1].message.find("did you mean 'token'?"), std::string::npos) << found[1].message;
  EXPECT_NE(calling("free.yml", "    with: {x: y}\n").at(0).message.find("it takes none"), std::string::npos);
}

TEST(CalledWorkflow, WantsInputsOfItsTypes) {
  EXPECT_EQ(
      calling("deploy.yml", "    with: {target: x, count: many, dry: 1}\n    secrets: inherit\n").size(), 2U);
  EXPECT_TRUE(
      calling("deploy.yml", "    with: {target: 3, count: '${{ 3 }}'}\n    secrets: inherit\n").empty());
}

TEST(CalledWorkflow, IsThereAndCanBeCalled) {
  EXPECT_NE(calling("gone.yml").at(0).message.find("there is no workflow"), std::string::npos);
  EXPECT_NE(calling("plain.yml").at(0).message.find("no workflow_call"), std::string::npos);
  EXPECT_NE(calling("broken.yml").at(0).message.find("cannot be read"), std::string::npos);
  EXPECT_TRUE(
      findings_of("called-workflow", "on: push\njobs: {a: {uses: ./.github/workflows/gone.yml}}\n").empty())
      << "no files of the project are known";
}

TEST(CalledWorkflow, StandsInTheFolderOfWorkflows) {
  const std::string rooted = "references to workflows must be rooted in '.github/workflows'";
  EXPECT_EQ(problem_of_call("./ci/x.yml"), rooted);
  EXPECT_EQ(problem_of_call("./../../etc/x.yml"), rooted);
  EXPECT_EQ(problem_of_call("o/r/x.yml@v1"), rooted);
  EXPECT_EQ(problem_of_call("./.github/workflows/sub/x.yml"),
            "workflows must be defined at the top level of the .github/workflows/ directory");
  EXPECT_EQ(problem_of_call("./.github/workflows/x.txt"),
            "references to workflows must have a '.yml' or '.yaml' file extension");
  EXPECT_EQ(problem_of_call("./.github/workflows/x.yml"), "");
  EXPECT_EQ(problem_of_call("$/.gitea/workflows/x.yaml"), "");
  EXPECT_EQ(problem_of_call("o/r/.github/workflows/x.yml@v1"), "");
  EXPECT_EQ(
      calling("sub/x.yml").at(0).message,
      "invalid value workflow reference './.github/workflows/sub/x.yml': workflows must be defined at the "
      "top level of the .github/workflows/ directory");
}

TEST(CalledWorkflow, AsksForNoMoreThanItsCallerHas) {
  const auto project =
      project_of({{".github/workflows/inner.yml",
                   "on: workflow_call\npermissions: {contents: read}\n"
                   "jobs: {b: {runs-on: ubuntu-latest, steps: [{run: x}]}}\n"},
                  {".github/workflows/outer.yml",
                   "on: workflow_call\njobs: {a: {uses: ./.github/workflows/inner.yml}}\n"}});
  const auto found = findings_of(
      "called-workflow", "on: push\npermissions: {}\njobs:\n  a:\n    uses: ./.github/workflows/outer.yml\n",
      project);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].location.line, 4);
  EXPECT_EQ(found[0].message,
            "Error calling workflow './.github/workflows/inner.yml'. The workflow "
            "'./.github/workflows/inner.yml' is requesting 'contents: read', but is only allowed 'contents: "
            "none'.");
}

TEST(CalledWorkflow, CallsNotItself) {
  const std::string text =
      "on: [push, workflow_call]\njobs: {a: {uses: ./.github/workflows/w.yml}, b: {uses: "
      "./.github/workflows/w.yml}}\n";
  const auto found = findings_of("called-workflow", text, project_of({{".github/workflows/w.yml", text}}));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].message.find("Nested reusable workflow depth exceeded 10."), 0U) << found[0].message;
}

TEST(CalledWorkflow, GivesItsOutputsForTypeChecks) {
  const auto files = callable_workflows();
  LocalReferences local(files);
  EXPECT_EQ(local.workflow_outputs("./.github/workflows/deploy.yml"), (std::vector<std::string>{"url"}));
  EXPECT_FALSE(local.workflow_outputs("./.github/workflows/plain.yml"));
}

}  // namespace
}  // namespace workflow::lint
