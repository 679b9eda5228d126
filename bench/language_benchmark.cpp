// What the language costs: reading and checking workflow files, evaluating conditions, planning. The goals
// stand in RESULTS.md. Real files are taken from the public test data when it is beside the repository.

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/files.h"
#include "workflow/expression/evaluator.h"
#include "workflow/lint/lint.h"
#include "workflow/load_workflow.h"
#include "workflow/plan.h"

namespace {

constexpr std::int64_t kKi = 1024;
constexpr std::string_view kHead = "on: push\njobs:\n  bench:\n    runs-on: ubuntu-latest\n";

/// A workflow as people write them, of at least so many bytes.
std::string usual_workflow(std::size_t bytes) {
  std::string text{kHead};
  text +=
      "    env:\n      MODE: ${{ github.ref == 'refs/heads/main' && 'release' || 'debug' }}\n    steps:\n";
  for (int i = 0; text.size() < bytes; ++i) {
    text += fmt::format(
        "      # What the next step is for\n      - name: Step {}\n        if: ${{{{ github.event_name == "
        "'push' }}}}\n        uses: actions/checkout@v4\n        with:\n          path: part-{}\n      - "
        "run: "
        "|\n          echo \"${{{{ github.sha }}}}\"\n          make all -j4\n          make check -j4 && "
        "make install "
        "DESTDIR=\"$PWD/installed\"\n          tar -czf installed.tar.gz -C installed .\n",
        i, i);
  }
  return text;
}

/// The largest workflows of the public test data first; without the data, one of the largest one's size.
const std::vector<std::string>& real_workflows() {
  static const std::vector<std::string> texts = [] {
    const char* chosen = std::getenv("PIPELINE_CONFORMANCE");
    const auto folder =
        (chosen != nullptr ? base::Path(chosen)
                           : base::Path(PIPELINE_SOURCE_DIR).parent_path() / "shared" / "conformance") /
        "starter-workflows";
    std::vector<std::string> found;
    std::error_code missing;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, missing)) {
      if (entry.path().extension() != ".yml" && entry.path().extension() != ".yaml") continue;
      if (auto text = base::read_file(entry.path()); text) found.push_back(std::move(*text));
    }
    if (found.empty()) found.push_back(usual_workflow(10'500));
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
    return found;
  }();
  return texts;
}

void check(const std::string& text) {
  benchmark::DoNotOptimize(workflow::lint::lint("bench.yml", text, {}, {}));
}

void load_largest_workflow(benchmark::State& state) {
  const auto& text = real_workflows().front();
  for (auto _ : state) benchmark::DoNotOptimize(workflow::load_workflow("bench.yml", text));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(load_largest_workflow)->Unit(benchmark::kMillisecond);

void check_largest_workflow(benchmark::State& state) {
  const auto& text = real_workflows().front();
  for (auto _ : state) check(text);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(check_largest_workflow)->Unit(benchmark::kMillisecond);

void check_all_workflows(benchmark::State& state) {
  for (auto _ : state) {
    for (const auto& text : real_workflows()) check(text);
  }
  state.SetLabel(fmt::format("{} files", real_workflows().size()));
}
BENCHMARK(check_all_workflows)->Unit(benchmark::kMillisecond);

std::string one_long_script(std::size_t bytes) {
  std::string text = std::string(kHead) + "    steps:\n      - run: |\n";
  while (text.size() < bytes) text += "          echo one more line of a script that does not end\n";
  return text;
}

std::string many_keys(std::size_t bytes) {
  std::string text = std::string(kHead) + "    steps:\n      - run: make\n    env:\n";
  for (int i = 0; text.size() < bytes; ++i)
    text += fmt::format("      NAME_{}: a value of some forty characters or so\n", i);
  return text;
}

std::string deep_nesting(std::size_t bytes) {
  std::string text =
      std::string(kHead) + "    steps:\n      - run: make\n    strategy:\n      matrix:\n        x:\n";
  constexpr int kDepth = 20;
  while (text.size() < bytes) {
    text += "          - ";
    for (int i = 0; i < kDepth; ++i) text += "[a, ";
    text += std::to_string(text.size()) + std::string(4200, 'b') + std::string(kDepth, ']') + "\n";
  }
  return text;
}

// Long enough for a file of the greatest size to have no more nodes than GitHub counts.
const std::string kCommand = "make " + std::string(400, 'x');

std::string many_aliases(std::size_t bytes) {
  std::string text = "on: push\nenv: &shared\n  A: 1\njobs:\n";
  for (int i = 0; text.size() < bytes; ++i) {
    text += fmt::format(
        "  job{}:\n    runs-on: ubuntu-latest\n    env: *shared\n    steps:\n      - run: {}\n", i, kCommand);
  }
  return text;
}

std::string many_jobs(std::size_t bytes) {
  std::string text = "on: push\njobs:\n  job0:\n    runs-on: ubuntu-latest\n    steps:\n      - run: make\n";
  for (int i = 1; text.size() < bytes; ++i) {
    text +=
        fmt::format("  job{}:\n    needs: job{}\n    runs-on: ubuntu-latest\n    steps:\n      - run: {}\n",
                    i, i - 1, kCommand);
  }
  return text;
}

std::string one_flow_line(std::size_t bytes) {
  std::string text = "{on: push, jobs: {bench: {runs-on: ubuntu-latest, steps: [{run: make}";
  while (text.size() + 4 < bytes) text += ", {run: make everything that stands in this folder and below}";
  return text + "]}}}";
}

std::string nothing_but_comments(std::size_t bytes) {
  std::string text = usual_workflow(1000);
  while (text.size() < bytes) text += "# a comment that is followed by others\n";
  return text;
}

/// One shape of file at a quarter, a half and all of the greatest size: the time has to grow with it.
void check_file_of(benchmark::State& state, std::string (*shape)(std::size_t)) {
  auto text = shape(static_cast<std::size_t>(state.range(0)) - 6000);
  for (auto _ : state) check(text);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
  state.SetComplexityN(state.range(0));
  // A file that is refused in the middle would look fast.
  for (const auto& problem : workflow::lint::lint("bench.yml", text, {}, {})) {
    if (problem.severity == workflow::Severity::error && problem.rule.empty())
      return state.SkipWithError(problem.message.c_str());
  }
}
#define SHAPE(name)                            \
  BENCHMARK_CAPTURE(check_file_of, name, name) \
      ->RangeMultiplier(2)                     \
      ->Range(256 * kKi, 1024 * kKi)           \
      ->Unit(benchmark::kMillisecond)          \
      ->Complexity(benchmark::oAuto)
SHAPE(usual_workflow);
SHAPE(one_long_script);
SHAPE(many_keys);
SHAPE(deep_nesting);
SHAPE(many_aliases);
SHAPE(many_jobs);
SHAPE(one_flow_line);
SHAPE(nothing_but_comments);

void evaluate_condition(benchmark::State& state) {
  workflow::expression::Object github, build, needs;
  for (const auto* name : {"token", "job", "sha", "repository", "actor", "workflow", "head_ref", "base_ref"})
    github.set(name, "something");
  github.set("ref", "refs/heads/main");
  build.set("outputs", workflow::expression::Object());
  build.set("result", "success");
  needs.set("build", std::move(build));
  workflow::Contexts contexts;
  contexts.set("github", std::move(github));
  contexts.set("env", workflow::expression::Object());
  contexts.set("needs", std::move(needs));
  const workflow::expression::Surroundings surroundings{
      .named_value = [&](std::string_view name) { return contexts.find(name); }};
  const auto tree = workflow::expression::parse_expression(
      "github.ref == 'refs/heads/main' && needs.build.result == 'success'");
  if (!tree) return state.SkipWithError(tree.error().message.c_str());
  for (auto _ : state) {
    const auto value = workflow::expression::evaluate(**tree, surroundings);
    if (!value || !value->truthy()) return state.SkipWithError("the condition does not hold");
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(evaluate_condition);

void plan_256_jobs_of_20_steps(benchmark::State& state) {
  std::string text = "on: push\njobs:\n";
  for (int job = 0; job < 256; ++job) {
    text += fmt::format("  job{}:\n    runs-on: ubuntu-latest\n    steps:\n", job);
    for (int step = 0; step < 20; ++step) text += fmt::format("      - run: make part-{}\n", step);
  }
  const auto loaded = workflow::load_workflow("bench.yml", text);
  if (!loaded.workflow) return state.SkipWithError("the workflow does not load");
  for (auto _ : state) benchmark::DoNotOptimize(workflow::make_plan(*loaded.workflow, {}, std::nullopt));
}
BENCHMARK(plan_256_jobs_of_20_steps)->Unit(benchmark::kMillisecond);

void plan_a_matrix_of_256_legs(benchmark::State& state) {
  std::string text =
      "on: push\njobs:\n  bench:\n    name: ${{ matrix.a }} on ${{ matrix.b }}\n    runs-on: ubuntu-latest\n "
      "   "
      "strategy:\n"
      "      matrix:\n        a: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]\n"
      "        b: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]\n    steps:\n";
  for (int step = 0; step < 20; ++step) text += fmt::format("      - run: make part-{}\n", step);
  const auto loaded = workflow::load_workflow("bench.yml", text);
  if (!loaded.workflow) return state.SkipWithError("the workflow does not load");
  for (auto _ : state) benchmark::DoNotOptimize(workflow::make_plan(*loaded.workflow, {}, std::nullopt));
}
BENCHMARK(plan_a_matrix_of_256_legs)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
