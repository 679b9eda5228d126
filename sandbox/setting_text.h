#pragma once
// A Setting as text on its way to the zygote, and the id maps that it asks for.

#include <sys/types.h>

#include <string>
#include <string_view>

#include "base/result.h"
#include "sandbox/enter.h"

namespace sandbox {

std::string to_text(const Setting& setting);
base::Result<Setting> parse_setting(std::string_view text);

/// Writes the user and group maps of a process in a fresh user namespace. As root the shifted range of the
/// plan's slot; else the subordinate range of /etc/subuid by newuidmap, or the runner's own id alone.
base::Result<void> write_id_maps(pid_t pid, const Setting& setting);
/// Whether an ordinary user has ranges of ids, and the programs that map them.
bool may_map_subordinate_ids();

}  // namespace sandbox
