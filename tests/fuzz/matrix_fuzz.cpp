// Any YAML as the matrix of a job: read, evaluated, expanded, and its legs named.

#include <set>

#include "tests/fuzz/promise.h"
#include "workflow/matrix.h"
#include "workflow/plan.h"
#include "workflow/yaml_reader.h"

using fuzz::promise;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  workflow::Diagnostics problems;
  auto node = workflow::read_yaml("matrix.yml", fuzz::text_of(bytes, size), problems);
  if (!node.is_mapping()) return 0;
  const workflow::Contexts contexts;
  if (const auto matrix = workflow::evaluate_node(node, {contexts}); matrix) {
    const auto combinations = workflow::expand_matrix(*matrix);
    if (combinations) {
      promise(combinations->size() <= workflow::kMaxMatrixJobs, "a matrix has a greatest size");
      for (const auto& combination : *combinations)
        promise(combination.values.is_object(), "each combination is an object");
    } else {
      promise(!combinations.error().message.empty(), "each problem says something");
    }
  }
  workflow::Job job{.id = "fuzzed", .strategy = {.matrix = std::move(node)}};
  const auto legs = workflow::expand_job({}, job, contexts);
  if (!legs) return 0;
  promise(!legs->empty(), "a job has a leg");
  std::set<std::string> keys;
  for (const auto& leg : *legs) {
    promise(keys.insert(leg.key).second, "each leg has a key of its own");
    promise(leg.name.size() <= 300, "names are short");
    promise(leg.total == static_cast<int>(legs->size()), "each leg knows how many there are");
  }
  return 0;
}
