#pragma once
// Values of a Compose file in the forms that it allows for them: text, lists, pairs as a list or as a
// mapping. An Error has the place.

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "steps/compose/interpolation.h"
#include "workflow/node.h"

namespace steps::compose {

/// YAML with merge keys and variables replaced.
base::Result<workflow::Node> read_document(const std::string& file, std::string_view text,
                                           const Lookup& lookup, std::set<std::string>& unset);

class NodeReader {
 public:
  explicit NodeReader(std::string file) : file_(std::move(file)) {}

  [[nodiscard]] base::Location place_of(const workflow::Node& node) const;
  [[nodiscard]] base::Error wrong(const workflow::Node& node, std::string message) const;

  base::Result<std::string> text(const workflow::Node& node) const;
  base::Result<bool> truth(const workflow::Node& node) const;
  base::Result<std::vector<std::string>> list(const workflow::Node& node) const;
  /// One text, or a list.
  base::Result<std::vector<std::string>> one_or_list(const workflow::Node& node) const;
  /// A command line, or its words.
  base::Result<std::vector<std::string>> words(const workflow::Node& node) const;
  using Pairs = std::map<std::string, std::optional<std::string>>;
  /// `NAME=VALUE` in a list, or a mapping; without a value none.
  base::Result<Pairs> pairs(const workflow::Node& node) const;

  using Read = std::function<base::Result<void>(const workflow::Node& value)>;
  using Keys = std::map<std::string_view, Read>;
  /// Reads each member of a mapping; those that are in `keys` not are an Error, but for `x-…`.
  base::Result<void> members(const workflow::Node& node, std::string_view of, const Keys& keys) const;
  /// Null is an empty mapping.
  base::Result<void> expect_mapping(const workflow::Node& node, std::string_view of) const;

 private:
  std::string file_;
};

}  // namespace steps::compose
