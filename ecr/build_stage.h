#pragma once
// One stage of a Dockerfile, instruction by instruction: the configuration it describes and the layers it
// makes. Which stages are needed is build.cpp's.

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <semaphore>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "ecr/build.h"
#include "ecr/build_copy.h"
#include "ecr/build_layer.h"
#include "ecr/build_mounts.h"
#include "ecr/build_variables.h"
#include "ecr/cache_exchange.h"
#include "ecr/dockerfile.h"

namespace ecr {

/// What a stage, or an image, is to who builds on it.
struct BuiltStage {
  ImageConfig config;
  LayerStack stack;
  std::string folder;  ///< of a named context: a folder of the machine in place of layers
  std::map<std::string, std::string> args;  ///< a stage built on this one has them too
  std::vector<CacheRecord> records;         ///< of its steps and those of the stages below it
  std::optional<BuildMaterial> origin;      ///< of an image that is no stage
};

/// A tree to copy from, and what keeps it open.
struct OpenSource {
  BuiltStage from;
  base::Fd root;  ///< of a stage, image or named context
  CopySource source;
  std::shared_ptr<const DockerIgnore> own_ignore;  ///< of a named context, for `source`
  bool is_image = false;
};

/// Lets one stage at a time make what has a key: the others find it made then.
class KeyTurns {
 public:
  /// Its turn with one key; over when this is gone.
  class Turn {
   public:
    Turn(KeyTurns& turns, std::string key) : turns_(turns), key_(std::move(key)) { turns_.begin(key_); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() { turns_.end(key_); }

   private:
    KeyTurns& turns_;
    std::string key_;
  };

 private:
  void begin(const std::string& key) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !taken_.contains(key); });
    taken_.insert(key);
  }
  void end(const std::string& key) {
    const std::lock_guard lock(mutex_);
    taken_.erase(key);
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<std::string> taken_;
};

/// What all stages of a build share, each on a thread of its own.
struct BuildContext {
  const BuildOptions& options;
  ImageStore& store;
  const Dockerfile& file;
  const DockerIgnore& ignore;
  GlobalVariables variables;  ///< after the beginning under `mutex`
  std::stop_token stop;       ///< the caller's, or that another stage failed
  ImportedCaches imported;    ///< complete before the first stage begins
  std::mutex mutex;
  std::vector<CacheRecord> records;      ///< of all stages; under `mutex`
  std::vector<BuildMaterial> materials;  ///< under `mutex`
  std::vector<CheckFinding> findings;    ///< that only a build makes; under `mutex`
  std::atomic<int> next_step = 0;
  std::atomic<int> steps_cached = 0;
  std::atomic<int> steps_run = 0;
  KeyTurns turns;
  std::counting_semaphore<> places;  ///< for what uses a processor

  BuildContext(const BuildOptions& build_options, ImageStore& image_store, const Dockerfile& dockerfile,
               const DockerIgnore& dockerignore, GlobalVariables global_variables);
  void tell(int step, BuildProgress::What what, const std::string& text);
  void used(BuildMaterial material);
};

/// One stage's place among the others.
struct StagePlace {
  std::string label;  ///< in the log: "builder" or "stage-1"
  Platform platform;
  bool is_of_image = false;  ///< its layers are the image's
  /// The stage before it, image or named context that `--from` names.
  std::function<base::Result<BuiltStage>(const std::string& name)> find;
};

class StageBuilder {
 public:
  StageBuilder(BuildContext& build, const Stage& stage, BuiltStage base, StagePlace place);
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
    /// A key that costs more to find out, for when nothing is known of the first: of what is read in place of
    /// where it came from.
    std::function<base::Result<std::string>()> key_by_content;
  };

  base::Result<void> run_triggers();
  base::Result<void> carry_out(const Instruction& instruction);
  base::Result<void> configure(const Instruction& instruction);
  base::Result<void> set_environment(const Instruction& instruction);
  base::Result<void> set_labels(const Instruction& instruction);
  base::Result<void> declare_args(const Instruction& instruction);
  base::Result<void> set_health_check(const Instruction& instruction);
  base::Result<void> set_list(const Instruction& instruction, Words& list);
  base::Result<void> set_working_dir(const Instruction& instruction);
  base::Result<void> run_command(const Instruction& instruction);
  base::Result<void> copy(const Instruction& instruction);
  base::Result<void> open_copy_source(const Instruction& instruction, CopyPlan& plan);
  base::Result<OpenSource> open_source(const std::string& from) const;
  base::Result<void> find_copy_sources(const Instruction& instruction, const Words& words, CopyPlan& plan);
  base::Result<void> find_local_source(const Instruction& instruction, const std::string& word,
                                       CopyPlan& plan) const;
  base::Result<void> find_remote_source(const Instruction& instruction, const std::string& word,
                                        CopyPlan& plan) const;
  enum class KeyOf { origin, content };
  base::Result<std::string> copy_key(const Instruction& instruction, const CopyPlan& plan, KeyOf of) const;
  [[nodiscard]] std::string whole_key(const std::string& recipe_key) const;
  base::Result<void> carry_out_copy(const Instruction& instruction, const CopyPlan& plan,
                                    const OverlayUpper& upper);
  base::Result<std::string> document_content(const HereDocument& document) const;
  base::Result<void> make_layer(const Instruction& instruction, const LayerRecipe& recipe);
  std::optional<CachedLayer> find_made(const std::string& key, int step);
  void take_layer(const Instruction& instruction, const std::vector<std::string>& keys,
                  const CachedLayer& made);
  base::Result<void> make_uncached(const Instruction& instruction, const LayerRecipe& recipe,
                                   const std::vector<std::string>& keys, int step);
  base::Result<void> plan_run(const Instruction& instruction, RunPlan& plan) const;
  base::Result<void> plan_mount(const std::string& text, RunPlan& plan) const;
  base::Result<void> check_platform_runs() const;
  base::Result<void> copy_for_mount(const BuildMount& mount, const base::Path& to) const;
  base::Result<void> plan_documents(const Instruction& instruction, RunPlan& plan) const;
  base::Result<void> execute(const RunPlan& plan, const OverlayUpper& upper, int step);
  base::Result<CopyRules> copy_rules(const Instruction& instruction);
  base::Result<FileOwner> find_owner(const std::string& text);
  base::Result<bool> flag_is_set(const Instruction& instruction, std::string_view name) const;
  base::Result<std::string> expand(const std::string& word) const;
  base::Result<Words> expand_all(const Words& words) const;
  [[nodiscard]] std::optional<std::string> variable(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> command_line(const Instruction& instruction) const;
  [[nodiscard]] std::string absolute(const std::string& path) const;
  [[nodiscard]] std::map<std::string, std::string> environment() const;
  void tell_layer(const Descriptor& layer) const;
  void note(const Instruction& instruction, bool empty_layer);
  [[nodiscard]] std::string now() const;

  BuildContext& build_;
  const Stage& stage_;
  BuiltStage image_;
  StagePlace place_;
  bool has_own_cmd_ = false;
  int steps_ = 0;  ///< that may make layers, for the log
  int step_ = 0;
};

}  // namespace ecr
