// From the outline of a run to its jobs and steps as they are by now.

#include <fmt/format.h>

#include <map>

#include "base/json.h"
#include "base/strings.h"
#include "runner/step_summaries.h"
#include "server/run_outline.h"

namespace server {

namespace {

using base::Json;
using base::json_string;

// Enough to find what is wrong; all of them are in the log.
constexpr std::size_t kMostAnnotationsShown = 200;

/// Folds entries into jobs and steps.
class Outline {
 public:
  void add(const std::string& type, const Json& entry) {
    if (type == "plan") return begin(entry);
    if (type == "run_waiting") waits_for_ = json_string(entry, "text");
    if (type == "annotation") return annotate(entry);
    if (type == "probe") return keep_probe(entry);
    const auto key = json_string(entry, "job");
    if (key.empty()) return;
    if (type == "log") {
      job(key)["lines"] = base::json_integer(entry, "lines");
    } else if (type.starts_with("job_")) {
      about_job(type, entry, job(key));
    } else if (type.starts_with("step_") && type != "step_summary") {
      about_step(type, entry, job(key));
    } else if (type == "rollout" || type.starts_with("deployment")) {
      about_rollout(type, entry, rollouts_[{key, json_string(entry, "service")}]);
    }
  }

  Json take() {
    Json jobs = Json::array();
    for (const auto& key : order_) jobs.push_back(std::move(jobs_[key]));
    Json rollouts = Json::array();
    for (auto& [key, entry] : rollouts_) rollouts.push_back(std::move(entry));
    Json all = {{"jobs", std::move(jobs)},
                {"annotations", std::move(annotations_)},
                {"rollouts", std::move(rollouts)},
                {"waits_for", waits_for_}};
    if (!probe_.is_null()) all["probe"] = std::move(probe_);
    return all;
  }

 private:
  void begin(const Json& plan) {
    *this = Outline();
    for (const auto& planned : base::json_member(plan, "jobs")) {
      auto& known = job(json_string(planned, "key"));
      known["name"] = planned["name"];
      known["needs"] = planned["needs"];
    }
  }

  Json& job(const std::string& key) {
    const auto [found, fresh] = jobs_.try_emplace(key);
    if (fresh) {
      order_.push_back(key);
      found->second = {{"key", key},         {"name", key}, {"needs", Json::array()},
                       {"status", "queued"}, {"lines", 0},  {"steps", Json::array()}};
    }
    return found->second;
  }

  void about_job(const std::string& type, const Json& entry, Json& known) {
    waits_for_.clear();
    const auto text = json_string(entry, "text");
    if (type == "job_waiting") {
      known["status"] = "waiting";
      known["reason"] = text;
    } else if (type == "job_started") {
      known["status"] = "in_progress";
      known["started_at"] = entry["time"];
      known.erase("reason");
      if (!text.empty()) known["name"] = text;
    } else if (type == "job_finished") {
      known["status"] = "completed";
      known["conclusion"] = text;
      known["finished_at"] = entry["time"];
      if (const auto why = json_string(entry, "reason"); !why.empty()) known["reason"] = why;
      if (const auto name = json_string(entry, "name"); !name.empty()) known["name"] = name;
    }
  }

  static void about_step(const std::string& type, const Json& entry, Json& known) {
    auto& steps = known["steps"];
    const auto number = base::json_integer(entry, "step");
    const auto lines = base::json_integer(known, "lines");
    Json* step = nullptr;
    for (auto& one : steps) {
      // Those of the runner have no numbers: before the steps and after them.
      const bool is_it = number != 0 || json_string(one, "name") == json_string(entry, "text");
      if (is_it && base::json_integer(one, "number") == number) step = &one;
    }
    const bool skipped = type == "step_skipped";
    if (step == nullptr) {
      // What is skipped does not tell its name, but why.
      steps.push_back({{"number", number},
                       {"name", skipped ? fmt::format("Step {}", number) : json_string(entry, "text")},
                       {"status", "in_progress"},
                       {"started_at", entry["time"]},
                       {"first_line", lines + 1}});
      step = &steps.back();
    }
    if (type == "step_started") return;
    (*step)["status"] = "completed";
    (*step)["finished_at"] = entry["time"];
    (*step)["conclusion"] = skipped ? "skipped" : json_string(entry, "conclusion");
    if (skipped) (*step)["reason"] = json_string(entry, "text");
    (*step)["lines"] = lines + 1 - base::json_integer(*step, "first_line");
  }

  // What was known of its tasks, targets and traffic stays when its end comes.
  static void about_rollout(const std::string& type, const Json& entry, Json& known) {
    if (type == "deployment" || known.is_null()) {
      known = entry;
    } else {
      known.update(entry);
    }
  }

  // In one sum: what came back in each second is for reports.
  void keep_probe(const Json& entry) {
    for (const auto* name : {"url", "sent", "failed", "p50_ms", "p99_ms", "longest_gap_ms"}) {
      if (entry.contains(name)) probe_[name] = entry[name];
    }
  }

  void annotate(const Json& entry) {
    if (annotations_.size() >= kMostAnnotationsShown) return;
    Json annotation = {{"job", json_string(entry, "job")},
                       {"step", base::json_integer(entry, "step")},
                       {"level", json_string(entry, "kind", "error")},
                       {"message", json_string(entry, "text")}};
    for (const auto* known : {"title", "file", "line"}) {
      if (entry.contains(known)) annotation[known] = entry[known];
    }
    annotations_.push_back(std::move(annotation));
  }

  std::map<std::string, Json> jobs_;
  std::vector<std::string> order_;
  std::map<std::pair<std::string, std::string>, Json> rollouts_;  ///< by job and service
  Json probe_;
  Json annotations_ = Json::array();
  std::string waits_for_;
};

}  // namespace

base::Result<Json> read_outline(const base::Path& run_folder, std::int64_t run_attempt) {
  Outline outline;
  runner::StepSummaries summaries;
  if (base::exists(run_folder / kOutlineFile)) {
    TRY(const auto text, base::read_file(run_folder / kOutlineFile));
    bool wanted = false;
    for (const auto line : base::lines_of(text)) {
      const auto entry = base::parse_json(std::string(line));
      if (!entry) continue;
      const auto type = json_string(*entry, "type");
      if (type == "plan") wanted = base::json_integer(*entry, "run_attempt") == run_attempt;
      if (!wanted) continue;
      outline.add(type, *entry);
      if (type != "step_summary") continue;
      if (const auto event = runner::parse_event(line)) summaries(*event);
    }
  }
  auto all = outline.take();
  all["summary"] = summaries.markdown();
  return all;
}

}  // namespace server
