#include "server/gitea_encoding.h"

#include <algorithm>
#include <initializer_list>
#include <string_view>

#include "workflow/yaml_reader.h"

namespace server {

namespace {

using workflow::Node;
using workflow::NodeKind;

Node* find(Node& mapping, std::string_view key) {
  for (auto& member : mapping.members) {
    if (member.key.text == key) return &member.value;
  }
  return nullptr;
}

void erase(Node& mapping, std::string_view key) {
  auto& members = mapping.members;
  members.erase(std::remove_if(members.begin(), members.end(),
                               [key](const workflow::Member& member) { return member.key.text == key; }),
                members.end());
}

// `"5"` is the number that it would be without its quotes.
void unquote(Node& mapping, std::initializer_list<std::string_view> keys) {
  for (const auto key : keys) {
    Node* node = find(mapping, key);
    if (node == nullptr || node->kind != NodeKind::string) continue;
    workflow::Diagnostics ignored;
    const auto plain = workflow::read_yaml("", node->text, ignored).kind;
    if (plain == NodeKind::number || plain == NodeKind::boolean) node->kind = plain;
  }
}

void undo_in_job(Node& job) {
  unquote(job, {"timeout-minutes"});
  if (Node* strategy = find(job, "strategy")) unquote(*strategy, {"fail-fast", "max-parallel"});
  if (Node* steps = find(job, "steps")) {
    for (auto& step : steps->items) unquote(step, {"timeout-minutes"});
  }
  const Node* labels = find(job, "runs-on");
  if (labels != nullptr && labels->is_sequence() && labels->items.empty()) erase(job, "runs-on");
  // A name of a group is written below the key `-`; groups are the forge's affair.
  if (const Node* group = find(job, "concurrency"); group != nullptr && (*group)["-"].present())
    erase(job, "concurrency");
}

}  // namespace

void undo_gitea_encoding(Node& root) {
  Node* jobs = find(root, "jobs");
  if (jobs == nullptr) return;
  for (auto& member : jobs->members) undo_in_job(member.value);
}

}  // namespace server
