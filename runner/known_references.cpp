#include "runner/known_references.h"

#include "base/json.h"

namespace runner {

namespace {

constexpr const char* kFile = "refs.json";
constexpr const char* kReferencesLock = "refs.lock";
constexpr std::size_t kMostReferenceBytes = 16U << 20;

base::Json read_known(const base::Path& folder) {
  const auto text = base::read_file(folder / kFile, kMostReferenceBytes);
  if (!text) return base::Json::object();
  auto known = base::parse_json(*text);
  return known && known->is_object() ? std::move(*known) : base::Json::object();
}

std::string member_text(const base::Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace

std::optional<ResolvedReference> known_reference(const base::Path& folder, const std::string& server,
                                                 const std::string& ref) {
  const auto known = read_known(folder);
  const auto of_server = known.find(server);
  if (of_server == known.end() || !of_server->is_object()) return std::nullopt;
  const auto entry = of_server->find(ref);
  if (entry == of_server->end() || !entry->is_object()) return std::nullopt;
  ResolvedReference resolved{member_text(*entry, "commit"), member_text(*entry, "name")};
  if (!workflow::is_full_commit(resolved.commit)) return std::nullopt;
  return resolved;
}

base::Result<void> remember_reference(const base::Path& folder, const std::string& server,
                                      const std::string& ref, const ResolvedReference& resolved) {
  const auto before = known_reference(folder, server, ref);
  if (before && before->commit == resolved.commit && before->full_name == resolved.full_name) return {};
  TRY(base::make_directories(folder, 0700));
  TRY(const auto alone, base::FileLock::acquire(folder / kReferencesLock));
  auto known = read_known(folder);
  known[server][ref] = {{"commit", resolved.commit}, {"name", resolved.full_name}};
  return base::write_file(folder / kFile, base::to_text(known, 2), 0600);
}

}  // namespace runner
