#pragma once
// What ELBv2 knows: load balancers, listeners with their rules, target groups. It starts and ends the real
// listeners and routes their requests. The wire protocol over it is elb_service.h.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/json_fwd.h"
#include "base/result.h"
#include "emulator/load_balancer.h"
#include "emulator/service.h"
#include "emulator/target_group.h"

namespace emulator {

struct LoadBalancer {
  std::string arn;
  std::string name;
  std::string scheme = "internet-facing";
  std::string type = "application";
  double created_at = 0;
  std::vector<std::string> subnets;
  std::vector<std::string> security_groups;
  std::map<std::string, std::string> attributes;
};

struct TargetGroupRecord {
  std::string arn;
  std::string name;
  std::string protocol = "HTTP";
  int port = 80;
  std::string vpc_id = "vpc-0a1b2c3d4e5f60718";
  std::string target_type = "ip";
  std::map<std::string, std::string> attributes;  ///< but for the deregistration delay, which the group has
  std::shared_ptr<TargetGroup> group;
};

struct WeightedGroup {
  std::string arn;
  int weight = 1;
  int saved = 0;  ///< of its turns; not kept
};

struct RuleAction {
  std::vector<WeightedGroup> forward;
  /// A client stays with the group that it got first for so long; none: each request is drawn anew.
  std::optional<int> sticky_seconds;
  std::optional<RouteDecision::FixedResponse> fixed;
};

struct RuleCondition {
  std::string
      field;  ///< host-header, path-pattern, http-request-method, http-header, query-string, source-ip
  std::vector<std::string> values;  ///< of query-string: `key=value`, or a value that any key may have
  std::string header;               ///< of http-header
};

struct ListenerRule {
  std::string arn;
  std::string priority = "default";
  std::vector<RuleCondition> conditions;
  RuleAction action;
};

struct ListenerRecord {
  std::string arn;
  std::string load_balancer_arn;
  std::string protocol = "HTTP";
  int asked_port = 0;               ///< of the API or the seed; 0 is any
  std::vector<ListenerRule> rules;  ///< by priority, the default one last
  std::unique_ptr<ListenerServer> server;
  [[nodiscard]] int port() const { return server ? server->port() : asked_port; }
};

/// `*` and `?` as in host-header and path-pattern conditions.
bool matches_wildcard(std::string_view pattern, std::string_view text);
bool matches(const RuleCondition& condition, const RequestHead& head);
/// A rule's conditions as the API has them, there and back (elb_conditions.cpp).
std::variant<std::vector<RuleCondition>, ApiFailure> conditions_of(const base::Json& list);
base::Json conditions_json(const std::vector<RuleCondition>& conditions);

/// A listener and what stands behind all its other rules.
struct ListenerNames {
  std::string listener_arn;
  std::string default_rule_arn;
};

/// All of it behind one mutex: take lock() before touching a member, or call a function that says it locks.
class ElbState {
 public:
  /// Health checks and drains go `time_scale` times as fast as their settings say.
  ElbState(std::string region, std::string account, Dial dial, double time_scale = 1);
  /// Ends the listeners and health checks.
  ~ElbState();

  [[nodiscard]] std::unique_lock<std::mutex> lock() const { return std::unique_lock(mutex_); }
  std::vector<LoadBalancer> load_balancers;
  std::vector<TargetGroupRecord> target_groups;
  std::vector<std::unique_ptr<ListenerRecord>> listeners;
  std::map<std::string, std::map<std::string, std::string>> tags;  ///< by ARN

  [[nodiscard]] std::string arn(std::string_view resource) const;
  LoadBalancer* find_load_balancer(std::string_view arn_or_name);
  TargetGroupRecord* find_target_group(std::string_view arn_or_name);
  ListenerRecord* find_listener(std::string_view listener_arn);
  ListenerRule* find_rule(std::string_view rule_arn);
  /// The ARNs of the load balancers whose listeners forward to this group.
  [[nodiscard]] std::vector<std::string> users_of(std::string_view target_group_arn) const;
  /// Tells each group whether it is in use; call after any change of listeners or rules.
  void note_use();

  LoadBalancer& add_load_balancer(const std::string& name);
  TargetGroupRecord& add_target_group(const std::string& name, HealthCheckSettings check,
                                      double deregistration_delay);
  /// Opens the real port; the error says which.
  base::Result<ListenerRecord*> add_listener(const LoadBalancer& balancer, int port,
                                             RuleAction default_action);
  /// Closing waits for requests under way, which ask route(): the caller destroys it after unlocking.
  std::unique_ptr<ListenerRecord> take_listener(std::string_view listener_arn);

  /// Locks. Where a request to this listener goes.
  RouteDecision route(const std::string& listener_arn, const RequestHead& head);
  /// Lock. For the scheduler: nothing, or the group by ARN.
  std::shared_ptr<TargetGroup> group(std::string_view arn_or_name);

  /// Lock. A rule's ARN, or a listener's for its default rule, as ECS names them.
  bool has_rule(std::string_view rule_arn);
  /// The rule forwards to these groups from now on; its other settings stay. False: there is no such rule.
  bool forward_to(std::string_view rule_arn, std::vector<WeightedGroup> groups);

  /// Lock. The listener that a seed calls LOAD_BALANCER:PORT, or LOAD_BALANCER#N for its N-th one.
  std::optional<ListenerNames> listener_called(const std::string& name);

  /// Lock. What outlives a restart: all but targets and counters.
  base::Json to_json();
  base::Result<void> load(const base::Json& document);
  /// Locks. Adds what a seed's `target_groups` and `load_balancers` declare and is not there yet.
  base::Result<void> apply_seed(const base::Json& seed);
  /// Locks. For `/_emulator/status`: {load_balancers[{name, listeners[{url, …}]}], target_groups[{name, …}]}.
  base::Json status();

 private:
  base::Result<void> open(ListenerRecord& listener);
  RouteDecision choose_group(RuleAction& action, const RequestHead& head);
  mutable std::mutex mutex_;
  std::string region_;
  std::string account_;
  Dial dial_;
  double time_scale_;
};

/// What AWS allows (but shorter times, for rehearsals); the error is worded as its ValidationError.
base::Result<void> check_settings(const HealthCheckSettings& check);
base::Result<void> check_deregistration_delay(double seconds);
/// How they stand in kept state and in seeds (elb_json.cpp).
base::Json to_json(const HealthCheckSettings& check);
HealthCheckSettings health_check_from_json(const base::Json& document);
base::Json to_json(const ListenerRule& rule);
ListenerRule rule_from_json(const base::Json& document);

}  // namespace emulator
