#pragma once
// action.yml: what an action takes, gives, and how it runs.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "workflow/diagnostic.h"
#include "workflow/schema.h"
#include "workflow/workflow.h"

namespace workflow {

enum class ActionKind { composite, node, docker };

struct ActionInput {
  std::string name;
  std::optional<Text> default_value;
  bool required = false;
  std::string deprecation_message;
};

struct ActionMetadata {
  std::string file;  ///< as given to load_action
  std::string name;
  ActionKind kind = ActionKind::composite;
  std::string using_version;  ///< node20, node24, composite, docker
  std::vector<ActionInput> inputs;
  std::vector<std::pair<std::string, Text>> outputs;      ///< composite: name → value
  std::vector<Step> steps;                                ///< composite
  std::string main, pre, post;                            ///< node: scripts; docker: pre and post entrypoints
  std::string pre_if, post_if;                            ///< node, docker
  std::string image;                                      ///< docker: `Dockerfile`, or `docker://…`
  std::optional<std::string> entrypoint;                  ///< docker
  std::vector<Text> args;                                 ///< docker; expressions over inputs
  std::vector<std::pair<std::string, Text>> environment;  ///< docker: `env`
};

/// An action as far as it could be read.
struct ActionDraft {
  Node root;  ///< absent when the text is no YAML
  ActionMetadata action;
  Diagnostics diagnostics;  ///< at most `most_problems`
};
ActionDraft read_action(const std::string& path, std::string_view text,
                        std::size_t most_problems = kMaxDiagnostics);

/// An Error lists every problem with its place.
base::Result<ActionMetadata> load_action(const std::string& path, std::string_view text);

}  // namespace workflow
