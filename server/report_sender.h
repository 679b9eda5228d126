#pragma once
// Sends what is in the outbox, as fast as forges let it: a forge that is down, or wants to be left alone, is
// asked again later, for a day; no run ever waits for that.

#include <map>
#include <string>

#include "base/clock.h"
#include "base/http_client.h"
#include "server/config.h"
#include "server/github_app.h"
#include "server/report_outbox.h"

namespace server {

struct ReportSenderOptions {
  const Config* config = nullptr;
  GithubApp* app = nullptr;  ///< absent: statuses by token alone
  std::string github_api = "https://api.github.com";
  base::HttpClient* http = nullptr;
  base::Clock* clock = nullptr;  ///< the system's when absent
  /// Of an interval: how much of it passes before the next attempt; tests have no chance in it.
  double (*random)() = nullptr;
};

class ReportSender {
 public:
  ReportSender(ReportSenderOptions options, ReportOutbox& outbox);

  /// Sends what is due. Returns how many reports went through; an Error is one of the database.
  base::Result<int> send_due();

 private:
  enum class Sent { all, later, never };
  struct Outcome {
    Sent sent = Sent::all;
    double when = 0;  ///< of later: epoch seconds, 0 when nobody said
    std::string why;
  };
  Outcome send(OutboxEntry& entry);
  Outcome send_check(OutboxEntry& entry);
  Outcome send_status(OutboxEntry& entry, const RepositoryConfig& repository);
  Outcome send_deployment(OutboxEntry& entry, const RepositoryConfig& repository);
  base::Result<std::string> find_check(const OutboxEntry& entry);
  base::Result<std::string> find_deployment(const OutboxEntry& entry, const std::string& token);
  base::Result<std::string> make_deployment(const OutboxEntry& entry, const std::string& token);
  base::Result<base::Json> ask(const std::string& method, const std::string& url, const std::string& token,
                               const base::Json& body);
  Outcome outcome_of(const base::Error& error);
  [[nodiscard]] double now() const;
  [[nodiscard]] double next_attempt(const OutboxEntry& entry) const;

  ReportSenderOptions options_;
  ReportOutbox& outbox_;
  std::map<std::string, double> left_alone_;  ///< by host: until when
  double asked_to_wait_until_ = 0;            ///< by the last answer
};

}  // namespace server
