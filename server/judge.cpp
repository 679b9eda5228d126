#include "server/judge.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/strings.h"
#include "server/event_commits.h"
#include "server/webhook.h"
#include "workflow/dispatch_inputs.h"
#include "workflow/load_workflow.h"

namespace server {

namespace {

using base::json_member;
using base::json_string;
using base::Result;

constexpr const char* kWorkflows = ".github/workflows";
constexpr std::size_t kLargestWorkflow = 4U << 20;

Judgement nothing_runs(std::string why) {
  return {.verdict = {.reason = std::move(why)}};
}

bool is_workflow_file(const std::string& name) {
  return name.ends_with(".yml") || name.ends_with(".yaml");
}

// What every box offers, and the images of GitHub's that ours stand for.
bool is_offered_by_all(const std::string& label) {
  for (const auto* common : {"self-hosted", "linux", "x64"}) {
    if (base::equals_ignoring_case(label, common)) return true;
  }
  return label.starts_with("ubuntu-") || label.find("${{") != std::string::npos;
}

void add_labels(const workflow::Node& node, std::vector<std::string>& labels) {
  if (node.is_mapping()) return add_labels(node["labels"], labels);
  if (node.is_sequence()) {
    for (const auto& item : node.items) add_labels(item, labels);
  } else if (node.present() && !is_offered_by_all(node.text) &&
             std::find(labels.begin(), labels.end(), node.text) == labels.end()) {
    labels.push_back(node.text);
  }
}

// What is wrong with the workflows that it calls is found when it runs.
Result<workflow::LoadedWorkflow> load_at(const base::Path& mirror, const std::string& commit,
                                         const std::string& path) {
  TRY(const auto text, base::read_file_of_commit(mirror, commit, path, kLargestWorkflow));
  return workflow::load_workflow(path, text);
}

/// Judges one event by the workflow files at its commit.
class EventJudge {
 public:
  EventJudge(const Delivery& delivery, const RepositoryConfig& repository, const base::Json& payload,
             base::Path mirror)
      : delivery_(delivery), repository_(repository), payload_(payload), mirror_(std::move(mirror)) {}

  Result<Judgement> judge(const workflow::Event& event) const {
    TRY(const auto message, head_message(event));
    Judgement judgement;
    judgement.verdict.ref = event.ref;
    judgement.verdict.sha = event.sha;
    if (const auto why = workflow::starts_nothing(event, message)) {
      judgement.verdict.reason = *why;
      return judgement;
    }
    TRY(const auto files, base::list_files_of_commit(mirror_, event.sha, kWorkflows));
    auto& all = judgement.verdict.workflows;
    for (const auto& file : files) {
      if (!is_workflow_file(file)) continue;
      all.push_back(of_workflow(fmt::format("{}/{}", kWorkflows, file), event, judgement.orders));
    }
    for (auto& order : judgement.orders) order.title = title_of(message);
    judgement.verdict.reason =
        all.empty() ? fmt::format("{:.7} has no workflows", event.sha)
                    : fmt::format("{} of {} workflows run on {} of {} at {:.7}", judgement.orders.size(),
                                  all.size(), event.name, event.ref, event.sha);
    return judgement;
  }

 private:
  // Of a pull request it is the head's message that may ask to be left alone, not the merge's.
  [[nodiscard]] Result<std::string> head_message(const workflow::Event& event) const {
    const auto head = json_string(json_member(json_member(payload_, "pull_request"), "head"), "sha");
    const auto message = base::message_of_commit(mirror_, head.empty() ? event.sha : head);
    return message ? message : base::message_of_commit(mirror_, event.sha);
  }

  WorkflowVerdict of_workflow(const std::string& path, const workflow::Event& event,
                              std::vector<Order>& orders) const {
    WorkflowVerdict verdict{.workflow = path};
    const auto chosen = event.name == "workflow_dispatch" ? json_string(payload_, "workflow") : "";
    if (!chosen.empty() && chosen != path && chosen != base::Path(path).filename()) {
      verdict.why = "another workflow was dispatched";
      return verdict;
    }
    const auto loaded = load_at(mirror_, event.sha, path);
    if (!loaded || !loaded->workflow) {
      verdict.why = loaded ? workflow::to_string(loaded->diagnostics.front()) : loaded.error().to_string();
      return verdict;
    }
    const auto fires = workflow::matches(*loaded->workflow, event);
    verdict.why = fires.reason;
    if (!fires.fires) return verdict;
    if (is_from_fork(payload_) && repository_.forks == ForkPolicy::refuse) {
      verdict.why = "the configuration refuses pull requests from forks";
      return verdict;
    }
    if (const auto problem = problem_of_inputs(*loaded->workflow, event)) {
      verdict.why = *problem;
      return verdict;
    }
    verdict.runs = true;
    orders.push_back(order_of(*loaded->workflow, event));
    return verdict;
  }

  static std::optional<std::string> problem_of_inputs(const workflow::Workflow& workflow,
                                                      const workflow::Event& event) {
    if (event.name != "workflow_dispatch") return std::nullopt;
    const auto typed = workflow::dispatch_inputs(workflow, workflow::given_inputs(event.payload));
    return typed ? std::nullopt : std::optional(typed.error().to_string());
  }

  [[nodiscard]] std::string title_of(const std::string& message) const {
    const auto title = json_string(json_member(payload_, "pull_request"), "title");
    return title.empty() ? message.substr(0, message.find('\n')) : title;
  }

  [[nodiscard]] Order order_of(const workflow::Workflow& workflow, const workflow::Event& event) const {
    Order order;
    order.repository = repository_.name;
    order.workflow = workflow.path;
    order.name = workflow.name.value_or(workflow.path);
    order.event = event.name;
    order.ref = event.ref;
    order.sha = event.sha;
    order.actor = json_string(json_member(payload_, "sender"), "login", "nobody");
    order.payload = delivery_.body;
    order.meaning = fmt::format("{} {}", meaning_of(event.name, repository_.name, payload_), workflow.path);
    // What a person asks for is meant each time.
    if (delivery_.source == "api") order.meaning += " " + delivery_.guid;
    order.delivery = delivery_.id;
    order.priority = repository_.priority;
    for (const auto& job : workflow.jobs) add_labels(job.runs_on, order.labels);
    if (is_from_fork(payload_)) hold(order);
    return order;
  }

  // pull_request_target runs the base branch's own file with its secrets, on a stranger's word.
  void hold(Order& order) const {
    order.trust = order.event == "pull_request_target" ? Trust::trusted : Trust::fork;
    order.state = AttemptState::held;
    const auto& head = json_member(json_member(payload_, "pull_request"), "head");
    order.reason = fmt::format("waits for somebody to approve {:.7} of the fork {}", json_string(head, "sha"),
                               json_string(json_member(head, "repo"), "full_name", "(deleted)"));
  }

  const Delivery& delivery_;
  const RepositoryConfig& repository_;
  const base::Json& payload_;
  base::Path mirror_;
};

}  // namespace

base::Json to_json(const Verdict& verdict) {
  constexpr const char* kNames[] = {"nothing", "started", "duplicate", "failed"};
  base::Json workflows = base::Json::array();
  for (const auto& one : verdict.workflows) {
    base::Json entry = {{"workflow", one.workflow}, {"runs", one.runs}, {"why", one.why}};
    if (one.run != 0) entry["run"] = one.run;
    workflows.push_back(std::move(entry));
  }
  return {{"verdict", kNames[static_cast<int>(verdict.outcome)]},
          {"reason", verdict.reason},
          {"ref", verdict.ref},
          {"sha", verdict.sha},
          {"workflows", std::move(workflows)}};
}

Result<Judgement> judge(const Delivery& delivery, const Config& config, Mirrors& mirrors,
                        const std::stop_token& stop) {
  if (delivery.event == "ping") return nothing_runs("a ping: the hook is set up");
  const auto* repository = config.find_repository(delivery.repository);
  if (repository == nullptr) {
    return nothing_runs(delivery.repository.empty()
                            ? fmt::format("'{}' is about no repository", delivery.event)
                            : fmt::format("the configuration has no repository {}", delivery.repository));
  }
  TRY(const auto payload, base::parse_json(delivery.body));
  const auto event = read_event({*repository, delivery.event, payload}, mirrors, stop);
  if (event) return EventJudge(delivery, *repository, payload, mirrors.path_of(*repository)).judge(*event);
  const auto kind = event.error().kind;
  if (kind == base::ErrorKind::invalid_input || kind == base::ErrorKind::not_found)
    return nothing_runs(event.error().message);
  return event.error();
}

}  // namespace server
