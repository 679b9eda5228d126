// What the parts cost that every run or every line of output goes through, each beside its floor.

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <string>

#include "base/crypto.h"
#include "base/files.h"
#include "ecr/image_store.h"
#include "ecr/layer.h"
#include "steps/secret_masker.h"
#include "workflow/expression/evaluator.h"
#include "workflow/load_workflow.h"
#include "workflow/yaml_reader.h"

namespace {

constexpr std::size_t kLayerBytes = 16U << 20;
constexpr std::size_t kOutputBytes = 1U << 20;

std::string workflow_text(int steps) {
  std::string text = "on: push\njobs:\n  bench:\n    runs-on: ubuntu-latest\n    steps:\n";
  for (int i = 0; i < steps; ++i)
    text += fmt::format("      - name: Step {}\n        run: echo ${{{{ github.sha }}}} {}\n", i, i);
  return text;
}

std::string build_output() {
  std::string text;
  for (int i = 0; text.size() < kOutputBytes; ++i)
    text += fmt::format("[{:4}/1000] Compiling CXX object src/parser/part_{}.cpp.o\n", i % 1000, i);
  return text;
}

void read_yaml(benchmark::State& state) {
  const auto text = workflow_text(1000);
  for (auto _ : state) {
    workflow::Diagnostics diagnostics;
    benchmark::DoNotOptimize(workflow::read_yaml("bench.yml", text, diagnostics));
  }
}
BENCHMARK(read_yaml)->Unit(benchmark::kMillisecond);

void load_workflow(benchmark::State& state) {
  const auto text = workflow_text(1000);
  for (auto _ : state) benchmark::DoNotOptimize(workflow::load_workflow("bench.yml", text));
}
BENCHMARK(load_workflow)->Unit(benchmark::kMillisecond);

void evaluate_expression(benchmark::State& state) {
  const workflow::expression::Value ref("refs/heads/main");
  workflow::expression::Surroundings surroundings;
  surroundings.named_value = [&](std::string_view) { return &ref; };
  for (auto _ : state) {
    benchmark::DoNotOptimize(workflow::expression::evaluate_expression(
        "startsWith(ref, 'refs/heads/') && !contains(ref, 'release') || format('{0}', ref) == ''",
        surroundings));
  }
}
BENCHMARK(evaluate_expression);

void copy_output(benchmark::State& state) {
  const auto text = build_output();
  for (auto _ : state) {
    std::string copy(text);
    benchmark::DoNotOptimize(copy);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(copy_output);

void mask_output(benchmark::State& state) {
  const auto text = build_output();
  steps::SecretMasker masker;
  for (int i = 0; i < 20; ++i) masker.add(base::sha256_hex(fmt::format("secret {}", i)));
  for (auto _ : state) benchmark::DoNotOptimize(masker.mask(text));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(mask_output);

void digest_of_a_layer(benchmark::State& state) {
  std::string bytes;
  while (bytes.size() < kLayerBytes) bytes += build_output();
  for (auto _ : state) benchmark::DoNotOptimize(base::sha256_hex(bytes));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
}
BENCHMARK(digest_of_a_layer)->Unit(benchmark::kMillisecond);

void write_layer(benchmark::State& state) {
  auto folder = base::TempDir::create("pipeline-bench");
  if (!folder) return state.SkipWithError(folder.error().message.c_str());
  auto store = ecr::ImageStore::open(folder->path() / "store");
  if (!store) return state.SkipWithError(store.error().message.c_str());
  std::string bytes;
  while (bytes.size() < kLayerBytes) bytes += build_output();
  const auto tree = folder->path() / "tree";
  if (!base::make_directories(tree) || !base::write_file(tree / "file", bytes))
    return state.SkipWithError("the folder could not be written");
  for (auto _ : state) {
    const auto layer = ecr::write_layer(tree, {}, *store);
    if (!layer) return state.SkipWithError(layer.error().message.c_str());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
}
BENCHMARK(write_layer)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
