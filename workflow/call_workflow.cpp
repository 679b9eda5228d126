#include "workflow/call_workflow.h"

#include <fmt/format.h>

#include "base/strings.h"

namespace workflow {

using expression::Kind;
using expression::Object;
using expression::Value;

namespace {

Value without_value(const CallInput& input) {
  if (input.type == "boolean") return false;
  if (input.type == "number") return 0;
  return "";
}

base::Result<Value> typed(const CallInput& input, const Value& value) {
  const auto wrong = [&] {
    return base::invalid_input(fmt::format("the input '{}' has to be a {}, found {} '{}'", input.name,
                                           input.type, expression::name_of(value.kind()), value.to_text()));
  };
  if (value.is_array() || value.is_object()) return wrong();
  if (input.type == "boolean") return value.kind() == Kind::boolean ? base::Result<Value>(value) : wrong();
  if (input.type == "number") return value.kind() == Kind::number ? base::Result<Value>(value) : wrong();
  return Value(value.to_text());
}

const Node& given(const Node& with, std::string_view name) {
  static const Node kAbsent;
  for (const auto& [key, value] : with.members) {
    if (base::equals_ignoring_case(key.text, name)) return value;
  }
  return kAbsent;
}

base::Result<Object> inputs_of(const Job& job, const Scope& caller) {
  Object inputs;
  Contexts for_defaults = caller.contexts;
  for (const auto& input : job.called->call->inputs) {
    const Node& own = given(job.with, input.name);
    const Node& source = own.present() ? own : input.default_value;
    for_defaults.set("inputs", Value(inputs));
    const Scope scope{.contexts = own.present() ? caller.contexts : for_defaults};
    TRY(auto value,
        evaluate_node(source, scope).while_doing(fmt::format("evaluating the input '{}'", input.name)));
    if (!source.present()) value = without_value(input);
    TRY(value, typed(input, value));
    inputs.set(input.name, std::move(value));
  }
  return inputs;
}

base::Result<Object> secrets_of(const Job& job, const Scope& caller) {
  const Value all = caller.contexts.get("secrets");
  if (job.secrets.text == "inherit") return all.is_object() ? all.object() : Object();
  Object secrets;
  TRY(const auto passed,
      evaluate_mapping(job.secrets, caller).while_doing("evaluating the secrets of the call"));
  for (const auto& [name, value] : passed) secrets.set(name, Value(value));
  if (const auto token = all.get("GITHUB_TOKEN"); !token.is_null()) secrets.set("GITHUB_TOKEN", token);
  return secrets;
}

}  // namespace

base::Result<Contexts> contexts_of_call(const Job& job, const Contexts& caller) {
  const Scope scope{.contexts = caller};
  TRY(auto inputs, inputs_of(job, scope));
  TRY(auto secrets, secrets_of(job, scope));
  Contexts contexts;
  contexts.set("github", caller.get("github"));
  contexts.set("vars", caller.get("vars"));
  contexts.set("inputs", Value(std::move(inputs)));
  contexts.set("secrets", Value(std::move(secrets)));
  return contexts;
}

base::Result<EnvList> outputs_of_call(const Workflow& called, const Contexts& contexts) {
  EnvList outputs;
  const Scope scope{.contexts = contexts};
  for (const auto& output : called.call->outputs) {
    TRY(auto value, evaluate_text(output.value, scope)
                        .while_doing(fmt::format("evaluating the output '{}'", output.name)));
    if (!value.empty()) outputs.emplace_back(output.name, std::move(value));
  }
  return outputs;
}

}  // namespace workflow
