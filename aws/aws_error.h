#pragma once
// Error answers of AWS in both protocols, as base::Error. Only aws/client calls this.

#include "base/http_client.h"
#include "base/result.h"

namespace aws {

/// The error of a non-2xx answer: its code without namespace or URL, its message as AWS wrote it.
base::Error read_aws_error(const base::HttpResponse& response);

}  // namespace aws
