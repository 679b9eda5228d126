#include "steps/builtin/image_metadata.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>

#include "base/json.h"
#include "base/strings.h"
#include "base/time_zone.h"
#include "steps/builtin/calendar_format.h"
#include "steps/builtin/match_pattern.h"
#include "steps/builtin/template_text.h"
#include "steps/builtin/version_numbers.h"
#include "steps/text_pattern.h"

namespace steps::builtin {
namespace {

using base::ErrorKind;
using base::make_error;

/// What follows the prefix; nothing when the ref is of another kind.
std::optional<std::string> after_prefix(const std::string& ref, std::string_view prefix) {
  if (!ref.starts_with(prefix)) return std::nullopt;
  return ref.substr(prefix.size());
}
std::optional<std::string> branch_of(const std::string& ref) {
  return after_prefix(ref, "refs/heads/");
}
std::optional<std::string> tag_of(const std::string& ref) {
  return after_prefix(ref, "refs/tags/");
}

/// Runs of what a tag may not hold become one dash.
std::string sanitized_tag(std::string_view text) {
  std::string tag;
  bool replaced = false;
  for (const char c : text) {
    const bool legal = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_' || c == '-';
    if (legal) tag += c;
    if (!legal && !replaced) tag += '-';
    replaced = !legal;
  }
  return tag;
}

std::string short_sha(const ImageOccasion& occasion) {
  return occasion.sha.substr(0, occasion.short_sha_length);
}

/// `{{date 'YYYYMMDD' tz='Europe/Berlin'}}`
base::Result<std::string> date_value(base::WallTime time, const TemplateExpression& expression) {
  if (expression.arguments.size() != 1) {
    return make_error(ErrorKind::invalid_input,
                      fmt::format("{{{{{}}}}} takes one format, as {{{{{} 'YYYYMMDD'}}}}", expression.name,
                                  expression.name));
  }
  std::string zone_name = "UTC";
  for (const auto& [key, value] : expression.named) {
    if (key != "tz") return make_error(ErrorKind::invalid_input, fmt::format("Unknown {} attribute", key));
    zone_name = value;
  }
  TRY(const auto zone, base::TimeZone::load(zone_name));
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
  const auto offset = zone.offset_at(milliseconds / 1000);
  const TemplateArgument& format = expression.arguments[0];
  // Without quotes it names a value, and there is none: moment's own format then.
  if (format.is_name)
    return format_calendar({milliseconds, offset},
                           offset == 0 ? "YYYY-MM-DDTHH:mm:ss[Z]" : "YYYY-MM-DDTHH:mm:ssZ");
  return format_calendar({milliseconds, offset}, format.text);
}

std::string base_ref(const ImageOccasion& occasion) {
  const base::Json& payload = *occasion.payload;
  if (tag_of(occasion.ref)) {
    const std::string base = base::json_string(payload, "base_ref");
    return branch_of(base).value_or(base);
  }
  if (!occasion.ref.starts_with("refs/pull/")) return "";
  return base::json_string(base::json_member(base::json_member(payload, "pull_request"), "base"), "ref");
}

bool is_default_branch(const ImageOccasion& occasion) {
  const std::string branch = branch_of(occasion.ref).value_or(occasion.ref);
  if (branch.empty()) return false;
  const base::Json& repository = base::json_member(*occasion.payload, "repository");
  if (base::json_string(repository, "default_branch") == branch) return true;
  // Their runs are always of the default branch's last commit.
  for (const std::string_view event : {"create", "discussion", "issues", "schedule"}) {
    if (occasion.event_name.find(event) != std::string::npos) return true;
  }
  return false;
}

/// The expressions that every template knows.
base::Result<std::optional<std::string>> global_value(const ImageOccasion& occasion,
                                                      const TemplateExpression& expression) {
  const std::string& name = expression.name;
  using Found = std::optional<std::string>;
  if (name == "branch") return Found(branch_of(occasion.ref).value_or(""));
  if (name == "tag") return Found(tag_of(occasion.ref).value_or(""));
  if (name == "sha") return Found(short_sha(occasion));
  if (name == "base_ref") return Found(base_ref(occasion));
  if (name == "is_default_branch") return Found(is_default_branch(occasion) ? "true" : "false");
  if (name == "is_not_default_branch") return Found(is_default_branch(occasion) ? "false" : "true");
  if (name == "date" || name == "commit_date") {
    TRY(std::string text, date_value(name == "date" ? occasion.now : occasion.commit_date, expression));
    return Found(std::move(text));
  }
  return Found();
}

/// Applies the rules one after the other.
class ImageTagger {
 public:
  ImageTagger(const ImageRules& rules, const ImageOccasion& occasion, const RepositoryFacts& repository)
      : rules_(rules), occasion_(occasion), repository_(repository) {}

  base::Result<ImageMetadata> run() {
    for (const TagRule& rule : rules_.tags) {
      TRY(const std::string enabled, expand(rule.attribute("enable")));
      if (enabled != "true" && enabled != "false")
        return make_error(ErrorKind::invalid_input, "Invalid value for enable attribute: " + enabled);
      if (enabled == "true") TRY(apply(rule));
    }
    list_tags();
    TRY(result_.labels, describe(rules_.labels));
    TRY(result_.annotations, describe(rules_.annotations));
    return std::move(result_);
  }

 private:
  base::Result<std::string> expand(const std::string& text) const {
    return render_template(text,
                           [this](const auto& expression) { return global_value(occasion_, expression); });
  }

  /// A pattern with values of its own; only those.
  static base::Result<std::string> expand_with(const std::string& pattern,
                                               const std::map<std::string, std::string>& values) {
    return render_template(
        pattern, [&](const TemplateExpression& expression) -> base::Result<std::optional<std::string>> {
          const auto found = values.find(expression.name);
          if (found == values.end()) return std::optional<std::string>();
          return std::optional<std::string>(found->second);
        });
  }

  base::Result<std::string> decorate(const std::string& value, const TagRule& rule) const {
    const auto of = [&](const char* name, const std::string& fallback) {
      return rule.attributes.contains(name) ? rule.attribute(name) : fallback;
    };
    TRY(const std::string prefix, expand(of("prefix", rules_.flavor.prefix)));
    TRY(const std::string suffix, expand(of("suffix", rules_.flavor.suffix)));
    return prefix + value + suffix;
  }

  base::Result<void> add(const std::string& value, const TagRule& rule, bool latest_by_itself) {
    TRY(const std::string decorated, decorate(value, rule));
    if (decorated.empty()) return {};
    const std::string tag = sanitized_tag(decorated);
    if (std::find(names_.begin(), names_.end(), tag) == names_.end()) names_.push_back(tag);
    if (!latest_)
      latest_ = rules_.flavor.latest == "auto" ? latest_by_itself : rules_.flavor.latest == "true";
    return {};
  }

  base::Result<void> apply(const TagRule& rule) {
    switch (rule.type) {
      case TagType::schedule:
        return apply_schedule(rule);
      case TagType::semver:
        return apply_semver(rule);
      case TagType::pep440:
        return apply_pep440(rule);
      case TagType::match:
        return apply_match(rule);
      case TagType::edge:
        return apply_edge(rule);
      case TagType::ref:
        return apply_ref(rule);
      case TagType::raw: {
        TRY(const std::string value, expand(rule.attribute("value")));
        return add(value, rule, false);
      }
      case TagType::sha:
        if (occasion_.sha.empty()) return {};
        return add(rule.attribute("format") == "short" ? short_sha(occasion_) : occasion_.sha, rule, false);
    }
    return {};
  }

  base::Result<void> apply_schedule(const TagRule& rule) {
    if (occasion_.event_name.find("schedule") == std::string::npos) return {};
    TRY(const std::string value,
        render_template(
            rule.attribute("pattern"),
            [this](const TemplateExpression& expression) -> base::Result<std::optional<std::string>> {
              if (expression.name != "date" && expression.name != "commit_date")
                return std::optional<std::string>();
              return global_value(occasion_, expression);
            }));
    return add(value, rule, false);
  }

  /// The `value` attribute, or the git tag; nothing when the run is of no tag.
  base::Result<std::optional<std::string>> written_version(const TagRule& rule) const {
    const std::string value = rule.attribute("value");
    if (value.empty()) return tag_of(occasion_.ref);
    TRY(std::string expanded, expand(value));
    return std::optional<std::string>(std::move(expanded));
  }

  /// What the `match` attribute cuts out of it.
  base::Result<std::string> matched_part(const std::string& version, const TagRule& rule) {
    const std::string written = rule.attribute("match");
    if (written.empty()) return version;
    TRY(const auto pattern, TextPattern::compile(written).while_doing("reading match=" + written));
    const auto found = pattern.search(version);
    if (!found.match) {
      result_.warnings.push_back(fmt::format("{} does not match {}.", written, version));
      return version;
    }
    return std::string(found.match->group(version, 1));
  }

  base::Result<void> apply_semver(const TagRule& rule) {
    TRY(const auto written, written_version(rule));
    if (!written) return {};
    TRY(std::string text, matched_part(*written, rule));
    std::replace(text.begin(), text.end(), '/', '-');
    const auto version = parse_semantic_version(text);
    if (!version) {
      result_.warnings.push_back(
          fmt::format("{} is not a valid semver. More info: https://semver.org/", text));
      return {};
    }
    const std::map<std::string, std::string> values = {{"raw", text},
                                                       {"version", version->version()},
                                                       {"major", std::to_string(version->major)},
                                                       {"minor", std::to_string(version->minor)},
                                                       {"patch", std::to_string(version->patch)},
                                                       {"prerelease", base::join(version->prerelease, ",")},
                                                       {"build", base::join(version->build, ",")}};
    const std::string pattern = rule.attribute("pattern");
    const bool whole = !version->prerelease.empty() && !is_only_expression(pattern, "raw");
    TRY(const std::string value, expand_with(whole ? "{{version}}" : pattern, values));
    return add(value, rule, version->prerelease.empty());
  }

  base::Result<void> apply_pep440(const TagRule& rule) {
    TRY(const auto written, written_version(rule));
    if (!written) return {};
    TRY(std::string text, matched_part(*written, rule));
    std::replace(text.begin(), text.end(), '/', '-');
    const auto version = parse_python_version(text);
    if (!version) {
      result_.warnings.push_back(fmt::format(
          "{} does not conform to PEP 440. More info: https://www.python.org/dev/peps/pep-0440", text));
      return {};
    }
    const std::string pattern = rule.attribute("pattern");
    if (!version->is_final())
      return add(is_only_expression(pattern, "raw") ? text : version->normalized(), rule, false);
    TRY(const std::string value, expand_with(pattern, {{"raw", text},
                                                       {"version", version->normalized()},
                                                       {"major", std::to_string(version->part(0))},
                                                       {"minor", std::to_string(version->part(1))},
                                                       {"patch", std::to_string(version->part(2))}}));
    return add(value, rule, true);
  }

  base::Result<void> apply_match(const TagRule& rule) {
    TRY(const auto written, written_version(rule));
    if (!written) return {};
    const std::string expression = rule.attribute("pattern");
    TRY(const auto pattern, compile_match_pattern(expression).while_doing("reading pattern=" + expression));
    const auto found = pattern.expression.search(*written);
    if (!found.match) {
      result_.warnings.push_back(fmt::format("{} does not match {}.", expression, *written));
      return {};
    }
    const auto group = static_cast<std::size_t>(base::parse_integer(rule.attribute("group")).value_or(0));
    if (pattern.global && group != 0) {
      return make_error(
          ErrorKind::invalid_input,
          fmt::format("group={} of the pattern {} is not supported: with the flag g it is one of several "
                      "matches; leave g out for a group of the first",
                      group, expression));
    }
    if (group >= found.match->groups.size() || found.match->groups[group].first == std::string::npos) {
      result_.warnings.push_back(
          fmt::format("Group {} does not exist for {} pattern.", rule.attribute("group"), expression));
      return {};
    }
    return add(std::string(found.match->group(*written, static_cast<int>(group))), rule, true);
  }

  base::Result<void> apply_edge(const TagRule& rule) {
    const auto branch = branch_of(occasion_.ref);
    if (!branch) return {};
    const std::string wanted = rule.attribute("branch");
    if ((wanted.empty() ? repository_.default_branch : wanted) != *branch) return {};
    return add("edge", rule, false);
  }

  base::Result<void> apply_ref(const TagRule& rule) {
    const std::string event = rule.attribute("event");
    if (event == "branch") {
      if (const auto branch = branch_of(occasion_.ref)) return add(*branch, rule, false);
    } else if (event == "tag") {
      if (const auto tag = tag_of(occasion_.ref)) return add(*tag, rule, true);
    } else if (auto number = after_prefix(occasion_.ref, "refs/pull/")) {
      constexpr std::string_view kMerge = "/merge";
      if (number->ends_with(kMerge)) number->resize(number->size() - kMerge.size());
      return add(*number, rule, false);
    }
    return {};
  }

  void list_tags() {
    for (const ImageName& image : rules_.images) {
      if (image.enabled) result_.image_names.push_back(base::to_lower(image.name));
    }
    if (names_.empty()) return;
    result_.version = names_[0];
    result_.tag_names = names_;
    if (latest_.value_or(false)) {
      const Flavor& flavor = rules_.flavor;
      result_.tag_names.push_back(sanitized_tag((flavor.prefix_on_latest ? flavor.prefix : "") + "latest" +
                                                (flavor.suffix_on_latest ? flavor.suffix : "")));
    }
    if (result_.image_names.empty()) result_.tags = result_.tag_names;
    for (const std::string& image : result_.image_names) {
      for (const std::string& tag : result_.tag_names) result_.tags.push_back(image + ":" + tag);
    }
  }

  /// As a browser's collation has the keys: punctuation, digits, letters; case decides last.
  static bool key_before(const std::string& a, const std::string& b) {
    const auto rank = [](char c) {
      const auto byte = static_cast<unsigned char>(c);
      const int kind = std::isalpha(byte) != 0 ? 2 : std::isdigit(byte) != 0 ? 1 : 0;
      return kind * 256 + std::tolower(byte);
    };
    const auto order = std::lexicographical_compare_three_way(
        a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return rank(x) <=> rank(y); });
    return order == 0 ? a > b : order < 0;
  }

  base::Result<std::vector<std::string>> describe(const std::vector<std::string>& more) const {
    std::map<std::string, std::string> values = {
        {"org.opencontainers.image.title", repository_.name},
        {"org.opencontainers.image.description", repository_.description},
        {"org.opencontainers.image.url", repository_.url},
        {"org.opencontainers.image.source", repository_.url},
        {"org.opencontainers.image.version", result_.version},
        {"org.opencontainers.image.created", base::format_iso8601(occasion_.now)},
        {"org.opencontainers.image.revision", occasion_.sha},
        {"org.opencontainers.image.licenses", repository_.license}};
    for (const std::string& entry : more) {
      TRY(const std::string text, expand(entry));
      const std::size_t equals = text.find('=');
      if (equals != std::string::npos) values[text.substr(0, equals)] = text.substr(equals + 1);
    }
    std::vector<std::string> keys;
    keys.reserve(values.size());
    for (const auto& [key, value] : values) keys.push_back(key);
    std::sort(keys.begin(), keys.end(), key_before);
    std::vector<std::string> entries;
    entries.reserve(keys.size());
    for (const std::string& key : keys) entries.push_back(fmt::format("{}={}", key, values[key]));
    return entries;
  }

  const ImageRules& rules_;
  const ImageOccasion& occasion_;
  const RepositoryFacts& repository_;
  std::vector<std::string> names_;
  std::optional<bool> latest_;
  ImageMetadata result_;
};

}  // namespace

base::Result<ImageMetadata> compute_image_metadata(const ImageRules& rules, const ImageOccasion& occasion,
                                                   const RepositoryFacts& repository) {
  return ImageTagger(rules, occasion, repository).run();
}

}  // namespace steps::builtin
