#include "server/checkout.h"

#include <fmt/format.h>

#include "base/git.h"
#include "base/json.h"
#include "base/log.h"
#include "base/strings.h"
#include "workflow/event_payload.h"

namespace server {

namespace {

constexpr const char* kCheckouts = "checkouts";

}  // namespace

base::Result<Checkout> check_out(const base::Path& state_folder, const Attempt& attempt,
                                 const RepositoryConfig& repository) {
  TRY(base::make_directories(state_folder / kCheckouts, 0700));
  TRY(auto folder, base::TempDir::create_in(state_folder / kCheckouts, fmt::to_string(attempt.id)));
  auto work_tree = folder.path() / base::Path(repository.name).filename();
  const auto mirror = Mirrors(state_folder).path_of(repository);
  TRY(base::clone_repository({.url = mirror.string(),
                              .ref = attempt.sha,
                              .destination = work_tree,
                              .origin = repository.url,
                              .head = attempt.ref}));
  return Checkout{std::move(folder), std::move(work_tree)};
}

void remove_abandoned_checkouts(const base::Path& state_folder, AttemptQueue& queue) {
  const auto names = base::list_directory(state_folder / kCheckouts);
  if (!names) return;
  for (const auto& name : *names) {
    const auto attempt = queue.find(base::parse_integer(name.substr(0, name.find('-'))).value_or(0));
    const bool unknown = !attempt && attempt.error().kind != base::ErrorKind::not_found;
    if (unknown || (attempt && attempt->state == AttemptState::running)) continue;
    if (auto removed = base::remove_tree(state_folder / kCheckouts / name); !removed)
      base::log(base::LogLevel::warning, removed.error().to_string());
  }
}

base::Result<workflow::Event> event_of(const Attempt& attempt, const RepositoryConfig& repository) {
  TRY(const auto payload, base::parse_json(attempt.payload));
  TRY(auto event,
      workflow::event_from_payload(attempt.event, payload,
                                   {.default_branch = repository.default_branch, .sha = attempt.sha}));
  event.ref = attempt.ref;
  event.sha = attempt.sha;
  return event;
}

}  // namespace server
