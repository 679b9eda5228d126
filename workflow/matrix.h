#pragma once
// strategy.matrix → its combinations, as GitHub's MatrixBuilder makes them: the product of the vectors in
// order (the first slowest), excluded ones out, included ones merged in or appended.

#include <string>
#include <vector>

#include "base/result.h"
#include "workflow/expression/value.h"

namespace workflow {

inline constexpr std::size_t kMaxMatrixJobs = 256;

/// One leg of a matrix.
struct Combination {
  expression::Value values;           ///< the `matrix` context: an object
  std::vector<std::string> segments;  ///< that tell it from others in its name: what its own vectors gave
};

/// The value must be an object of arrays (and include, exclude). Excluded may be all of them: no combination
/// is left, and GitHub runs the job once without a matrix.
base::Result<std::vector<Combination>> expand_matrix(const expression::Value& matrix);

/// `name (a, b)`, and the name alone without segments; at most 100 characters of UTF-16, with `...` when cut
/// (JobNameBuilder).
std::string job_display_name(const std::string& name, const Combination& combination);
/// The first 97 characters of UTF-16 and `...` of a name that is longer than 100.
std::string shortened_job_name(std::string name);

}  // namespace workflow
