#include "workflow/lint/untrusted_input.h"

#include <algorithm>
#include <array>
#include <functional>

#include "base/strings.h"
#include "workflow/lint/access_path.h"

namespace workflow::lint {

namespace {

using expression::Operator;

constexpr std::array kUntrusted{
    std::string_view("github.head_ref"),
    std::string_view("github.event.issue.title"),
    std::string_view("github.event.issue.body"),
    std::string_view("github.event.pull_request.title"),
    std::string_view("github.event.pull_request.body"),
    std::string_view("github.event.pull_request.head.ref"),
    std::string_view("github.event.pull_request.head.label"),
    std::string_view("github.event.pull_request.head.repo.default_branch"),
    std::string_view("github.event.pull_request.head.repo.description"),
    std::string_view("github.event.pull_request.head.repo.homepage"),
    std::string_view("github.event.comment.body"),
    std::string_view("github.event.review.body"),
    std::string_view("github.event.review_comment.body"),
    std::string_view("github.event.discussion.title"),
    std::string_view("github.event.discussion.body"),
    std::string_view("github.event.pages.*.page_name"),
    std::string_view("github.event.pages.*.title"),
    std::string_view("github.event.commits.*.message"),
    std::string_view("github.event.commits.*.author.email"),
    std::string_view("github.event.commits.*.author.name"),
    std::string_view("github.event.commits.*.committer.email"),
    std::string_view("github.event.commits.*.committer.name"),
    std::string_view("github.event.head_commit.message"),
    std::string_view("github.event.head_commit.author.email"),
    std::string_view("github.event.head_commit.author.name"),
    std::string_view("github.event.head_commit.committer.email"),
    std::string_view("github.event.head_commit.committer.name"),
    std::string_view("github.event.merge_group.head_commit.message"),
    std::string_view("github.event.workflow_run.display_title"),
    std::string_view("github.event.workflow_run.head_branch"),
    std::string_view("github.event.workflow_run.head_commit.message"),
    std::string_view("github.event.workflow_run.head_commit.author.email"),
    std::string_view("github.event.workflow_run.head_commit.author.name"),
    std::string_view("github.event.workflow_run.head_repository.description"),
    std::string_view("github.event.workflow_run.pull_requests.*.head.ref"),
    std::string_view("github.event.check_run.check_suite.head_branch"),
    std::string_view("github.event.check_suite.head_branch"),
    std::string_view("github.event.changes.title.from"),
    std::string_view("github.event.changes.body.from"),
};

std::string_view take_segment(std::string_view& path) {
  const auto dot = path.find('.');
  const auto segment = path.substr(0, dot);
  path.remove_prefix(dot == std::string_view::npos ? path.size() : dot + 1);
  return segment;
}

enum class Match { none, part, whole };

// `part`: the path leads to what the pattern names. A `*` of either side is anything.
Match match(std::string_view path, std::string_view pattern) {
  while (!path.empty() && !pattern.empty()) {
    const auto segment = take_segment(path);
    const auto wanted = take_segment(pattern);
    if (segment != wanted && segment != "*" && wanted != "*") return Match::none;
  }
  if (!path.empty()) return Match::none;
  return pattern.empty() ? Match::whole : Match::part;
}

bool leads_to_untrusted(std::string_view path) {
  return std::any_of(kUntrusted.begin(), kUntrusted.end(),
                     [&](std::string_view pattern) { return match(path, pattern) != Match::none; });
}

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view each) { return base::equals_ignoring_case(name, each); });
}

// Follows what becomes part of the result. `whole`: an object as a whole would, as text.
class Flow {
 public:
  using Visit = std::function<void(const std::string& path, bool whole)>;
  explicit Flow(const Visit& visit) : visit_(visit) {}

  void follow(const expression::Node& node, bool whole = false) const {
    if (const auto path = access_path(node); !path.empty()) {
      visit_(path, whole);
      return;
    }
    switch (node.kind) {
      case expression::NodeKind::index:
      case expression::NodeKind::wildcard:
        follow(*node.children[0], true);  // of fromJSON(…).member
        break;
      case expression::NodeKind::call:
        follow_call(node, whole);
        break;
      case expression::NodeKind::binary:
        // The left sides of && are the result only when they are as good as empty.
        if (node.op == Operator::logical_and) follow(*node.children.back(), whole);
        if (node.op == Operator::logical_or) {
          for (const auto& child : node.children) follow(*child, whole);
        }
        break;
      default:
        break;
    }
  }

 private:
  void follow_call(const expression::Node& node, bool whole) const {
    if (is_one_of(node.name, {"toJSON", "join"})) {
      for (const auto& child : node.children) follow(*child, true);
    } else if (is_one_of(node.name, {"format", "fromJSON"})) {
      for (const auto& child : node.children) follow(*child, whole);
    } else if (is_one_of(node.name, {"case"})) {
      // Conditions and values by turns, and what else there is at the end.
      for (std::size_t i = 0; i < node.children.size(); ++i) {
        if (i % 2 == 1 || i + 1 == node.children.size()) follow(*node.children[i], whole);
      }
    }
  }

  const Visit& visit_;
};

}  // namespace

bool is_untrusted(std::string_view path) {
  return std::any_of(kUntrusted.begin(), kUntrusted.end(),
                     [&](std::string_view pattern) { return match(path, pattern) == Match::whole; });
}

std::vector<std::string> untrusted_parts(const expression::Node& tree) {
  std::vector<std::string> found;
  const Flow::Visit visit = [&](const std::string& path, bool whole) {
    if (is_untrusted(path) || (whole && leads_to_untrusted(path))) found.push_back(path);
  };
  Flow(visit).follow(tree);
  return found;
}

void every_flowing_path(const expression::Node& tree,
                        const std::function<void(const std::string& path)>& visit) {
  const Flow::Visit each = [&](const std::string& path, bool) { visit(path); };
  Flow(each).follow(tree);
}

}  // namespace workflow::lint
