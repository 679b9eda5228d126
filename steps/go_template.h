#pragma once
// Go's text/template as far as docker's --format is used with it: fields, variables, pipelines, if, range and
// with, its functions and docker's own. Pure; over JSON, whose objects are structs and maps alike.

#include <string>
#include <string_view>

#include "base/json_fwd.h"
#include "base/result.h"

namespace steps {

/// The text that the template makes of `data`. A field that `data` lacks, and what is read from something
/// that is not there, is an Error; what else is not there itself is `<no value>`; a template that is none, or
/// does more than this one can, is an Error.
base::Result<std::string> format_by_template(std::string_view text, const base::Json& data);

}  // namespace steps
