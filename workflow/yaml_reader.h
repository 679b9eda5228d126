#pragma once
// YAML text → located nodes, as GitHub reads YAML: the 1.2 core schema, anchors replayed, merge keys refused
// by the schema as unknown keys, duplicate keys refused, sizes limited. The only file that knows the YAML
// library.

#include <string>
#include <string_view>
#include <vector>

#include "workflow/diagnostic.h"
#include "workflow/node.h"

namespace workflow {

struct YamlLimits {
  std::size_t characters = 1U << 20;  ///< of the file
  int depth = 50;
  std::size_t events = 50'000;  ///< scalars, and beginnings and ends of the rest, with what aliases repeat
  std::size_t expanded_bytes = 10U << 20;
  bool refuse_duplicates = true;  ///< else a key that is there twice stays so, for check_schema to find
};

/// `&name` in a document.
struct Anchor {
  std::string name;
  int line = 0;
  int column = 0;
  bool used = false;  ///< an alias refers to it
};

/// The first document; an empty file is an absent node. Problems are added to `diagnostics`, the
/// anchors to `anchors` when it is given.
Node read_yaml(const std::string& file, std::string_view text, Diagnostics& diagnostics,
               const YamlLimits& limits = {}, std::vector<Anchor>* anchors = nullptr);

}  // namespace workflow
