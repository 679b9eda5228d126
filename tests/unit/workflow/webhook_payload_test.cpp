#include <gtest/gtest.h>

#include <cstdio>
#include <set>

#include "base/json.h"
#include "base/strings.h"
#include "conformance_data.h"
#include "workflow/event.h"
#include "workflow/event_payload.h"
#include "workflow/event_table.h"
#include "workflow/github_context.h"
#include "workflow/load_workflow.h"

namespace workflow {
namespace {

const std::string kHead(40, '7');

std::string workflow_on(const std::string& on) {
  return "on:\n" + on + "jobs:\n  a:\n    runs-on: x\n    steps: [{run: a}]\n";
}

TriggerVerdict verdict(const std::string& on, const Event& event) {
  const auto loaded = load_workflow("w.yml", workflow_on(on));
  EXPECT_TRUE(loaded.workflow.has_value())
      << on << (loaded.diagnostics.empty() ? "" : to_string(loaded.diagnostics[0]));
  return loaded.workflow ? matches(*loaded.workflow, event) : TriggerVerdict{};
}

/// Faults of one payload, a line each.
class PayloadCheck {
 public:
  PayloadCheck(std::string name, base::Json payload) : name_(std::move(name)), payload_(std::move(payload)) {}

  std::string run() {
    const auto* kind = find_event_kind(name_);
    auto event = event_from_payload(name_, payload_, {.sha = kHead});
    if (kind == nullptr) {
      expect(!event.ok() && event.error().message.find("no workflow is triggered") == 0,
             "an event that triggers nothing is refused");
      return faults_;
    }
    expect(event.ok(), "its event");
    if (!event) return faults_;
    triggers(*kind, *event);
    context(*kind, *event);
    return faults_;
  }

 private:
  void triggers(const EventKind& kind, const Event& event) {
    const auto plain = "  " + name_ + ":\n";
    if (kind.types.empty()) {
      const bool scheduled = name_ == "schedule";
      if (!scheduled) expect(verdict(plain, event).fires, "the workflow that names it");
      return other_event(event);
    }
    const bool known = has_activity_type(kind, event.action);
    const auto types = [&](const std::string& type) { return plain + "    types: [" + type + "]\n"; };
    if (known) expect(verdict(types(event.action), event).fires, "the workflow that names its type");
    expect(verdict(plain, event).fires == triggers_by_default(kind, event.action),
           "the workflow that names no type");
    for (const auto& other : base::split(kind.types, ' ')) {
      if (other != event.action)
        expect(!verdict(types(other), event).fires, "the workflow that names the type " + other);
    }
    other_event(event);
  }
  void other_event(const Event& event) {
    expect(!verdict(name_ == "push" ? "  fork:\n" : "  push:\n", event).fires,
           "the workflow of another event");
  }

  void context(const EventKind& kind, const Event& event) {
    const auto github = github_context(event, origin_of(event.payload, {}),
                                       {.workflow_path = "w.yml", .run_id = 5, .run_number = 2});
    const auto text = [&](std::string_view name) { return github.get(name).to_text(); };
    const auto& repository = base::json_member(payload_, "repository");
    const auto& owner = base::json_member(repository, "owner");
    const auto& sender = base::json_member(payload_, "sender");
    const auto same = [&](std::string_view name, const std::string& expected) {
      expect(text(name) == expected, said(name, text(name), expected));
    };
    same("event_name", name_);
    same("repository", base::json_string(repository, "full_name"));
    same("repository_id", std::to_string(base::json_integer(repository, "id")));
    same("repository_owner", base::json_string(owner, "login"));
    same("repository_owner_id", std::to_string(base::json_integer(owner, "id")));
    same("repositoryUrl", base::json_string(repository, "git_url"));
    same("actor", base::json_string(sender, "login"));
    same("triggering_actor", base::json_string(sender, "login"));
    same("actor_id", std::to_string(base::json_integer(sender, "id")));
    const auto page = base::json_string(repository, "html_url");
    expect(page.substr(page.find(':')) == text("server_url").substr(5) + "/" + text("repository"),
           "github.server_url is " + text("server_url"));
    expect(base::to_text(expression::to_json(github.get("event"))) == base::to_text(payload_),
           "github.event");
    same("run_id", "5");
    same("workflow_ref", text("repository") + "/w.yml@" + text("ref"));
    refs(kind, text);
  }

  // What the page on events says of GITHUB_REF and GITHUB_SHA, looked up in the payload by hand.
  void refs(const EventKind& kind, const std::function<std::string(std::string_view)>& text) {
    const auto at = [&](const char* pointer) {
      return payload_.value(base::Json::json_pointer(pointer), base::Json());
    };
    const auto string_at = [&](const char* pointer) {
      const auto v = at(pointer);
      return v.is_string() ? v.get<std::string>() : "";
    };
    std::string ref = "refs/heads/" + string_at("/repository/default_branch");
    std::string sha = kHead;
    std::string base;
    std::string head;
    if (name_ == "push") {
      ref = string_at("/ref");
      sha = string_at("/after");
    }
    if (name_ == "workflow_dispatch") ref = string_at("/ref");
    if (name_ == "create")
      ref = (string_at("/ref_type") == "tag" ? "refs/tags/" : "refs/heads/") + string_at("/ref");
    if (name_ == "release") ref = "refs/tags/" + string_at("/release/tag_name");
    if (name_ == "merge_group") {
      ref = string_at("/merge_group/head_ref");
      sha = string_at("/merge_group/head_sha");
    }
    if (name_ == "deployment" || name_ == "deployment_status") {
      ref = "refs/heads/" + string_at("/deployment/ref");
      sha = string_at("/deployment/sha");
    }
    if (kind.ref == EventRef::merge_ref) {
      ref = "refs/pull/" + std::to_string(at("/pull_request/number").get<int>()) + "/merge";
      if (!string_at("/pull_request/merge_commit_sha").empty())
        sha = string_at("/pull_request/merge_commit_sha");
      if (at("/pull_request/merged") == true && name_ == "pull_request")
        ref = "refs/heads/" + string_at("/pull_request/base/ref");
    }
    if (name_ == "pull_request") {
      base = string_at("/pull_request/base/ref");
      head = string_at("/pull_request/head/ref");
    }
    const bool documented = name_ != "registry_package";
    if (documented) expect(text("ref") == ref, "github.ref is " + text("ref") + ", not " + ref);
    if (documented) expect(text("sha") == sha, "github.sha is " + text("sha") + ", not " + sha);
    expect(text("base_ref") == base, "github.base_ref is " + text("base_ref"));
    expect(text("head_ref") == head, "github.head_ref is " + text("head_ref"));
    expect(text("ref_type") == (ref.starts_with("refs/tags/") ? "tag" : "branch"),
           "github.ref_type is " + text("ref_type"));
    expect(ref.ends_with("/" + text("ref_name")) && !text("ref_name").starts_with("refs"),
           "github.ref_name is " + text("ref_name"));
  }

  static std::string said(std::string_view name, const std::string& is, const std::string& not_this) {
    return "github." + std::string(name) + " is '" + is + "', not '" + not_this + "'";
  }
  void expect(bool holds, const std::string& what) {
    if (!holds) faults_ += "  " + what + "\n";
  }

  std::string name_;
  base::Json payload_;
  std::string faults_;
};

TEST(WebhookPayloads, TriggerTheWorkflowsThatNameThemAndFillTheGithubContext) {
  SKIP_WITHOUT_CONFORMANCE_DATA("webhook-payloads");
  int passed = 0;
  int failed = 0;
  std::set<std::string> without;
  for (const auto& file : files_below(conformance_folder("webhook-payloads"), {".json"})) {
    const auto event = file.parent_path().filename().string();
    auto payload = base::parse_json(content_of(file));
    ASSERT_TRUE(payload.ok()) << file;
    if (find_event_kind(event) == nullptr) without.insert(event);
    const auto faults = PayloadCheck(event, std::move(*payload)).run();
    (faults.empty() ? passed : failed) += 1;
    EXPECT_EQ(faults, "") << file;
  }
  std::string listed;
  for (const auto& event : without) listed += " " + event;
  std::printf("webhook-payloads: %d passed, %d failed; events that trigger no workflow:%s\n", passed, failed,
              listed.c_str());
  EXPECT_GT(passed, 0);
}

}  // namespace
}  // namespace workflow
