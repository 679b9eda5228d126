#include "ecr/check_build.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "ecr/base_image.h"
#include "ecr/build_graph.h"
#include "ecr/build_ignore.h"
#include "ecr/dockerfile_checks.h"

namespace ecr {

namespace {

using base::Result;

/// The configurations of base images, each looked up once.
class BaseConfigs {
 public:
  BaseConfigs(const BuildOptions& options, ImageStore& store) : options_(options), store_(store) {}

  Result<const ImageConfig*> find(const std::string& image, const Stage& stage, const CheckedFile& checked) {
    Platform platform = options_.platforms[0];
    if (!stage.platform.empty()) {
      const auto lookup = [&](std::string_view name) { return checked.variables.find(name); };
      TRY(const auto text, expand_word(stage.platform, lookup, checked.file.escape));
      TRY(platform, parse_platform(text).while_doing("reading FROM --platform"));
    }
    const auto key = image + " " + to_string(platform);
    if (const auto found = known_.find(key); found != known_.end()) return &found->second;
    TRY(auto base, find_base(image, platform, options_, store_, [](const std::string&) {}));
    return &known_.emplace(key, std::move(base.config)).first->second;
  }

 private:
  const BuildOptions& options_;
  ImageStore& store_;
  std::map<std::string, ImageConfig> known_;
};

Result<std::set<std::size_t>> stages_to_check(const BuildOptions& options, const CheckedFile& checked,
                                              CheckedStages wanted) {
  const auto& file = checked.file;
  std::set<std::size_t> all;
  for (std::size_t i = 0; i < file.stages.size(); ++i) all.insert(i);
  if (wanted == CheckedStages::all && options.target.empty()) return all;
  TRY(const auto target, find_target(file, options.target));
  return needed_stages(file, target, [&](std::string_view name) { return checked.variables.find(name); });
}

constexpr int kLinesAround = 2;

/// The finding's line between its neighbours.
std::string excerpt(const std::vector<std::string_view>& lines, int line) {
  std::string text = "--------------------\n";
  const int first = std::max(1, line - kLinesAround);
  const int last = std::min(static_cast<int>(lines.size()), line + kLinesAround);
  for (int at = first; at <= last; ++at) {
    auto written = lines[static_cast<std::size_t>(at) - 1];
    if (written.ends_with('\r')) written.remove_suffix(1);
    text += fmt::format("{:4} | {} {}\n", at, at == line ? ">>>" : "   ", written);
  }
  return text + "--------------------\n";
}

}  // namespace

Result<CheckSettings> check_settings(const BuildOptions& options, const Dockerfile& file) {
  const auto given = options.build_args.find(kCheckArg);
  if (given != options.build_args.end())
    return parse_check_settings(given->second)
        .while_doing(fmt::format("reading the build-arg {}", kCheckArg));
  auto settings = parse_check_settings(file.check.value);
  if (settings) return settings;
  auto error = std::move(settings).error();
  error.location = base::Location{file.file_name, file.check.line, 1};
  return error;
}

Result<CheckedBuild> check_build(const BuildOptions& options, ImageStore& store, CheckedStages stages) {
  TRY(const auto file, parse_dockerfile(options.dockerfile, options.dockerfile_name));
  TRY(const auto settings, check_settings(options, file));
  TRY(const auto ignore, read_ignore(options));
  TRY(const auto variables, GlobalVariables::evaluate(file, options, options.platforms[0]));
  // A default may be there to fail where no argument is given; one is, or evaluating had failed above.
  const auto defaults = GlobalVariables::evaluate(file, {}, options.platforms[0]);
  BaseConfigs bases(options, store);
  CheckedFile checked{.file = file,
                      .variables = variables,
                      .defaults = defaults ? *defaults : variables,
                      .ignore = ignore,
                      .stages = {},
                      .base_config = {}};
  checked.base_config = [&](const std::string& image, const Stage& stage) {
    return bases.find(image, stage, checked);
  };
  TRY(checked.stages, stages_to_check(options, checked, stages));
  CheckedBuild result;
  TRY(result.findings, check_dockerfile(checked, settings));
  result.fails = settings.fails && !result.findings.empty();
  return result;
}

std::string to_text(const CheckFinding& finding, const std::string& file_name) {
  return fmt::format("{}:{}: {}: {}", file_name, finding.line, rule_of(finding.check).name, finding.message);
}

std::string checks_to_text(const CheckedBuild& checked, const BuildOptions& options) {
  const auto count = checked.findings.size();
  if (count == 0) return "Check complete, no warnings found.\n";
  auto text = fmt::format("Check complete, {} found!\n",
                          count == 1 ? "1 warning has been" : fmt::format("{} warnings have been", count));
  const auto lines = base::lines_of(options.dockerfile);
  for (const auto& finding : checked.findings) {
    const auto& rule = rule_of(finding.check);
    const auto page = page_of(rule);
    text += fmt::format("\nWARNING: {}{}{}\n{}\n{}:{}\n", rule.name, page.empty() ? "" : " - ", page,
                        finding.message, options.dockerfile_name, finding.line);
    text += excerpt(lines, finding.line);
  }
  return text;
}

Result<void> tell_checks(const CheckedBuild& checked, const BuildOptions& options) {
  std::set<std::string> rules;
  for (const auto& finding : checked.findings) {
    rules.emplace(rule_of(finding.check).name);
    if (options.progress)
      options.progress(
          {0, BuildProgress::What::output, "#0 WARNING: " + to_text(finding, options.dockerfile_name)});
  }
  if (!checked.fails) return {};
  auto error = base::invalid_input(fmt::format(
      "lint violation found for rules: {}; the Dockerfile asks by check=error=true for none, or for "
      "check=skip=RULE",
      fmt::join(rules, ", ")));
  error.location = base::Location{options.dockerfile_name, checked.findings[0].line, 1};
  return error;
}

}  // namespace ecr
