#pragma once
// The functions of Go's templates, and those that docker adds to them.

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace steps {

/// As fmt.Print shows it: `[a b]`, `map[k:v]`, `<no value>`.
std::string shown_value(const base::Json& value);
/// Whether `if` takes it for true.
bool is_true_value(const base::Json& value);
base::Result<base::Json> call_template_function(std::string_view name,
                                                const std::vector<base::Json>& arguments);

}  // namespace steps
