// Any text as the five fields of a schedule.

#include <string>

#include "base/strings.h"
#include "tests/fuzz/promise.h"
#include "workflow/cron.h"

using fuzz::promise;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const auto text = fuzz::text_of(bytes, size);
  const auto problem = workflow::problem_of_cron(text);
  promise(problem.size() <= 3 * text.size() + 300, "a problem is said in a sentence");
  if (!problem.empty() || text.starts_with("$cron-")) return 0;
  promise(workflow::problem_of_cron(base::replace_all(text, " ", "  ")).empty(),
          "more space between the fields changes nothing");
  promise(workflow::problem_of_cron(base::to_upper(text)).empty(), "names have no case");
  promise(!workflow::problem_of_cron(std::string(text) + " *").empty(), "a sixth field is one too many");
  return 0;
}
