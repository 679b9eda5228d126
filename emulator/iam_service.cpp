#include "emulator/iam_service.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "emulator/access.h"
#include "emulator/api_failure.h"
#include "emulator/managed_policies.h"

namespace emulator {

namespace {

constexpr std::size_t kLongestRoleName = 64;
constexpr std::size_t kMostSimulated = 1000;
constexpr std::size_t kMostRolesOfIam = 1000;
constexpr int kConflict = 409;
constexpr int kNoSuchEntity = 404;

struct IamSurroundings {
  Identity& identity;
  base::Clock& clock;
};

std::string member(const ApiCall& call, std::string_view name) {
  return base::json_string(call.input, name);
}

ApiFailure no_role(const std::string& name) {
  return failure("NoSuchEntity", fmt::format("The role with name {} cannot be found.", name), kNoSuchEntity);
}

base::Json describe_role(const Role& role) {
  base::Json json = {{"Path", role.path},
                     {"RoleName", role.name},
                     {"RoleId", role.id()},
                     {"Arn", role.arn},
                     {"CreateDate", role.created_at},
                     {"AssumeRolePolicyDocument", base::percent_encode(base::to_text(role.trust_policy))},
                     {"MaxSessionDuration", role.max_session_seconds}};
  if (!role.description.empty()) json["Description"] = role.description;
  if (role.tags.is_array() && !role.tags.empty()) json["Tags"] = role.tags;
  return json;
}

bool is_role_name(const std::string& name) {
  const auto allowed = [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("_+=,.@-").find(static_cast<char>(c)) != std::string_view::npos;
  };
  return !name.empty() && name.size() <= kLongestRoleName && std::all_of(name.begin(), name.end(), allowed);
}

std::variant<base::Json, ApiFailure> document_of(const ApiCall& call, const char* name) {
  const auto document = base::parse_json(member(call, name));
  const auto fault = document ? policy_fault(*document) : "This policy contains invalid Json";
  if (fault.empty()) return *document;
  return failure("MalformedPolicyDocument", fmt::format("{}: {}", name, fault));
}

ApiResult create_role(const IamSurroundings& all, const ApiCall& call) {
  Role role{.name = member(call, "RoleName")};
  if (!is_role_name(role.name))
    return failure("ValidationError",
                   "The specified value for roleName is invalid. It must contain only "
                   "alphanumeric characters and/or the following: +=,.@_-");
  role.path = base::json_string(call.input, "Path", "/");
  if (!role.path.starts_with('/') || !role.path.ends_with('/') || role.path.size() > 512)
    return failure("ValidationError",
                   "The specified value for path is invalid. It must begin and end with /");
  auto trust = document_of(call, "AssumeRolePolicyDocument");
  if (auto* refused = std::get_if<ApiFailure>(&trust)) return *refused;
  role.trust_policy = std::get<base::Json>(std::move(trust));
  const auto seconds = base::parse_integer(base::json_string(call.input, "MaxSessionDuration", "3600"));
  if (!seconds || *seconds < 3600 || *seconds > 43'200)
    return failure("ValidationError", "MaxSessionDuration: expected 3600 to 43200");
  role.max_session_seconds = static_cast<int>(*seconds);
  role.description = member(call, "Description");
  role.created_at = base::to_epoch_seconds(all.clock.now());
  role.tags = base::json_member(call.input, "Tags");
  role.arn = all.identity.role_arn(role.path, role.name);
  if (all.identity.roles().size() >= kMostRolesOfIam)
    return failure("LimitExceeded",
                   fmt::format("Cannot exceed quota for RolesPerAccount: {}", kMostRolesOfIam), kConflict);
  const auto described = describe_role(role);
  if (!all.identity.add_role(std::move(role)))
    return failure("EntityAlreadyExists",
                   fmt::format("Role with name {} already exists.", member(call, "RoleName")), kConflict);
  return base::Json{{"Role", described}};
}

ApiResult list_roles(const IamSurroundings& all, const ApiCall& call) {
  const auto prefix = base::json_string(call.input, "PathPrefix", "/");
  base::Json list = base::Json::array();
  for (const auto& role : all.identity.roles()) {
    if (role.path.starts_with(prefix)) list.push_back(describe_role(role));
  }
  return base::Json{{"Roles", std::move(list)}, {"IsTruncated", false}};
}

ApiResult delete_role(const IamSurroundings& all, const ApiCall& call) {
  const auto name = member(call, "RoleName");
  const auto role = all.identity.role_named(name);
  if (!role) return no_role(name);
  if (role->is_limited())
    return failure("DeleteConflict",
                   role->attached.empty() ? "Cannot delete entity, must delete policies first."
                                          : "Cannot delete entity, must detach all policies first.",
                   kConflict);
  all.identity.remove_role(name);
  return base::Json::object();
}

/// For what changes the role of a call; the change may refuse.
ApiResult change_role(const IamSurroundings& all, const ApiCall& call,
                      const std::function<std::optional<ApiFailure>(Role&)>& change) {
  std::optional<ApiFailure> refused;
  const bool found =
      all.identity.change_role(member(call, "RoleName"), [&](Role& role) { refused = change(role); });
  if (!found) return no_role(member(call, "RoleName"));
  if (refused) return *refused;
  return base::Json::object();
}

ApiFailure no_policy(const ApiCall& call) {
  return failure("NoSuchEntity",
                 fmt::format("The role policy with name {} cannot be found.", member(call, "PolicyName")),
                 kNoSuchEntity);
}

ApiResult put_role_policy(const IamSurroundings& all, const ApiCall& call) {
  const auto name = member(call, "PolicyName");
  if (name.empty() || name.size() > 128)
    return failure("ValidationError", "PolicyName: expected 1 to 128 characters");
  const auto document = document_of(call, "PolicyDocument");
  if (const auto* refused = std::get_if<ApiFailure>(&document)) return *refused;
  return change_role(all, call, [&](Role& role) -> std::optional<ApiFailure> {
    role.policies[name] = std::get<base::Json>(document);
    return std::nullopt;
  });
}

ApiResult get_role_policy(const IamSurroundings& all, const ApiCall& call) {
  const auto role = all.identity.role_named(member(call, "RoleName"));
  if (!role) return no_role(member(call, "RoleName"));
  const auto found = role->policies.find(member(call, "PolicyName"));
  if (found == role->policies.end()) return no_policy(call);
  return base::Json{{"RoleName", role->name},
                    {"PolicyName", found->first},
                    {"PolicyDocument", base::percent_encode(base::to_text(found->second))}};
}

ApiResult list_role_policies(const IamSurroundings& all, const ApiCall& call) {
  const auto role = all.identity.role_named(member(call, "RoleName"));
  if (!role) return no_role(member(call, "RoleName"));
  base::Json list = base::Json::array();
  for (const auto& [name, document] : role->policies) list.push_back(name);
  return base::Json{{"PolicyNames", std::move(list)}, {"IsTruncated", false}};
}

ApiResult list_attached_policies(const IamSurroundings& all, const ApiCall& call) {
  const auto role = all.identity.role_named(member(call, "RoleName"));
  if (!role) return no_role(member(call, "RoleName"));
  base::Json list = base::Json::array();
  for (const auto& arn : role->attached)
    list.push_back({{"PolicyName", arn.substr(arn.rfind('/') + 1)}, {"PolicyArn", arn}});
  return base::Json{{"AttachedPolicies", std::move(list)}, {"IsTruncated", false}};
}

ApiResult attach_policy(const IamSurroundings& all, const ApiCall& call) {
  const auto arn = member(call, "PolicyArn");
  if (managed_policy(arn) == nullptr)
    return failure(
        "NoSuchEntity",
        fmt::format("Policy {} does not exist or is not attachable: this emulator has some of AWS's "
                    "own policies and inline ones",
                    arn),
        kNoSuchEntity);
  return change_role(all, call, [&](Role& role) -> std::optional<ApiFailure> {
    if (std::find(role.attached.begin(), role.attached.end(), arn) == role.attached.end())
      role.attached.push_back(arn);
    return std::nullopt;
  });
}

ApiResult create_provider(const IamSurroundings& all, const ApiCall& call) {
  IdentityProvider provider{.url = member(call, "Url")};
  if (!provider.url.starts_with("https://") || provider.url.size() > 255)
    return failure("ValidationError", "Url: expected an address that begins with https://");
  for (const char* name : {"ClientIDList", "ThumbprintList"}) {
    for (const auto& entry : base::json_member(call.input, name)) {
      auto& list = name[0] == 'C' ? provider.client_ids : provider.thumbprints;
      if (entry.is_string()) list.push_back(entry.get<std::string>());
    }
  }
  provider.arn = all.identity.provider_arn(provider.url);
  provider.created_at = base::to_epoch_seconds(all.clock.now());
  const auto arn = provider.arn;
  if (!all.identity.add_provider(std::move(provider)))
    return failure("EntityAlreadyExists",
                   fmt::format("Provider with url {} already exists.", member(call, "Url")), kConflict);
  return base::Json{{"OpenIDConnectProviderArn", arn}};
}

ApiResult get_provider(const IamSurroundings& all, const ApiCall& call) {
  const auto arn = member(call, "OpenIDConnectProviderArn");
  for (const auto& provider : all.identity.providers()) {
    if (provider.arn != arn) continue;
    return base::Json{{"Url", arn.substr(arn.find('/') + 1)},
                      {"ClientIDList", provider.client_ids},
                      {"ThumbprintList", provider.thumbprints},
                      {"CreateDate", provider.created_at}};
  }
  return failure("NoSuchEntity", fmt::format("OpenIDConnect Provider not found for arn {}", arn),
                 kNoSuchEntity);
}

ApiResult list_providers(const IamSurroundings& all) {
  base::Json list = base::Json::array();
  for (const auto& provider : all.identity.providers()) list.push_back({{"Arn", provider.arn}});
  return base::Json{{"OpenIDConnectProviderList", std::move(list)}};
}

std::vector<std::string> texts_in(const base::Json& list) {
  std::vector<std::string> texts;
  if (!list.is_array()) return texts;
  for (const auto& entry : list) {
    if (entry.is_string()) texts.push_back(entry.get<std::string>());
  }
  return texts;
}

ApiResult simulate(const IamSurroundings& all, const ApiCall& call) {
  const auto source = member(call, "PolicySourceArn");
  const auto role = all.identity.find_role(source);
  if (!role && !all.identity.has_user(source))
    return failure("NoSuchEntity", fmt::format("{} cannot be found.", source), kNoSuchEntity);
  AccessQuestion question;
  for (const auto& entry : base::json_member(call.input, "ContextEntries"))
    question.keys[base::json_string(entry, "ContextKeyName")] =
        texts_in(base::json_member(entry, "ContextKeyValues"));
  auto resources = texts_in(base::json_member(call.input, "ResourceArns"));
  if (resources.empty()) resources.emplace_back("*");
  const auto actions = texts_in(base::json_member(call.input, "ActionNames"));
  if (actions.empty() || actions.size() * resources.size() > kMostSimulated)
    return failure("InvalidInput",
                   fmt::format("expected 1 to {} pairs of ActionNames and ResourceArns", kMostSimulated));
  base::Json results = base::Json::array();
  for (const auto& action : actions) {
    for (const auto& resource : resources) {
      question.action = action;
      question.resource = resource;
      const auto access =
          role && role->is_limited() ? evaluate_access(policies_of(*role), question) : Access::allowed;
      results.push_back({{"EvalActionName", action},
                         {"EvalResourceName", resource},
                         {"EvalDecision", access == Access::allowed             ? "allowed"
                                          : access == Access::explicitly_denied ? "explicitDeny"
                                                                                : "implicitDeny"},
                         {"MatchedStatements", base::Json::array()},
                         {"MissingContextValues", base::Json::array()}});
    }
  }
  return base::Json{{"EvaluationResults", std::move(results)}, {"IsTruncated", false}};
}

void add_policy_operations(ServiceTable& table, const IamSurroundings& all) {
  auto& operations = table.operations;
  operations["PutRolePolicy"] = [all](const ApiCall& call) { return put_role_policy(all, call); };
  operations["GetRolePolicy"] = [all](const ApiCall& call) { return get_role_policy(all, call); };
  operations["DeleteRolePolicy"] = [all](const ApiCall& call) {
    return change_role(all, call, [&](Role& role) -> std::optional<ApiFailure> {
      return role.policies.erase(member(call, "PolicyName")) > 0 ? std::nullopt
                                                                 : std::optional(no_policy(call));
    });
  };
  operations["ListRolePolicies"] = [all](const ApiCall& call) { return list_role_policies(all, call); };
  operations["ListAttachedRolePolicies"] = [all](const ApiCall& call) {
    return list_attached_policies(all, call);
  };
  operations["AttachRolePolicy"] = [all](const ApiCall& call) { return attach_policy(all, call); };
  operations["DetachRolePolicy"] = [all](const ApiCall& call) {
    const auto arn = member(call, "PolicyArn");
    return change_role(all, call, [&](Role& role) -> std::optional<ApiFailure> {
      if (std::erase(role.attached, arn) > 0) return std::nullopt;
      return failure("NoSuchEntity", fmt::format("Policy {} was not found.", arn), kNoSuchEntity);
    });
  };
  operations["SimulatePrincipalPolicy"] = [all](const ApiCall& call) { return simulate(all, call); };
}

}  // namespace

ServiceTable make_iam_service(Identity& identity, base::Clock& clock) {
  ServiceTable table{.name = "iam",
                     .protocol = Protocol::query,
                     .version = "2010-05-08",
                     .xml_namespace = "https://iam.amazonaws.com/doc/2010-05-08/"};
  table.time_members = {"CreateDate"};
  const IamSurroundings all{identity, clock};
  auto& operations = table.operations;
  operations["CreateRole"] = [all](const ApiCall& call) { return create_role(all, call); };
  operations["GetRole"] = [all](const ApiCall& call) -> ApiResult {
    const auto role = all.identity.role_named(member(call, "RoleName"));
    if (!role) return no_role(member(call, "RoleName"));
    return base::Json{{"Role", describe_role(*role)}};
  };
  operations["ListRoles"] = [all](const ApiCall& call) { return list_roles(all, call); };
  operations["DeleteRole"] = [all](const ApiCall& call) { return delete_role(all, call); };
  operations["UpdateAssumeRolePolicy"] = [all](const ApiCall& call) -> ApiResult {
    const auto document = document_of(call, "PolicyDocument");
    if (const auto* refused = std::get_if<ApiFailure>(&document)) return *refused;
    return change_role(all, call, [&](Role& role) -> std::optional<ApiFailure> {
      role.trust_policy = std::get<base::Json>(document);
      return std::nullopt;
    });
  };
  operations["CreateOpenIDConnectProvider"] = [all](const ApiCall& call) {
    return create_provider(all, call);
  };
  operations["GetOpenIDConnectProvider"] = [all](const ApiCall& call) { return get_provider(all, call); };
  operations["ListOpenIDConnectProviders"] = [all](const ApiCall&) { return list_providers(all); };
  add_policy_operations(table, all);
  return table;
}

}  // namespace emulator
