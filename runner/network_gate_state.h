#pragma once
// What the threads of a NetworkGate share. Internal to it.

#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <tuple>

#include "base/fd.h"
#include "runner/network_gate.h"

namespace runner {

/// Names and the addresses that stand for them inside: one for each name, from a range that is routed nowhere
/// (RFC 2544), so that a connection says which name was meant.
class StandInAddresses {
 public:
  /// Nothing when all are given away.
  std::optional<std::uint32_t> of_name(const std::string& name);
  [[nodiscard]] std::optional<std::string> name_of(const std::string& address) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::uint32_t> addresses_;
  std::map<std::uint32_t, std::string> names_;
};

/// What went where, and what was told of it.
class TrafficRecord {
 public:
  explicit TrafficRecord(const NetworkGateOptions& options) : options_(options) {}
  void passed(const std::string& name, std::uint16_t port, const std::string& step, std::uint64_t sent,
              std::uint64_t received);
  /// Counts it, and tells it when it is new for the step.
  void refused(const std::string& name, std::uint16_t port, const std::string& what, const std::string& why);
  [[nodiscard]] std::vector<Traffic> all() const;

 private:
  using Key = std::tuple<std::string, std::uint16_t, std::string>;
  Traffic* entry(const Key& key);
  const NetworkGateOptions& options_;
  mutable std::mutex mutex_;
  std::map<Key, Traffic> traffic_;
  std::set<std::string> told_;
};

/// A connection from the host to where a policy lets it go; an Error is what was in the way. `refused` is set
/// when that was the policy.
base::Result<base::Fd> connect_outside(const NetworkPolicy& policy, const std::string& name,
                                       std::uint16_t port, bool& refused);
/// Whether the host can look the name up.
bool name_exists(const std::string& name);

}  // namespace runner
