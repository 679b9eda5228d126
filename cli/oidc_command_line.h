#pragma once
// `pipeline oidc` on the command line: its flags and help texts.

#include <CLI/CLI.hpp>

#include "cli/oidc_documents.h"

namespace cli {

void add_oidc(CLI::App& app, OidcFlags& flags);

}  // namespace cli
