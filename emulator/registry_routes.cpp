#include "emulator/registry_routes.h"

#include <fmt/format.h>
#include <unistd.h>

#include <optional>

#include "base/crypto.h"
#include "base/strings.h"
#include "ecr/image.h"
#include "emulator/registry_answers.h"
#include "emulator/registry_listing.h"
#include "emulator/registry_tokens.h"

namespace emulator {

namespace {

constexpr std::size_t kLargestManifest = 4U << 20;
constexpr std::size_t kMostUploads = 1000;
constexpr std::size_t kPiece = 256 * 1024;

// A body that ends before its length: the client sees its connection break.
base::ServerResponse cut_off(const base::ServerRequest& request) {
  base::ServerResponse response{.status = request.method == "HEAD" ? 503 : 200};
  response.stream_size = 1;
  response.stream = [](std::uint64_t) { return std::string(); };
  return response;
}

std::string password_of(const base::ServerRequest& request) {
  const auto header = base::header_value(request.headers, "Authorization").value_or("");
  if (header.empty() && request.method == "GET") return request.query_value(kUrlPassword).value_or("");
  if (!header.starts_with("Basic ")) return "";
  const auto decoded = base::base64_decode(base::trim(header.substr(6)));
  if (!decoded || !decoded->starts_with("AWS:")) return "";
  return decoded->substr(4);
}

// "bytes=10-19" and "bytes=10-"; anything else asks for all.
struct Range {
  std::uint64_t first = 0, last = 0;
  bool partial = false;
  bool unsatisfiable = false;  ///< RFC 9110, 14.4
};
Range range_of(const base::ServerRequest& request, std::uint64_t size) {
  Range range{0, size == 0 ? 0 : size - 1, false};
  const auto header = base::header_value(request.headers, "Range").value_or("");
  if (!header.starts_with("bytes=") || size == 0) return range;
  const auto parts = base::split(header.substr(6), '-');
  const auto first = base::parse_integer(parts[0]);
  if (!first || *first < 0) return range;
  range.unsatisfiable = static_cast<std::uint64_t>(*first) >= size;
  if (range.unsatisfiable) return range;
  range.first = static_cast<std::uint64_t>(*first);
  if (parts.size() > 1 && !parts[1].empty()) {
    const auto last = base::parse_integer(parts[1]);
    if (last && *last >= *first)
      range.last = std::min<std::uint64_t>(static_cast<std::uint64_t>(*last), size - 1);
  }
  range.partial = true;
  return range;
}

// Where an upload is, and how much of it there is. Of an empty one "0-0", as docker-registry has it.
base::ServerResponse upload_state(int status, const std::string& repository, const std::string& id,
                                  std::uint64_t size) {
  auto response = empty_answer(status);
  response.headers = {{"Location", fmt::format("/v2/{}/blobs/uploads/{}", repository, id)},
                      {"Docker-Upload-UUID", id},
                      {"Range", fmt::format("0-{}", size == 0 ? 0 : size - 1)}};
  return response;
}

// A chunk says where it belongs: "first-last" (distribution-spec: Pushing a blob in chunks).
bool continues(const base::ServerRequest& request, std::uint64_t size) {
  const auto range = base::header_value(request.headers, "Content-Range").value_or("");
  if (range.empty()) return true;
  const auto parts = base::split(range.starts_with("bytes ") ? range.substr(6) : range, '-');
  const auto first = base::parse_integer(parts[0]);
  return first && *first >= 0 && static_cast<std::uint64_t>(*first) == size;
}

}  // namespace

struct RegistryRoutes::Upload {
  explicit Upload(ecr::BlobWriter blob) : writer(std::move(blob)) {}
  std::mutex mutex;
  ecr::BlobWriter writer;
  std::uint64_t first_chunk = 0;  ///< its size
};

std::optional<RegistryRoutes::Route> RegistryRoutes::parse_path(std::string_view path) {
  path.remove_prefix(std::min<std::size_t>(path.size(), 4));
  for (const std::string_view kind : {"/blobs/", "/manifests/", "/referrers/", "/tags/"}) {
    const auto at = path.rfind(kind);
    if (at == std::string_view::npos) continue;
    return Route{std::string(path.substr(0, at)), std::string(kind.substr(1, kind.size() - 2)),
                 std::string(path.substr(at + kind.size()))};
  }
  return std::nullopt;
}

/// What a request is in the words of policies ("Actions, resources, and condition keys for Amazon ECR").
std::string RegistryRoutes::action_of(const Route& route, const std::string& method) {
  if (method == "DELETE") return "ecr:BatchDeleteImage";
  if (route.kind == "tags") return "ecr:ListImages";
  if (route.kind == "referrers") return "ecr:ListImageReferrers";
  if (route.kind == "manifests") return method == "PUT" ? "ecr:PutImage" : "ecr:BatchGetImage";
  if (method == "POST") return "ecr:InitiateLayerUpload";
  if (method == "PATCH") return "ecr:UploadLayerPart";
  if (method == "PUT") return "ecr:CompleteLayerUpload";
  if (route.rest.starts_with("uploads/")) return "ecr:UploadLayerPart";
  return method == "HEAD" ? "ecr:BatchCheckLayerAvailability" : "ecr:GetDownloadUrlForLayer";
}

RegistryRoutes::RegistryRoutes(Repositories& repositories, RegistrySettings settings)
    : repositories_(repositories), settings_(std::move(settings)) {}
RegistryRoutes::~RegistryRoutes() = default;

base::ServerResponse RegistryRoutes::no_repository(const std::string& repository) const {
  return registry_failure(
      404, "NAME_UNKNOWN",
      fmt::format("The repository with name '{}' does not exist in the registry with id '{}'", repository,
                  repositories_.account()));
}

base::ServerResponse RegistryRoutes::answer(const base::ServerRequest& request) {
  const auto principal = settings_.principal_of(password_of(request));
  if (!principal) {
    auto response = registry_failure(401, "UNAUTHORIZED", "Not Authorized");
    response.headers.emplace("WWW-Authenticate", R"(Basic realm="emulator",service="ecr.amazonaws.com")");
    return response;
  }
  base::ServerResponse response;
  const auto route = parse_path(request.path);
  if (route && settings_.breaks && settings_.breaks(route->repository)) return cut_off(request);
  const auto refused =
      route && settings_.refusal
          ? settings_.refusal(*principal, action_of(*route, request.method), route->repository)
          : std::nullopt;
  if (request.path == "/v2" || request.path == "/v2/") {
    response = empty_answer(200);
  } else if (!route) {
    response = registry_failure(404, "UNSUPPORTED", fmt::format("no such resource: {}", request.path));
  } else if (refused) {
    response = registry_failure(403, "DENIED", *refused);
  } else if (!repositories_.find(route->repository)) {
    response = no_repository(route->repository);
  } else {
    response = answer_in(*route, request);
  }
  response.headers.emplace("Docker-Distribution-Api-Version", "registry/2.0");
  return response;
}

base::ServerResponse RegistryRoutes::answer_in(const Route& route, const base::ServerRequest& request) {
  if (route.kind == "manifests") return manifests(request, route.repository, route.rest);
  if (route.kind == "tags") return list_tags(*repositories_.find(route.repository), request);
  if (route.kind == "referrers")
    return list_referrers(*repositories_.find(route.repository), repositories_.store(), route.rest, request);
  if (route.rest == "uploads/" || route.rest == "uploads")
    return request.method == "POST" ? start_upload(request, route.repository)
                                    : registry_failure(405, "UNSUPPORTED", "expected POST");
  if (route.rest.starts_with("uploads/"))
    return continue_upload(request, route.repository, route.rest.substr(8));
  return blobs(request, route.repository, route.rest);
}

base::ServerResponse RegistryRoutes::blobs(const base::ServerRequest& request, const std::string& repository,
                                           const std::string& text) {
  const auto digest = ecr::Digest::parse(text);
  if (!digest) return registry_failure(400, "DIGEST_INVALID", digest.error().message);
  auto& store = repositories_.store();
  const auto size = store.blob_size(*digest);
  if (!size)
    return registry_failure(404, "BLOB_UNKNOWN",
                            fmt::format("the repository {} has no blob {}", repository, text));
  if (request.method == "DELETE")
    return registry_failure(405, "UNSUPPORTED", "blobs go with their manifests");
  const auto range = range_of(request, *size);
  if (range.unsatisfiable) {
    auto response = registry_failure(416, "BLOB_UNKNOWN", "the blob has no bytes there");
    response.headers.emplace("Content-Range", fmt::format("bytes */{}", *size));
    return response;
  }
  auto fd = store.open_blob(*digest);
  if (!fd) return registry_failure(404, "BLOB_UNKNOWN", fd.error().message);
  base::ServerResponse response = empty_answer(range.partial ? 206 : 200);
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

// ECR mounts what a manifest of the source repository refers to (aws/containers-roadmap#2860); else clients
// get an upload and go on with that.
std::optional<base::ServerResponse> RegistryRoutes::mount(const base::ServerRequest& request,
                                                          const std::string& repository) {
  const auto text = request.query_value("mount");
  const auto from = request.query_value("from");
  const auto digest = text ? ecr::Digest::parse(*text) : base::make_error(base::ErrorKind::not_found, "");
  const auto source = from ? repositories_.find(*from) : std::nullopt;
  if (!digest || !source || !repositories_.store().has_blob(*digest)) return std::nullopt;
  for (const auto& [manifest, stored] : source->manifests) {
    const auto name = ecr::Digest::parse(manifest);
    const auto document =
        name ? repositories_.store().read_blob(*name) : base::Result<std::string>(name.error());
    if (!document || document->find(*text) == std::string::npos) continue;
    auto response = empty_answer(201);
    response.headers = {{"Location", fmt::format("/v2/{}/blobs/{}", repository, *text)},
                        {"Docker-Content-Digest", *text}};
    return response;
  }
  return std::nullopt;
}

base::ServerResponse RegistryRoutes::start_upload(const base::ServerRequest& request,
                                                  const std::string& repository) {
  auto writer = repositories_.store().start_blob();
  if (!writer) return registry_failure(500, "UNKNOWN", writer.error().message);
  const auto id = base::random_uuid();
  auto upload = std::make_unique<Upload>(std::move(*writer));
  if (auto mounted = mount(request, repository)) return *std::move(mounted);
  // A single POST may bring the whole blob (end-4b).
  if (const auto text = request.query_value("digest"); text) {
    const auto digest = ecr::Digest::parse(*text);
    if (!digest) return registry_failure(400, "DIGEST_INVALID", digest.error().message);
    const auto read =
        request.read_body([&](std::string_view piece) { return upload->writer.write(piece).ok(); });
    if (!read) return registry_failure(400, "BLOB_UPLOAD_INVALID", read.error().message);
    if (auto committed = upload->writer.commit(*digest); !committed)
      return registry_failure(400, "DIGEST_INVALID", committed.error().message);
    auto response = empty_answer(201);
    response.headers = {{"Location", fmt::format("/v2/{}/blobs/{}", repository, *text)},
                        {"Docker-Content-Digest", *text}};
    return response;
  }
  const std::lock_guard lock(mutex_);
  if (uploads_.size() >= kMostUploads) return registry_failure(429, "TOOMANYREQUESTS", "Rate exceeded");
  uploads_[id] = std::move(upload);
  auto response = empty_answer(202);
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
    if (found == uploads_.end())
      return registry_failure(404, "BLOB_UPLOAD_UNKNOWN", "there is no such upload");
    upload = std::move(found->second);
    uploads_.erase(found);
  }
  if (request.method == "DELETE") return empty_answer(204);
  if (request.method != "PATCH" && request.method != "PUT") {
    auto response = upload_state(204, repository, id, upload->writer.size());
    const std::lock_guard lock(mutex_);
    uploads_[id] = std::move(upload);
    return response;
  }
  if (!continues(request, upload->writer.size())) {
    auto response = upload_state(416, repository, id, upload->writer.size());
    const std::lock_guard lock(mutex_);
    uploads_[id] = std::move(upload);
    return response;
  }
  const auto read =
      request.read_body([&](std::string_view piece) { return upload->writer.write(piece).ok(); });
  if (!read) return registry_failure(400, "BLOB_UPLOAD_INVALID", read.error().message);
  if (request.method == "PATCH") {
    const bool as_ecr = settings_.manner == RegistryManner::ecr;
    if (upload->first_chunk == 0) upload->first_chunk = upload->writer.size();
    auto response = upload_state(as_ecr ? 201 : 202, repository, id,
                                 as_ecr ? upload->first_chunk : upload->writer.size());
    const std::lock_guard lock(mutex_);
    uploads_[id] = std::move(upload);
    return response;
  }
  const auto text = request.query_value("digest").value_or("");
  const auto digest = ecr::Digest::parse(text);
  if (!digest) return registry_failure(400, "DIGEST_INVALID", digest.error().message);
  if (auto committed = upload->writer.commit(*digest); !committed)
    return registry_failure(400, "DIGEST_INVALID", committed.error().message);
  auto response = empty_answer(201);
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
  if (!digest) return registry_failure(404, "MANIFEST_UNKNOWN", "Requested image not found");
  if (request.method == "DELETE") {
    repositories_.remove_image(repository, key);
    return empty_answer(202);
  }
  auto content = repositories_.store().read_blob(*digest);
  if (!content) return registry_failure(404, "MANIFEST_UNKNOWN", content.error().message);
  base::ServerResponse response = empty_answer(200);
  response.headers = {{"Content-Type", repositories_.find(repository)->manifests[*digest_text].media_type},
                      {"Docker-Content-Digest", *digest_text}};
  response.body = std::move(*content);
  return response;
}

base::ServerResponse RegistryRoutes::put_manifest(const base::ServerRequest& request,
                                                  const std::string& repository, const std::string& key) {
  const auto content = request.body(kLargestManifest);
  if (!content) return registry_failure(413, "MANIFEST_INVALID", content.error().message);
  const bool by_digest = key.starts_with("sha256:");
  if (by_digest && ecr::Digest::of(*content).to_string() != key)
    return registry_failure(400, "DIGEST_INVALID", "the manifest has another digest");
  auto type = base::header_value(request.headers, "Content-Type").value_or("");
  if (type.empty()) type = ecr::media_type::kOciManifest;
  const auto put = repositories_.put_manifest(repository, by_digest ? "" : key, type, *content);
  switch (put.outcome) {
    case Repositories::PutOutcome::stored:
      break;
    case Repositories::PutOutcome::no_repository:
      return no_repository(repository);
    case Repositories::PutOutcome::missing_blob:
      return registry_failure(404, "MANIFEST_BLOB_UNKNOWN",
                              fmt::format("the manifest refers to {}, which was not pushed", put.detail));
    case Repositories::PutOutcome::immutable_tag:
      return registry_failure(
          400, "TAG_INVALID",
          fmt::format("The image tag '{}' already exists in the '{}' repository and cannot be "
                      "overwritten because the tag is immutable.",
                      key, repository));
    case Repositories::PutOutcome::invalid:
      return registry_failure(400, "MANIFEST_INVALID", put.detail);
  }
  auto response = empty_answer(201);
  response.headers = {{"Location", fmt::format("/v2/{}/manifests/{}", repository, put.digest)},
                      {"Docker-Content-Digest", put.digest}};
  if (const auto subject = subject_of(*content); !subject.empty())
    response.headers.emplace("OCI-Subject", subject);
  return response;
}

}  // namespace emulator
