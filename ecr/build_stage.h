#pragma once
// One stage of a Dockerfile, instruction by instruction: the configuration it describes and the layers it
// makes. Which stages are needed is build.cpp's.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "ecr/build.h"
#include "ecr/build_copy.h"
#include "ecr/build_layer.h"
#include "ecr/build_variables.h"
#include "ecr/dockerfile.h"

namespace ecr {

/// What a stage, or an image, is to who builds on it.
struct BuiltStage {
  ImageConfig config;
  LayerStack stack;
  std::map<std::string, std::string> args;  ///< a stage built on this one has them too
};

/// What all stages of a build share.
struct BuildContext {
  const BuildOptions& options;
  ImageStore& store;
  const Dockerfile& file;
  const DockerIgnore& ignore;
  GlobalVariables variables;
  /// The stage or image that `COPY --from` names.
  std::function<base::Result<BuiltStage>(const std::string& name)> find_stage;
  int next_step = 0;
  int steps_cached = 0;
  int steps_run = 0;

  void tell(int step, BuildProgress::What what, std::string text) const;
};

class StageBuilder {
 public:
  /// `label` names the stage in the log: "builder" or "stage-1".
  StageBuilder(BuildContext& build, const Stage& stage, BuiltStage base, std::string label);
  /// Errors have the file and line of the instruction.
  base::Result<BuiltStage> run();

 private:
  using Words = std::vector<std::string>;
  struct CopyPlan;
  struct RunPlan;
  /// What of an instruction makes a layer: its key, and how, into an overlay's upper folder.
  struct LayerRecipe {
    std::string key;
    std::function<base::Result<void>(const OverlayUpper& upper, int step)> make;
  };

  base::Result<void> run_triggers();
  base::Result<void> carry_out(const Instruction& instruction);
  base::Result<void> configure(const Instruction& instruction);
  base::Result<void> set_environment(const Instruction& instruction);
  base::Result<void> set_labels(const Instruction& instruction);
  base::Result<void> declare_args(const Instruction& instruction);
  base::Result<void> set_health_check(const Instruction& instruction);
  base::Result<void> set_list(const Instruction& instruction, Words& list, const std::string& suffix);
  base::Result<void> set_working_dir(const Instruction& instruction);
  base::Result<void> run_command(const Instruction& instruction);
  base::Result<void> copy(const Instruction& instruction);
  base::Result<void> open_copy_source(const Instruction& instruction, CopyPlan& plan);
  base::Result<void> find_copy_sources(const Instruction& instruction, const Words& words, CopyPlan& plan);
  base::Result<std::string> copy_key(const Instruction& instruction, const CopyPlan& plan) const;
  base::Result<std::string> document_content(const HereDocument& document) const;
  base::Result<void> make_layer(const Instruction& instruction, const LayerRecipe& recipe);
  base::Result<void> plan_run(const Instruction& instruction, RunPlan& plan) const;
  base::Result<void> plan_documents(const Instruction& instruction, RunPlan& plan) const;
  base::Result<void> execute(const RunPlan& plan, const OverlayUpper& upper, int step);
  base::Result<CopyRules> copy_rules(const Instruction& instruction);
  base::Result<FileOwner> find_owner(const std::string& text);
  base::Result<std::string> expand(const std::string& word) const;
  base::Result<Words> expand_all(const Words& words) const;
  [[nodiscard]] std::optional<std::string> variable(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> command_line(const Instruction& instruction) const;
  [[nodiscard]] std::string absolute(const std::string& path) const;
  [[nodiscard]] std::map<std::string, std::string> environment() const;
  void note(const Instruction& instruction, bool empty_layer);
  [[nodiscard]] std::string now() const;

  BuildContext& build_;
  const Stage& stage_;
  BuiltStage image_;
  std::string label_;
  bool has_own_cmd_ = false;
  int steps_ = 0;  ///< that may make layers, for the log
  int step_ = 0;
};

}  // namespace ecr
