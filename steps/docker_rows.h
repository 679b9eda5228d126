#pragma once
// The rows of a list as `--format` wants them: a template for each, `table` with a header above, or `json`.

#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "steps/docker_verbs.h"

namespace steps {

class FormattedRows {
 public:
  /// `titles` are the header's words by the names of a row's members.
  FormattedRows(const DockerCall& call, base::Json titles);
  base::Result<void> add(const base::Json& row);
  /// Prints what a table has kept, whose columns are as wide as the widest.
  base::Result<void> finish();

 private:
  const DockerCall& call_;
  base::Json titles_;
  std::string template_;
  bool is_table_ = false;
  std::vector<std::vector<std::string>> cells_;
};

}  // namespace steps
