#pragma once
// The labels that a forge picks runners by, as act_runner and forgejo-runner write them: `NAME`, `NAME:host`
// and `NAME:docker://IMAGE`. Pure.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace server {

struct RunnerLabel {
  std::string name;   ///< what `runs-on` asks for
  std::string image;  ///< that its jobs run in; empty: in a sandbox on the host's tools
  bool operator==(const RunnerLabel&) const = default;
};

/// An Error for an empty one and for kinds of isolation that are not there (lxc).
base::Result<RunnerLabel> parse_runner_label(std::string_view text);
std::string to_string(const RunnerLabel& label);
std::vector<std::string> names_of(const std::vector<RunnerLabel>& labels);

/// The image for a job that asks for these labels: of the first that is ours; empty for none.
std::string image_for(const std::vector<RunnerLabel>& labels, const std::vector<std::string>& runs_on);

}  // namespace server
