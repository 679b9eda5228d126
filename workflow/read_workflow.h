#pragma once
// One workflow file → a draft, within limits that it may share with the workflows that call it. Not for what
// it calls (reusable_workflows).

#include "workflow/load_workflow.h"

namespace workflow {

WorkflowDraft read_workflow(const std::string& path, std::string_view text, const LoadOptions& options,
                            SchemaReading& reading);

}  // namespace workflow
