// A pattern of branches, tags or paths on the first line, a name on the rest.

#include <string>

#include "tests/fuzz/promise.h"
#include "workflow/event.h"

using fuzz::promise;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const auto text = fuzz::text_of(bytes, size);
  const auto end = std::min(text.find('\n'), text.size());
  const std::string pattern(text.substr(0, end));
  const std::string name(text.substr(std::min(end + 1, text.size())));
  const bool matches = workflow::filter_pattern_matches(pattern, name);
  if (pattern.size() > 4096 || name.size() > 4096) return 0;
  if (pattern.find_first_of("*?+[]!\\") == std::string::npos)
    promise(matches == (pattern == name), "a pattern without special characters matches itself alone");
  promise(workflow::filter_pattern_matches("**", name), "two stars match everything");
  if (pattern.starts_with('!')) return 0;
  promise(workflow::filter_matches({pattern}, name) == matches, "a list of one is that one");
  promise(!workflow::filter_matches({pattern, "!" + pattern}, name), "the last that matches decides");
  promise(workflow::filter_matches({"**", "!" + pattern}, name) != matches, "an exclamation mark takes away");
  promise(workflow::filter_matches({"!" + pattern, "**"}, name), "what comes later brings back");
  return 0;
}
