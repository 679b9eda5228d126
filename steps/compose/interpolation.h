#pragma once
// Variables in a Compose file: `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME-default}`, `${NAME:?message}`,
// `${NAME?message}`, `${NAME:+other}`, `${NAME+other}`, nested ones within, `$$` for a dollar (compose-spec
// 12-interpolation.md). Pure.

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"

namespace steps::compose {

using Lookup = std::function<std::optional<std::string>(const std::string& name)>;

/// Names without a value and without a default are empty and added to `unset`.
base::Result<std::string> interpolate(std::string_view text, const Lookup& lookup,
                                      std::set<std::string>& unset);

}  // namespace steps::compose
