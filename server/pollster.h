#pragma once
// The two sources of events that nobody sends: branches of repositories that are looked at again and again,
// and the schedules of their workflows. Both give deliveries like those of hooks. Not for judging them.

#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "runner/sqlite.h"
#include "server/delivery_inbox.h"
#include "server/mirrors.h"
#include "server/schedule_ticks.h"

namespace server {

class Pollster {
 public:
  static base::Result<std::unique_ptr<Pollster>> start(const base::Path& state_folder, const Config& config,
                                                       Mirrors& mirrors, DeliveryInbox& inbox,
                                                       base::Clock& clock);
  Pollster(const Pollster&) = delete;
  Pollster& operator=(const Pollster&) = delete;
  ~Pollster();

 private:
  struct Known {
    std::string head;  ///< of the default branch, when its schedules were read
    std::vector<ScheduleLine> schedules;
    base::SteadyTime poll_at;
  };
  Pollster(runner::Sqlite database, const Config& config, Mirrors& mirrors, DeliveryInbox& inbox,
           base::Clock& clock);
  void run(const std::stop_token& stop);
  base::Result<void> poll(const RepositoryConfig& repository, const std::stop_token& stop);
  base::Result<void> tell_of_push(const RepositoryConfig& repository, const base::MirrorReference& reference,
                                  const std::string& before);
  base::Result<void> fire_schedules(const RepositoryConfig& repository, Known& known);
  base::Result<void> fire_if_due(const RepositoryConfig& repository, const ScheduleLine& line);
  base::Result<void> keep(std::string_view source, Hook hook);

  runner::Sqlite database_;
  const Config& config_;
  Mirrors& mirrors_;
  DeliveryInbox& inbox_;
  base::Clock& clock_;
  std::map<std::string, Known> known_;  ///< by repository
  std::jthread thread_;                 ///< last: it ends first
};

}  // namespace server
