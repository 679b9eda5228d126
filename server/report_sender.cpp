#include "server/report_sender.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "base/json.h"
#include "base/strings.h"

namespace server {

namespace {

constexpr int kReportsAtOnce = 50;
constexpr double kFirstPause = 5;
constexpr double kLongestPause = 900;
constexpr double kPatience = 86'400;
// Of a secondary limit that does not say how long (docs "Best practices for using the REST API").
constexpr double kUnnamedLimit = 60;

std::string host_of(const std::string& url) {
  const auto begin = url.find("://");
  return begin == std::string::npos ? url : url.substr(0, url.find('/', begin + 3));
}

double number_of(const std::optional<std::string>& text) {
  return text ? static_cast<double>(base::parse_integer(*text).value_or(0)) : 0;
}

/// Until when a forge wants to be left alone; 0: it does not.
double limit_of(const base::HttpResponse& response, double now) {
  if (response.status != 403 && response.status != 429) return 0;
  if (const auto seconds = number_of(base::header_value(response.headers, "Retry-After")); seconds > 0)
    return now + seconds;
  if (base::header_value(response.headers, "x-ratelimit-remaining") == "0")
    return std::max(now + 1, number_of(base::header_value(response.headers, "x-ratelimit-reset")));
  const bool secondary = response.body.find("secondary rate limit") != std::string::npos;
  return response.status == 429 || secondary ? now + kUnnamedLimit : 0;
}

double any_part() {
  thread_local std::minstd_rand random(std::random_device{}());
  return std::uniform_real_distribution<double>(0, 1)(random);
}

}  // namespace

ReportSender::ReportSender(ReportSenderOptions options, ReportOutbox& outbox)
    : options_(std::move(options)), outbox_(outbox) {
  if (options_.random == nullptr) options_.random = any_part;
  while (options_.github_api.ends_with('/')) options_.github_api.pop_back();
}

double ReportSender::now() const {
  auto& clock = options_.clock == nullptr ? base::system_clock() : *options_.clock;
  return base::to_epoch_seconds(clock.now());
}

// Full jitter: daemons that lost the same forge do not come back at the same time.
double ReportSender::next_attempt(const OutboxEntry& entry) const {
  const auto doublings = static_cast<double>(std::min<std::int64_t>(entry.attempts, 20));
  const double pause = std::min(kLongestPause, kFirstPause * std::pow(2, doublings));
  return now() + 1 + options_.random() * pause;
}

base::Result<base::Json> ReportSender::ask(const std::string& method, const std::string& url,
                                           const std::string& token, const base::Json& body) {
  asked_to_wait_until_ = 0;
  TRY(const auto response, options_.http->send({.method = method,
                                                .url = url,
                                                .headers = github_headers(token),
                                                .body = body.is_null() ? "" : base::to_text(body)}));
  const auto parsed = base::parse_json(response.body);
  if (response.status >= 200 && response.status < 300) return parsed ? *parsed : base::Json();
  asked_to_wait_until_ = limit_of(response, now());
  const bool passes = asked_to_wait_until_ > 0 || response.status >= 500;
  auto error =
      base::make_error(passes ? base::ErrorKind::unavailable
                              : (response.status == 401 ? base::ErrorKind::denied : base::ErrorKind::remote),
                       fmt::format("{} {}: HTTP {}{}", method, url, response.status,
                                   parsed ? ", " + base::json_string(*parsed, "message") : ""));
  if (asked_to_wait_until_ > 0) left_alone_[host_of(url)] = asked_to_wait_until_;
  return error;
}

ReportSender::Outcome ReportSender::outcome_of(const base::Error& error) {
  const bool stays = error.kind == base::ErrorKind::remote || error.kind == base::ErrorKind::invalid_input;
  return {stays ? Sent::never : Sent::later, asked_to_wait_until_, error.to_string()};
}

/// The answer to the call that made it may have been lost.
base::Result<std::string> ReportSender::find_check(const OutboxEntry& entry) {
  const auto& report = entry.report;
  TRY(const auto token, options_.app->token_for(report.repository, GithubRight::checks));
  const auto url =
      fmt::format("{}/repos/{}/commits/{}/check-runs?check_name={}&filter=all&per_page=100",
                  options_.github_api, report.repository, report.sha, base::percent_encode(report.name));
  TRY(const auto answer, ask("GET", url, token, nullptr));
  const auto& runs = base::json_member(answer, "check_runs");
  for (const auto& run : runs.is_array() ? runs : base::Json::array()) {
    if (base::json_string(run, "external_id") == report.id)
      return std::to_string(base::json_integer(run, "id"));
  }
  return std::string();
}

ReportSender::Outcome ReportSender::send_check(OutboxEntry& entry) {
  const auto& report = entry.report;
  if (entry.remote_id.empty() && (entry.attempts > 0 || entry.version > 1)) {
    auto found = find_check(entry);
    if (!found) return outcome_of(found.error());
    entry.remote_id = std::move(*found);
  }
  const auto runs = fmt::format("{}/repos/{}/check-runs", options_.github_api, report.repository);
  const auto batches = static_cast<std::int64_t>(annotation_batches(report));
  bool said = false;
  while (!said || entry.batches_sent < batches) {
    const auto token = options_.app->token_for(report.repository, GithubRight::checks);
    if (!token) return outcome_of(token.error());
    const auto body = check_run_body(report, static_cast<std::size_t>(entry.batches_sent));
    const auto answer = entry.remote_id.empty() ? ask("POST", runs, *token, body)
                                                : ask("PATCH", runs + "/" + entry.remote_id, *token, body);
    if (!answer) {
      if (answer.error().kind == base::ErrorKind::denied)
        options_.app->forget_token(report.repository, GithubRight::checks);
      return outcome_of(answer.error());
    }
    if (entry.remote_id.empty()) entry.remote_id = std::to_string(base::json_integer(*answer, "id"));
    if (entry.batches_sent < batches) ++entry.batches_sent;
    said = true;
    if (auto noted = outbox_.note_progress(entry); !noted) return outcome_of(noted.error());
  }
  return {};
}

ReportSender::Outcome ReportSender::send_status(OutboxEntry& entry, const RepositoryConfig& repository) {
  const auto token = read_secret(repository.credential);
  if (!token) return {Sent::later, 0, token.error().to_string()};
  if (token->empty())
    return {Sent::never, 0, "there is neither a GitHub App nor a credential to report with"};
  const auto api = repository.forge == Forge::gitea ? gitea_api_of(repository.url) : options_.github_api;
  const auto answer =
      ask("POST", fmt::format("{}/repos/{}/statuses/{}", api, entry.report.repository, entry.report.sha),
          *token, status_body(entry.report));
  return answer ? Outcome{} : outcome_of(answer.error());
}

base::Result<std::string> ReportSender::find_deployment(const OutboxEntry& entry, const std::string& token) {
  const auto& report = entry.report;
  const auto url = fmt::format("{}/repos/{}/deployments?sha={}&environment={}&task=deploy&per_page=100",
                               options_.github_api, report.repository, report.sha,
                               base::percent_encode(report.environment));
  TRY(const auto found, ask("GET", url, token, nullptr));
  for (const auto& one : found.is_array() ? found : base::Json::array()) {
    if (base::json_string(base::json_member(one, "payload"), "pipeline") == report.id)
      return std::to_string(base::json_integer(one, "id"));
  }
  return std::string();
}

// The answer to the call that made it may have been lost.
base::Result<std::string> ReportSender::make_deployment(const OutboxEntry& entry, const std::string& token) {
  const auto& report = entry.report;
  if (entry.attempts > 0 || entry.version > 1) {
    TRY(auto found, find_deployment(entry, token));
    if (!found.empty()) return found;
  }
  TRY(const auto made,
      ask("POST", fmt::format("{}/repos/{}/deployments", options_.github_api, report.repository), token,
          deployment_body(report)));
  return std::to_string(base::json_integer(made, "id"));
}

ReportSender::Outcome ReportSender::send_deployment(OutboxEntry& entry, const RepositoryConfig& repository) {
  const auto& report = entry.report;
  const auto token = options_.app != nullptr
                         ? options_.app->token_for(report.repository, GithubRight::deployments)
                         : read_secret(repository.credential);
  if (!token) return outcome_of(token.error());
  if (token->empty())
    return {Sent::never, 0, "there is neither a GitHub App nor a credential to report with"};
  if (entry.remote_id.empty()) {
    auto made = make_deployment(entry, *token);
    if (!made) {
      if (made.error().kind == base::ErrorKind::denied && options_.app != nullptr)
        options_.app->forget_token(report.repository, GithubRight::deployments);
      return outcome_of(made.error());
    }
    entry.remote_id = *std::move(made);
    if (auto noted = outbox_.note_progress(entry); !noted) return outcome_of(noted.error());
  }
  const auto answer = ask("POST",
                          fmt::format("{}/repos/{}/deployments/{}/statuses", options_.github_api,
                                      report.repository, entry.remote_id),
                          *token, deployment_status_body(report));
  return answer ? Outcome{} : outcome_of(answer.error());
}

ReportSender::Outcome ReportSender::send(OutboxEntry& entry) {
  const auto* repository = options_.config->find_repository(entry.report.repository);
  if (repository == nullptr) return {Sent::never, 0, "the repository is not configured any more"};
  const auto& api = repository->forge == Forge::gitea ? repository->url : options_.github_api;
  if (const auto found = left_alone_.find(host_of(api)); found != left_alone_.end() && found->second > now())
    return {Sent::later, found->second, "the forge asked to be left alone"};
  if (entry.report.kind == ReportKind::deployment)
    return repository->forge == Forge::github
               ? send_deployment(entry, *repository)
               : Outcome{Sent::never, 0, "deployments are reported to GitHub alone"};
  if (repository->forge == Forge::github && options_.app != nullptr) return send_check(entry);
  if (repository->forge == Forge::gitlab) return {Sent::never, 0, "nothing is reported to GitLab"};
  return send_status(entry, *repository);
}

base::Result<int> ReportSender::send_due() {
  TRY(auto entries, outbox_.due(now(), kReportsAtOnce));
  int sent = 0;
  for (auto& entry : entries) {
    asked_to_wait_until_ = 0;
    const auto outcome = send(entry);
    if (outcome.sent == Sent::all) {
      TRY(outbox_.note_sent(entry));
      ++sent;
    } else if (outcome.sent == Sent::never || now() - entry.since > kPatience) {
      TRY(outbox_.give_up(entry, outcome.why));
    } else {
      TRY(outbox_.try_again_at(entry, outcome.when > 0 ? outcome.when : next_attempt(entry), outcome.why));
    }
  }
  return sent;
}

}  // namespace server
