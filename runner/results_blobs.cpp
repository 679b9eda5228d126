// Block blobs as Azure's clients send and read them: Put Block, Put Block List, Put Blob, Get Blob, Get Blob
// Properties.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "base/crypto.h"
#include "base/strings.h"
#include "base/xml_text.h"
#include "runner/results_calls.h"

namespace runner {

namespace {

constexpr int kUploadSeconds = 6 * 3600;
constexpr int kDownloadSeconds = 3600;
constexpr std::size_t kLongestBlockList = 8U << 20;
constexpr std::size_t kPiece = 1U << 20;

base::ServerResponse blob_error(int status, std::string_view code, std::string_view message) {
  base::ServerResponse response;
  response.status = status;
  response.headers.emplace("Content-Type", "application/xml");
  response.headers.emplace("x-ms-error-code", code);
  response.body = fmt::format(
      "<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{}</Code><Message>{}</Message></Error>", code,
      base::xml_escaped(message));
  return response;
}

base::ServerResponse blob_error(const base::Error& error) {
  if (error.code == BlobUploads::kTooLarge) return blob_error(413, "RequestBodyTooLarge", error.message);
  if (error.kind == base::ErrorKind::not_found) return blob_error(404, "BlobNotFound", error.message);
  if (error.kind == base::ErrorKind::invalid_input) return blob_error(400, "InvalidBlockList", error.message);
  return blob_error(500, "InternalError", error.message);
}

// The ids in `<BlockList><Latest>ID</Latest>…`; whatever list they are said to be of, there is one here.
base::Result<std::vector<std::string>> blocks_of(std::string_view xml) {
  std::vector<std::string> blocks;
  for (std::size_t at = 0; (at = xml.find('<', at)) != std::string_view::npos;) {
    const auto end = xml.find('>', at);
    if (end == std::string_view::npos) return base::invalid_input("the block list is no XML");
    const auto tag = xml.substr(at + 1, end - at - 1);
    at = end + 1;
    if (tag != "Latest" && tag != "Uncommitted" && tag != "Committed") continue;
    const auto close = xml.find('<', at);
    if (close == std::string_view::npos) return base::invalid_input("the block list is no XML");
    blocks.emplace_back(base::trim(xml.substr(at, close - at)));
    at = close;
  }
  return blocks;
}

base::ServerResponse put(const base::ServerRequest& request, std::int64_t id, BlobUploads& uploads) {
  const auto what = request.query_value("comp").value_or("");
  base::Result<void> done;
  if (what == "block") {
    const auto block = request.query_value("blockid").value_or("");
    if (block.empty()) return blob_error(400, "MissingRequiredQueryParameter", "expected blockid");
    done = uploads.put_block(id, block, request);
  } else if (what == "blocklist") {
    const auto body = request.body(kLongestBlockList);
    if (!body) return blob_error(413, "RequestBodyTooLarge", body.error().message);
    const auto blocks = blocks_of(*body);
    if (!blocks) return blob_error(400, "InvalidXmlDocument", blocks.error().message);
    done = uploads.commit_blocks(id, *blocks);
  } else if (what.empty()) {
    const auto type = base::header_value(request.headers, "x-ms-blob-type").value_or("");
    if (type != "BlockBlob")
      return blob_error(400, "MissingRequiredHeader", "expected a header 'x-ms-blob-type: BlockBlob'");
    done = uploads.put_all(id, request);
  } else {
    return blob_error(400, "InvalidQueryParameterValue", fmt::format("comp={} is not supported", what));
  }
  if (!done) return blob_error(done.error());
  base::ServerResponse response;
  response.status = 201;
  response.headers.emplace("ETag", fmt::format("\"{}\"", base::random_hex(8)));
  response.headers.emplace("x-ms-request-id", base::random_uuid());
  response.headers.emplace("x-ms-version", "2021-12-02");
  response.headers.emplace("x-ms-request-server-encrypted", "false");
  return response;
}

struct Range {
  std::uint64_t first = 0;
  std::uint64_t size = 0;
};

// RFC 9110 section 14.1.2, one range of bytes; nothing when it cannot be satisfied.
std::optional<Range> range_of(std::string_view text, std::uint64_t size) {
  constexpr std::string_view kUnit = "bytes=";
  if (!text.starts_with(kUnit)) return std::nullopt;
  text.remove_prefix(kUnit.size());
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto first = base::parse_integer(text.substr(0, dash));
  const auto last = base::parse_integer(text.substr(dash + 1));
  if (!first) {  // the last so many
    if (dash != 0 || !last || *last <= 0 || size == 0) return std::nullopt;
    const auto count = std::min<std::uint64_t>(static_cast<std::uint64_t>(*last), size);
    return Range{size - count, count};
  }
  const auto from = static_cast<std::uint64_t>(*first);
  if (from >= size || (last && *last < *first)) return std::nullopt;
  const auto to = last ? std::min<std::uint64_t>(static_cast<std::uint64_t>(*last), size - 1) : size - 1;
  return Range{from, to - from + 1};
}

std::string read_piece(int fd, std::uint64_t offset, std::uint64_t left) {
  std::string piece(std::min<std::uint64_t>(kPiece, left), '\0');
  while (true) {
    const auto count = ::pread(fd, piece.data(), piece.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    piece.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return piece;
  }
}

base::ServerResponse get(const base::ServerRequest& request, const steps::StoredBlob& blob,
                         base::Fd content) {
  base::ServerResponse response;
  const auto type = blob.labels.find("media_type");
  const bool is_artifact = type != blob.labels.end();
  response.headers.emplace("Content-Type", is_artifact ? type->second : "application/octet-stream");
  if (is_artifact) {
    const auto name = blob.labels.at("name") + (type->second == "application/zip" ? ".zip" : "");
    response.headers.emplace("Content-Disposition",
                             fmt::format("attachment; filename*=UTF-8''{}", base::percent_encode(name)));
  }
  response.headers.emplace("Accept-Ranges", "bytes");
  response.headers.emplace("ETag", fmt::format("\"{}-{}\"", blob.id, blob.size));
  response.headers.emplace("x-ms-blob-type", "BlockBlob");
  response.headers.emplace("x-ms-request-id", base::random_uuid());
  Range range{0, blob.size};
  auto wanted = base::header_value(request.headers, "x-ms-range");
  if (!wanted) wanted = base::header_value(request.headers, "Range");
  if (wanted) {
    const auto part = range_of(*wanted, blob.size);
    if (!part) return blob_error(416, "InvalidRange", "the range is not in the blob");
    range = *part;
    response.status = 206;
    response.headers.emplace(
        "Content-Range", fmt::format("bytes {}-{}/{}", range.first, range.first + range.size - 1, blob.size));
  }
  if (range.size == 0) return response;
  response.stream_size = range.size;
  response.stream = [fd = std::make_shared<base::Fd>(std::move(content)), range](std::uint64_t offset) {
    if (offset >= range.size) return std::string();
    return read_piece(fd->get(), range.first + offset, range.size - offset);
  };
  return response;
}

}  // namespace

std::string upload_address(const ResultsCall& call, std::int64_t upload) {
  return call.address +
         call.signer.sign(fmt::format("{}uploads/{}", kBlobs, upload), UrlRight::write, kUploadSeconds);
}

std::string blob_address(const ResultsCall& call, const std::string& shelf, std::int64_t id) {
  return call.address +
         call.signer.sign(fmt::format("{}{}/{}", kBlobs, shelf, id), UrlRight::read, kDownloadSeconds);
}

base::ServerResponse answer_blob_request(const base::ServerRequest& request, const steps::BlobStore& store,
                                         BlobUploads& uploads, const UrlSigner& signer) {
  const bool writes = request.method == "PUT";
  if (!writes && request.method != "GET" && request.method != "HEAD")
    return blob_error(405, "UnsupportedHttpVerb", request.method + " is not supported");
  if (!signer.allows(request, writes ? UrlRight::write : UrlRight::read)) {
    return blob_error(403, "AuthenticationFailed",
                      "the signature of the address is not valid, or its time is over");
  }
  // Signed, so as we have made it.
  const auto place = request.path.substr(kBlobs.size());
  const auto slash = place.rfind('/');
  const auto id = base::parse_integer(place.substr(slash + 1)).value_or(0);
  if (writes) return put(request, id, uploads);
  for (const auto& blob : store.list(place.substr(0, slash))) {
    if (blob.id != id) continue;
    auto content = store.open_content(place.substr(0, slash), id);
    if (!content) break;
    return get(request, blob, std::move(*content));
  }
  return blob_error(404, "BlobNotFound", "the blob is gone");
}

}  // namespace runner
