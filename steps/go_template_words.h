#pragma once
// What stands between {{ and }} as words. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace steps {

struct TemplateWord {
  enum class Kind { field, variable, text, number, name, open, close, pipe, declare, assign, comma } kind;
  std::string text;    ///< `.A.B`, `$x.A`, what is in the quotes, …
  bool glued = false;  ///< without a blank before it
};

base::Result<std::vector<TemplateWord>> template_words(std::string_view action);

}  // namespace steps
