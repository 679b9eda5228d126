#include <gtest/gtest.h>

#include "lint_fixture.h"

namespace workflow::lint {
namespace {

std::string matrix(std::string_view lines) {
  return said_by("matrix", with_job(fmt::format("    strategy:\n      matrix:\n{}", lines)));
}

TEST(JobRules, FindValuesThatAreTwiceInAMatrix) {
  EXPECT_EQ(matrix("        node: [14, 16, '14']\n"),
            "7:24: the value '14' is twice in 'node', first on line 7: its jobs run twice\n");
  EXPECT_NE(matrix("        os: [{name: a}, {name: a}]\n"), "");
  EXPECT_EQ(matrix("        node: [14, 16]\n"), "");
}

TEST(JobRules, FindExclusionsOfNothing) {
  EXPECT_EQ(matrix("        os: [linux, macos]\n        exclude:\n          - os: windows\n"),
            "9:17: 'windows' is no value of 'os': nothing is excluded. Its values are: linux, macos\n");
  EXPECT_NE(matrix("        os: [{name: a, arch: x}]\n        exclude:\n          - os: {name: b}\n"), "");
  EXPECT_NE(matrix("        os: [[a, b]]\n        exclude:\n          - os: [a]\n"), "");
}

TEST(JobRules, CompareExclusionsAsGitHubDoes) {
  EXPECT_EQ(matrix("        node: [14, 16]\n        os: [Linux]\n        exclude:\n          - node: '14'\n"
                   "            OS: linux\n"),
            "");
  EXPECT_EQ(matrix("        os: [{name: a, arch: x}, b]\n        exclude:\n          - os: {name: a}\n"), "");
  EXPECT_EQ(matrix("        os: [\"${{ vars.os }}\", a]\n        exclude:\n          - os: b\n"), "");
  EXPECT_EQ(matrix("        os: ${{ fromJSON(vars.os) }}\n        exclude:\n          - os: b\n"), "");
}

TEST(JobRules, WarnOfIncludesThatAddNothing) {
  const auto found = [](std::string_view lines) {
    return said_by("matrix-include", with_job(fmt::format("    strategy:\n      matrix:\n{}", lines)));
  };
  EXPECT_EQ(found("        os: [a, b]\n        include:\n          - os: a\n"),
            "9:13: the include {\"os\":\"a\"} adds nothing: the matrix has this combination\n");
  EXPECT_NE(found("        include:\n          - {os: a}\n          - {os: a}\n"), "");
  EXPECT_EQ(found("        os: [a, b]\n        include:\n          - os: c\n          - {os: a, x: y}\n"),
            "");
  EXPECT_EQ(found("        os: [a, b]\n        exclude: [{os: a}]\n        include:\n          - os: a\n"),
            "");
}

TEST(JobRules, FindJobsThatWaitForTheirOwnWorkflow) {
  const auto found = [](std::string_view group) {
    return said_by("concurrency-deadlock",
                   fmt::format("concurrency: deploy\n{}",
                               with_job(fmt::format("    concurrency: {{group: {}}}\n", group))));
  };
  EXPECT_NE(found("Deploy"), "");
  EXPECT_EQ(found("other"), "");
}

TEST(JobRules, WarnOfMatricesWhoseJobsCancelEachOther) {
  const auto found = [](std::string_view concurrency) {
    return said_by(
        "concurrency-matrix",
        with_job(fmt::format("    strategy: {{matrix: {{a: [1, 2]}}}}\n    concurrency: {}\n", concurrency)));
  };
  EXPECT_NE(found("deploy"), "");
  EXPECT_EQ(found("deploy-${{ matrix.a }}"), "");
  EXPECT_EQ(found("{group: deploy, queue: max}"), "");
  EXPECT_EQ(said_by("concurrency-matrix", with_job("    concurrency: deploy\n")), "");
}

TEST(JobRules, SayWhichJobWasMeant) {
  EXPECT_NE(said_by("syntax", with_job("    name: a\n") +
                                  "  test:\n    needs: biuld\n    runs-on: x\n    steps: [{run: a}]\n")
                .find("did you mean 'build'?"),
            std::string::npos);
}

TEST(JobRules, FindContainersWithoutAnImage) {
  EXPECT_EQ(said_by("container", with_job("    container:\n      env: {A: b}\n")),
            "5:5: 'container' has no image: no container is started\n");
  EXPECT_EQ(said_by("container", with_job("    container:\n")),
            "5:15: 'container' names no image: leave it out\n");
  EXPECT_NE(said_by("container", with_job("    services:\n      db: {ports: [1]}\n")), "");
  EXPECT_EQ(said_by("container", with_job("    container: null\n")), "");
  EXPECT_EQ(said_by("container", with_job("    container: ${{ vars.image }}\n")), "");
}

TEST(JobRules, WantBothCredentialsOrNone) {
  EXPECT_EQ(said_by("container", with_job("    container:\n      image: a\n      credentials:\n"
                                          "        username: me\n")),
            "7:7: 'credentials' has a username and no password: both are needed\n");
  EXPECT_EQ(said_by("container", with_job("    container:\n      image: a\n      credentials:\n"
                                          "        username: me\n        password: ${{ secrets.P }}\n")),
            "");
}

TEST(JobRules, ReadPortsAndVolumesAsDockerDoes) {
  const auto found = [](std::string_view key, std::string_view value) {
    return said_by("container",
                   with_job(fmt::format("    container:\n      image: a\n      {}: ['{}']\n", key, value)));
  };
  for (const auto* port :
       {"80", "8080:80", "127.0.0.1:8080:80/udp", "[::1]:80:80", "8000-8010:8000-8010", "${{ vars.p }}"})
    EXPECT_EQ(found("ports", port), "") << port;
  for (const auto* port : {"http", "80:http", "70000", "80/icmp", "80:"})
    EXPECT_NE(found("ports", port), "") << port;
  for (const auto* volume : {"/data", "cache:/var/cache", "/a:/b:ro", "${{ vars.v }}:/a"})
    EXPECT_EQ(found("volumes", volume), "") << volume;
  for (const auto* volume : {"data", "/a:b", ":/a", "/a:/b:ro:x"})
    EXPECT_NE(found("volumes", volume), "") << volume;
}

TEST(JobRules, KnowThatContainersNeedLinux) {
  constexpr std::string_view kWorkflow =
      "on: push\njobs:\n  a:\n    runs-on: {}\n    container: alpine\n    steps:\n      - run: make\n";
  EXPECT_EQ(said_by("container", fmt::format(fmt::runtime(kWorkflow), "windows-latest")),
            "5:5: 'container' needs a Linux runner; the job runs on 'windows-latest'\n");
  EXPECT_EQ(said_by("container", fmt::format(fmt::runtime(kWorkflow), "ubuntu-latest")), "");
  EXPECT_EQ(said_by("container", fmt::format(fmt::runtime(kWorkflow), "mine")), "");
}

TEST(JobRules, RefuseANetworkOfOnesOwn) {
  EXPECT_NE(said_by("container", with_job("    container: {image: a, options: --network host}\n")), "");
  EXPECT_EQ(said_by("container", with_job("    container: {image: a, options: --cpus 1}\n")), "");
}

std::string shell(std::string_view runs_on, std::string_view name) {
  return said_by("shell",
                 fmt::format("on: push\njobs:\n  a:\n    runs-on: {}\n    steps:\n      - run: make\n"
                             "        shell: {}\n",
                             runs_on, name));
}

TEST(JobRules, KnowTheShellsOfEachSystem) {
  EXPECT_EQ(shell("ubuntu-latest", "bsh"), "7:16: there is no shell 'bsh'; did you mean 'bash'?\n");
  EXPECT_EQ(shell("ubuntu-latest", "cmd"),
            "7:16: there is no shell 'cmd' on Linux; expected one of: bash, pwsh, python, sh\n");
  EXPECT_NE(shell("windows-latest", "sh"), "");
  EXPECT_NE(shell("macos-latest", "powershell"), "");
  EXPECT_EQ(shell("windows-latest", "powershell"), "");
  EXPECT_EQ(shell("mine", "cmd"), "");
  EXPECT_EQ(shell("${{ vars.os }}", "cmd"), "");
  EXPECT_EQ(shell("ubuntu-latest", "perl {0}"), "");
  EXPECT_EQ(shell("ubuntu-latest", "bash -e"),
            "7:16: there is no shell 'bash -e'; a shell with options needs {0} for the script's file: 'bash "
            "-e {0}'\n");
}

TEST(JobRules, FindShellsInDefaults) {
  EXPECT_NE(said_by("shell", with_job("    defaults: {run: {shell: zsh}}\n")), "");
  EXPECT_NE(said_by("shell", "on: push\ndefaults: {run: {shell: fish}}\njobs: {}\n"), "");
}

TEST(JobRules, FindNamesThatNoEnvironmentVariableHas) {
  EXPECT_EQ(said_by("env-var", with_job("    env:\n      A=B: c\n")),
            "6:7: 'A=B' is no name of an environment variable: it holds '&', '=' or spaces\n");
  EXPECT_NE(said_by("env-var", with_job("    services: {db: {image: a, env: {'A B': c}}}\n")), "");
  EXPECT_EQ(said_by("env-var", with_job("    env: {A: 'b=c', \"${{ vars.name }}\": d}\n")), "");
}

TEST(JobRules, WarnOfVariablesThatGitHubSetsItself) {
  EXPECT_NE(said_by("default-variable", with_job("    env: {GITHUB_SHA: abc}\n")), "");
  EXPECT_EQ(said_by("default-variable", with_job("    env: {GITHUB_TOKEN: abc, CI: 'false'}\n")), "");
}

TEST(JobRules, FindSectionsAndTextsWithNothingInThem) {
  EXPECT_EQ(said_by("empty", with_job("    env: {}\n")),
            "5:10: 'env' is empty; fill it in or leave it out\n");
  EXPECT_NE(said_by("empty", with_job("    outputs: {}\n")), "");
  EXPECT_NE(said_by("empty", with_job("    if: ''\n")), "");
  EXPECT_NE(said_by("empty", with_triggers("  push:\n    branches: []\n")), "");
  EXPECT_EQ(said_by("empty", with_job("    env: {A: ''}\n    name: ''\n")), "");
}

TEST(JobRules, FindNumbersOutOfTheirRange) {
  EXPECT_EQ(said_by("numbers", with_job("    timeout-minutes: 0\n")),
            "5:22: 'timeout-minutes' is 0; expected more than zero\n");
  EXPECT_NE(said_by("numbers", with_job("    strategy: {max-parallel: 1.5, matrix: {a: [1]}}\n")), "");
  EXPECT_NE(said_by("numbers", with_job("    strategy: {max-parallel: -1, matrix: {a: [1]}}\n")), "");
  EXPECT_EQ(said_by("numbers", with_job("    timeout-minutes: 0.5\n")), "");
  EXPECT_EQ(said_by("numbers", with_job("    timeout-minutes: ${{ fromJSON(vars.t) }}\n")), "");
}

TEST(JobRules, FindNeedsThatAreThereTwice) {
  constexpr std::string_view kJob = "    runs-on: ubuntu-latest\n    steps: [{run: make}]\n";
  const auto text = fmt::format("on: push\njobs:\n  a:\n{}  b:\n    needs: [a, A]\n{}", kJob, kJob);
  EXPECT_EQ(said_by("needed-jobs", text), "7:16: the job 'A' is needed twice; ids are without case\n");
}

TEST(JobRules, FindNeedsThatAreNotThereWhereNoJobCanStart) {
  EXPECT_EQ(said_by("needed-jobs", with_job("    needs: nobody\n")),
            "5:12: Job 'build' depends on unknown job 'nobody'.\n");
}

TEST(JobRules, WarnOfJobsThatNeedOneThatNeverRuns) {
  constexpr std::string_view kJob = "    runs-on: ubuntu-latest\n    steps: [{run: make}]\n";
  const auto text = [&](std::string_view condition) {
    return fmt::format(
        "on: push\njobs:\n  a:\n    if: ${{{{ 1 > 2 }}}}\n{}  b:\n    needs: a\n{}{}  c:\n    needs: b\n{}",
        kJob, condition, kJob, kJob);
  };
  const auto found = said_by("unreachable-job", text(""));
  EXPECT_NE(found.find("8:12: the job 'b' never runs"), std::string::npos) << found;
  EXPECT_NE(found.find("12:12: the job 'c' never runs"), std::string::npos) << found;
  EXPECT_EQ(said_by("unreachable-job", text("    if: always()\n")), "");
}

TEST(JobRules, FindAnchorsThatNobodyUses) {
  EXPECT_EQ(said_by("anchor", with_job("    env: &all\n      A: b\n")),
            "5:10: no alias refers to the anchor '&all'\n");
  EXPECT_EQ(said_by("anchor", with_job("    env: &all\n      A: &b c\n      D: *b\n    outputs: *all\n")),
            "");
}

TEST(JobRules, FindMergeKeys) {
  EXPECT_EQ(said_by("merge-key", with_job("    env: &all {A: b}\n    outputs: {<<: *all}\n")),
            "6:15: GitHub knows no merge keys: '<<' is taken for a key of that name. Write the keys out\n");
}

TEST(JobRules, FindConditionsThatAreNone) {
  EXPECT_NE(said_by("misplaced-if", with_job("    env: {if: always()}\n")), "");
  EXPECT_EQ(said_by("misplaced-if", with_job("    if: always()\n")), "");
}

TEST(JobRules, WarnOfEnvironmentUrlsThatAreNoLinks) {
  EXPECT_NE(said_by("environment-url", with_job("    environment: {name: a, url: example.com}\n")), "");
  EXPECT_EQ(said_by("environment-url", with_job("    environment: {name: a, url: 'https://example.com'}\n")),
            "");
}

TEST(JobRules, SayAThingOnceAtAPlace) {
  // GitHub refuses the empty image itself.
  EXPECT_EQ(said_by("container", with_job("    container: {image: ''}\n")), "");
  EXPECT_NE(said_by("syntax", with_job("    container: {image: ''}\n")), "");
}

TEST(JobRules, SayWhichKeysExcludeEachOther) {
  const auto found = said_by(
      "syntax", "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: a\n        uses: b@c\n");
  EXPECT_EQ(found, "7:9: Unexpected value 'uses'; 'run' and 'uses' exclude each other\n");
}

TEST(JobRules, GoOnWhereTheSchemaEnds) {
  const auto text = with_job("    color: red\n    env: {A=B: c}\n    needs: nobody\n");
  EXPECT_NE(said_by("syntax", text).find("color"), std::string::npos);
  EXPECT_NE(said_by("env-var", text), "");
}

TEST(JobRules, FindEveryAliasOfAnAnchorThatIsNotComplete) {
  const auto found = said_by("syntax", with_job("    env: &all\n      A: *all\n      B: *all\n"));
  EXPECT_NE(found.find("6:10"), std::string::npos) << found;
  EXPECT_NE(found.find("7:10"), std::string::npos) << found;
}

}  // namespace
}  // namespace workflow::lint
