#pragma once
// A YAML document as located nodes: what the reader makes and everything else of the language reads.

#include <string>
#include <string_view>
#include <vector>

#include "base/json_fwd.h"

namespace workflow {

enum class NodeKind { absent, null, boolean, number, string, sequence, mapping };

struct Member;

/// Plain data; a copy is a deep copy. `text` is a scalar's text as written.
struct Node {
  NodeKind kind = NodeKind::absent;
  NodeKind written_as = NodeKind::absent;  ///< what it was before the schema made a string of it
  int line = 0;                            ///< 1-based
  int column = 0;                          ///< 1-based
  std::string text;
  std::vector<Node> items;
  std::vector<Member> members;

  [[nodiscard]] bool present() const { return kind != NodeKind::absent; }
  [[nodiscard]] bool is_scalar() const {
    return kind == NodeKind::null || kind == NodeKind::boolean || kind == NodeKind::number ||
           kind == NodeKind::string;
  }
  [[nodiscard]] bool is_mapping() const { return kind == NodeKind::mapping; }
  [[nodiscard]] bool is_sequence() const { return kind == NodeKind::sequence; }
  /// The member's value, or an absent node that outlives the call.
  [[nodiscard]] const Node& operator[](std::string_view key) const;
};

struct Member {
  Node key;
  Node value;
};

/// What a number node says: YAML's notations, and the expression language's.
double number_of(const Node& node);
/// A scalar as text, as GitHub coerces it: numbers in 15 digits, `true`, nothing of null.
std::string text_of(const Node& scalar);
std::string_view name_of(NodeKind kind);
/// Without its positions: for seeds and other documents that are only data.
base::Json to_json(const Node& node);

}  // namespace workflow
