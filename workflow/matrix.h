#pragma once
// strategy.matrix → its combinations, as GitHub's MatrixBuilder makes them: the product of the vectors in
// order (the first slowest), excluded ones out, included ones merged in or appended.

#include <string>
#include <vector>

#include "base/result.h"
#include "workflow/expression/value.h"

namespace workflow {

inline constexpr std::size_t kMaxMatrixJobs = 256;

/// Each combination is an object. The value must be an object of arrays (and include, exclude).
base::Result<std::vector<expression::Value>> expand_matrix(const expression::Value& matrix);

/// `(a, b)` from the scalar leaves of a combination; "" when there are none. At most 100 characters with the
/// name.
std::string matrix_suffix(const expression::Value& combination);

}  // namespace workflow
