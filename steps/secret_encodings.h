#pragma once
// The forms in which a secret may leave a job other than as it is (actions/runner ValueEncoders.cs). Pure.

#include <string>
#include <string_view>
#include <vector>

namespace steps {

/// Base64 at three alignments, and the escapes of command lines, expressions, JSON, URIs, XML and PowerShell.
/// Only forms that differ from the value; may hold repeats.
std::vector<std::string> secret_encodings(std::string_view secret);

}  // namespace steps
