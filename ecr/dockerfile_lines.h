#pragma once
// A Dockerfile's text as logical lines: parser directives, comments, continuations, here-documents. What a
// line means is dockerfile.h's.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ecr/dockerfile.h"

namespace ecr {

struct LogicalLine {
  int line = 0;      ///< of its first physical line
  std::string text;  ///< continuation lines joined
  std::vector<HereDocument> here_documents;
  std::vector<std::string> comments;  ///< the lines right above it, without `#`
};

/// What is wrong with the input, in this line of it.
base::Error at_line(const std::string& file, int line, std::string message);

/// Sets what the directives say in `file`, whose name errors have with their line.
base::Result<std::vector<LogicalLine>> read_logical_lines(std::string_view text, Dockerfile& file);

}  // namespace ecr
