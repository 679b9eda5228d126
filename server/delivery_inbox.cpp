#include "server/delivery_inbox.h"

#include <algorithm>

#include "server/database.h"

namespace server {

namespace {
constexpr std::size_t kMostInOneCommit = 512;
}  // namespace

base::Result<std::unique_ptr<DeliveryInbox>> DeliveryInbox::open(const base::Path& state_folder,
                                                                 std::function<void()> on_new) {
  TRY(auto database, open_database(state_folder));
  return std::unique_ptr<DeliveryInbox>(new DeliveryInbox(std::move(database), std::move(on_new)));
}

DeliveryInbox::DeliveryInbox(runner::Sqlite database, std::function<void()> on_new)
    : database_(std::move(database)), on_new_(std::move(on_new)), writer_([this] { write_all(); }) {}

DeliveryInbox::~DeliveryInbox() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  writer_.join();
}

base::Result<KeptDelivery> DeliveryInbox::keep(std::string_view source, const Hook& hook, double received) {
  Waiting waiting{std::string(source), hook, received, std::nullopt};
  std::unique_lock lock(mutex_);
  if (ending_) return base::make_error(base::ErrorKind::unavailable, "the server is ending");
  waiting_.push_back(&waiting);
  changed_.notify_all();
  changed_.wait(lock, [&] { return waiting.result.has_value(); });
  return *std::move(waiting.result);
}

void DeliveryInbox::write_all() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const auto end =
        waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(waiting_.size(), kMostInOneCommit));
    const std::vector<Waiting*> batch(waiting_.begin(), end);
    waiting_.erase(waiting_.begin(), end);
    lock.unlock();
    std::vector<KeptDelivery> kept;
    const auto written = write(batch, kept);
    lock.lock();
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (written) {
        batch[i]->result = kept[i];
      } else {
        batch[i]->result = written.error();
      }
    }
    changed_.notify_all();
    if (!written) continue;
    lock.unlock();
    on_new_();
    lock.lock();
  }
}

base::Result<void> DeliveryInbox::write(const std::vector<Waiting*>& batch, std::vector<KeptDelivery>& kept) {
  return database_.together("keeping deliveries", [&]() -> base::Result<void> {
    for (const auto* one : batch) {
      KeptDelivery result;
      TRY(database_.each(
          "keeping a delivery",
          "INSERT INTO deliveries (forge, guid, event, repository, received, body, state) VALUES "
          "(?1, ?2, ?3, ?4, ?5, ?6, 'received') ON CONFLICT (forge, guid) DO NOTHING RETURNING id",
          {one->source, one->hook.guid, one->hook.event, one->hook.repository, one->received,
           one->hook.payload},
          [&](const auto& row) {
            result = {row.integer(0), true};
          }));
      if (!result.is_new) {
        TRY(database_.each(
            "looking for a delivery", "SELECT id FROM deliveries WHERE forge = ?1 AND guid = ?2",
            {one->source, one->hook.guid}, [&](const auto& row) { result.id = row.integer(0); }));
      }
      kept.push_back(result);
    }
    return {};
  });
}

}  // namespace server
