#include "server/hook_sweep.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/json.h"
#include "base/log.h"
#include "base/strings.h"

namespace server {

namespace {

constexpr double kSweepsEvery = 600;
// A delivery may have been under way when the last sweep began.
constexpr double kOverlap = 3600;
// What is older GitHub does not send again.
constexpr double kLongestAgo = 3 * 86'400.0;
constexpr double kAsksAgainAfter = 900;
constexpr std::int64_t kMostTimes = 5;
constexpr int kMostPages = 100;

// 2026-01-02T03:04:05Z, perhaps with parts of a second.
double epoch_of(std::string text) {
  if (const auto dot = text.find('.'); dot != std::string::npos) text.replace(dot, std::string::npos, "Z");
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  const auto time = base::parse_basic_iso8601(text);
  return time ? base::to_epoch_seconds(*time) : 0;
}

// Of `<https://…>; rel="prev", <https://…>; rel="next"`.
std::string next_page(const base::HttpResponse& response) {
  for (const auto& link : base::split(base::header_value(response.headers, "Link").value_or(""), ',')) {
    const auto begin = link.find('<');
    const auto end = link.find('>');
    if (begin < end && end != std::string::npos && link.find(R"(rel="next")", end) != std::string::npos)
      return link.substr(begin + 1, end - begin - 1);
  }
  return "";
}

}  // namespace

HookSweep::HookSweep(HookSweepOptions options, runner::Sqlite& database)
    : options_(std::move(options)), database_(database) {}

double HookSweep::now() const {
  auto& clock = options_.clock == nullptr ? base::system_clock() : *options_.clock;
  return base::to_epoch_seconds(clock.now());
}

std::vector<HookSweep::Source> HookSweep::sources() const {
  const auto& config = *options_.config;
  std::vector<Source> all;
  if (options_.app != nullptr) all.push_back({"the App's hook", config.github.api + "/app/hook/deliveries"});
  for (const auto& repository : config.repositories) {
    if (repository.hook == 0) continue;
    all.push_back(
        {fmt::format("the hook {} of {}", repository.hook, repository.name),
         fmt::format("{}/repos/{}/hooks/{}/deliveries", config.github.api, repository.name, repository.hook),
         &repository});
  }
  return all;
}

base::Result<int> HookSweep::sweep_when_due() {
  if (now() < due_) return 0;
  due_ = now() + kSweepsEvery;
  int asked = 0;
  for (const auto& source : sources()) {
    TRY(const auto of_source, sweep(source));
    asked += of_source;
  }
  return asked;
}

base::Result<int> HookSweep::sweep(const Source& source) {
  const auto begin = now();
  double swept = 0;
  TRY(database_.each("looking for the last sweep", "SELECT swept FROM sweeps WHERE source = ?", {source.name},
                     [&](const auto& row) { swept = row.number(0); }));
  // What was lost before this daemon was there is not for it.
  const bool is_first = swept == 0;
  int asked = 0;
  if (!is_first) {
    const auto sent = list(source, std::max(swept - kOverlap, begin - kLongestAgo));
    if (!sent) {
      base::log(base::LogLevel::warning,
                fmt::format("asking for lost deliveries of {}: {}", source.name, sent.error().to_string()));
      return 0;
    }
    for (const auto& one : *sent) {
      if (one.arrived) continue;
      TRY(const bool may, may_ask_for(one.guid));
      if (!may) continue;
      const auto answer = ask(source, "POST", fmt::format("{}/{}/attempts", source.url, one.id));
      if (!answer) base::log(base::LogLevel::warning, answer.error().to_string());
      if (answer) ++asked;
    }
  }
  if (asked > 0)
    base::log(base::LogLevel::info,
              fmt::format("{} deliveries of {} were lost and are sent again", asked, source.name));
  TRY(database_.run("noting a sweep",
                    "INSERT INTO sweeps (source, swept) VALUES (?, ?) ON CONFLICT (source) DO UPDATE SET "
                    "swept = excluded.swept",
                    {source.name, begin}));
  return asked;
}

// Newest first; what this server itself refused is no better the second time.
base::Result<std::vector<HookSweep::Sent>> HookSweep::list(const Source& source, double since) {
  std::map<std::string, Sent> by_guid;
  std::string url = source.url + "?per_page=100";
  for (int page = 0; page < kMostPages && !url.empty(); ++page) {
    TRY(const auto answer, ask(source, "GET", url));
    TRY(const auto deliveries, base::parse_json(answer.body));
    url = next_page(answer);
    // The token is for this list alone.
    if (!url.starts_with(source.url)) url.clear();
    for (const auto& one : deliveries.is_array() ? deliveries : base::Json::array()) {
      if (epoch_of(base::json_string(one, "delivered_at")) < since) {
        url.clear();
        continue;
      }
      const auto status = base::json_integer(one, "status_code");
      auto& sent = by_guid[base::json_string(one, "guid")];
      if (sent.id == 0) sent.id = base::json_integer(one, "id");
      sent.arrived = sent.arrived || (status >= 200 && status < 500);
    }
  }
  std::vector<Sent> all;
  for (auto& [guid, sent] : by_guid) {
    sent.guid = guid;
    all.push_back(std::move(sent));
  }
  return all;
}

base::Result<base::HttpResponse> HookSweep::ask(const Source& source, const std::string& method,
                                                const std::string& url) {
  const auto token =
      source.repository == nullptr ? options_.app->app_token() : read_secret(source.repository->credential);
  if (!token) return token.error();
  TRY(auto answer, options_.http->send({.method = method, .url = url, .headers = github_headers(*token)}));
  if (answer.status >= 200 && answer.status < 300) return answer;
  return base::make_error(base::ErrorKind::remote, fmt::format("{} {}: HTTP {}", method, url, answer.status));
}

// False: it came by another way, or it was asked for not long ago, or often enough.
base::Result<bool> HookSweep::may_ask_for(const std::string& guid) {
  bool is_known = false;
  TRY(database_.each("looking for a delivery", "SELECT 1 FROM deliveries WHERE forge = 'github' AND guid = ?",
                     {guid}, [&](const auto&) { is_known = true; }));
  if (is_known) return false;
  TRY(const auto rows,
      database_.run("noting that a delivery is asked for",
                    "INSERT INTO redeliveries (guid, asked, times) VALUES (?1, ?2, 1) ON CONFLICT (guid) DO "
                    "UPDATE SET asked = excluded.asked, times = times + 1 WHERE asked < ?3 AND times < ?4",
                    {guid, now(), now() - kAsksAgainAfter, kMostTimes}));
  return rows > 0;
}

}  // namespace server
