#include <gtest/gtest.h>

#include "lint_fixture.h"
#include "workflow/lint/local_references.h"

namespace workflow::lint {
namespace {

using Lines = std::vector<int>;

/// A workflow whose only step, at line 6, uses this.
std::string using_action(const std::string& uses, const std::string& with = "") {
  return workflow_with_steps("      - uses: " + uses + "\n" +
                             (with.empty() ? "" : "        with: " + with + "\n"));
}

const char* const kGreet = R"(name: greet
description: says hello
inputs:
  who: {required: true, description: whom}
  Loud: {required: true, default: 'no'}
  old: {deprecationMessage: use who}
outputs:
  text: {description: what was said}
runs: {using: node24, main: index.js}
)";

ProjectFiles local_actions() {
  return project_of(
      {{"greet/action.yml", kGreet},
       {"greet/index.js", ""},
       {"box/action.yaml", "name: b\ndescription: b\nruns: {using: docker, image: Dockerfile}\n"},
       {"box/Dockerfile", "FROM scratch\n"},
       {"bare/Dockerfile", "FROM scratch\n"}});
}

std::string message_of(std::string_view rule, const std::string& text,
                       const ProjectFiles& files = local_actions()) {
  const auto found = findings_of(rule, text, files);
  EXPECT_EQ(found.size(), 1U);
  return found.empty() ? "" : found[0].message;
}

TEST(ActionFormat, IsOwnerRepositoryAndRef) {
  for (const auto* right : {"actions/checkout@v4", "a/b/c/d@main", "./greet", "./", "$/greet",
                            "docker://alpine:3.22", "docker://ghcr.io/a/b@sha256:0"})
    EXPECT_EQ(lines_of("action-format", using_action(right)), Lines{}) << right;
  for (const auto* wrong : {"checkout", "checkout@v4", "actions/checkout", "actions/checkout@", "docker://",
                            "/actions/checkout@v4", "actions//x@v1"})
    EXPECT_EQ(lines_of("action-format", using_action(wrong)), (Lines{6})) << wrong;
  EXPECT_NE(message_of("action-format", using_action("./greet@v1")).find("leave out '@v1'"),
            std::string::npos);
}

TEST(ActionInputs, OfLocalActionsAreKnown) {
  EXPECT_EQ(lines_of("action-inputs", using_action("./greet", "{WHO: you, loud: x}"), local_actions()),
            Lines{});
  EXPECT_NE(message_of("action-inputs", using_action("./greet", "{who: you, louf: x}"))
                .find("did you mean 'Loud'?"),
            std::string::npos);
  EXPECT_NE(message_of("action-inputs", using_action("./greet")).find("needs the input 'who'"),
            std::string::npos);
  EXPECT_EQ(lines_of("action-inputs", using_action("$/greet"), local_actions()), (Lines{6}));
  EXPECT_EQ(lines_of("action-inputs", using_action("./greet")), Lines{})
      << "no files of the project are known";
}

TEST(ActionInputs, EntrypointAndArgsAreForContainers) {
  EXPECT_EQ(lines_of("action-inputs", using_action("./box", "{entrypoint: /x, args: y}"), local_actions()),
            Lines{});
  EXPECT_EQ(lines_of("action-inputs", using_action("./greet", "{who: x, entrypoint: /x}"), local_actions()),
            (Lines{7}));
  EXPECT_EQ(lines_of("known-action-inputs", using_action("actions/checkout@v4", "{args: x}")), (Lines{7}));
  EXPECT_EQ(lines_of("known-action-inputs", using_action("ossf/scorecard-action@v2.4.0",
                                                         "{results_file: a, results_format: b, args: x}")),
            Lines{});
}

TEST(KnownActionInputs, AreAskedForByVersion) {
  EXPECT_NE(message_of("known-action-inputs", using_action("actions/setup-node@v4", "{node_version: 22}"))
                .find("did you mean 'node-version'?"),
            std::string::npos);
  EXPECT_EQ(lines_of("known-action-inputs", using_action("actions/checkout@v2", "{sparse-checkout: x}")),
            (Lines{7}));
  EXPECT_EQ(lines_of("known-action-inputs", using_action("actions/checkout@v4", "{sparse-checkout: x}")),
            Lines{});
  EXPECT_EQ(lines_of("known-action-inputs", using_action("actions/checkout@v99", "{new-one: x}")), Lines{});
  EXPECT_EQ(lines_of("known-action-inputs", using_action("actions/cache@v4", "{path: x}")), (Lines{6}));
}

TEST(KnownActionInputs, ReadTheVersionOfACommitInItsComment) {
  const std::string commit = "actions/checkout@8df1039502a15bceb9433410b1a100fbe190c53b";
  const std::string with = "\n        with: {sparse-checkout: x}";
  EXPECT_EQ(lines_of("known-action-inputs", using_action(commit + " # v2.3.4" + with)), (Lines{7}));
  EXPECT_EQ(lines_of("known-action-inputs", using_action(commit + " # v4.1.0" + with)), Lines{});
  EXPECT_EQ(lines_of("known-action-inputs", using_action(commit + with)), Lines{});
}

TEST(DeprecatedInput, IsToldWithWhatTheActionSays) {
  EXPECT_NE(message_of("deprecated-input", using_action("./greet", "{who: x, old: y}")).find("use who"),
            std::string::npos);
  EXPECT_EQ(lines_of("deprecated-input", using_action("./greet", "{who: x}"), local_actions()), Lines{});
  EXPECT_EQ(
      lines_of("deprecated-input", using_action("actions/cache@v4", "{path: a, key: b, save-always: true}")),
      (Lines{7}));
}

TEST(ActionRuntime, OfOldVersionsIsGone) {
  EXPECT_NE(message_of("action-runtime", using_action("actions/checkout@v3")).find("node16"),
            std::string::npos);
  EXPECT_EQ(lines_of("action-runtime", using_action("actions/checkout@v4")), Lines{});
  const auto old =
      project_of({{"old/action.yml", "name: o\ndescription: o\nruns: {using: node12, main: a.js}\n"}});
  EXPECT_EQ(lines_of("action-runtime", using_action("./old"), old), (Lines{6}));
  EXPECT_EQ(lines_of("action-runtime", using_action("./greet"), local_actions()), Lines{});
}

TEST(BrokenAction, CannotRun) {
  const auto broken = [](const std::string& runs) {
    const auto files = project_of({{"x/action.yml", "name: x\ndescription: x\nruns: " + runs + "\n"}});
    return !findings_of("broken-action", using_action("./x"), files).empty();
  };
  EXPECT_TRUE(broken("{using: node14, main: a.js}"));
  EXPECT_TRUE(broken("{using: node24}"));
  EXPECT_TRUE(broken("{using: docker}"));
  EXPECT_TRUE(broken("{using: composite}"));
  EXPECT_TRUE(broken("{using: composite, steps: [{run: echo}]}")) << "no shell";
  EXPECT_TRUE(broken("{using: ["));
  EXPECT_FALSE(broken("{using: composite, steps: [{run: echo, shell: bash}]}"));
  EXPECT_FALSE(broken("{using: node24, main: a.js}"));
  EXPECT_FALSE(broken("{using: docker, image: 'docker://alpine'}"));
}

TEST(BrokenAction, IsToldOnceWhereItIsUsedFirst) {
  const auto files = project_of({{"x/action.yml", "runs: {using: docker}\n"}});
  const auto text = workflow_with_steps("      - uses: ./x\n      - uses: ./x/\n      - uses: ./x\n");
  EXPECT_EQ(lines_of("broken-action", text, files), (Lines{6}));
  EXPECT_EQ(lines_of("action-metadata", text, files), (Lines{6, 6})) << "name and description";
}

TEST(Encoding, IsToldOfBytesThatAreNoUtf8) {
  EXPECT_EQ(said_by("encoding", workflow_with_steps("      - run: echo caf\xe9 \x97\n")),
            "6:22: the byte 0xE9 is no UTF-8, U+FFFD is read instead; save the file as UTF-8 (1 more in this "
            "file)\n");
  EXPECT_EQ(said_by("encoding", workflow_with_steps("      - run: x # \xc3\xa9 \xef\xbf\xbd\n")),
            "6:20: U+FFFD stands here for a character that was lost when the file was saved; write it "
            "again\n");
  EXPECT_EQ(said_by("encoding", workflow_with_steps("      - run: echo caf\xc3\xa9\n")), "");
  const auto of_action =
      lint_action("action.yml", "name: \x97\ndescription: x\nruns: {using: node24, main: a.js}\n");
  ASSERT_EQ(of_action.size(), 1U);
  EXPECT_EQ(of_action[0].rule, "encoding");
  EXPECT_EQ(of_action[0].location.column, 7);
}

TEST(ActionMetadata, TellsWhatIsAmiss) {
  const auto amiss = [](const std::string& metadata) {
    return findings_of("action-metadata", using_action("./x"),
                       project_of({{"x/action.yml", metadata}, {"x/here.js", ""}}))
        .size();
  };
  const std::string start = "name: x\ndescription: x\n";
  EXPECT_EQ(amiss(start + "branding: {color: red, icon: x}\nruns: {using: node24, main: here.js}\n"), 0U);
  EXPECT_EQ(amiss("runs: {using: node24, main: here.js}\n"), 2U) << "name and description";
  EXPECT_EQ(amiss(start + "branding: {color: gray-white}\nruns: {using: node24, main: here.js}\n"), 1U);
  EXPECT_EQ(amiss(start + "runs: {using: node24, main: gone.js, post: ../x/here.js}\n"), 1U);
  EXPECT_EQ(amiss(start + "runs: {using: docker, image: Dockerfile}\n"), 1U) << "no Dockerfile";
  EXPECT_EQ(amiss(start + "runs: {using: node24, main: here.js, env: {A: b}}\n"), 1U);
}

TEST(MissingAction, IsToldUnlessAStepMayMakeIt) {
  EXPECT_EQ(lines_of("missing-action", using_action("./nowhere"), local_actions()), (Lines{6}));
  EXPECT_EQ(lines_of("missing-action", using_action("./nowhere")), Lines{});
  for (const auto* there : {"./greet", "./box/", "./bare", "./greet/../box"})
    EXPECT_EQ(lines_of("missing-action", using_action(there), local_actions()), Lines{}) << there;
  EXPECT_EQ(lines_of("missing-action",
                     workflow_with_steps("      - uses: actions/checkout@v4\n        with: {repository: a/b, "
                                         "path: other}\n      - uses: ./other/action\n"),
                     local_actions()),
            Lines{});
}

TEST(LintAction, LooksAtTheStepsOfCompositeActions) {
  const std::string text = R"(name: x
description: x
runs:
  using: composite
  steps:
    - run: echo ${{ github.head_ref }}
      shell: bash
    - uses: actions/checkout@v3
    - uses: ./greet
      with: {who: x}
    - uses: checkout
)";
  std::vector<std::string> found;
  for (const auto& finding : lint_action("x/action.yml", text, local_actions()))
    found.push_back(std::to_string(finding.location.line) + " " + std::string(finding.rule));
  EXPECT_EQ(found, (std::vector<std::string>{"6 script-injection", "8 action-runtime", "11 action-format"}));
  EXPECT_TRUE(lint_action("greet/action.yml", kGreet).empty());
}

TEST(LocalReferences, GiveOutputsForTypeChecks) {
  const auto files = local_actions();
  LocalReferences local(files);
  EXPECT_EQ(local.action_outputs("./greet"), (std::vector<std::string>{"text"}));
  EXPECT_FALSE(local.action_outputs("./bare"));
  EXPECT_FALSE(local.action_outputs("./nowhere"));
  EXPECT_EQ(local_path("./a/../../b"), std::nullopt);
  EXPECT_EQ(local_path("$/a//b/./c/"), "a/b/c");
}

}  // namespace
}  // namespace workflow::lint
