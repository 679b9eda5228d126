#pragma once
// The ssh agent of a step, for a build that the runner does: the front connects, with the step's rights, and
// hands each connection over. So the runner opens no path that a step names.

#include <memory>
#include <string>
#include <thread>

#include "base/fd.h"
#include "base/result.h"
#include "ecr/agent_relay.h"
#include "sandbox/sandbox.h"

namespace steps {

/// The front's side. Ends with the object.
class AgentOffer {
 public:
  /// `socket` is the agent's; an Error when nobody listens there.
  static base::Result<std::unique_ptr<AgentOffer>> start(const std::string& socket);
  ~AgentOffer();
  AgentOffer(const AgentOffer&) = delete;
  AgentOffer& operator=(const AgentOffer&) = delete;
  /// What goes to the runner; once.
  base::Fd take_other_end() { return std::move(other_end_); }

 private:
  AgentOffer(base::Fd own, base::Fd other) : own_(std::move(own)), other_end_(std::move(other)) {}
  base::Fd own_;
  base::Fd other_end_;
  std::thread thread_;
};

/// Without a front: `socket` as the processes of the sandbox see it, reached from their root on. An Error
/// when nobody listens there. The sandbox lives longer.
base::Result<ecr::AgentConnector> agent_inside(sandbox::Sandbox& sandbox, const std::string& socket);

/// The runner's side: asks at `offer`, borrowed, for a connection each time.
ecr::AgentConnector agent_offered_at(int offer);

}  // namespace steps
