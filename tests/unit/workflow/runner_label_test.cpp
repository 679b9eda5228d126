#include <gtest/gtest.h>

#include "lint_fixture.h"

namespace workflow::lint {
namespace {

std::string workflow_on(const std::string& runs_on, const std::string& matrix = "") {
  return "on: push\njobs:\n  a:\n    runs-on: " + runs_on + "\n" +
         (matrix.empty() ? "" : "    strategy:\n      matrix: " + matrix + "\n") +
         "    steps:\n      - run: echo\n";
}

std::vector<int> unknown(const std::string& runs_on, const std::string& matrix = "",
                         std::vector<std::string> own = {}) {
  return lines_of("runner-label", workflow_on(runs_on, matrix), {}, {.runner_labels = std::move(own)});
}

std::vector<int> conflicts(const std::string& runs_on, const std::string& matrix = "") {
  return lines_of("runner-label-conflict", workflow_on(runs_on, matrix));
}

using Lines = std::vector<int>;

TEST(RunnerLabel, KnowsTheRunnersOfGitHub) {
  for (const auto* known : {"ubuntu-latest", "Ubuntu-24.04-arm", "windows-2025-vs2026", "macos-26-intel",
                            "self-hosted", "[self-hosted, linux, ARM64]", "ubuntu-latest-16-cores",
                            "{group: big, labels: ubuntu-24.04}", "${{ inputs.runner }}"})
    EXPECT_EQ(unknown(known), Lines{}) << known;
}

TEST(RunnerLabel, AsksWhatWasMeant) {
  const auto found = findings_of("runner-label", workflow_on("ubuntu-lastest"));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].location.column, 14);
  EXPECT_NE(found[0].message.find("did you mean 'ubuntu-latest'?"), std::string::npos) << found[0].message;
}

TEST(RunnerLabel, NamesRetiredRunners) {
  const auto found = findings_of("runner-label", workflow_on("macos-13"));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_NE(found[0].message.find("retired"), std::string::npos) << found[0].message;
}

TEST(RunnerLabel, LooksIntoTheMatrix) {
  EXPECT_EQ(unknown("${{ matrix.os }}", "{os: [ubuntu-latest, linux-latest]}"), (Lines{6}));
  EXPECT_EQ(unknown("${{ matrix.os }}", "{os: [ubuntu-latest], include: [{os: gpu}, {arch: gpu}]}"),
            (Lines{6}));
  EXPECT_EQ(unknown("${{ matrix.os }}", "{os: [[self-hosted, linux], gpu]}"), (Lines{6}));
  EXPECT_EQ(unknown("${{ matrix.os }}", "{os: [ubuntu-latest], arch: [gpu]}"), Lines{});
}

TEST(RunnerLabel, TakesTheProjectsOwnLabels) {
  EXPECT_EQ(unknown("gpu", "", {"gpu"}), Lines{});
  EXPECT_EQ(unknown("gpu-a100", "", {"gpu-*"}), Lines{});
  EXPECT_EQ(unknown("[self-hosted, gpu]"), Lines{}) << "no list: a runner of one's own may have any label";
  EXPECT_EQ(unknown("[self-hosted, gqu]", "", {"gpu"}), (Lines{4}));
}

TEST(RunnerLabelConflict, IsOfTwoSystemsOrTwoImages) {
  EXPECT_EQ(conflicts("[ubuntu-latest, windows-latest]"), (Lines{4}));
  EXPECT_EQ(conflicts("[ubuntu-latest, windows-latest, macos-latest]"), (Lines{4, 4}));
  EXPECT_EQ(conflicts("[ubuntu-22.04, ubuntu-24.04]"), (Lines{4}));
  EXPECT_EQ(conflicts("[self-hosted, linux, x64]"), Lines{});
  EXPECT_EQ(conflicts("[linux, ubuntu-latest]"), Lines{});
  EXPECT_EQ(conflicts("[self-hosted, linux, windows-cross-tools]"), Lines{}) << "a label of one's own";
}

TEST(RunnerLabelConflict, IsFoundAtTheValueOfTheMatrix) {
  EXPECT_EQ(conflicts("[ubuntu-latest, '${{ matrix.os }}']", "{os: [linux, windows]}"), (Lines{6}));
  EXPECT_EQ(conflicts("${{ matrix.os }}", "{os: [ubuntu-latest, windows-latest]}"), Lines{});
  EXPECT_EQ(conflicts("${{ matrix.os }}", "{os: [[ubuntu-latest, windows-latest]]}"), (Lines{6}));
}

}  // namespace
}  // namespace workflow::lint
