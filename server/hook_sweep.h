#pragma once
// Asks GitHub for deliveries that did not arrive while the daemon was down: it lists what the App's or a
// repository's hook could not deliver, and has it sent once more. What comes then is taken as any delivery.
// Sources: docs "Automatically redelivering failed deliveries for a GitHub App webhook", "… a repository
// webhook".

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/http_client.h"
#include "base/json_fwd.h"
#include "runner/sqlite.h"
#include "server/config.h"
#include "server/github_app.h"

namespace server {

struct HookSweepOptions {
  const Config* config = nullptr;
  GithubApp* app = nullptr;  ///< absent: hooks of repositories alone
  base::HttpClient* http = nullptr;
  base::Clock* clock = nullptr;  ///< the system's when absent
};

class HookSweep {
 public:
  HookSweep(HookSweepOptions options, runner::Sqlite& database);

  /// Once at the start, then every ten minutes. Returns how many deliveries it asked for; an Error is one of
  /// the database. What a forge does not answer is asked again next time.
  base::Result<int> sweep_when_due();

 private:
  /// A hook, and who may ask for its deliveries.
  struct Source {
    std::string name;
    std::string url;  ///< of its deliveries
    const RepositoryConfig* repository = nullptr;
  };
  /// One delivery in all its attempts.
  struct Sent {
    std::int64_t id = 0;  ///< of the newest
    std::string guid;
    bool arrived = false;
  };
  [[nodiscard]] std::vector<Source> sources() const;
  base::Result<int> sweep(const Source& source);
  base::Result<std::vector<Sent>> list(const Source& source, double since);
  base::Result<base::HttpResponse> ask(const Source& source, const std::string& method,
                                       const std::string& url);
  base::Result<bool> may_ask_for(const std::string& guid);
  [[nodiscard]] double now() const;

  HookSweepOptions options_;
  runner::Sqlite& database_;
  double due_ = 0;
};

}  // namespace server
