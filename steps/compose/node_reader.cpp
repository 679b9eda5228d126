#include "steps/compose/node_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "ecr/container_start.h"
#include "workflow/yaml_reader.h"

namespace steps::compose {

namespace {

using base::Result;
using workflow::Member;
using workflow::Node;

void add_missing(Node& mapping, const Node& merged) {
  for (const Member& member : merged.members) {
    if (!mapping[member.key.text].present()) mapping.members.push_back(member);
  }
}

/// `<<: *other` and `<<: [*one, *two]` (YAML 1.1 merge): what the mapping says itself wins.
Result<void> apply_merge_keys(Node& node, const NodeReader& reader) {
  for (Node& item : node.items) TRY(apply_merge_keys(item, reader));
  for (Member& member : node.members) TRY(apply_merge_keys(member.value, reader));
  const auto is_merge = [](const Member& member) { return member.key.text == "<<"; };
  const auto found = std::find_if(node.members.begin(), node.members.end(), is_merge);
  if (found == node.members.end()) return {};
  const Node merged = std::move(found->value);
  node.members.erase(found);
  const auto sources = merged.is_sequence() ? merged.items : std::vector<Node>{merged};
  for (const Node& source : sources) {
    if (!source.is_mapping()) return reader.wrong(source, "expected a mapping to merge (<<)");
    add_missing(node, source);
  }
  return {};
}

Result<void> replace_variables(Node& node, const NodeReader& reader, const Lookup& lookup,
                               std::set<std::string>& unset) {
  for (Node& item : node.items) TRY(replace_variables(item, reader, lookup, unset));
  for (Member& member : node.members) TRY(replace_variables(member.value, reader, lookup, unset));
  if (!node.is_scalar() || node.text.find('$') == std::string::npos) return {};
  auto replaced = interpolate(node.text, lookup, unset);
  if (!replaced) return reader.wrong(node, replaced.error().message);
  node.text = std::move(*replaced);
  return {};
}

}  // namespace

Result<Node> read_document(const std::string& file, std::string_view text, const Lookup& lookup,
                           std::set<std::string>& unset) {
  workflow::Diagnostics diagnostics;
  Node root = workflow::read_yaml(file, text, diagnostics);
  if (!diagnostics.empty()) {
    auto error = base::invalid_input(diagnostics[0].message);
    error.location = diagnostics[0].location;
    return error;
  }
  const NodeReader reader(file);
  TRY(apply_merge_keys(root, reader));
  TRY(replace_variables(root, reader, lookup, unset));
  return root;
}

base::Location NodeReader::place_of(const Node& node) const {
  return {file_, node.line, node.column};
}

base::Error NodeReader::wrong(const Node& node, std::string message) const {
  auto error = base::invalid_input(std::move(message));
  error.location = place_of(node);
  return error;
}

Result<std::string> NodeReader::text(const Node& node) const {
  if (node.is_scalar() && node.kind != workflow::NodeKind::null) return node.text;
  return wrong(node, fmt::format("expected a text, found {}", workflow::name_of(node.kind)));
}

Result<bool> NodeReader::truth(const Node& node) const {
  if (node.is_scalar() && (node.text == "true" || node.text == "false")) return node.text == "true";
  return wrong(node, fmt::format("expected true or false, found '{}'", node.text));
}

Result<std::vector<std::string>> NodeReader::list(const Node& node) const {
  if (!node.is_sequence())
    return wrong(node, fmt::format("expected a list, found {}", workflow::name_of(node.kind)));
  std::vector<std::string> texts;
  for (const Node& item : node.items) {
    TRY(texts.emplace_back(), text(item));
  }
  return texts;
}

Result<std::vector<std::string>> NodeReader::one_or_list(const Node& node) const {
  if (node.is_sequence()) return list(node);
  TRY(auto one, text(node));
  return std::vector<std::string>{std::move(one)};
}

Result<std::vector<std::string>> NodeReader::words(const Node& node) const {
  if (node.is_sequence()) return list(node);
  if (node.kind == workflow::NodeKind::null) return std::vector<std::string>();
  TRY(const auto line, text(node));
  auto split = ecr::split_command_line(line);
  if (!split) return wrong(node, split.error().message);
  return split;
}

Result<NodeReader::Pairs> NodeReader::pairs(const Node& node) const {
  Pairs found;
  if (node.is_mapping()) {
    for (const Member& member : node.members) {
      if (member.value.kind == workflow::NodeKind::null) {
        found[member.key.text] = std::nullopt;
      } else {
        TRY(found[member.key.text], text(member.value));
      }
    }
    return found;
  }
  TRY(const auto entries, list(node));
  for (const auto& entry : entries) {
    const auto equals = entry.find('=');
    found[entry.substr(0, equals)] =
        equals == std::string::npos ? std::nullopt : std::optional(entry.substr(equals + 1));
  }
  return found;
}

Result<void> NodeReader::expect_mapping(const Node& node, std::string_view of) const {
  if (node.is_mapping() || node.kind == workflow::NodeKind::null) return {};
  return wrong(node, fmt::format("{}: expected a mapping, found {}", of, workflow::name_of(node.kind)));
}

Result<void> NodeReader::members(const Node& node, std::string_view of, const Keys& keys) const {
  TRY(expect_mapping(node, of));
  for (const Member& member : node.members) {
    const std::string& key = member.key.text;
    if (key.starts_with("x-")) continue;
    const auto known = keys.find(key);
    if (known == keys.end()) {
      return wrong(
          member.key,
          fmt::format("{}: the key '{}' is not supported here; it would have to be ignored", of, key));
    }
    TRY(known->second(member.value));
  }
  return {};
}

}  // namespace steps::compose
