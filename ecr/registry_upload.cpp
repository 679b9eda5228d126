// Sending blobs: whole ones of the store, and streams whose digest is only known at their end.
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

#include "base/glob.h"
#include "base/strings.h"
#include "ecr/image_store.h"
#include "ecr/registry.h"
#include "ecr/registry_exchange.h"

namespace ecr {

using base::ErrorKind;
using base::HttpRequest;
using base::HttpResponse;
using base::make_error;
using base::Result;

namespace {

constexpr std::chrono::seconds kUploadStall{60};

std::string with_digest(std::string url, const Digest& digest) {
  url += url.find('?') == std::string::npos ? '?' : '&';
  return url + "digest=" + base::percent_encode(digest.to_string());
}

// The number of bytes that a Range of "0-N" tells; an empty upload is "0-0" for some.
std::uint64_t bytes_told(const HttpResponse& response) {
  const auto range = base::header_value(response.headers, "Range").value_or("");
  const auto dash = range.rfind('-');
  const auto last = dash == std::string::npos ? std::nullopt : base::parse_integer(range.substr(dash + 1));
  return last && *last > 0 ? static_cast<std::uint64_t>(*last) + 1 : 0;
}

// ECR takes one PATCH only and forgets what came with a cut one (aws/containers-roadmap#2831).
bool can_resume(const std::string& host) {
  return !base::glob_matches("*.dkr.ecr.*.amazonaws.com*", host);
}

bool is_taken(const HttpResponse& response) {
  return response.status == 201 || response.status == 202 || response.status == 204;
}

// The upload is gone (a restart of the registry, a lost session): a new one may go through.
base::Error as_passing(base::Error error) {
  if (error.code == "BLOB_UPLOAD_UNKNOWN" || error.code == "BLOB_UPLOAD_INVALID")
    error.kind = ErrorKind::unavailable;
  return error;
}

Result<std::string> open_upload(RegistryExchange& exchange, Attempt& attempt) {
  const std::string url = exchange.route("blobs/uploads/");
  TRY(const auto response, exchange.send({.method = "POST", .url = url}, attempt));
  const auto location = base::header_value(response.headers, "Location");
  if (response.status != 202 && response.status != 201)
    return exchange.failed("starting an upload", response, attempt);
  if (!location) {
    return make_error(ErrorKind::remote,
                      "the registry " + exchange.target().host + " started an upload but did not say where");
  }
  return exchange.located(*location, url);
}

HttpRequest body_request(const char* method, std::string url) {
  HttpRequest request{.method = method, .url = std::move(url)};
  request.headers.emplace("Content-Type", "application/octet-stream");
  request.timeout = std::chrono::milliseconds(0);
  request.stall_timeout = kUploadStall;
  return request;
}

// Reads `fd` from an offset on, without moving the offset that others use.
std::function<Result<std::size_t>(char*, std::size_t)> file_from(int fd, std::uint64_t offset) {
  return [fd, offset](char* buffer, std::size_t size) mutable -> Result<std::size_t> {
    const ssize_t count = ::pread(fd, buffer, size, static_cast<off_t>(offset));
    if (count < 0) return base::system_error("reading the blob", errno);
    offset += static_cast<std::uint64_t>(count);
    return static_cast<std::size_t>(count);
  };
}

// That the registry found another digest is not its fault when the file is damaged.
Result<void> check_blob(const Descriptor& blob, const ImageStore& store) {
  TRY(const auto fd, store.open_blob(blob.digest));
  TRY(const auto found, base::sha256_hex_of_file(fd.get()));
  if (found == blob.digest.hex()) return {};
  return make_error(ErrorKind::invalid_input,
                    fmt::format("blob {} of the image store is damaged: its content has digest sha256:{}; "
                                "`pipeline image fsck --repair` takes it away, then pull or build again",
                                blob.digest.to_string(), found));
}

}  // namespace

/// An upload over several attempts.
struct RegistryClient::UploadState {
  std::string url;           ///< of the open upload, or empty
  std::uint64_t offset = 0;  ///< that the registry has
  bool interrupted = false;
};

Result<void> RegistryClient::upload_blob(const Descriptor& blob, const ImageStore& store,
                                         std::string upload) {
  UploadState state{.url = std::move(upload)};
  return exchange_->with_retries([&](Attempt& attempt) -> Result<void> {
    const auto before = state.offset;
    auto sent = upload_once(blob, store, state, attempt);
    attempt.progressed = state.offset > before;
    if (sent || sent.error().kind != ErrorKind::unavailable || state.interrupted) return sent;
    state = {};  // an answer that says no: from the beginning
    return sent;
  });
}

// After a cut the registry is asked how much it has (end-13); one that cannot tell gets all of it again.
Result<void> RegistryClient::upload_once(const Descriptor& blob, const ImageStore& store, UploadState& state,
                                         Attempt& attempt) {
  const std::string doing = "uploading blob " + blob.digest.to_string();
  TRY(const auto fd, store.open_blob(blob.digest));
  std::uint64_t offset = 0;
  if (state.interrupted) {
    state.interrupted = false;
    const std::string url = std::exchange(state.url, "");
    auto status = can_resume(exchange_->target().host)
                      ? exchange_->send({.method = "GET", .url = url}, attempt)
                      : Result<HttpResponse>(make_error(ErrorKind::unavailable, ""));
    if (status && status->status == 204) {
      offset = bytes_told(*status);
      const auto location = base::header_value(status->headers, "Location");
      state.url = location ? exchange_->located(*location, url) : url;
    }
    if (offset == 0 || offset > blob.size) {
      state = {};
      offset = 0;
    }
  }
  if (state.url.empty()) {
    TRY(state.url, open_upload(*exchange_, attempt));
  }
  state.offset = offset;
  if (offset > 0 && offset < blob.size) {
    auto rest = body_request("PATCH", state.url);
    rest.headers.emplace("Content-Range", fmt::format("{}-{}", offset, blob.size - 1));
    rest.body_size = blob.size - offset;
    rest.body_source = file_from(fd.get(), offset);
    const std::string asked = rest.url;
    auto response = exchange_->send(std::move(rest), attempt);
    state.interrupted = !response;
    if (!response) return std::move(response).error();
    if (!is_taken(*response)) return as_passing(exchange_->failed(doing, *response, attempt));
    if (const auto location = base::header_value(response->headers, "Location"))
      state.url = exchange_->located(*location, asked);
    state.offset = offset = blob.size;
  }
  auto request = body_request("PUT", with_digest(state.url, blob.digest));
  if (offset < blob.size) {
    request.body_size = blob.size;
    request.body_source = file_from(fd.get(), 0);
  }
  auto response = exchange_->send(std::move(request), attempt);
  state.interrupted = !response && !attempt.again_at_once;
  if (!response) {
    if (!state.interrupted) state = {};
    return std::move(response).error();
  }
  if (is_taken(*response)) return {};
  auto error = as_passing(exchange_->failed(doing, *response, attempt));
  if (error.code == "DIGEST_INVALID") TRY(check_blob(blob, store));
  return error;
}

Result<Descriptor> RegistryClient::upload_stream(const std::function<Result<ByteSource>()>& open) {
  return exchange_->with_retries([&](Attempt& attempt) { return stream_once(open, attempt); });
}

Result<Descriptor> RegistryClient::stream_once(const std::function<Result<ByteSource>()>& open,
                                               Attempt& attempt) {
  TRY(std::string url, open_upload(*exchange_, attempt));
  TRY(const auto source, open());
  base::Sha256 digest;
  Descriptor blob;
  auto request = body_request("PATCH", url);
  request.body_source = [&](char* buffer, std::size_t size) -> Result<std::size_t> {
    TRY(const auto count, source(buffer, size));
    digest.update({buffer, count});
    blob.size += count;
    return count;
  };
  TRY(const auto patched, exchange_->send(std::move(request), attempt));
  if (!is_taken(patched)) return as_passing(exchange_->failed("uploading a layer", patched, attempt));
  if (const auto location = base::header_value(patched.headers, "Location"))
    url = exchange_->located(*location, url);
  blob.digest = Digest::from(digest.finish());
  TRY(const auto response, exchange_->send(body_request("PUT", with_digest(url, blob.digest)), attempt));
  if (is_taken(response)) return blob;
  auto error = as_passing(exchange_->failed("uploading blob " + blob.digest.to_string(), response, attempt));
  // What arrived is not what was sent.
  if (error.code == "DIGEST_INVALID") error.kind = ErrorKind::unavailable;
  return error;
}

}  // namespace ecr
