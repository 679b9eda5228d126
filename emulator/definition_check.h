#pragma once
// What RegisterTaskDefinition refuses, with AWS's codes and, where AWS's are known, its words: the first that
// does not hold. ecs/definition_rules.h knows the same for the client; tests/fakes/wrong_definitions.h holds
// one against the other. Pure.

#include "base/json_fwd.h"
#include "base/result.h"

namespace emulator {

/// Times shorter than AWS's are taken, so that a rehearsal need not wait.
base::Result<void> check_definition(const base::Json& definition);

}  // namespace emulator
