#pragma once
// The queue of run attempts: one workflow on one event, claimed by a worker under a lease with a fence. Who
// lost its fence changes nothing any more. One interface and one test suite for whatever database is below.
// Not for starting anything (workers) nor for how a run goes on (runner/).

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/files.h"
#include "base/result.h"

namespace server {

/// Who caused a run, as far as it matters to what the run may have.
enum class Trust { trusted, fork };
std::string_view to_string(Trust trust);

/// `held` waits for a person; `unknown` ended in the middle of a deployment that only a person can judge.
enum class AttemptState { held, queued, running, done, unknown };
std::string_view to_string(AttemptState state);
std::optional<AttemptState> parse_attempt_state(std::string_view name);

/// What is asked for.
struct Order {
  std::string repository;
  std::string workflow;  ///< its path in the repository
  std::string name;      ///< as people know it
  std::string event;
  std::string ref;
  std::string sha;
  std::string actor;
  std::string title;    ///< what it is about, for people
  std::string payload;  ///< JSON
  std::string meaning;  ///< the same one is not run twice
  std::int64_t delivery = 0;
  Trust trust = Trust::trusted;
  AttemptState state = AttemptState::queued;  ///< or held
  std::string reason;                         ///< why it is held
  int priority = 0;                           ///< greater goes first
  std::vector<std::string> labels;            ///< that a worker has to offer
  std::int64_t run_id = 0;   ///< a run of the history that gets one more attempt; 0: a new one
  bool only_failed = false;  ///< … of the jobs that failed
  std::string again_of;      ///< the meaning of what is run again, for rerun_of(); not kept
};

struct Attempt : Order {
  std::int64_t id = 0;
  double queued = 0;  ///< epoch seconds
  double started = 0;
  double finished = 0;
  std::int64_t run_number = 0;   ///< of the run in the history; 0 as long as it has not begun
  std::int64_t run_attempt = 0;  ///< … from 1
  std::int64_t retry_of = 0;     ///< the attempt that this one takes the place of
  std::int64_t fence = 0;
  std::string lease_owner;
  double lease_until = 0;
  std::string process;     ///< that carries it out (process_identity)
  bool rests = false;      ///< it waits for others or for a person, and takes no capacity meanwhile
  std::string intent;      ///< the deployment that it has begun
  std::string cancel;      ///< who wants it to end
  std::string conclusion;  ///< success, failure, cancelled; error, host_lost, needs_human: ours
};

[[nodiscard]] bool has_ended(const Attempt& attempt);
/// One more attempt of its run, on the same commit. `which` tells it from others. The queue takes none while
/// another one is under way.
[[nodiscard]] Order rerun_of(const Attempt& attempt, std::string_view which);

struct Claim {
  std::string owner;    ///< the worker
  std::string process;  ///< of the claimer, until there is another one
  std::vector<std::string> labels;
  int capacity = 1;  ///< runs at a time; those that rest take none of it
  double lease_seconds = 60;
};

/// Where an attempt is in the history.
struct HistoryPlace {
  std::int64_t run_id = 0;
  std::int64_t number = 0;
  std::int64_t attempt = 1;
};

enum class Loss { process, host };

struct Added {
  std::int64_t id = 0;
  std::int64_t delivery = 0;  ///< whose order it was
  bool is_new = false;  ///< else an order of that meaning was taken before, or the run is run again already
};

/// One entry of what happened to attempts, in order.
struct JournalEntry {
  std::int64_t seq = 0;
  double time = 0;
  std::string type;  ///< queued, held, released, claimed, intent, cancel, lost, finished
  std::int64_t attempt = 0;
  std::int64_t fence = 0;
  std::string about;
};

struct AttemptFilter {
  std::string repository;
  std::string workflow;
  std::string ref;
  std::string sha;
  std::string event;
  std::string actor;
  std::string conclusion;
  std::optional<AttemptState> state;
  std::int64_t before = 0;  ///< only ids below; 0 is all
  int limit = 50;
};

class AttemptQueue {
 public:
  virtual ~AttemptQueue() = default;
  virtual base::Result<Added> add(const Order& order) = 0;
  /// The most urgent one whose labels are offered, from now on running under a fence of its own. Nothing
  /// when the owner's capacity is taken.
  virtual base::Result<std::optional<Attempt>> claim(const Claim& claim) = 0;
  /// The process that holds the fence from now on. False: fenced off.
  virtual base::Result<bool> hand_over(std::int64_t id, std::int64_t fence, const std::string& process) = 0;
  /// Its run in the history. False: fenced off.
  virtual base::Result<bool> begin(std::int64_t id, std::int64_t fence, const HistoryPlace& place) = 0;
  /// False: fenced off, the work is another's or nobody's by now.
  virtual base::Result<bool> heartbeat(std::int64_t id, std::int64_t fence, double lease_seconds) = 0;
  /// It has nothing to do for a while. False: fenced off.
  virtual base::Result<bool> rest(std::int64_t id, std::int64_t fence) = 0;
  /// It has something to do again. False: there is no capacity for it yet; it goes before what is queued
  /// when it asks again.
  virtual base::Result<bool> resume(std::int64_t id, std::int64_t fence, int capacity) = 0;
  /// Who wants it to end; "" is nobody.
  virtual base::Result<std::string> who_cancelled(std::int64_t id) = 0;
  /// Written before a deployment begins. False: fenced off, it must not begin.
  virtual base::Result<bool> note_intent(std::int64_t id, std::int64_t fence, const std::string& intent) = 0;
  /// False: fenced off.
  virtual base::Result<bool> finish(std::int64_t id, std::int64_t fence, const std::string& conclusion,
                                    const std::string& reason) = 0;
  /// What a process that is no more leaves: retried once when nothing was deployed, else for a person. The
  /// attempt that takes its place, if any. Nothing when another process holds it by now.
  virtual base::Result<std::optional<std::int64_t>> give_up(const Attempt& lost, Loss loss) = 0;
  /// Ends it when it waits, else asks its process to.
  virtual base::Result<void> cancel(std::int64_t id, const std::string& by) = 0;
  /// Lets a held one run.
  virtual base::Result<void> release(std::int64_t id, const std::string& by) = 0;
  virtual base::Result<Attempt> find(std::int64_t id) = 0;
  /// Newest first, without their payloads.
  virtual base::Result<std::vector<Attempt>> list(const AttemptFilter& filter) = 0;
  virtual base::Result<std::vector<JournalEntry>> journal(std::int64_t after, int limit) = 0;
};

/// In server.db. Leases go by the clock that is given: on one machine that is the database's, too.
base::Result<std::unique_ptr<AttemptQueue>> open_sqlite_attempt_queue(const base::Path& state_folder,
                                                                      base::Clock& clock);

}  // namespace server
