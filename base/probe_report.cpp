// The record of a prober for people: a table, and a picture of who answered when.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/prober.h"
#include "base/xml_text.h"

namespace base {

namespace {

constexpr int kWidth = 720;
constexpr int kHeight = 160;
constexpr int kLegend = 20;
constexpr std::size_t kMostBars = 360;
constexpr const char* kColors[] = {"#4c78a8", "#54a24b", "#b279a2", "#eeca3b", "#9d755d", "#72b7b2"};
constexpr const char* kFailedColor = "#d62728";

std::string row_of(const std::string& name, const ProbeTally& tally) {
  std::string failures;
  for (const auto& [reason, count] : tally.failures_by_reason)
    failures += fmt::format("{}{} {}", failures.empty() ? "" : ", ", count, reason);
  return fmt::format("| {} | {} | {} | {:.1f} | {:.1f} | {:.1f} | {:.0f} |\n", name, tally.sent,
                     failures.empty() ? "0" : failures, tally.p50_ms, tally.p95_ms, tally.p99_ms,
                     tally.longest_gap_ms);
}

/// Neighbouring seconds as one, until there are few enough to be seen.
std::vector<ProbeSecond> gathered(const std::vector<ProbeSecond>& seconds) {
  const std::size_t each = (seconds.size() + kMostBars - 1) / kMostBars;
  std::vector<ProbeSecond> bars;
  for (std::size_t i = 0; i < seconds.size(); ++i) {
    if (i % each == 0) bars.push_back({seconds[i].second, 0, {}});
    bars.back().failed += seconds[i].failed;
    for (const auto& [version, count] : seconds[i].answers) bars.back().answers[version] += count;
  }
  return bars;
}

std::uint64_t total_of(const ProbeSecond& bar) {
  std::uint64_t total = bar.failed;
  for (const auto& [version, count] : bar.answers) total += count;
  return total;
}

}  // namespace

std::string to_markdown(const ProbeRecord& record) {
  std::string text = fmt::format("Requests to {}:\n\n", record.url);
  text +=
      "| phase | sent | failed | p50 ms | p95 ms | p99 ms | longest gap ms "
      "|\n|---|---:|---|---:|---:|---:|---:|\n";
  for (const auto& phase : record.phases) text += row_of(phase.name, phase);
  text += row_of("all", record);
  return text;
}

std::string to_svg(const ProbeRecord& record) {
  const auto bars = gathered(record.seconds);
  std::set<std::string> versions;
  std::uint64_t most = 1;
  for (const auto& bar : bars) {
    most = std::max(most, total_of(bar));
    for (const auto& [version, count] : bar.answers) versions.insert(version);
  }
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" "
      "font-family=\"sans-serif\" font-size=\"11\">\n",
      kWidth, kHeight + kLegend);
  const auto color_of = [&](const std::string& version) {
    const auto index = static_cast<std::size_t>(std::distance(versions.begin(), versions.find(version)));
    return kColors[index % std::size(kColors)];
  };
  const double width = bars.empty() ? kWidth : static_cast<double>(kWidth) / static_cast<double>(bars.size());
  for (std::size_t i = 0; i < bars.size(); ++i) {
    double top = kHeight;
    const auto add = [&](std::uint64_t count, const char* color) {
      const double height = static_cast<double>(count) * kHeight / static_cast<double>(most);
      top -= height;
      svg += fmt::format("<rect x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\" fill=\"{}\"/>\n",
                         static_cast<double>(i) * width, top, width, height, color);
    };
    for (const auto& [version, count] : bars[i].answers) add(count, color_of(version));
    if (bars[i].failed > 0) add(bars[i].failed, kFailedColor);
  }
  int x = 0;
  for (const auto& version : versions) {
    svg += fmt::format("<text x=\"{}\" y=\"{}\" fill=\"{}\">{}</text>\n", x, kHeight + kLegend - 5,
                       color_of(version), xml_escaped(version.empty() ? "answers" : version));
    x += 120;
  }
  svg += fmt::format("<text x=\"{}\" y=\"{}\" fill=\"{}\">{} failed</text>\n</svg>\n", x,
                     kHeight + kLegend - 5, kFailedColor, record.failed);
  return svg;
}

}  // namespace base
