#pragma once
// The grammar's table → a JSON Schema, for editors. It says what the table says and no more: what several
// keys mean together (check_workflow) and what expressions are made of is not in it.

#include "base/json_fwd.h"
#include "workflow/schema.h"

namespace workflow {

/// Draft 7, which editors read. `title` is the name of the whole.
base::Json json_schema(const MappingRule& root, std::string_view title);

}  // namespace workflow
