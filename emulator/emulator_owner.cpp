// What the emulator's owner may ask and tell it, under /_emulator/.
#include <fmt/format.h>

#include "base/crypto.h"
#include "base/strings.h"
#include "emulator/ecr_scans.h"
#include "emulator/emulator_state.h"

namespace emulator {

namespace {

constexpr std::size_t kAuditTail = 16 * 1024;
constexpr std::size_t kMostDeclaredFindings = 100;
constexpr std::size_t kNewestLines = 200;

base::ServerResponse json_response(int status, const base::Json& body) {
  base::ServerResponse response{.status = status};
  response.headers.emplace("Content-Type", "application/json");
  response.body = base::to_text(body);
  return response;
}

// {groups, streams of ?group=, lines of ?stream=}: the newest ones.
base::Json newest_lines(LogStore& logs, const base::ServerRequest& request) {
  const auto groups = logs.groups();
  auto group = request.query_value("group").value_or("");
  if (!logs.has_group(group)) group = groups.empty() ? "" : groups.front();
  const auto streams = logs.streams(group);
  auto stream = request.query_value("stream").value_or("");
  if (!logs.has_stream(group, stream)) stream = streams.empty() ? "" : streams.back();
  auto lines = logs.read(group, stream);
  if (lines.size() > kNewestLines) lines.erase(lines.begin(), lines.end() - kNewestLines);
  base::Json texts = base::Json::array();
  for (const auto& line : lines) texts.push_back(line.message);
  return {{"groups", groups}, {"streams", streams}, {"lines", std::move(texts)}};
}

}  // namespace

base::ServerResponse Emulator::State::answer_owner(const base::ServerRequest& request) {
  const auto given = base::header_value(request.headers, "Authorization").value_or("");
  if (!base::equal_in_constant_time(given, "Bearer " + owner_token)) {
    return json_response(403,
                         {{"error", "this is for the emulator's owner: the token is in its state folder"}});
  }
  if (request.path == "/_emulator/status") return json_response(200, status());
  if (request.path == "/_emulator/audit") return json_response(200, {{"audit", audit->tail(kAuditTail)}});
  if (request.path == "/_emulator/logs") return json_response(200, newest_lines(*logs, request));
  if (request.path == "/_emulator/faults") return answer_faults(request);
  if (request.path == "/_emulator/operations") return json_response(200, router->offered());
  if (request.method != "POST") return json_response(405, {{"error", "expected POST"}});
  if (request.path == "/_emulator/shutdown") {
    shutdown = true;
    return json_response(200, base::Json::object());
  }
  if (request.path == "/_emulator/scan-findings") {
    const auto declared = base::parse_json(request.body().value_or(""));
    return declared ? declare_findings(*declared) : json_response(400, {{"error", declared.error().message}});
  }
  if (request.path == "/_emulator/oidc") {
    const auto body = request.body().value_or("");
    const auto keys = base::parse_json(body);
    const auto issuer = keys ? base::json_string(*keys, "issuer") : "";
    if (issuer.empty()) return json_response(400, {{"error", "expected {\"issuer\": …, \"keys_url\": …}"}});
    identity->register_keys(issuer, base::json_string(*keys, "keys_url"));
    return json_response(200, base::Json::object());
  }
  return json_response(404, {{"error", "no such resource: " + request.path}});
}

// GET lists them, POST declares one, DELETE takes back that of ?id= or all.
base::ServerResponse Emulator::State::answer_faults(const base::ServerRequest& request) {
  if (request.method == "DELETE") {
    const auto id = base::parse_integer(request.query_value("id").value_or("0")).value_or(0);
    if (id > 0 && !faults->remove(static_cast<std::uint64_t>(id)))
      return json_response(404, {{"error", fmt::format("there is no fault {}", id)}});
    if (id <= 0) faults->clear();
    for (const auto& alarm : alarms->list()) alarms->hold_in_alarm(alarm.name, 0);
    for (const auto& fault : faults->list()) {
      if (fault["kind"] == "alarm")
        alarms->hold_in_alarm(base::json_string(fault, "alarm"), base::json_number(fault, "until"));
    }
    return json_response(200, {{"faults", faults->list()}});
  }
  if (request.method == "POST") {
    const auto declared = base::parse_json(request.body().value_or(""));
    const auto fault = declared ? add_fault(*declared) : base::Result<Fault>(declared.error());
    if (!fault) return json_response(400, {{"error", fault.error().message}});
    return json_response(200, {{"id", fault->id}});
  }
  return json_response(200, {{"faults", faults->list()}});
}

// {repository, image (a pattern over tags and digests, all of them when absent), findings}
base::ServerResponse Emulator::State::declare_findings(const base::Json& declared) {
  const auto& findings = base::json_member(declared, "findings");
  if (const auto fault = findings_fault(findings); !fault.empty())
    return json_response(400, {{"error", fault}});
  const base::Json entry = {{"image", base::json_string(declared, "image", "*")}, {"findings", findings}};
  const bool found =
      repositories->change(base::json_string(declared, "repository"), [&](Repository& repository) {
        std::erase_if(repository.findings.get_ref<base::Json::array_t&>(),
                      [&](const base::Json& known) { return known["image"] == entry["image"]; });
        if (repository.findings.size() < kMostDeclaredFindings)
          repository.findings.insert(repository.findings.begin(), entry);
      });
  if (found) return json_response(200, base::Json::object());
  return json_response(404, {{"error", "no such repository: " + base::json_string(declared, "repository")}});
}

base::Json Emulator::State::status() const {
  base::Json list = base::Json::array();
  for (const auto& repository : repositories->list()) {
    list.push_back({{"name", repository.name},
                    {"images", repository.manifests.size()},
                    {"tags", repository.image_tags.size()}});
  }
  base::Json status = {{"endpoint", fmt::format("http://{}:{}", kAddress, server->port())},
                       {"account", identity->account()},
                       {"region", region},
                       {"repositories", std::move(list)}};
  status.update(compute->status());
  status["alarms"] = base::Json::array();
  for (const auto& alarm : alarms->list())
    status["alarms"].push_back(
        {{"name", alarm.name}, {"state", name_of(alarm.state)}, {"reason", alarm.reason}});
  status["faults"] = faults->list();
  return status;
}

}  // namespace emulator
