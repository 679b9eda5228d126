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
  std::size_t nodes = 200'000;  ///< after aliases are expanded
  std::size_t expanded_bytes = 10U << 20;
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
