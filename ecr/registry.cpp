// Blobs: asking, fetching, mounting, removing. Uploads are in registry_upload.cpp, manifests in
// registry_manifests.cpp.
#include "ecr/registry.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "ecr/image_store.h"
#include "ecr/registry_exchange.h"

namespace ecr {

using base::ErrorKind;
using base::HttpRequest;
using base::make_error;
using base::Result;

namespace {

constexpr std::chrono::seconds kStall{60};

}  // namespace

RegistryClient::RegistryClient(const RegistryOptions& options, const ImageReference& target, Access access)
    : exchange_(std::make_unique<RegistryExchange>(options, target, access,
                                                   registry_base_url(options, target.host))) {}
RegistryClient::RegistryClient(const RegistryOptions& options, const ImageReference& target,
                               const std::string& mirror)
    : exchange_(std::make_unique<RegistryExchange>(options, target, Access::pull, mirror)) {}
RegistryClient::RegistryClient(RegistryClient&&) noexcept = default;
RegistryClient::~RegistryClient() = default;

Result<void> RegistryClient::ping() {
  return exchange_->with_retries([this](Attempt& attempt) -> Result<void> {
    TRY(const auto response,
        exchange_->send({.method = "GET", .url = exchange_->base_url() + "/v2/"}, attempt));
    if (response.status == 200) return {};
    return exchange_->failed("asking for /v2/", response, attempt);
  });
}

Result<bool> RegistryClient::has_blob(const Digest& digest) {
  return exchange_->with_retries([&](Attempt& attempt) -> Result<bool> {
    TRY(const auto response,
        exchange_->send({.method = "HEAD", .url = exchange_->route("blobs/" + digest.to_string())}, attempt));
    if (response.status == 200) return true;
    if (response.status == 404) return false;
    return exchange_->failed("asking for blob " + digest.to_string(), response, attempt);
  });
}

/// What of a blob is there after the attempts so far.
struct RegistryClient::FetchState {
  std::optional<BlobWriter> writer;
  bool was_wrong = false;
  base::Error wrong;
};

// Goes on where the attempt before it ended: the content has one digest, so that the bytes are the same
// whoever gives them. What came is only believed once the digest is right.
Result<void> RegistryClient::fetch_blob(const Descriptor& blob, ImageStore& store) {
  FetchState state;
  return exchange_->with_retries([&](Attempt& attempt) -> Result<void> {
    const auto before = state.writer ? state.writer->size() : 0;
    auto fetched = fetch_once(blob, store, state, attempt);
    attempt.progressed = state.writer && state.writer->size() > before;
    return fetched;
  });
}

Result<void> RegistryClient::fetch_once(const Descriptor& blob, ImageStore& store, FetchState& state,
                                        Attempt& attempt) {
  if (!state.writer) {
    TRY(auto writer, store.start_blob());
    state.writer.emplace(std::move(writer));
  }
  BlobWriter& writer = *state.writer;
  const std::string name = blob.digest.to_string();
  const std::uint64_t offset = writer.size();
  std::uint64_t to_skip = 0;
  std::optional<base::Error> failure;
  HttpRequest request{.method = "GET", .url = exchange_->route("blobs/" + name)};
  request.timeout = std::chrono::milliseconds(0);
  request.stall_timeout = kStall;
  if (offset > 0) request.headers.emplace("Range", fmt::format("bytes={}-", offset));
  request.on_head = [&](int status, const base::Headers& headers) {
    // Who does not know ranges sends all of it again; who begins elsewhere sends something else.
    const auto range = base::header_value(headers, "Content-Range").value_or("");
    if (status != 206) to_skip = offset;
    if (status == 206 && !range.starts_with(fmt::format("bytes {}-", offset)))
      failure =
          make_error(ErrorKind::unavailable,
                     fmt::format("blob {}: asked for the bytes from {} on, got \"{}\"", name, offset, range));
  };
  request.body_sink = [&](std::string_view chunk) {
    if (failure) return false;
    const auto skipped = std::min<std::uint64_t>(to_skip, chunk.size());
    to_skip -= skipped;
    chunk.remove_prefix(skipped);
    if (writer.size() + chunk.size() > blob.size) {
      failure = make_error(
          ErrorKind::invalid_input,
          fmt::format("blob {} is longer than the {} bytes that its manifest says", name, blob.size));
    } else if (auto written = writer.write(chunk); !written) {
      failure = std::move(written).error();
    }
    return !failure;
  };
  auto response = exchange_->send(std::move(request), attempt);
  if (failure) return *failure;
  if (!response) return std::move(response).error();
  if (response->status != 200 && response->status != 206)
    return exchange_->failed("fetching blob " + name, *response, attempt);
  // A short body is a broken transfer; a wrong one of the right length is not.
  if (writer.size() < blob.size) {
    return make_error(ErrorKind::unavailable,
                      fmt::format("blob {} ended after {} of {} bytes", name, writer.size(), blob.size));
  }
  auto committed = writer.commit(blob.digest);
  if (committed || state.was_wrong) return committed;
  // Something on the way may have changed it: once more from the beginning.
  state.was_wrong = true;
  state.writer.reset();
  auto error = std::move(committed).error();
  error.kind = ErrorKind::unavailable;
  return error;
}

Result<MountedBlob> RegistryClient::mount_blob(const Digest& digest, const std::string& from_repository) {
  Attempt attempt;
  HttpRequest request{.method = "POST"};
  request.url = exchange_->route(fmt::format("blobs/uploads/?mount={}&from={}",
                                             base::percent_encode(digest.to_string()),
                                             base::percent_encode(from_repository, "/")));
  const std::string asked = request.url;
  TRY(const auto response, exchange_->send(std::move(request), attempt));
  if (response.status == 201) return MountedBlob{.mounted = true, .upload = ""};
  if (response.status != 202)
    return exchange_->failed("mounting blob " + digest.to_string(), response, attempt);
  const auto location = base::header_value(response.headers, "Location");
  return MountedBlob{.mounted = false, .upload = location ? exchange_->located(*location, asked) : ""};
}

Result<void> RegistryClient::delete_blob(const Digest& digest) {
  return exchange_->with_retries([&](Attempt& attempt) -> Result<void> {
    TRY(const auto response,
        exchange_->send({.method = "DELETE", .url = exchange_->route("blobs/" + digest.to_string())},
                        attempt));
    if (response.status >= 200 && response.status < 300) return {};
    return exchange_->failed("removing blob " + digest.to_string(), response, attempt);
  });
}

}  // namespace ecr
