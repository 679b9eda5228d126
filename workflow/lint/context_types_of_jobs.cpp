#include "base/strings.h"
#include "workflow/expression/template.h"
#include "workflow/lint/context_types.h"
#include "workflow/matrix.h"

namespace workflow::lint {

namespace {

TypePointer type_of_node(const Node& node, const TypeOfText& type_of_text) {
  switch (node.kind) {
    case NodeKind::null:
      return null_type();
    case NodeKind::boolean:
      return boolean_type();
    case NodeKind::number:
      return number_type();
    case NodeKind::string:
      return expression::has_expression(node.text) ? type_of_text(node) : string_of({node.text});
    case NodeKind::sequence: {
      if (node.items.size() > kMaxMatrixJobs) return array_of(any_type());
      MergedTypes elements;
      for (const auto& item : node.items) elements.add(type_of_node(item, type_of_text));
      return array_of(elements.take());
    }
    case NodeKind::mapping: {
      Type type{.kind = TypeKind::object};
      if (has_computed_keys(node)) type.other = any_type();
      for (const auto& [key, member] : node.members) type.set(key.text, type_of_node(member, type_of_text));
      return make_type(std::move(type));
    }
    case NodeKind::absent:
      break;
  }
  return any_type();
}

/// The types of the combinations from those of the vectors and of what is included.
class MatrixTypes {
 public:
  TypePointer from(const Type& matrix) {
    type_.other = matrix.other;
    for (const auto& [key, member] : matrix.members) {
      if (base::equals_ignoring_case(key, "include") || base::equals_ignoring_case(key, "exclude")) continue;
      add(member.name, *member.type);
    }
    if (const auto included = matrix.members.find("include"); included != matrix.members.end())
      include(*included->second.type);
    return make_type(std::move(type_));
  }

 private:
  // A vector gives its elements. What is no vector is wrong already.
  void add(const std::string& name, const Type& vector) {
    type_.set(name, vector.is(TypeKind::array) ? vector.element : any_type());
  }

  void include(const Type& included) {
    const bool known = included.is(TypeKind::array) && included.element->is(TypeKind::object);
    if (!known) {
      type_.other = any_type();
      // It may also overwrite what the vectors have.
      for (auto& [key, member] : type_.members) member.type = any_type();
      return;
    }
    type_ = *merged(make_type(std::move(type_)), included.element);
  }

  Type type_{.kind = TypeKind::object};
};

// Of `include: []` nothing is included; its elements are no less known than others.
bool includes_nothing(const Node& matrix) {
  const Node& include = matrix["include"];
  return include.is_sequence() && include.items.empty();
}

TypePointer job_result_type(const Node& job, ProjectTypes& project) {
  Type type{.kind = TypeKind::object};
  static const TypePointer result = string_of({"success", "failure", "cancelled", "skipped"});
  type.set("result", result);
  const Node& outputs = job["outputs"];
  if (job["uses"].present()) {
    type.set("outputs", project.outputs_of_workflow(job["uses"].text));
  } else if (outputs.is_scalar() || has_computed_keys(outputs)) {
    type.set("outputs", map_of(string_type()));
  } else {
    Type names{.kind = TypeKind::object};
    for (const auto& [key, value] : outputs.members) names.set(key.text, string_type());
    type.set("outputs", make_type(std::move(names)));
  }
  return make_type(std::move(type));
}

}  // namespace

TypePointer matrix_type(const Node& strategy, const TypeOfText& type_of_text) {
  const Node& matrix = strategy["matrix"];
  if (strategy.is_scalar() && strategy.kind != NodeKind::null) return any_type();
  if (!matrix.present()) return strict_object({}, any_type());
  const auto type = type_of_node(matrix, type_of_text);
  if (!type->is(TypeKind::object)) return any_type();
  Type known = *type;
  if (includes_nothing(matrix)) known.members.erase("include");
  return MatrixTypes().from(known);
}

TypePointer needs_type(const Node& job, const Type& jobs) {
  Type type{.kind = TypeKind::object};
  const auto add = [&](const Node& id) {
    const auto needed = jobs.member(id.text);
    type.set(id.text, needed == nullptr ? any_type() : needed);
  };
  const Node& needs = job["needs"];
  if (needs.is_scalar() && needs.kind != NodeKind::null) add(needs);
  for (const auto& id : needs.items) add(id);
  return make_type(std::move(type));
}

TypePointer jobs_type(const Node& jobs, ProjectTypes& project) {
  Type type{.kind = TypeKind::object};
  for (const auto& [id, job] : jobs.members) type.set(id.text, job_result_type(job, project));
  return make_type(std::move(type));
}

TypePointer step_type(const Node& step, ProjectTypes& project) {
  const auto make = [](TypePointer outputs) {
    Type type{.kind = TypeKind::object};
    const auto result = string_of({"success", "failure", "cancelled", "skipped"});
    type.set("outcome", result);
    type.set("conclusion", result);
    type.set("outputs", std::move(outputs));
    return make_type(std::move(type));
  };
  static const TypePointer of_script = make(map_of(string_type()));
  const Node& uses = step["uses"];
  return uses.present() ? make(project.outputs_of_action(uses.text)) : of_script;
}

}  // namespace workflow::lint
