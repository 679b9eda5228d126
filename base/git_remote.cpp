#include "base/git_remote.h"

#include <fmt/format.h>
#include <git2/sys/repository.h>

#include <algorithm>

#include "base/crypto.h"
#include "base/git_export.h"
#include "base/git_handles.h"
#include "base/strings.h"

namespace base {

namespace {

using git::AdvertisedReference;
using git::Indexer;
using git::ObjectDatabase;
using git::Reference;
using git::Repository;

constexpr std::string_view kFileScheme = "file://";
constexpr std::size_t kMostReferenceBytes = 64U << 20;
constexpr std::uint64_t kMostPackBytes = 2ULL << 30;

Error error_of_status(const GitServer& server, int status) {
  ErrorKind kind = ErrorKind::remote;
  if (status == 401 || status == 403) kind = ErrorKind::denied;
  if (status == 404) kind = ErrorKind::not_found;
  if (status == 408 || status == 429 || status >= 500) kind = ErrorKind::unavailable;
  auto error = make_error(kind, fmt::format("{} answered with HTTP status {}", server.url, status));
  error.code = std::to_string(status);
  return error;
}

HttpRequest request_to(const GitServer& server, const std::string& path) {
  HttpRequest request;
  request.url = server.url + path;
  request.headers = {{"Git-Protocol", "version=2"}, {"User-Agent", "git/2.39 (pipeline)"}};
  if (!server.password.empty()) {
    request.headers.emplace("Authorization", "Basic " + base64_encode(server.user + ":" + server.password));
  }
  request.follow_redirects = true;
  request.timeout = server.timeout;
  request.max_response_bytes = kMostReferenceBytes;
  request.stop = server.stop;
  return request;
}

Result<HttpResponse> send(const GitServer& server, const HttpRequest& request) {
  TRY(auto response, server.http->send(request));
  if (response.status != 200) return error_of_status(server, response.status);
  return response;
}

Result<git::Capabilities> ask_capabilities(const GitServer& server) {
  TRY(const auto response, send(server, request_to(server, "/info/refs?service=git-upload-pack")));
  auto capabilities = git::read_capabilities(response.body);
  if (capabilities && capabilities->version_2) return capabilities;
  return make_error(
      ErrorKind::remote,
      fmt::format("{} does not answer as a git server with version 2 of git's protocol (2018) does",
                  server.url));
}

HttpRequest upload_pack_request(const GitServer& server, std::string body) {
  auto request = request_to(server, "/git-upload-pack");
  request.method = "POST";
  request.headers.emplace("Content-Type", "application/x-git-upload-pack-request");
  request.headers.emplace("Accept", "application/x-git-upload-pack-result");
  request.body = std::move(body);
  return request;
}

// The repository's own folder, or one beside it whose name ends as bare ones do.
Result<Repository> open_served_folder(const GitServer& server) {
  git::initialize();
  const std::string path = server.url.substr(kFileScheme.size());
  for (const auto& folder : {path, path + ".git"}) {
    git_repository* raw = nullptr;
    if (git_repository_open_ext(&raw, folder.c_str(), GIT_REPOSITORY_OPEN_NO_SEARCH, nullptr) == 0)
      return Repository(raw);
  }
  return make_error(ErrorKind::not_found, fmt::format("there is no git repository at {}", server.url));
}

Result<std::vector<AdvertisedReference>> references_of_folder(const GitServer& server,
                                                              const std::vector<std::string>& prefixes) {
  TRY(const auto repository, open_served_folder(server));
  git_strarray names{};
  if (const int code = git_reference_list(&names, repository.get()); code != 0)
    return git::error_of("cannot list the references", code);
  const std::vector<std::string> all(names.strings, names.strings + names.count);
  git_strarray_dispose(&names);
  std::vector<AdvertisedReference> found;
  for (const auto& name : all) {
    const bool wanted = std::any_of(prefixes.begin(), prefixes.end(),
                                    [&](const auto& prefix) { return name.starts_with(prefix); });
    if (!wanted) continue;
    git_reference* raw = nullptr;
    if (git_reference_lookup(&raw, repository.get(), name.c_str()) != 0) continue;
    const Reference reference(raw);
    git_object* object = nullptr;
    if (git_reference_peel(&object, raw, GIT_OBJECT_COMMIT) != 0) continue;
    const git::Object owned(object);
    found.push_back({name, git::to_string(*git_object_id(object))});
  }
  return found;
}

// Fetches the pack of the commit into `objects`, an object database's folder.
Result<void> fetch_pack(const GitServer& server, const std::string& id, git::History history,
                        const Path& objects) {
  TRY(make_directories(objects / "pack", 0700));
  git_indexer* raw = nullptr;
  if (const int code = git_indexer_new(&raw, (objects / "pack").c_str(), 0, nullptr, nullptr); code != 0)
    return git::error_of("cannot unpack", code);
  const Indexer indexer(raw);
  git_indexer_progress progress{};
  std::uint64_t bytes = 0;
  git::PackReader reader([&](std::string_view piece) -> Result<void> {
    bytes += piece.size();
    if (bytes > kMostPackBytes)
      return invalid_input(fmt::format("{} sends more than {} bytes", server.url, kMostPackBytes));
    if (const int code = git_indexer_append(raw, piece.data(), piece.size(), &progress); code != 0)
      return git::error_of("cannot unpack what the git server sent", code);
    return {};
  });
  auto request = upload_pack_request(server, git::fetch_request(id, history));
  Result<void> taken;
  request.body_sink = [&](std::string_view chunk) {
    taken = reader.feed(chunk);
    return taken.ok();
  };
  const auto sent = send(server, request);
  if (!taken) return taken;
  if (!sent) return sent.error();
  TRY(reader.close());
  if (const int code = git_indexer_commit(raw, &progress); code != 0)
    return git::error_of("cannot unpack what the git server sent", code);
  return {};
}

Result<Repository> open_objects(const Path& objects) {
  git_odb* raw_objects = nullptr;
  if (const int code = git_odb_open(&raw_objects, objects.c_str()); code != 0)
    return git::error_of("cannot open what the git server sent", code);
  const ObjectDatabase database(raw_objects);
  git_repository* raw = nullptr;
  if (const int code = git_repository_wrap_odb(&raw, raw_objects); code != 0)
    return git::error_of("cannot open what the git server sent", code);
  return Repository(raw);
}

}  // namespace

Result<std::vector<AdvertisedReference>> list_references(const GitServer& server,
                                                         const std::vector<std::string>& prefixes) {
  if (server.url.starts_with(kFileScheme)) return references_of_folder(server, prefixes);
  TRY(ask_capabilities(server));
  TRY(const auto response, send(server, upload_pack_request(server, git::list_references_request(prefixes))));
  return git::read_references(response.body);
}

Result<std::string> fetch_files(const GitServer& server, const std::string& id, const Path& folder) {
  if (server.url.starts_with(kFileScheme)) {
    TRY(const auto repository, open_served_folder(server));
    return git::export_commit(repository.get(), id, folder, server.stop);
  }
  git::initialize();
  TRY(const auto capabilities, ask_capabilities(server));
  TRY(const auto scratch, TempDir::create_in(folder.parent_path(), ".pack"));
  const auto objects = scratch.path() / "objects";
  TRY(fetch_pack(server, id, capabilities.shallow ? git::History::one_commit : git::History::whole, objects));
  TRY(const auto repository, open_objects(objects));
  return git::export_commit(repository.get(), id, folder, server.stop);
}

}  // namespace base
