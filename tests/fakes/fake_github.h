#pragma once
// GitHub's REST API as far as reports need it, written from its documentation ("REST API endpoints for check
// runs", "… commit statuses", "… GitHub Apps", "Rate limits"). It is not GitHub: it refuses what GitHub
// refuses of these calls, and answers within the process.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/http_client.h"
#include "base/json.h"
#include "base/strings.h"

namespace fakes {

class FakeGithub {
 public:
  FakeGithub(std::string app, const base::RsaKey& key, base::Clock& clock)
      : app_(std::move(app)), key_(key), clock_(clock) {}

  base::Result<base::HttpResponse> answer(const base::HttpRequest& request) {
    paths.push_back(request.method + " " + request.url.substr(request.url.find("/", 8)));
    if (down) return base::make_error(base::ErrorKind::unavailable, "connection refused");
    if (!next_answers.empty()) {
      auto next = next_answers.front();
      next_answers.erase(next_answers.begin());
      return next;
    }
    auto response = carry_out(request);
    if (lose_answers > 0 && lose_answers-- > 0)
      return base::make_error(base::ErrorKind::unavailable, "connection reset");
    return response;
  }

  struct CheckRun {
    std::int64_t id = 0;
    base::Json body;
    std::size_t annotations = 0;
  };
  std::map<std::int64_t, CheckRun> check_runs;
  std::vector<base::Json> statuses;
  std::vector<std::string> paths;
  std::vector<base::HttpResponse> next_answers;  ///< instead of its own
  std::vector<base::Json> token_requests;
  std::set<std::string> tokens;  ///< that it takes
  bool down = false;
  int lose_answers = 0;  ///< calls that are carried out and not answered

 private:
  static base::HttpResponse refused(int status, const std::string& message) {
    return {status, {}, base::to_text({{"message", message}})};
  }
  static base::HttpResponse said(int status, const base::Json& body) {
    return {status, {}, base::to_text(body)};
  }

  static std::string bearer(const base::HttpRequest& request) {
    const auto header = base::header_value(request.headers, "Authorization").value_or("");
    return header.starts_with("Bearer ") ? header.substr(7) : "";
  }

  // "Generating a JSON Web Token (JWT) for a GitHub App"
  std::string wrong_with_jwt(const std::string& token) const {
    const auto parts = base::split(token, '.');
    if (parts.size() != 3) return "A JSON web token could not be decoded";
    if (!key_.verify_rs256(parts[0] + "." + parts[1], base::base64url_decode(parts[2]).value_or("")))
      return "A JSON web token could not be decoded";
    const auto claims = base::parse_json(base::base64url_decode(parts[1]).value_or("")).value_or({});
    const double now = base::to_epoch_seconds(clock_.now());
    const auto iat = base::json_number(claims, "iat");
    const auto exp = base::json_number(claims, "exp");
    if (base::json_string(claims, "iss") != app_) return "Integration not found";
    if (iat > now)
      return "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was "
             "issued";
    if (exp <= now)
      return "'Expiration time' claim ('exp') must be a numeric value representing the future time at which "
             "the assertion expires";
    if (exp - now > 600) return "'Expiration time' claim ('exp') is too far in the future";
    return "";
  }

  base::HttpResponse carry_out(const base::HttpRequest& request) {
    const auto path = request.url.substr(request.url.find('/', 8));
    if (!base::header_value(request.headers, "User-Agent"))
      return refused(403, "Request forbidden by administrative rules");
    if (path.ends_with("/installation") || path.starts_with("/app/")) return as_app(request, path);
    if (!tokens.contains(bearer(request))) return refused(401, "Bad credentials");
    if (path.find("/statuses/") != std::string::npos) return set_status(request);
    if (path.find("/check-runs?") != std::string::npos) return list_checks();
    return write_check(request, path);
  }

  base::HttpResponse as_app(const base::HttpRequest& request, const std::string& path) {
    if (const auto wrong = wrong_with_jwt(bearer(request)); !wrong.empty()) return refused(401, wrong);
    if (request.method == "GET") return said(200, {{"id", 99}});
    if (path != "/app/installations/99/access_tokens") return refused(404, "Not Found");
    token_requests.push_back(base::parse_json(request.body).value_or({}));
    const auto token = "ghs_" + std::to_string(token_requests.size());
    tokens.insert(token);
    return said(201, {{"token", token}, {"expires_at", "2026-01-02T04:04:05Z"}});
  }

  base::HttpResponse set_status(const base::HttpRequest& request) {
    const auto body = base::parse_json(request.body).value_or({});
    const std::set<std::string> states{"error", "failure", "pending", "success"};
    if (!states.contains(base::json_string(body, "state"))) return refused(422, "Validation Failed");
    if (base::json_string(body, "description").size() > 140) return refused(422, "Validation Failed");
    statuses.push_back(body);
    return said(201, body);
  }

  base::HttpResponse list_checks() {
    base::Json runs = base::Json::array();
    for (const auto& [id, run] : check_runs)
      runs.push_back({{"id", id}, {"external_id", base::json_string(run.body, "external_id")}});
    return said(200, {{"total_count", check_runs.size()}, {"check_runs", runs}});
  }

  static std::string wrong_with_check(const base::Json& body) {
    const std::set<std::string> states{"queued", "in_progress", "completed"};
    const std::set<std::string> conclusions{"action_required", "cancelled", "failure",  "neutral",
                                            "success",         "skipped",   "timed_out"};
    const auto status = base::json_string(body, "status", "queued");
    const auto& output = base::json_member(body, "output");
    if (!states.contains(status)) return "status is not included in the list";
    const bool concluded = !base::json_member(body, "conclusion").is_null();
    if (status == "completed" && !conclusions.contains(base::json_string(body, "conclusion")))
      return "conclusion is not included in the list";
    if (status != "completed" && concluded) return "conclusion is only for completed";
    if (base::json_string(output, "title").empty() || !output.contains("summary"))
      return "output needs title and summary";
    if (base::json_string(output, "summary").size() > 65535)
      return "summary exceeds a maximum of 65535 characters";
    const auto& annotations = base::json_member(output, "annotations");
    if (annotations.is_array() && annotations.size() > 50)
      return "annotations exceeds a maximum quantity of 50";
    const std::set<std::string> levels{"notice", "warning", "failure"};
    for (const auto& one : annotations.is_array() ? annotations : base::Json::array()) {
      if (!levels.contains(base::json_string(one, "annotation_level")))
        return "annotation_level is not included in the list";
      if (base::json_integer(one, "end_line") < base::json_integer(one, "start_line", 1))
        return "end_line is before start_line";
      if (base::json_string(one, "path").empty() || base::json_string(one, "message").empty())
        return "path or message is missing";
    }
    return "";
  }

  base::HttpResponse write_check(const base::HttpRequest& request, const std::string& path) {
    const auto body = base::parse_json(request.body).value_or({});
    if (const auto wrong = wrong_with_check(body); !wrong.empty())
      return refused(422, "Validation Failed: " + wrong);
    std::int64_t id = static_cast<std::int64_t>(check_runs.size()) + 1;
    if (request.method == "PATCH") {
      id = base::parse_integer(path.substr(path.rfind('/') + 1)).value_or(0);
      if (!check_runs.contains(id)) return refused(404, "Not Found");
    } else if (base::json_string(body, "head_sha").size() != 40 || base::json_string(body, "name").empty()) {
      return refused(422, "Validation Failed: head_sha");
    }
    auto& run = check_runs[id];
    run.id = id;
    run.body = body;
    const auto& annotations = base::json_member(base::json_member(body, "output"), "annotations");
    if (annotations.is_array()) run.annotations += annotations.size();
    return said(request.method == "POST" ? 201 : 200, {{"id", id}});
  }

  std::string app_;
  const base::RsaKey& key_;
  base::Clock& clock_;
};

}  // namespace fakes
