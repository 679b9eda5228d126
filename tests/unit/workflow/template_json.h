#pragma once
// A workflow as the JSON that GitHub's parser gives out: for comparing with the public test data. Not for the
// product, which has structs.

#include <string>
#include <vector>

#include "base/json.h"
#include "workflow/workflow.h"

namespace workflow {

struct TemplateJson {
  bool include_source = false;
  std::vector<std::string> files;  ///< in the order of their ids, from 1
};

base::Json template_json(const Workflow& workflow, const TemplateJson& options);

}  // namespace workflow
