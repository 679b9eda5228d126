#pragma once
// Which values of an expression may be written by anyone, and whether they reach its result. For rules about
// script injection and about code of forks.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "workflow/expression/syntax.h"

namespace workflow::lint {

/// Whether who may open an issue or a pull request chooses the text behind this path (as access_path says
/// it). docs.github.com "Secure use reference", good practices for mitigating script injection attacks.
bool is_untrusted(std::string_view path);

/// The untrusted paths whose text may become part of the result: through format, join, toJSON, filters, `||`;
/// not what is only compared or looked for.
std::vector<std::string> untrusted_parts(const expression::Node& tree);

/// Calls the function with every path whose text may become part of the result, untrusted or not.
void every_flowing_path(const expression::Node& tree,
                        const std::function<void(const std::string& path)>& visit);

}  // namespace workflow::lint
