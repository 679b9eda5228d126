#pragma once
// CBOR (RFC 8949) as far as AWS's rpc-v2-cbor has it. Hostile bytes end in an Error, never in depth or memory
// beyond those of the document.

#include <set>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace emulator {

/// Tags are dropped: a time becomes its epoch seconds. Byte strings become text. Deeper than 32 is an Error.
base::Result<base::Json> parse_cbor(std::string_view bytes);
/// Numbers under a member of `time_members` get the tag of an epoch time.
std::string to_cbor(const base::Json& value, const std::set<std::string>& time_members);

}  // namespace emulator
