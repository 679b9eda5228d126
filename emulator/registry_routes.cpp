#include "emulator/registry_routes.h"

#include <fmt/format.h>
#include <unistd.h>

#include <optional>

#include "base/crypto.h"
#include "base/strings.h"
#include "ecr/image.h"

namespace emulator {

namespace {

constexpr std::size_t kLargestManifest = 4U << 20;
constexpr std::size_t kMostUploads = 1000;
constexpr std::size_t kPiece = 256 * 1024;

base::ServerResponse error(int status, const char* code, std::string message) {
  base::ServerResponse response;
  response.status = status;
  response.headers.emplace("Content-Type", "application/json");
  response.body =
      base::to_text({{"errors", base::Json::array({{{"code", code}, {"message", std::move(message)}}})}});
  return response;
}

base::ServerResponse empty(int status) {
  base::ServerResponse response;
  response.status = status;
  return response;
}

// Everything between /v2/ and the last /blobs/, /manifests/ or /tags/ is the repository's name.
struct Route {
  std::string repository, kind, rest;
};
std::optional<Route> parse_path(std::string_view path) {
  path.remove_prefix(std::min<std::size_t>(path.size(), 4));
  for (const std::string_view kind : {"/blobs/", "/manifests/", "/tags/"}) {
    const auto at = path.rfind(kind);
    if (at == std::string_view::npos) continue;
    return Route{std::string(path.substr(0, at)), std::string(kind.substr(1, kind.size() - 2)),
                 std::string(path.substr(at + kind.size()))};
  }
  return std::nullopt;
}

std::string password_of(const base::ServerRequest& request) {
  const auto header = base::header_value(request.headers, "Authorization").value_or("");
  if (!header.starts_with("Basic ")) return "";
  const auto decoded = base::base64_decode(base::trim(header.substr(6)));
  if (!decoded || !decoded->starts_with("AWS:")) return "";
  return decoded->substr(4);
}

// "bytes=10-19" and "bytes=10-"; anything else asks for all.
struct Range {
  std::uint64_t first = 0, last = 0;
  bool partial = false;
};
Range range_of(const base::ServerRequest& request, std::uint64_t size) {
  Range range{0, size == 0 ? 0 : size - 1, false};
  const auto header = base::header_value(request.headers, "Range").value_or("");
  if (!header.starts_with("bytes=") || size == 0) return range;
  const auto parts = base::split(header.substr(6), '-');
  const auto first = base::parse_integer(parts[0]);
  if (!first || *first < 0 || static_cast<std::uint64_t>(*first) >= size) return range;
  range.first = static_cast<std::uint64_t>(*first);
  if (parts.size() > 1 && !parts[1].empty()) {
    const auto last = base::parse_integer(parts[1]);
    if (last && *last >= *first)
      range.last = std::min<std::uint64_t>(static_cast<std::uint64_t>(*last), size - 1);
  }
  range.partial = true;
  return range;
}

}  // namespace

struct RegistryRoutes::Upload {
  explicit Upload(ecr::BlobWriter blob) : writer(std::move(blob)) {}
  std::mutex mutex;
  ecr::BlobWriter writer;
};

RegistryRoutes::RegistryRoutes(Repositories& repositories,
                               std::function<bool(const std::string&)> password_is_good)
    : repositories_(repositories), password_is_good_(std::move(password_is_good)) {}
RegistryRoutes::~RegistryRoutes() = default;

base::ServerResponse RegistryRoutes::no_repository(const std::string& repository) const {
  return error(404, "NAME_UNKNOWN",
               fmt::format("The repository with name '{}' does not exist in the registry with id '{}'",
                           repository, repositories_.account()));
}

base::ServerResponse RegistryRoutes::answer(const base::ServerRequest& request) {
  if (!password_is_good_(password_of(request))) {
    auto response = error(401, "UNAUTHORIZED", "Not Authorized");
    response.headers.emplace("WWW-Authenticate", R"(Basic realm="emulator",service="ecr.amazonaws.com")");
    return response;
  }
  base::ServerResponse response;
  const auto route = parse_path(request.path);
  if (request.path == "/v2" || request.path == "/v2/") {
    response = empty(200);
  } else if (!route) {
    response = error(404, "UNSUPPORTED", fmt::format("no such resource: {}", request.path));
  } else if (!repositories_.find(route->repository)) {
    response = no_repository(route->repository);
  } else if (route->kind == "manifests") {
    response = manifests(request, route->repository, route->rest);
  } else if (route->kind == "tags") {
    base::Json tags = base::Json::array();
    const auto repository = repositories_.find(route->repository).value_or(Repository{});
    for (const auto& [tag, digest] : repository.image_tags) tags.push_back(tag);
    response.headers.emplace("Content-Type", "application/json");
    response.body = base::to_text({{"name", route->repository}, {"tags", std::move(tags)}});
  } else if (route->rest == "uploads/" || route->rest == "uploads") {
    response = request.method == "POST" ? start_upload(request, route->repository)
                                        : error(405, "UNSUPPORTED", "expected POST");
  } else if (route->rest.starts_with("uploads/")) {
    response = continue_upload(request, route->repository, route->rest.substr(8));
  } else {
    response = blobs(request, route->repository, route->rest);
  }
  response.headers.emplace("Docker-Distribution-Api-Version", "registry/2.0");
  return response;
}

base::ServerResponse RegistryRoutes::blobs(const base::ServerRequest& request, const std::string& repository,
                                           const std::string& text) {
  const auto digest = ecr::Digest::parse(text);
  if (!digest) return error(400, "DIGEST_INVALID", digest.error().message);
  auto& store = repositories_.store();
  const auto size = store.blob_size(*digest);
  if (!size)
    return error(404, "BLOB_UNKNOWN", fmt::format("the repository {} has no blob {}", repository, text));
  if (request.method == "DELETE") return error(405, "UNSUPPORTED", "blobs go with their manifests");
  const auto range = range_of(request, *size);
  auto fd = store.open_blob(*digest);
  if (!fd) return error(404, "BLOB_UNKNOWN", fd.error().message);
  base::ServerResponse response = empty(range.partial ? 206 : 200);
  response.headers = {{"Content-Type", "application/octet-stream"},
                      {"Docker-Content-Digest", digest->to_string()},
                      {"Accept-Ranges", "bytes"}};
  if (range.partial)
    response.headers.emplace("Content-Range", fmt::format("bytes {}-{}/{}", range.first, range.last, *size));
  const std::uint64_t length = *size == 0 ? 0 : range.last - range.first + 1;
  response.stream_size = length;
  response.stream = [file = std::make_shared<base::Fd>(std::move(*fd)), first = range.first,
                     length](std::uint64_t offset) {
    std::string piece(std::min<std::uint64_t>(kPiece, length - offset), '\0');
    const ssize_t count =
        ::pread(file->get(), piece.data(), piece.size(), static_cast<off_t>(first + offset));
    piece.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return piece;
  };
  return response;
}

base::ServerResponse RegistryRoutes::start_upload(const base::ServerRequest& request,
                                                  const std::string& repository) {
  auto writer = repositories_.store().start_blob();
  if (!writer) return error(500, "UNKNOWN", writer.error().message);
  const auto id = base::random_uuid();
  auto upload = std::make_unique<Upload>(std::move(*writer));
  // A single POST may bring the whole blob (end-4b). A mount is answered as a new upload: clients go on with
  // that.
  if (const auto text = request.query_value("digest"); text) {
    const auto digest = ecr::Digest::parse(*text);
    if (!digest) return error(400, "DIGEST_INVALID", digest.error().message);
    const auto read =
        request.read_body([&](std::string_view piece) { return upload->writer.write(piece).ok(); });
    if (!read) return error(400, "BLOB_UPLOAD_INVALID", read.error().message);
    if (auto committed = upload->writer.commit(*digest); !committed)
      return error(400, "DIGEST_INVALID", committed.error().message);
    auto response = empty(201);
    response.headers = {{"Location", fmt::format("/v2/{}/blobs/{}", repository, *text)},
                        {"Docker-Content-Digest", *text}};
    return response;
  }
  const std::lock_guard lock(mutex_);
  if (uploads_.size() >= kMostUploads) return error(429, "TOOMANYREQUESTS", "Rate exceeded");
  uploads_[id] = std::move(upload);
  auto response = empty(202);
  response.headers = {{"Location", fmt::format("/v2/{}/blobs/uploads/{}", repository, id)},
                      {"Docker-Upload-UUID", id},
                      {"Range", "0-0"}};
  return response;
}

base::ServerResponse RegistryRoutes::continue_upload(const base::ServerRequest& request,
                                                     const std::string& repository, const std::string& id) {
  std::unique_ptr<Upload> upload;
  {
    // Taken out while it is worked on, so that two requests never write one upload.
    const std::lock_guard lock(mutex_);
    const auto found = uploads_.find(id);
    if (found == uploads_.end()) return error(404, "BLOB_UPLOAD_UNKNOWN", "there is no such upload");
    upload = std::move(found->second);
    uploads_.erase(found);
  }
  if (request.method == "DELETE") return empty(204);
  if (request.method != "PATCH" && request.method != "PUT") {
    const std::lock_guard lock(mutex_);
    auto response = empty(204);
    response.headers = {
        {"Location", fmt::format("/v2/{}/blobs/uploads/{}", repository, id)},
        {"Range", fmt::format("0-{}", upload->writer.size() == 0 ? 0 : upload->writer.size() - 1)}};
    uploads_[id] = std::move(upload);
    return response;
  }
  const auto read =
      request.read_body([&](std::string_view piece) { return upload->writer.write(piece).ok(); });
  if (!read) return error(400, "BLOB_UPLOAD_INVALID", read.error().message);
  if (request.method == "PATCH") {
    // ECR answers 201 where the specification has 202 (aws/containers-roadmap#2831); clients of ECR know.
    auto response = empty(202);
    response.headers = {
        {"Location", fmt::format("/v2/{}/blobs/uploads/{}", repository, id)},
        {"Docker-Upload-UUID", id},
        {"Range", fmt::format("0-{}", upload->writer.size() == 0 ? 0 : upload->writer.size() - 1)}};
    const std::lock_guard lock(mutex_);
    uploads_[id] = std::move(upload);
    return response;
  }
  const auto text = request.query_value("digest").value_or("");
  const auto digest = ecr::Digest::parse(text);
  if (!digest) return error(400, "DIGEST_INVALID", digest.error().message);
  if (auto committed = upload->writer.commit(*digest); !committed)
    return error(400, "DIGEST_INVALID", committed.error().message);
  auto response = empty(201);
  response.headers = {{"Location", fmt::format("/v2/{}/blobs/{}", repository, text)},
                      {"Docker-Content-Digest", text}};
  return response;
}

base::ServerResponse RegistryRoutes::manifests(const base::ServerRequest& request,
                                               const std::string& repository, const std::string& key) {
  if (request.method == "PUT") return put_manifest(request, repository, key);
  const auto digest_text = repositories_.resolve(repository, key);
  const auto digest =
      digest_text ? ecr::Digest::parse(*digest_text) : base::make_error(base::ErrorKind::not_found, "");
  if (!digest) return error(404, "MANIFEST_UNKNOWN", "Requested image not found");
  if (request.method == "DELETE") {
    repositories_.remove_image(repository, key);
    return empty(202);
  }
  auto content = repositories_.store().read_blob(*digest);
  if (!content) return error(404, "MANIFEST_UNKNOWN", content.error().message);
  base::ServerResponse response = empty(200);
  response.headers = {{"Content-Type", repositories_.find(repository)->manifests[*digest_text].media_type},
                      {"Docker-Content-Digest", *digest_text}};
  response.body = std::move(*content);
  return response;
}

base::ServerResponse RegistryRoutes::put_manifest(const base::ServerRequest& request,
                                                  const std::string& repository, const std::string& key) {
  const auto content = request.body(kLargestManifest);
  if (!content) return error(413, "MANIFEST_INVALID", content.error().message);
  const bool by_digest = key.starts_with("sha256:");
  if (by_digest && ecr::Digest::of(*content).to_string() != key)
    return error(400, "DIGEST_INVALID", "the manifest has another digest");
  auto type = base::header_value(request.headers, "Content-Type").value_or("");
  if (type.empty()) type = ecr::media_type::kOciManifest;
  const auto put = repositories_.put_manifest(repository, by_digest ? "" : key, type, *content);
  switch (put.outcome) {
    case Repositories::PutOutcome::stored:
      break;
    case Repositories::PutOutcome::no_repository:
      return no_repository(repository);
    case Repositories::PutOutcome::missing_blob:
      return error(404, "MANIFEST_BLOB_UNKNOWN",
                   fmt::format("the manifest refers to {}, which was not pushed", put.detail));
    case Repositories::PutOutcome::immutable_tag:
      return error(400, "TAG_INVALID",
                   fmt::format("The image tag '{}' already exists in the '{}' repository and cannot be "
                               "overwritten because the tag is immutable.",
                               key, repository));
    case Repositories::PutOutcome::invalid:
      return error(400, "MANIFEST_INVALID", put.detail);
  }
  auto response = empty(201);
  response.headers = {{"Location", fmt::format("/v2/{}/manifests/{}", repository, put.digest)},
                      {"Docker-Content-Digest", put.digest}};
  return response;
}

}  // namespace emulator
