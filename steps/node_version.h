#pragma once
// Which node runs a JavaScript action: what its metadata asks for, what actions/runner makes of it
// (NodeUtil.cs, HandlerFactory.cs), and the program of this machine.

#include <string>
#include <string_view>

#include "steps/ordered_texts.h"

namespace steps {

struct NodeChoice {
  std::string version;    ///< node24, node20
  std::string warning;    ///< empty: none
  bool is_newer = false;  ///< than the one that the action was made for
};

/// node12 and node16 are taken for node20, and node20 for node24 unless the step's environment, or else that
/// of the runner, says ACTIONS_ALLOW_USE_UNSECURE_NODE_VERSION=true.
NodeChoice choose_node(std::string_view using_version, const OrderedVariables& environment);

/// The machine's program of that name (node24), or its `node`. Never one that a step put on the PATH: as on
/// GitHub, what setup-node installs is for steps, not for actions.
std::string node_program(const std::string& version);

}  // namespace steps
