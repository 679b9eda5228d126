#pragma once
// A workflow as written: plain structs with places. What may hold an expression is kept as a Node or a Text
// and evaluated when its contexts exist. Not for what a run makes of it (plan).

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "workflow/cache_mode.h"
#include "workflow/node.h"
#include "workflow/permissions.h"

namespace workflow {

/// A scalar as written, perhaps with `${{ }}` in it.
struct Text {
  std::string text;
  int line = 0;
  int column = 0;
};

struct Step {
  std::string file;  ///< that it is written in, for the places of errors
  std::string id;    ///< as written, or generated: `__run`, `__actions_checkout`, with _2 … when taken
  bool has_own_id = false;  ///< generated ids have no entry in the steps context
  std::optional<Text> name;
  std::optional<Text> condition;
  std::optional<Text> run;
  std::optional<Text> uses;
  std::optional<Text> shell;
  std::optional<Text> working_directory;
  Node env;   ///< mapping, one expression, or absent
  Node with;  ///< mapping or absent
  Node continue_on_error;
  Node timeout_minutes;
  Node background;
  Node wait;
  Node wait_all;
  Node cancel;
  std::vector<Step> parallel;
  int line = 0;
  int column = 0;
};

struct Defaults {
  std::optional<Text> shell;
  std::optional<Text> working_directory;
};

struct Strategy {
  Node computed;  ///< the whole of it when it is one expression; then the rest is absent
  Node matrix;    ///< mapping, one expression, or absent
  Node fail_fast;
  Node max_parallel;
};

struct Workflow;

struct Job {
  std::string file;  ///< that it is written in, for the places of errors
  std::string id;
  std::optional<Text> name;
  std::vector<Text> needs;
  std::optional<Text> condition;
  Node runs_on;
  Strategy strategy;
  Node env;
  Defaults defaults;
  Node permissions;  ///< absent: the workflow's
  /// Its own, else the workflow's, else the caller's; of a called workflow's caller what that workflow asks
  /// for. Nothing: the repository's default.
  std::optional<Permissions> effective_permissions;
  /// Its own, else the workflow's, else the caller's. Nothing: the default of what triggered the run.
  std::optional<CacheMode> cache_mode;
  Node concurrency;
  Node environment;
  Node outputs;
  Node timeout_minutes;
  Node cancel_timeout_minutes;
  Node continue_on_error;
  Node container;
  Node services;
  Node snapshot;
  std::vector<Step> steps;
  std::optional<Text> uses;  ///< a reusable workflow
  Node with;
  Node secrets;                            ///< a mapping, or the text `inherit`
  std::shared_ptr<const Workflow> called;  ///< what `uses` names, when there was somebody to read it
  int line = 0;
  int column = 0;
};

/// One event of `on:` with its filters.
struct Trigger {
  std::string event;
  std::vector<std::string> types;
  std::vector<std::string> branches, branches_ignore;
  std::vector<std::string> tags, tags_ignore;
  std::vector<std::string> paths, paths_ignore;
  int line = 0;
  int column = 0;
  Node config;  ///< all of it, for schedule, workflow_call and what else there is
};

struct DispatchInput {
  std::string name;
  std::string type = "string";  ///< string, boolean, number, choice, environment
  bool required = false;
  std::optional<std::string> default_value;
  std::vector<std::string> options;
};

/// Of on.workflow_call.
struct CallInput {
  std::string name;
  std::string type;  ///< string, boolean, number
  bool required = false;
  Node default_value;  ///< may be an expression; absent: "", false or 0
};

struct CallSecret {
  std::string name;
  bool required = false;
};

struct CallOutput {
  std::string name;
  Text value;
};

/// How a workflow may be called by another.
struct CallInterface {
  std::vector<CallInput> inputs;
  std::vector<CallSecret> secrets;
  std::vector<CallOutput> outputs;
};

struct Workflow {
  std::string path;  ///< as given to load_workflow; of a called one owner/repository/path@ref or ./path
  std::optional<std::string> name;
  std::optional<Text> run_name;
  std::vector<Trigger> triggers;
  std::vector<DispatchInput> dispatch_inputs;
  std::optional<CallInterface> call;  ///< nothing: it cannot be called
  Node env;
  Defaults defaults;
  Node permissions;
  Node concurrency;
  std::vector<Job> jobs;  ///< in the order of the file
  int jobs_line = 0;      ///< where they begin
  int jobs_column = 0;
  std::shared_ptr<const Node> root;  ///< the whole file as it was read; null in a draft

  [[nodiscard]] const Job* find_job(std::string_view id) const;
};

}  // namespace workflow
