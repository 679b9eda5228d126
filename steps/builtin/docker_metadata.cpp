// docker/metadata-action: reads inputs, event and repository, and shows what image_metadata makes of them.

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <memory>

#include "base/crypto.h"
#include "base/git.h"
#include "base/json.h"
#include "base/strings.h"
#include "steps/builtin/aws_session.h"
#include "steps/builtin/found_tool.h"
#include "steps/builtin/image_metadata.h"
#include "steps/builtin/input_list.h"
#include "steps/job_files.h"

namespace steps::builtin {
namespace {

using base::ErrorKind;
using base::make_error;

constexpr ListOptions kLines{.commas = ListCommas::belong_to_the_entry, .comments = true};

std::string github_text(const RunningJob& job, std::string_view name) {
  return job.contexts.get("github").get(name).to_text();
}

/// `2026-08-17T09:15:02+02:00` and the same with Z.
std::optional<base::WallTime> parse_timestamp(const std::string& text) {
  int year = 0;
  int month = 0;
  int day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int read = 0;
  if (std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%n", &year, &month, &day, &hour, &minute, &second,
                  &read) != 6)  // NOLINT(cert-err34-c): what does not fit is refused below
    return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  auto time = std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
              std::chrono::seconds(second);
  std::string_view zone = std::string_view(text).substr(static_cast<std::size_t>(read));
  if (zone.starts_with('.')) zone = zone.substr(std::min(zone.size(), zone.find_first_of("Z+-")));
  if (zone.size() == 6 && (zone[0] == '+' || zone[0] == '-')) {
    const auto hours = base::parse_integer(zone.substr(1, 2));
    const auto minutes = base::parse_integer(zone.substr(4, 2));
    if (!hours || !minutes) return std::nullopt;
    const auto ahead = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
    time += zone[0] == '+' ? -ahead : ahead;
  }
  return base::WallTime(time);
}

/// Of the event's commits, else of the repository that the run is of, else now.
base::WallTime commit_date(const ImageOccasion& occasion, const RunningJob& job) {
  const auto of = [&](const base::Json& commit) -> std::optional<base::WallTime> {
    if (base::json_string(commit, "id") != occasion.sha) return std::nullopt;
    return parse_timestamp(base::json_string(commit, "timestamp"));
  };
  for (const base::Json& commit : base::json_member(*occasion.payload, "commits")) {
    if (const auto time = of(commit)) return *time;
  }
  if (const auto time = of(base::json_member(*occasion.payload, "head_commit"))) return *time;
  const auto repository = base::read_repository(job.services->repository);
  if (repository && !occasion.sha.empty() && repository->head_commit == occasion.sha)
    return base::from_epoch_seconds(static_cast<double>(repository->head_time));
  return occasion.now;
}

/// `context: git`: what HEAD of the workspace is.
base::Result<void> take_from_git(const ActionCall& call, RunningJob& job, ImageOccasion& occasion) {
  const auto git = [&](const char* script) { return output_of({"sh", "-c", script}, call, job); };
  const auto sha = git("git rev-parse HEAD");
  if (!sha) {
    return make_error(ErrorKind::not_found,
                      "context git: the workspace holds no git repository; put actions/checkout before this "
                      "step");
  }
  occasion.sha = base::trim(*sha);
  if (const auto branch = git("git symbolic-ref -q HEAD")) {
    occasion.ref = base::trim(*branch);
    return {};
  }
  const auto names = git("git for-each-ref --points-at HEAD --format='%(refname)'").value_or("");
  occasion.ref.clear();
  for (const std::string_view prefix :
       {"refs/tags/", "refs/remotes/pull/", "refs/heads/", "refs/remotes/origin/"}) {
    for (const std::string_view name : base::lines_of(names)) {
      if (!occasion.ref.empty() || !name.starts_with(prefix)) continue;
      occasion.ref = name;
      if (prefix == "refs/remotes/pull/")
        occasion.ref = fmt::format("refs/pull/{}", name.substr(prefix.size()));
      if (prefix == "refs/remotes/origin/")
        occasion.ref = fmt::format("refs/heads/{}", name.substr(prefix.size()));
    }
  }
  if (occasion.ref.empty())
    return make_error(ErrorKind::not_found, "context git: no branch or tag points at the workspace's HEAD");
  return {};
}

base::Result<ImageOccasion> read_occasion(const ActionCall& call, RunningJob& job) {
  ImageOccasion occasion;
  occasion.event_name = github_text(job, "event_name");
  occasion.ref = github_text(job, "ref");
  occasion.sha = github_text(job, "sha");
  occasion.payload = std::make_shared<const base::Json>(
      workflow::expression::to_json(job.contexts.get("github").get("event")));
  base::Clock& clock = job.services->clock != nullptr ? *job.services->clock : base::system_clock();
  occasion.now = clock.now();
  const std::string length = call.variable("DOCKER_METADATA_SHORT_SHA_LENGTH");
  if (!length.empty()) {
    const auto number = base::parse_integer(length);
    if (!number || *number < 0) {
      return make_error(ErrorKind::invalid_input,
                        "DOCKER_METADATA_SHORT_SHA_LENGTH is not a valid number: " + length);
    }
    occasion.short_sha_length = static_cast<std::size_t>(*number);
  }
  const std::string source = call.input("context", "workflow");
  if (source == "git") {
    TRY(take_from_git(call, job, occasion));
  } else if (source != "workflow") {
    return make_error(ErrorKind::invalid_input, "Invalid context source: " + source);
  } else if (occasion.event_name == "pull_request_target") {
    occasion.ref = fmt::format("refs/pull/{}/merge", base::json_integer(*occasion.payload, "number"));
  }
  if (is_true(call.variable("DOCKER_METADATA_PR_HEAD_SHA")) &&
      occasion.event_name.starts_with("pull_request")) {
    const base::Json& head = base::json_member(base::json_member(*occasion.payload, "pull_request"), "head");
    occasion.sha = base::json_string(head, "sha", occasion.sha);
  }
  occasion.commit_date = commit_date(occasion, job);
  return occasion;
}

/// The payload's words for the repository; without one its name and address.
RepositoryFacts read_repository_facts(const base::Json& payload, const RunningJob& job) {
  const base::Json& repository = base::json_member(payload, "repository");
  const std::string full_name = github_text(job, "repository");
  RepositoryFacts facts;
  facts.name = base::json_string(repository, "name", full_name.substr(full_name.find('/') + 1));
  facts.description = base::json_string(repository, "description");
  facts.url = base::json_string(repository, "html_url",
                                fmt::format("{}/{}", github_text(job, "server_url"), full_name));
  facts.license = base::json_string(base::json_member(repository, "license"), "spdx_id");
  facts.default_branch = base::json_string(repository, "default_branch");
  return facts;
}

base::Result<ImageRules> read_rules(const ActionCall& call) {
  ImageRules rules;
  TRY(rules.images, read_image_names(read_input_list(call.input("images"), kLines)));
  TRY(rules.tags, read_tag_rules(read_input_list(call.input("tags"), kLines)));
  TRY(rules.flavor, read_flavor(read_input_list(call.input("flavor"), kLines)));
  rules.labels = read_input_list(call.input("labels"), kLines);
  rules.annotations = read_input_list(call.input("annotations"), kLines);
  return rules;
}

/// Shows groups in the log, and sets each output as DOCKER_METADATA_OUTPUT_… too.
class MetadataReport {
 public:
  MetadataReport(const ActionCall& call, RunningJob& job) : call_(call), job_(job) {
    const std::string wanted = call.variable("DOCKER_METADATA_SET_OUTPUT_ENV");
    sets_environment_ = wanted.empty() || is_true(wanted);
  }

  void group(std::string_view title, const std::vector<std::string>& lines) {
    job_.log->line(LineKind::group, title);
    for (const std::string& text : lines) {
      for (const std::string_view line : base::lines_of(text)) job_.log->line(LineKind::output, line);
    }
    job_.log->line(LineKind::endgroup, "");
  }

  void output(const std::string& name, const std::string& value) {
    outcome_.outputs[name] = value;
    if (!sets_environment_) return;
    std::string variable = base::to_upper(name);
    for (char& c : variable) {
      if (c == '-') c = '_';
    }
    outcome_.environment.emplace_back("DOCKER_METADATA_OUTPUT_" + variable, value);
  }

  /// `RUNNER_TEMP/docker-actions-toolkit-…/docker-metadata-action-bake-<kind>.json`, named by an output.
  base::Result<void> bake_file(const std::string& kind, base::Json target) {
    TRY(auto temp, base::open_directory(job_.folders.temp.host));
    TRY(const auto folder, make_folder_for_steps(temp.get(), folder_, job_.services->host_uid));
    const std::string name =
        fmt::format("docker-metadata-action-bake{}{}.json", kind.empty() ? "" : "-", kind);
    base::Json document = base::Json::object();
    document["target"] = base::Json::object();
    document["target"][call_.input("bake-target", "docker-metadata-action")] = std::move(target);
    const std::string text = base::to_text(document, 2);
    TRY(create_file_for_steps(folder.get(), name, text, 0644, job_.services->host_uid));
    if (!kind.empty()) group(fmt::format("Bake file definition ({})", kind), {text});
    output(kind.empty() ? "bake-file" : "bake-file-" + kind,
           fmt::format("{}/{}/{}", job_.folders.temp.inside, folder_, name));
    return {};
  }

  ActionOutcome finish() { return std::move(outcome_); }

 private:
  const ActionCall& call_;
  RunningJob& job_;
  bool sets_environment_ = true;
  std::string folder_ = "docker-actions-toolkit-" + base::random_hex(3);
  ActionOutcome outcome_;
};

/// The input as it is written, blanks and all: `sep-tags: ", "`.
std::string separator(const ActionCall& call, const char* name) {
  const auto found = call.inputs.find(name);
  return found == call.inputs.end() || found->second.empty() ? "\n" : found->second;
}

/// `{"k": "v"}` of `k=v` entries.
base::Json labels_as_json(const std::vector<std::string>& labels) {
  base::Json json = base::Json::object();
  for (const std::string& label : labels) {
    const std::size_t equals = label.find('=');
    if (equals != std::string::npos) json[label.substr(0, equals)] = label.substr(equals + 1);
  }
  return json;
}

base::Result<void> report_bake_files(MetadataReport& report, const ImageMetadata& metadata,
                                     const std::vector<std::string>& annotations) {
  base::Json arguments = base::Json::object();
  arguments["DOCKER_META_IMAGES"] = base::join(metadata.image_names, ",");
  arguments["DOCKER_META_VERSION"] = metadata.version;
  const base::Json labels = labels_as_json(metadata.labels);
  TRY(report.bake_file("tags", {{"tags", metadata.tags}, {"args", arguments}}));
  TRY(report.bake_file("labels", {{"labels", labels}}));
  TRY(report.bake_file("annotations", {{"annotations", annotations}}));
  return report.bake_file("", {{"tags", metadata.tags}, {"labels", labels}, {"args", arguments}});
}

}  // namespace

base::Result<ActionOutcome> docker_metadata(const ActionCall& call, RunningJob& job) {
  TRY(const ImageOccasion occasion, read_occasion(call, job));
  TRY(const ImageRules rules, read_rules(call));
  TRY(const ImageMetadata metadata,
      compute_image_metadata(rules, occasion, read_repository_facts(*occasion.payload, job)));
  MetadataReport report(call, job);
  report.group("Context info",
               {"eventName: " + occasion.event_name, "sha: " + occasion.sha, "ref: " + occasion.ref,
                "workflow: " + github_text(job, "workflow"), "actor: " + github_text(job, "actor"),
                "runNumber: " + github_text(job, "run_number"), "runId: " + github_text(job, "run_id"),
                "commitDate: " + base::format_iso8601(occasion.commit_date)});
  std::vector<std::string> shown;
  for (const TagRule& rule : rules.tags) shown.push_back(rule.to_string());
  report.group("Processing tags input", shown);
  for (const std::string& warning : metadata.warnings) warn(job, warning);
  if (metadata.version.empty()) {
    warn(job, "No Docker image version has been generated. Check tags input.");
  } else {
    report.group("Docker image version", {metadata.version});
  }
  report.output("version", metadata.version);
  if (metadata.tags.empty()) {
    warn(job, "No Docker tag has been generated. Check tags input.");
  } else {
    report.group("Docker tags", metadata.tags);
  }
  const std::string between_tags = separator(call, "sep-tags");
  report.output("tags", base::join(metadata.tags, between_tags));
  report.output("tag-names", base::join(metadata.tag_names, between_tags));
  report.group("Docker labels", metadata.labels);
  report.output("labels", base::join(metadata.labels, separator(call, "sep-labels")));

  std::vector<std::string> annotations;
  const std::string levels = call.variable("DOCKER_METADATA_ANNOTATIONS_LEVELS");
  for (const std::string& level : base::split(levels.empty() ? "manifest" : levels, ',')) {
    for (const std::string& annotation : metadata.annotations)
      annotations.push_back(level + ":" + annotation);
  }
  report.group("Annotations", annotations);
  report.output("annotations", base::join(annotations, separator(call, "sep-annotations")));

  base::Json json = base::Json::object();
  json["tags"] = metadata.tags;
  json["tag-names"] = metadata.tag_names;
  json["labels"] = labels_as_json(metadata.labels);
  json["annotations"] = annotations;
  report.group("JSON output", {base::to_text(json, 2)});
  report.output("json", base::to_text(json));
  TRY(report_bake_files(report, metadata, annotations));
  return report.finish();
}

}  // namespace steps::builtin
