#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "workflow/expression/template.h"
#include "workflow/reusable_workflows.h"

namespace workflow {

namespace {

const Node* find(const Node& given, std::string_view name) {
  for (const auto& [key, value] : given.members) {
    if (base::equals_ignoring_case(key.text, name)) return &value;
  }
  return nullptr;
}

class CallChecker {
 public:
  CallChecker(const std::string& caller, const Job& job, const Workflow& called, Diagnostics& diagnostics)
      : caller_(caller), job_(job), called_(called), diagnostics_(diagnostics) {}

  void check() {
    if (!called_.call) {
      report(called_.path, (*called_.root)["on"],
             "workflow_call key is not defined in the referenced workflow.");
      return;
    }
    inputs(called_.call->inputs);
    if (job_.secrets.is_mapping() || !job_.secrets.present()) secrets(called_.call->secrets);
  }

 private:
  void inputs(const std::vector<CallInput>& wanted) {
    for (const auto& input : wanted) {
      if (input.default_value.present()) type_of(called_.path, input, input.default_value);
      if (const auto* given = find(job_.with, input.name)) {
        type_of(caller_, input, *given);
      } else if (input.required) {
        report_call(fmt::format("Input {} is required, but not provided while calling.", input.name));
      }
    }
    undefined("input", job_.with, wanted);
  }

  void secrets(const std::vector<CallSecret>& wanted) {
    for (const auto& secret : wanted) {
      if (secret.required && find(job_.secrets, secret.name) == nullptr)
        report_call(fmt::format("Secret {} is required, but not provided while calling.", secret.name));
    }
    undefined("secret", job_.secrets, wanted);
  }

  template <typename Wanted>
  void undefined(std::string_view what, const Node& given, const std::vector<Wanted>& wanted) {
    for (const auto& [name, value] : given.members) {
      const bool known = std::any_of(wanted.begin(), wanted.end(), [&, &key = name.text](const Wanted& one) {
        return base::equals_ignoring_case(one.name, key);
      });
      if (!known) {
        report(caller_, value,
               fmt::format("Invalid {}, {} is not defined in the referenced workflow.", what, name.text));
      }
    }
  }

  // What is computed is known only when it runs.
  void type_of(const std::string& file, const CallInput& input, const Node& value) {
    if (expression::has_expression(value.text)) return;
    const bool wrong = (input.type == "boolean" && value.kind != NodeKind::boolean) ||
                       (input.type == "number" && value.kind != NodeKind::number);
    if (!wrong) return;
    report(file, value, fmt::format("Unexpected value '{}'", value.text));
    diagnostics_.back().hint = fmt::format("the input {} is a {}", input.name, input.type);
  }

  void report(const std::string& file, const Node& node, std::string message) {
    diagnostics_.push_back({{file, node.line, node.column}, std::move(message)});
  }
  void report_call(std::string message) {
    diagnostics_.push_back({{caller_, job_.uses->line, job_.uses->column}, std::move(message)});
  }

  const std::string& caller_;
  const Job& job_;
  const Workflow& called_;
  Diagnostics& diagnostics_;
};

}  // namespace

void check_call(const std::string& caller, const Job& job, const Workflow& called, Diagnostics& diagnostics) {
  CallChecker(caller, job, called, diagnostics).check();
}

}  // namespace workflow
