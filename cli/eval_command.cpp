#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>

#include "base/files.h"
#include "base/json.h"
#include "base/strings.h"
#include "cli/commands.h"
#include "cli/source_excerpt.h"
#include "steps/hash_files.h"
#include "workflow/expression/evaluator.h"
#include "workflow/expression/syntax.h"

namespace cli {

namespace expression = workflow::expression;
using expression::Value;

namespace {

constexpr std::size_t kLargestContexts = 64U << 20;

base::Result<std::string> read_standard_input() {
  std::string text;
  char buffer[64 * 1024];
  while (true) {
    const ssize_t count = ::read(STDIN_FILENO, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return base::system_error("cannot read the contexts from standard input", errno);
    if (count == 0) return text;
    text.append(buffer, static_cast<std::size_t>(count));
    if (text.size() > kLargestContexts)
      return base::invalid_input("the contexts on standard input are larger than 64 MiB");
  }
}

base::Result<Value> read_contexts(const std::string& file) {
  if (file.empty()) return Value(expression::Object());
  TRY(const auto text, file == "-" ? read_standard_input() : base::read_file(file, kLargestContexts));
  const auto name = file == "-" ? std::string("standard input") : file;
  TRY(const auto json, base::parse_json(text).while_doing("reading the contexts from " + name));
  if (!json.is_object()) {
    return base::invalid_input(
        fmt::format("expected the contexts in {} to be an object like "
                    "{{\"github\": {{\"ref\": \"refs/heads/main\"}}}}, found a JSON {}",
                    name, json.type_name()));
  }
  return expression::from_json(json);
}

/// success() and its like, from `job.status` in a step; in a job's condition from the results of `needs`.
class Status {
 public:
  explicit Status(const Value& contexts) : contexts_(contexts) {}

  [[nodiscard]] expression::StatusAnswers answers() const {
    return {.success = [this](const auto& ids) { return success(ids); },
            .failure = [this](const auto& ids) { return failure(ids); },
            .cancelled = [this] { return cancelled(); }};
  }

 private:
  [[nodiscard]] std::vector<std::string> results(const std::vector<std::string>& ids) const {
    std::vector<std::string> found;
    const auto needs = contexts_.get("needs");
    if (!needs.is_object()) return found;
    for (const auto& [id, need] : needs.object().members()) {
      const bool asked = ids.empty() || std::any_of(ids.begin(), ids.end(), [&id = id](const auto& wanted) {
                           return base::equals_ignoring_case(wanted, id);
                         });
      if (asked) found.push_back(need.get("result").to_text());
    }
    return found;
  }
  [[nodiscard]] std::string job_status() const { return contexts_.get("job").get("status").to_text(); }

  [[nodiscard]] bool success(const std::vector<std::string>& ids) const {
    if (const auto status = job_status(); ids.empty() && !status.empty()) return status == "success";
    const auto found = results(ids);
    return std::all_of(found.begin(), found.end(), [](const auto& result) { return result == "success"; });
  }
  [[nodiscard]] bool failure(const std::vector<std::string>& ids) const {
    if (const auto status = job_status(); ids.empty() && !status.empty()) return status == "failure";
    const auto found = results(ids);
    return std::find(found.begin(), found.end(), "failure") != found.end();
  }
  [[nodiscard]] bool cancelled() const {
    if (const auto status = job_status(); !status.empty()) return status == "cancelled";
    const auto found = results({});
    return std::find(found.begin(), found.end(), "cancelled") != found.end();
  }

  const Value& contexts_;
};

/// JSON has no NaN and no infinity: they are texts, as the language prints them.
base::Json to_printed_json(const Value& value) {
  if (value.kind() == expression::Kind::number && !std::isfinite(value.number()))
    return expression::number_to_text(value.number());
  if (value.is_array()) {
    base::Json json = base::Json::array();
    for (const auto& element : value.array()) json.push_back(to_printed_json(element));
    return json;
  }
  if (value.is_object()) {
    base::Json json = base::Json::object();
    for (const auto& [key, member] : value.object().members()) json[key] = to_printed_json(member);
    return json;
  }
  return expression::to_json(value);
}

// The whole of `${{ … }}` is taken for what it holds; nobody means anything else here.
std::string_view without_braces(std::string_view text) {
  const auto trimmed = base::trim(text);
  if (!trimmed.starts_with("${{") || !trimmed.ends_with("}}") || trimmed.find("}}") != trimmed.size() - 2)
    return text;
  return trimmed.substr(3, trimmed.size() - 5);
}

/// Where in the expression the error is: our messages end with "Located at position N within expression: …".
std::optional<std::size_t> offset_of(std::string_view message, std::string_view text) {
  constexpr std::string_view kWithin = " within expression: ";
  constexpr std::string_view kDigits = "0123456789";
  if (!message.ends_with(text)) return std::nullopt;
  message.remove_suffix(text.size());
  if (!message.ends_with(kWithin)) return std::nullopt;
  message.remove_suffix(kWithin.size());
  const auto before = message.find_last_not_of(kDigits);
  const auto position = base::parse_integer(message.substr(before + 1));
  if (!position || *position < 1) return std::nullopt;
  return static_cast<std::size_t>(*position - 1);
}

int show_error(const base::Error& error, std::string_view text) {
  fmt::print(stderr, "pipeline: {}\n", error.to_string());
  if (const auto offset = offset_of(error.message, text); offset) {
    fmt::print(stderr, "  {}\n{}\n", printable(text), caret_below(text, *offset, 2));
  }
  return kUsage;
}

/// What the expression is evaluated with besides its contexts: this folder's files.
base::Result<std::string> hash_files_here(const std::vector<std::string>& patterns) {
  steps::JobFolders folders;
  folders.workspace.host = std::filesystem::current_path();
  folders.workspace.inside = folders.workspace.host.string();
  return steps::hash_files(folders, patterns);
}

}  // namespace

int eval_command(const EvalFlags& flags) {
  const auto contexts = read_contexts(flags.contexts);
  if (!contexts) return complain(contexts.error());
  const auto text = without_braces(flags.expression);
  const Status status(*contexts);
  const expression::Surroundings surroundings{
      .named_value = [&](std::string_view name) { return contexts->object().find(name); },
      .status = status.answers(),
      .hash_files = hash_files_here};
  const auto value = expression::evaluate_expression(text, surroundings);
  if (!value) return show_error(value.error(), text);
  const base::Json printed{{"kind", std::string(expression::name_of(value->kind()))},
                           {"value", to_printed_json(*value)}};
  fmt::print("{}\n", base::to_text(printed));
  return kPassed;
}

}  // namespace cli
