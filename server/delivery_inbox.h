#pragma once
// Deliveries as they came, kept before they are acknowledged. Those that come at the same time share one
// commit, so that the disk is waited for once for all of them. Not for what they mean (triage).

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "runner/sqlite.h"
#include "server/webhook.h"

namespace server {

struct KeptDelivery {
  std::int64_t id = 0;
  bool is_new = false;  ///< else it came before
};

class DeliveryInbox {
 public:
  /// `on_new` is called after each commit that brought something, from the inbox's thread.
  static base::Result<std::unique_ptr<DeliveryInbox>> open(const base::Path& state_folder,
                                                           std::function<void()> on_new);
  DeliveryInbox(const DeliveryInbox&) = delete;
  DeliveryInbox& operator=(const DeliveryInbox&) = delete;
  ~DeliveryInbox();

  /// Returns when it is on disk. `source` is the forge, or what else told of it: poll, schedule, api. May be
  /// called by many threads at once.
  base::Result<KeptDelivery> keep(std::string_view source, const Hook& hook, double received);

 private:
  struct Waiting {
    std::string source;
    const Hook& hook;
    double received;
    std::optional<base::Result<KeptDelivery>> result;
  };
  DeliveryInbox(runner::Sqlite database, std::function<void()> on_new);
  void write_all();
  base::Result<void> write(const std::vector<Waiting*>& batch, std::vector<KeptDelivery>& kept);

  runner::Sqlite database_;
  std::function<void()> on_new_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Waiting*> waiting_;
  bool ending_ = false;
  std::thread writer_;
};

}  // namespace server
