#include "workflow/lint/scripts.h"

#include <gtest/gtest.h>

#include "base/strings.h"
#include "workflow/load_workflow.h"

namespace workflow::lint {
namespace {

std::vector<Script> scripts_in(const std::string& text) {
  const auto draft = read_workflow("test.yml", text);
  EXPECT_TRUE(draft.diagnostics.empty()) << to_string(draft.diagnostics.front());
  return scripts_of(draft.workflow, text);
}

/// A workflow with one step whose lines begin at line 6, `- ` before the first.
std::string workflow_with(const std::string& step, const std::string& job = "    runs-on: ubuntu-latest\n") {
  return "on: push\njobs:\n  a:\n" + job + "    steps:\n      - " + step + "\n";
}

/// The word starts at the same place in the file as the script's position maps to.
void expect_maps(const std::string& text, const std::string& word) {
  const auto scripts = scripts_in(text);
  ASSERT_EQ(scripts.size(), 1U);
  int line = 1;
  for (const auto said : base::lines_of(scripts[0].text)) {
    if (const auto at = said.find(word); at != std::string_view::npos) {
      int file_line = 1;
      for (const auto written : base::lines_of(text)) {
        if (const auto column = written.find(word); column != std::string_view::npos) {
          EXPECT_EQ(scripts[0].place_of(line, static_cast<int>(at) + 1),
                    (Place{file_line, static_cast<int>(column) + 1}))
              << text;
          return;
        }
        ++file_line;
      }
    }
    ++line;
  }
  ADD_FAILURE() << word << " is not in the script:\n" << scripts[0].text;
}

TEST(Scripts, MapPlacesOfBlockScalars) {
  expect_maps(workflow_with("run: |\n          echo one\n            echo two\n\n          three"), "three");
  expect_maps(workflow_with("run: |\n          echo one\n            echo two"), "two");
  expect_maps(workflow_with("run: |2-\n            one\n          two"), "one");
  expect_maps(workflow_with("run: |\n\n\n          one\n          two"), "two");
  expect_maps(workflow_with("run: >\n          one\n          two\n\n          three\n          four"),
              "four");
  expect_maps(workflow_with("run: >-\n          one\n            indented\n          two"), "indented");
  expect_maps(workflow_with("run: >-\n          one\n            indented\n          two"), "two");
  expect_maps(workflow_with("run: !!str |\n          one\n          two"), "two");
}

TEST(Scripts, AreNoneWhereAnExpressionIsBroken) {
  for (const auto* run : {"run: echo ${{ github.ref", "run: echo ${{ }}"}) {
    const auto text = workflow_with(run);
    EXPECT_TRUE(scripts_of(read_workflow("test.yml", text).workflow, text).empty()) << run;
  }
}

TEST(Scripts, MapPlacesOfPlainAndQuotedScalars) {
  expect_maps(workflow_with("run: echo one two"), "two");
  expect_maps(workflow_with("run: echo one\n          two\n\n          three"), "three");
  expect_maps(workflow_with("run: 'echo ''one'' two'"), "two");
  expect_maps(workflow_with("run: 'one\n\n          two'"), "two");
  expect_maps(workflow_with(R"(run: "\"a\" \x41\u0042\tz two")"), "two");
  expect_maps(workflow_with("run: \"one \\\n          two\""), "two");
  expect_maps(workflow_with("run: &script one two"), "two");
}

TEST(Scripts, CountCharactersAndNoBytes) {
  const auto scripts = scripts_in(workflow_with("run: écho é two"));
  EXPECT_EQ(scripts[0].place_of(1, 8), (Place{6, 21}));
}

TEST(Scripts, StayWhereTheyAreBesidesExpressions) {
  const auto text = workflow_with("run: echo ${{ github.ref }} two ${{ 'é' }}");
  const auto scripts = scripts_in(text);
  EXPECT_EQ(scripts[0].text, "echo _________________ two ___________");
  expect_maps(text, "two");
}

TEST(Scripts, EndBehindTheirEnd) {
  const auto scripts = scripts_in(workflow_with("run: one"));
  EXPECT_EQ(scripts[0].place_of(9, 9), (Place{6, 17}));
  EXPECT_EQ(scripts[0].place_of(1, 99), (Place{6, 17}));
}

TEST(Scripts, KnowTheirShell) {
  const auto shell_of = [](const std::string& text) { return scripts_in(text).at(0).shell; };
  EXPECT_EQ(shell_of(workflow_with("run: x")), "bash");
  EXPECT_EQ(shell_of(workflow_with("run: x", "    runs-on: windows-2025\n")), "pwsh");
  EXPECT_EQ(shell_of(workflow_with("run: x", "    runs-on: self-hosted\n")), "");
  EXPECT_EQ(shell_of(workflow_with("run: x", "    runs-on: ${{ inputs.x }}\n")), "");
  EXPECT_EQ(shell_of(workflow_with("run: x\n        shell: python")), "python");
  EXPECT_EQ(shell_of(workflow_with("run: x\n        shell: /bin/bash -e {0}")), "bash");
  EXPECT_EQ(
      shell_of(workflow_with("run: x", "    runs-on: x\n    defaults: {run: {shell: '${{ matrix.s }}'}}\n")),
      "");
  EXPECT_EQ(
      shell_of(workflow_with("run: x", "    runs-on: windows-2025\n    defaults: {run: {shell: sh}}\n")),
      "sh");
  EXPECT_EQ(shell_of("defaults: {run: {shell: sh}}\n" + workflow_with("run: x")), "sh");
}

TEST(Scripts, KnowTheShellFromAMatrixOfOneSystem) {
  const auto with_systems = [](const std::string& systems) {
    const auto job = "    strategy: {matrix: {os: [" + systems + "]}}\n    runs-on: ${{ matrix.os }}\n";
    return scripts_in(workflow_with("run: x", job)).at(0).shell;
  };
  EXPECT_EQ(with_systems("ubuntu-latest, ubuntu-24.04"), "bash");
  EXPECT_EQ(with_systems("windows-2022, windows-2025"), "pwsh");
  EXPECT_EQ(with_systems("ubuntu-latest, windows-2025"), "");
}

TEST(Scripts, AreFoundInParallelSteps) {
  const auto scripts =
      scripts_in(workflow_with("run: one\n      - parallel:\n          - run: two\n          - run: three"));
  ASSERT_EQ(scripts.size(), 3U);
  EXPECT_EQ(scripts[2].text, "three");
  EXPECT_EQ(scripts[2].step, 3);
  EXPECT_EQ(scripts[2].job, "a");
}

}  // namespace
}  // namespace workflow::lint
