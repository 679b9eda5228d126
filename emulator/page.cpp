#include "emulator/page.h"

#include <string>
#include <string_view>

namespace emulator {

namespace {

constexpr const char* kHtml = R"html(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>pipeline emulator</title>
<link rel="stylesheet" href="/_page/page.css">
</head>
<body>
<header><h1>pipeline emulator</h1><p id="where" role="status">connecting …</p></header>
<main>
<section><h2>Services</h2><div id="services"></div></section>
<section><h2>Traffic by version</h2><div id="traffic"></div></section>
<section><h2>Target groups</h2><div id="groups"></div></section>
<section><h2>Alarms</h2><div id="alarms"></div></section>
<section><h2>Logs</h2>
<label>group <select id="group"></select></label> <label>stream <select id="stream"></select></label>
<pre id="log" tabindex="0"></pre></section>
</main>
<script src="/_page/page.js"></script>
</body>
</html>
)html";

constexpr const char* kCss = R"css(
:root { color-scheme: light dark; font: 15px/1.4 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 72rem; padding: 0 1rem 2rem; }
header { display: flex; gap: 1rem; align-items: baseline; flex-wrap: wrap; }
h1 { font-size: 1.3rem; } h2 { font-size: 1.05rem; margin: 1.4rem 0 .4rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .2rem .6rem .2rem 0; border-bottom: 1px solid #8884; vertical-align: top; }
.good { color: #1a7f37; } .bad { color: #cf222e; } .busy { color: #9a6700; }
@media (prefers-color-scheme: dark) { .good { color: #3fb950; } .bad { color: #f85149; } .busy { color: #d29922; } }
meter { width: 16rem; max-width: 100%; }
pre { max-height: 22rem; overflow: auto; background: #8881; padding: .5rem; white-space: pre-wrap; }
)css";

// Everything from outside becomes text nodes, never markup.
constexpr const char* kScript = R"js("use strict";
const token = location.hash.replace(/^#/, "");
const find = (id) => document.getElementById(id);
const kind = { COMPLETED: "good", healthy: "good", OK: "good", RUNNING: "good", FAILED: "bad", unhealthy: "bad", ALARM: "bad" };
const requests = new Map();
const versions = new Map();

async function ask(path) {
  const answer = await fetch("/_emulator/" + path, { headers: { Authorization: "Bearer " + token } });
  if (!answer.ok) throw new Error((await answer.json()).error || answer.status);
  return answer.json();
}

function cell(value, tag = "td") {
  const element = document.createElement(tag);
  element.textContent = value === undefined || value === null ? "" : String(value);
  const name = kind[value] || (["IN_PROGRESS", "initial", "draining", "PENDING", "PROVISIONING"].includes(value) ? "busy" : "");
  if (name) element.className = name;
  return element;
}

function table(place, head, rows) {
  const made = document.createElement("table");
  const add = (cells) => made.appendChild(document.createElement("tr")).append(...cells);
  add(head.map((text) => cell(text, "th")));
  rows.forEach((row) => add(row.map((value) => (value instanceof Node ? value : cell(value)))));
  const old = find(place);
  if (old.textContent !== made.textContent || place === "traffic") old.replaceChildren(rows.length ? made : cell("none", "p"));
}

function showServices(services) {
  const rows = [];
  for (const service of services) {
    const name = service.cluster + "/" + service.name;
    for (const deployment of service.deployments || []) {
      rows.push([name, deployment.status, deployment.task_definition, deployment.rollout_state,
        deployment.running + " of " + service.desired, deployment.failed, deployment.reason]);
    }
    for (const task of service.tasks) rows.push(["", "task", task.task_definition, task.status, task.id.slice(0, 8), "", task.address]);
    for (const event of (service.events || []).slice(0, 5)) rows.push(["", "event", "", "", "", "", event]);
  }
  table("services", ["service", "what", "task definition", "state", "tasks", "failed", "why"], rows);
}

function countTraffic(status) {
  const of = new Map();
  for (const service of status.services) for (const task of service.tasks) of.set(task.address, task.task_definition);
  for (const group of status.target_groups) {
    for (const target of group.targets) {
      const key = group.arn + target.address;
      const before = requests.get(key) || 0;
      requests.set(key, target.requests);
      const version = of.get(target.address) || target.address;
      versions.set(version, (versions.get(version) || 0) * 0.8 + Math.max(0, target.requests - before));
    }
  }
  const whole = [...versions.values()].reduce((sum, value) => sum + value, 0);
  table("traffic", ["version", "share of the last seconds", ""], [...versions].map(([version, value]) => {
    const meter = document.createElement("meter");
    meter.value = whole ? value / whole : 0;
    const box = document.createElement("td");
    box.append(meter);
    return [version, box, whole > 0.5 ? Math.round((100 * value) / whole) + " %" : "no requests"];
  }));
}

function showGroups(groups) {
  table("groups", ["target group", "target", "health", "why", "in flight", "requests", "5xx"], groups.flatMap((group) =>
    group.targets.map((target) => [group.name, target.address + ":" + target.port, target.state,
      target.description || target.reason, target.in_flight, target.requests, target.http_5xx])));
}

function choose(select, values) {
  if ([...select.options].map((option) => option.value).join("\n") === values.join("\n")) return;
  const chosen = select.value;
  select.replaceChildren(...values.map((value) => new Option(value, value)));
  if (values.includes(chosen)) select.value = chosen;
}

async function showLogs() {
  const at = "?group=" + encodeURIComponent(find("group").value) + "&stream=" + encodeURIComponent(find("stream").value);
  const logs = await ask("logs" + at);
  choose(find("group"), logs.groups);
  choose(find("stream"), logs.streams);
  const text = logs.lines.join("\n");
  if (find("log").textContent !== text) find("log").textContent = text;
}

async function refresh() {
  try {
    const status = await ask("status");
    const balancers = status.load_balancers.flatMap((balancer) => balancer.listeners.map((listener) => listener.url));
    find("where").textContent = [status.endpoint, status.account + " in " + status.region, ...balancers].join(" · ");
    showServices(status.services);
    countTraffic(status);
    showGroups(status.target_groups);
    table("alarms", ["alarm", "state", "why"], status.alarms.map((alarm) => [alarm.name, alarm.state, alarm.reason]));
    await showLogs();
  } catch (wrong) {
    find("where").textContent = token ? "no answer: " + wrong.message : "open the address that `pipeline emulator status --page` tells";
  }
  setTimeout(refresh, 1000);
}
refresh();
)js";

base::ServerResponse page_file(const char* type, std::string_view content) {
  base::ServerResponse response;
  response.headers = {
      {"Content-Type", type},
      {"Cache-Control", "no-store"},
      {"X-Content-Type-Options", "nosniff"},
      {"Referrer-Policy", "no-referrer"},
      {"Content-Security-Policy",
       "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; "
       "form-action 'none'; frame-ancestors 'none'"}};
  response.body = content;
  return response;
}

}  // namespace

std::optional<base::ServerResponse> answer_page(const base::ServerRequest& request) {
  if (request.method != "GET") return std::nullopt;
  if (request.path == "/" && request.query.empty()) return page_file("text/html; charset=utf-8", kHtml);
  if (request.path == "/_page/page.css") return page_file("text/css; charset=utf-8", kCss);
  if (request.path == "/_page/page.js") return page_file("text/javascript; charset=utf-8", kScript);
  return std::nullopt;
}

}  // namespace emulator
