#pragma once
// Where one strategy is rehearsed: a fresh emulator of its own with a version that serves, onto which the
// same release is deployed again and again, each time with another mishap.

#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

#include "aws/client.h"
#include "base/files.h"
#include "base/prober.h"
#include "cli/emulator_process.h"
#include "cli/rehearsal_plan.h"
#include "ecr/image_store.h"
#include "ecs/code_deploy.h"
#include "ecs/release.h"

namespace cli {

/// What became of one pair of strategy and mishap.
struct RehearsedEnd {
  Strategy strategy = Strategy::rolling;
  Mishap mishap = Mishap::none;
  ecs::RolloutEnd expected = ecs::RolloutEnd::completed;
  ecs::RolloutEnd came = ecs::RolloutEnd::completed;
  std::string sentence;  ///< of the client
  base::ProbeTally requests;
  double seconds = 0;
  bool right_version = false;  ///< what serves afterwards is what the expected end leaves
  [[nodiscard]] bool as_expected() const { return came == expected && right_version && requests.failed == 0; }
};

struct StageOptions {
  ecs::Release release;
  std::string workflow;  ///< run instead of the release; empty: there is none
  RehearsedService service;
  Strategy strategy = Strategy::rolling;
  base::Json seed;
  double time_scale = 60;
  std::string images;  ///< the folder of the store that has the release's images
  std::stop_token stop;
};

class RehearsalStage {
 public:
  /// Starts the emulator, pushes the images, deploys what the release says.
  static base::Result<std::unique_ptr<RehearsalStage>> set_up(StageOptions options);
  /// Ends the emulator.
  ~RehearsalStage();
  RehearsalStage(const RehearsalStage&) = delete;
  RehearsalStage& operator=(const RehearsalStage&) = delete;

  /// A workflow brings its own task definition and AppSpec, into which no mishap can be put; it alone has a
  /// role's credentials, which can expire, from a token's issuer, which can be down.
  [[nodiscard]] bool can_play(Mishap mishap) const;
  /// One deployment with that mishap, which can_play() has to know. An Error: it could not be tried.
  base::Result<RehearsedEnd> play(Mishap mishap);

 private:
  RehearsalStage(StageOptions options, base::TempDir folder);
  base::Result<void> start();
  base::Result<void> push_images();
  base::Result<std::string> push_image(ecr::ImageStore& store, const std::string& image);
  /// How a deployment ended, as its client tells it.
  struct Performance {
    ecs::RolloutEnd end = ecs::RolloutEnd::failed;
    std::string sentence;
  };
  base::Result<Performance> perform(Mishap mishap);
  [[nodiscard]] base::Result<Performance> run_workflow() const;
  [[nodiscard]] ecs::Release release_with(Mishap mishap) const;
  base::Result<void> cause(Mishap mishap);
  [[nodiscard]] base::Path hook_status_file() const { return folder_.path() / "hook-status"; }
  base::Result<void> let_hooks_answer(const char* status) const;
  base::Result<void> interfere(Mishap mishap, const std::stop_token& stop);
  base::Result<void> request_stop();
  [[nodiscard]] base::Result<std::set<std::string>> serving() const;
  [[nodiscard]] base::Result<bool> alarm_rings() const;
  base::Result<bool> serves_at_last(const std::set<std::string>& before, ecs::RolloutEnd expected);
  [[nodiscard]] base::Result<base::Json> ask(const std::string& method, const std::string& path,
                                             const base::Json& body = {}) const;
  [[nodiscard]] bool sleep(std::chrono::milliseconds time) const;

  StageOptions options_;
  base::TempDir folder_;
  std::unique_ptr<base::HttpClient> http_ = base::make_curl_http_client();
  StartedEmulator emulator_;
  std::optional<aws::Client> client_;
  std::string url_;             ///< of production traffic
  ecs::LoadBalancer balancer_;  ///< of the service
  ecs::CodeDeployOrder order_;  ///< what the service's deployments by CodeDeploy are called
};

}  // namespace cli
