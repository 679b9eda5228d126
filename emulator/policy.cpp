#include "emulator/policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>

#include "base/strings.h"

namespace emulator {

namespace {

std::vector<std::string> texts_of(const base::Json& value) {
  std::vector<std::string> texts;
  const auto add = [&](const base::Json& item) {
    if (item.is_string()) texts.push_back(item.get<std::string>());
    if (item.is_boolean()) texts.emplace_back(item.get<bool>() ? "true" : "false");
    if (item.is_number()) texts.push_back(base::to_text(item));
  };
  if (value.is_array()) {
    for (const auto& item : value) add(item);
  } else {
    add(value);
  }
  return texts;
}

// `*` and `?` of IAM, in linear time over the text for each star.
bool like(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::optional<double> number(std::string_view text) {
  char* end = nullptr;
  const std::string copy(text);
  const double value = std::strtod(copy.c_str(), &end);
  if (copy.empty() || end != copy.c_str() + copy.size()) return std::nullopt;
  return value;
}

using Compare = std::function<bool(const std::string& wanted, const std::string& found)>;

std::optional<Compare> numeric(std::string_view name) {
  const auto make = [](auto holds) -> Compare {
    return [holds](const std::string& wanted, const std::string& found) {
      const auto a = number(found);
      const auto b = number(wanted);
      return a && b && holds(*a, *b);
    };
  };
  if (name == "NumericEquals") return make([](double a, double b) { return a == b; });
  if (name == "NumericLessThan") return make([](double a, double b) { return a < b; });
  if (name == "NumericLessThanEquals") return make([](double a, double b) { return a <= b; });
  if (name == "NumericGreaterThan") return make([](double a, double b) { return a > b; });
  if (name == "NumericGreaterThanEquals") return make([](double a, double b) { return a >= b; });
  return std::nullopt;
}

std::optional<Compare> positive(std::string_view name) {
  if (name == "StringEquals" || name == "ArnEquals") {
    const bool arn = name == "ArnEquals";
    return [arn](const std::string& wanted, const std::string& found) {
      return arn ? like(wanted, found) : wanted == found;
    };
  }
  if (name == "StringEqualsIgnoreCase")
    return [](const std::string& a, const std::string& b) { return base::equals_ignoring_case(a, b); };
  if (name == "StringLike" || name == "ArnLike")
    return [](const std::string& a, const std::string& b) { return like(a, b); };
  if (name == "Bool")
    return [](const std::string& a, const std::string& b) { return base::equals_ignoring_case(a, b); };
  return numeric(name);
}

struct Operator {
  enum class Set { none, any, all } set = Set::none;
  bool if_exists = false;
  bool negated = false;
  bool null_check = false;
  Compare compare;
};

std::optional<Operator> parse_operator(std::string_view name) {
  Operator result;
  if (name.starts_with("ForAnyValue:")) {
    result.set = Operator::Set::any;
    name.remove_prefix(12);
  } else if (name.starts_with("ForAllValues:")) {
    result.set = Operator::Set::all;
    name.remove_prefix(13);
  }
  if (name.ends_with("IfExists")) {
    result.if_exists = true;
    name.remove_suffix(8);
  }
  if (name == "Null") {
    result.null_check = true;
    return result;
  }
  std::string plain(name);
  if (const auto no = plain.find("Not"); no != std::string::npos) {
    result.negated = true;
    plain.erase(no, 3);
  }
  auto compare = positive(plain);
  if (!compare) return std::nullopt;
  result.compare = std::move(*compare);
  return result;
}

bool holds(const Operator& op, const std::vector<std::string>& wanted,
           const std::vector<std::string>* found) {
  if (op.null_check) {
    const bool wants_absent = !wanted.empty() && wanted.front() == "true";
    return wants_absent == (found == nullptr);
  }
  if (found == nullptr) {
    // "ForAllValues on an absent key is true": the hole that linters warn of is the truth here too.
    return op.if_exists || op.negated || op.set == Operator::Set::all;
  }
  const auto value_fits = [&](const std::string& value) {
    const bool any = std::any_of(wanted.begin(), wanted.end(),
                                 [&](const std::string& want) { return op.compare(want, value); });
    return any != op.negated;
  };
  if (op.set == Operator::Set::any) return std::any_of(found->begin(), found->end(), value_fits);
  return std::all_of(found->begin(), found->end(), value_fits);
}

// "" when every condition holds, else the one that does not.
using ConditionKeys = std::map<std::string, std::vector<std::string>>;
std::string failing_condition(const base::Json& conditions, const ConditionKeys& present) {
  if (!conditions.is_object()) return "";
  for (const auto& [name, keys] : conditions.items()) {
    const auto op = parse_operator(name);
    if (!op) return fmt::format("the condition operator {} is not known here", name);
    if (!keys.is_object()) return fmt::format("the condition {} has no keys", name);
    for (const auto& [key, value] : keys.items()) {
      const auto wanted = texts_of(value);
      const auto found =
          std::find_if(present.begin(), present.end(), [&, &wanted_key = key](const auto& entry) {
            return base::equals_ignoring_case(entry.first, wanted_key);
          });
      const auto* values = found == present.end() ? nullptr : &found->second;
      if (holds(*op, wanted, values)) continue;
      return fmt::format("condition {} {}: expected {}, found {}", name, key, base::join(wanted, " or "),
                         values == nullptr ? "nothing" : base::join(*values, ", "));
    }
  }
  return "";
}

bool lists(const base::Json& value, const std::function<bool(const std::string&)>& fits) {
  const auto texts = texts_of(value);
  return std::any_of(texts.begin(), texts.end(), fits);
}

/// An ARN, or the account that it is of, as its number or its root.
bool names_aws(const std::string& wanted, const std::string& arn) {
  const auto parts = base::split(arn, ':');
  const auto own = parts.size() > 4 ? parts[4] : "";
  return wanted == "*" || wanted == arn || wanted == own ||
         wanted == fmt::format("arn:aws:iam::{}:root", own);
}

bool principal_fits(const base::Json& principal, const TrustQuestion& question) {
  if (principal.is_string()) return principal.get<std::string>() == "*";
  if (!question.federated.empty()) {
    return lists(base::json_member(principal, "Federated"),
                 [&](const std::string& arn) { return arn == question.federated; });
  }
  if (!question.service.empty()) {
    return lists(base::json_member(principal, "Service"),
                 [&](const std::string& name) { return name == question.service; });
  }
  return lists(base::json_member(principal, "AWS"),
               [&](const std::string& wanted) { return names_aws(wanted, question.aws); });
}

bool names_asker(const base::Json& principal, const Asker& asker) {
  if (principal.is_string()) return principal.get<std::string>() == "*";
  return lists(base::json_member(principal, "AWS"), [&](const std::string& wanted) {
    return names_aws(wanted, asker.arn) || (!asker.role_arn.empty() && names_aws(wanted, asker.role_arn));
  });
}

/// A statement has one of Principal and NotPrincipal.
bool speaks_of(const base::Json& statement, const Asker& asker) {
  const auto& all_but = base::json_member(statement, "NotPrincipal");
  return all_but.is_null() ? names_asker(base::json_member(statement, "Principal"), asker)
                           : !names_asker(all_but, asker);
}

base::Json statements_of(const base::Json& policy) {
  const auto& stated = base::json_member(policy, "Statement");
  return stated.is_array() ? stated : base::Json::array({stated});
}

bool action_fits(const base::Json& statement, const std::string& action) {
  const auto fits = [&](const std::string& pattern) {
    return like(base::to_lower(pattern), base::to_lower(action));
  };
  if (const auto& all_but = base::json_member(statement, "NotAction"); !all_but.is_null())
    return !lists(all_but, fits);
  return lists(base::json_member(statement, "Action"), fits);
}

bool resource_fits(const base::Json& statement, const std::string& resource) {
  const auto fits = [&](const std::string& pattern) { return like(pattern, resource); };
  if (const auto& all_but = base::json_member(statement, "NotResource"); !all_but.is_null())
    return !lists(all_but, fits);
  return lists(base::json_member(statement, "Resource"), fits);
}

}  // namespace

TrustAnswer evaluate_trust(const base::Json& policy, const TrustQuestion& question) {
  const auto statements = statements_of(policy);
  TrustAnswer answer{false, "no statement allows " + question.action};
  for (const auto& statement : statements) {
    if (!action_fits(statement, question.action)) continue;
    if (!principal_fits(base::json_member(statement, "Principal"), question)) {
      if (!answer.allowed) {
        answer.reason = fmt::format("principal: expected {}, found {}",
                                    base::to_text(base::json_member(statement, "Principal")),
                                    question.federated.empty() ? question.aws : question.federated);
      }
      continue;
    }
    const auto failing = failing_condition(base::json_member(statement, "Condition"), question.keys);
    const bool denies = base::json_string(statement, "Effect") == "Deny";
    if (denies && failing.empty()) return {false, "a Deny statement applies"};
    if (denies) continue;
    if (failing.empty()) {
      answer = {true, ""};
    } else if (!answer.allowed) {
      answer.reason = failing;
    }
  }
  return answer;
}

Access evaluate_access(const std::vector<base::Json>& policies, const AccessQuestion& question) {
  auto access = Access::implicitly_denied;
  for (const auto& policy : policies) {
    for (const auto& statement : statements_of(policy)) {
      if (!action_fits(statement, question.action) || !resource_fits(statement, question.resource)) continue;
      if (!failing_condition(base::json_member(statement, "Condition"), question.keys).empty()) continue;
      if (base::json_string(statement, "Effect") == "Deny") return Access::explicitly_denied;
      access = Access::allowed;
    }
  }
  return access;
}

Access evaluate_resource_policy(const base::Json& policy, const Asker& asker,
                                const AccessQuestion& question) {
  auto access = Access::implicitly_denied;
  if (!policy.is_object()) return access;
  for (const auto& statement : statements_of(policy)) {
    const bool names_resources = statement.contains("Resource") || statement.contains("NotResource");
    if (!action_fits(statement, question.action) || !speaks_of(statement, asker) ||
        (names_resources && !resource_fits(statement, question.resource)) ||
        !failing_condition(base::json_member(statement, "Condition"), question.keys).empty())
      continue;
    if (base::json_string(statement, "Effect") == "Deny") return Access::explicitly_denied;
    access = Access::allowed;
  }
  return access;
}

std::string policy_fault(const base::Json& policy) {
  if (!policy.is_object()) return "expected a JSON object";
  const auto statements = statements_of(policy);
  if (statements.empty()) return "expected a Statement";
  for (const auto& statement : statements) {
    const auto effect = base::json_string(statement, "Effect");
    if (effect != "Allow" && effect != "Deny") return "expected Effect to be Allow or Deny in each Statement";
    if (base::json_member(statement, "Action").is_null() &&
        base::json_member(statement, "NotAction").is_null())
      return "expected an Action in each Statement";
  }
  return "";
}

}  // namespace emulator
