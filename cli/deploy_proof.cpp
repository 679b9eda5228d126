#include "cli/deploy_proof.h"

#include <fmt/format.h>

#include "base/crypto.h"
#include "base/json.h"

namespace cli {

namespace {

constexpr std::chrono::seconds kBefore{2};
constexpr std::chrono::seconds kAfter{2};
constexpr std::size_t kLongestVersion = 60;

std::string summary_of(const ecs::ReleaseOutcome& outcome, const std::optional<base::ProbeRecord>& record) {
  std::string text = fmt::format("## Release: {}\n\n", ecs::to_string(outcome.end));
  for (const auto& item : outcome.items) {
    text += item.end.summary.empty() ? fmt::format("### {}: {}\n\n", item.name, ecs::to_string(item.state))
                                     : item.end.summary + "\n";
  }
  if (!record) return text;
  text += base::to_markdown(*record);
  text += fmt::format("\n![requests by version over time](data:image/svg+xml;base64,{})\n",
                      base::base64_encode(base::to_svg(*record)));
  return text + fmt::format("\n<details><summary>as JSON</summary>\n\n```json\n{}\n```\n\n</details>\n",
                            base::to_text(base::to_json(*record)));
}

}  // namespace

base::Json report_of(const ecs::ReleaseOutcome& outcome, const std::optional<base::ProbeRecord>& record) {
  base::Json json = {{"status", std::string(ecs::to_string(outcome.end))}, {"items", base::Json::array()}};
  for (const auto& item : outcome.items) {
    json["items"].push_back({{"name", item.name},
                             {"state", std::string(ecs::to_string(item.state))},
                             {"task_definition", item.task_definition},
                             {"end", item.end.json}});
  }
  if (record) json["requests"] = base::to_json(*record);
  return json;
}

DeployProof::DeployProof(ProofOptions options, base::HttpClient& http) : options_(std::move(options)) {
  if (options_.url.empty()) return;
  base::ProbeOptions probe{.url = options_.url};
  if (!options_.version_header.empty()) {
    probe.version_of = [name = options_.version_header](const base::HttpResponse& answer) {
      const auto version = base::header_value(answer.headers, name).value_or("unknown");
      return std::string(base::clipped(version, kLongestVersion));
    };
  }
  prober_ = std::make_unique<base::Prober>(std::move(probe), http);
}

void DeployProof::look_before(std::stop_token stop) {
  if (!prober_) return;
  prober_->begin_phase("before");
  base::system_clock().sleep_for(kBefore, std::move(stop));
  prober_->begin_phase("during");
}

base::Result<void> DeployProof::finish(const ecs::ReleaseOutcome& outcome, std::stop_token stop) {
  if (prober_) {
    prober_->begin_phase("after");
    base::system_clock().sleep_for(kAfter, std::move(stop));
    record_ = prober_->stop();
    prober_.reset();
  }
  const auto summary = summary_of(outcome, record_);
  if (!options_.summary.empty()) TRY(base::append_file(options_.summary, summary));
  if (options_.report.empty()) return {};
  const base::Path folder = options_.report;
  TRY(base::make_directories(folder));
  TRY(base::write_file(folder / "report.json", base::to_text(report_of(outcome, record_), 2)));
  TRY(base::write_file(folder / "summary.md", summary));
  if (record_) TRY(base::write_file(folder / "requests.svg", base::to_svg(*record_)));
  return {};
}

}  // namespace cli
