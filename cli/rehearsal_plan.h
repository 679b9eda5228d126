#pragma once
// Rehearsals as data: strategies, faults, the end that AWS documents for each pair, and the seed of the
// emulator on which a pair is tried. Pure; carried out by rehearsal_stage.

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "ecs/release.h"

namespace cli {

enum class Strategy { rolling, blue_green, linear, canary, code_deploy };
inline constexpr std::array kStrategies{Strategy::rolling, Strategy::blue_green, Strategy::linear,
                                        Strategy::canary, Strategy::code_deploy};
std::string_view to_string(Strategy strategy);

enum class Mishap {
  none,
  crash,              ///< the container ends shortly after its start
  unhealthy,          ///< the load balancer's health check fails
  slow_health,        ///< it gets its answer too late
  slow_start,         ///< nothing answers at first
  missing_image,      ///< the tag is not in the repository
  missing_secret,     ///< the execution role finds no such secret
  lost_registry,      ///< the registry does not answer tasks
  no_capacity,        ///< there is no room for new tasks
  throttling,         ///< AWS's APIs answer "Rate exceeded" for a while
  expired_token,      ///< the role's credentials have expired once they are used
  identity_provider,  ///< STS does not reach the issuer of the job's token for a while
  alarm,              ///< an alarm that the deployment watches rings
  stop_on_request,    ///< somebody stops it
  failing_hook,       ///< a lifecycle hook says no
  hanging_hook,       ///< a lifecycle hook never comes to an end
};
inline constexpr std::array kMishaps{
    Mishap::none,        Mishap::crash,           Mishap::unhealthy,      Mishap::slow_health,
    Mishap::slow_start,  Mishap::missing_image,   Mishap::missing_secret, Mishap::lost_registry,
    Mishap::no_capacity, Mishap::throttling,      Mishap::expired_token,  Mishap::identity_provider,
    Mishap::alarm,       Mishap::stop_on_request, Mishap::failing_hook,   Mishap::hanging_hook};
std::string_view to_string(Mishap mishap);

base::Result<Strategy> parse_strategy(const std::string& text);
base::Result<Mishap> parse_mishap(const std::string& text);

/// What AWS documents; nothing where the strategy has no such thing.
std::optional<ecs::RolloutEnd> expected_end(Strategy strategy, Mishap mishap);
/// The service that is rehearsed.
struct RehearsedService {
  std::string cluster;
  std::string name;
};

/// What the stage has beside the seed's own.
struct StageProps {
  std::string access_key_id, secret_access_key;  ///< of a user who may do everything
  std::string hook_command;                      ///< answers hooks
};
inline constexpr const char* kRehearsalAlarm = "rehearsal";
inline constexpr const char* kRehearsalHook = "rehearsal-hook";

/// The release's part that is the service; null when it has none.
ecs::ReleaseItem* find_item(ecs::Release& release, const RehearsedService& service);
const ecs::ReleaseItem* find_item(const ecs::Release& release, const RehearsedService& service);

/// A listener of the seed.
struct ListenerPlace {
  std::string balancer;
  std::size_t position = 0;
};
/// Where the service's production traffic comes in.
base::Result<ListenerPlace> production_listener(const base::Json& seed, const RehearsedService& service);

/// The strategy that the seed declares for the service; an Error when it has no such service.
base::Result<Strategy> declared_strategy(const base::Json& seed, const RehearsedService& service);
/// The seed with the service deployed by `strategy`: with a circuit breaker, an alarm and a hook, and with
/// the second target group and the test listener that shifted traffic needs. All ports are free ones.
base::Result<base::Json> rehearsal_seed(base::Json seed, const RehearsedService& service, Strategy strategy,
                                        const StageProps& props);

}  // namespace cli
