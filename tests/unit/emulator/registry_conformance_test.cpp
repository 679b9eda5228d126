// The registry held against the distribution specification: a row for each sentence, exchange by exchange.
// The rows follow the four workflows of the specification's conformance tests: pull, push, content discovery,
// management.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/crypto.h"
#include "base/strings.h"
#include "ecr/image.h"
#include "emulator/registry_routes.h"
#include "tests/fakes/fake_clock.h"

namespace emulator {
namespace {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

/// A request and what has to come back. In its texts {blob}, {config}, {manifest} … stand for digests,
/// {location} and {next} for what the answer before said.
struct Exchange {
  std::string method;
  std::string target;
  std::vector<int> statuses;
  std::string body;
  HeaderList headers;
  std::string code;   ///< of the first error, when there has to be one
  HeaderList expect;  ///< headers of the answer; an empty value: any
  std::string holds;  ///< stands in the answer's body
  std::string lacks;
};

struct ConformanceCase {
  const char* name;
  std::vector<Exchange> exchanges;
};

const std::string kBlob = "the content of a blob";
const std::string kConfig = R"({"architecture":"amd64","os":"linux"})";
const std::string kManifestType = ecr::media_type::kOciManifest;

std::string digest_of(const std::string& text) {
  return ecr::Digest::of(text).to_string();
}

std::string manifest_text(const std::string& more = "") {
  const auto descriptor = [](const std::string& type, const std::string& content) {
    return R"({"mediaType":")" + type + R"(","digest":")" + digest_of(content) + R"(","size":)" +
           std::to_string(content.size()) + "}";
  };
  return R"({"schemaVersion":2,"mediaType":")" + kManifestType + R"(","config":)" +
         descriptor(ecr::media_type::kOciConfig, kConfig) + R"(,"layers":[)" +
         descriptor(ecr::media_type::kOciLayer, kBlob) + "]" + more + "}";
}

const std::string kManifest = manifest_text();
const std::string kReferrer =
    manifest_text(R"(,"artifactType":"test/signature","annotations":{"who":"me"},"subject":{"mediaType":")" +
                  kManifestType + R"(","digest":")" + digest_of(kManifest) + R"(","size":1})");

std::string filled_in(std::string text, const std::string& location, const std::string& next) {
  const std::pair<const char*, std::string> values[] = {{"{blob}", digest_of(kBlob)},
                                                        {"{config}", digest_of(kConfig)},
                                                        {"{manifest}", digest_of(kManifest)},
                                                        {"{referrer}", digest_of(kReferrer)},
                                                        {"{new}", digest_of("new")},
                                                        {"{missing}", "sha256:" + std::string(64, 'f')},
                                                        {"{location}", location},
                                                        {"{next}", next}};
  for (const auto& [name, value] : values) {
    for (auto at = text.find(name); at != std::string::npos; at = text.find(name, at))
      text.replace(at, std::string_view(name).size(), value);
  }
  return text;
}

class RegistryConformanceTest : public testing::TestWithParam<ConformanceCase> {
 protected:
  RegistryConformanceTest()
      : folder_(*base::TempDir::create("conformance")),
        store_(*ecr::ImageStore::open(folder_.path() / "images")),
        repositories_(*Repositories::open(folder_.path() / "repositories.json", store_, clock_,
                                          "123456789012", "eu-central-1")),
        registry_(*repositories_, {.password_is_good = [](const std::string&) { return true; }}) {
    for (const char* name : {"app", "group/other"}) (void)repositories_->create(name, false, false);
    for (const auto& content : {kBlob, kConfig}) (void)*store_.put_blob(content);
    for (const char* tag : {"v1", "a", "b", "c"})
      (void)repositories_->put_manifest("app", tag, kManifestType, kManifest);
    (void)repositories_->put_manifest("app", "", kManifestType, kReferrer);
  }

  base::ServerResponse send(const Exchange& exchange, const std::string& target) {
    base::ServerRequest request;
    request.method = exchange.method;
    const auto question = target.find('?');
    request.path = base::percent_decode(target.substr(0, question));
    if (question != std::string::npos) request.query = target.substr(question + 1);
    for (const auto& [name, value] : exchange.headers) request.headers.emplace(name, value);
    request.read_body = [&](const std::function<bool(std::string_view)>& sink) -> base::Result<void> {
      sink(exchange.body);
      return {};
    };
    return registry_.answer(request);
  }

  static std::string content_of(const base::ServerResponse& response) {
    return response.stream ? response.stream(0) : response.body;
  }

  fakes::FakeClock clock_;
  base::TempDir folder_;
  ecr::ImageStore store_;
  std::unique_ptr<Repositories> repositories_;
  RegistryRoutes registry_;
};

TEST_P(RegistryConformanceTest, AnswersAsTheSpecificationSays) {
  std::string location;
  std::string next;
  for (const auto& exchange : GetParam().exchanges) {
    const auto target = filled_in(exchange.target, location, next);
    const auto response = send(exchange, target);
    const std::string what = exchange.method + " " + target + ": ";
    const auto content = content_of(response);
    EXPECT_TRUE(std::find(exchange.statuses.begin(), exchange.statuses.end(), response.status) !=
                exchange.statuses.end())
        << what << response.status << " " << content;
    if (!exchange.code.empty()) {
      const auto json = base::parse_json(content);
      ASSERT_TRUE(json.ok()) << what << content;
      EXPECT_EQ(base::json_string((*json)["errors"][0], "code"), exchange.code) << what;
    }
    for (const auto& [name, value] : exchange.expect) {
      const auto found = base::header_value(response.headers, name);
      ASSERT_TRUE(found) << what << "no header " << name;
      if (!value.empty()) {
        EXPECT_EQ(*found, filled_in(value, location, next)) << what << name;
      }
    }
    if (!exchange.holds.empty()) {
      EXPECT_NE(content.find(filled_in(exchange.holds, location, next)), std::string::npos)
          << what << content;
    }
    if (!exchange.lacks.empty()) {
      EXPECT_EQ(content.find(filled_in(exchange.lacks, location, next)), std::string::npos)
          << what << content;
    }
    location = base::header_value(response.headers, "Location").value_or(location);
    const auto link = base::header_value(response.headers, "Link").value_or("");
    next = link.empty() ? "" : link.substr(1, link.find('>') - 1);
  }
}

const std::string kUploads = "/v2/app/blobs/uploads/";
const HeaderList kManifestHeader = {{"Content-Type", kManifestType}};

const ConformanceCase kCases[] = {
    // end-1
    {"Ping", {{"GET", "/v2/", {200}}}},
    // Pull: end-2, end-3
    {"BlobIsThere",
     {{.method = "HEAD",
       .target = "/v2/app/blobs/{blob}",
       .statuses = {200},
       .expect = {{"Docker-Content-Digest", "{blob}"}}},
      {.method = "GET",
       .target = "/v2/app/blobs/{blob}",
       .statuses = {200},
       .expect = {{"Docker-Content-Digest", "{blob}"}},
       .holds = kBlob}}},
    {"BlobIsMissing",
     {{.method = "GET", .target = "/v2/app/blobs/{missing}", .statuses = {404}, .code = "BLOB_UNKNOWN"},
      {.method = "HEAD", .target = "/v2/app/blobs/{missing}", .statuses = {404}}}},
    {"BlobOfADigestThatIsNone",
     {{.method = "GET",
       .target = "/v2/app/blobs/sha256:totallywrong",
       .statuses = {400},
       .code = "DIGEST_INVALID"}}},
    {"BlobInPart",
     {{.method = "GET",
       .target = "/v2/app/blobs/{blob}",
       .statuses = {206},
       .headers = {{"Range", "bytes=4-10"}},
       .expect = {{"Content-Range", "bytes 4-10/21"}},
       .holds = "content"}}},
    {"BlobFromAnOffset",
     {{.method = "GET",
       .target = "/v2/app/blobs/{blob}",
       .statuses = {206},
       .headers = {{"Range", "bytes=17-"}},
       .expect = {{"Content-Range", "bytes 17-20/21"}},
       .holds = "blob"}}},
    {"BlobBehindItsEnd",
     {{.method = "GET",
       .target = "/v2/app/blobs/{blob}",
       .statuses = {416},
       .headers = {{"Range", "bytes=21-"}},
       .expect = {{"Content-Range", "bytes */21"}}}}},
    {"ManifestByTag",
     {{.method = "GET",
       .target = "/v2/app/manifests/v1",
       .statuses = {200},
       .expect = {{"Docker-Content-Digest", "{manifest}"}, {"Content-Type", kManifestType}},
       .holds = kManifest}}},
    {"ManifestByDigest",
     {{.method = "GET",
       .target = "/v2/app/manifests/{manifest}",
       .statuses = {200},
       .expect = {{"Docker-Content-Digest", "{manifest}"}},
       .holds = kManifest}}},
    {"ManifestHead",
     {{.method = "HEAD",
       .target = "/v2/app/manifests/v1",
       .statuses = {200},
       .expect = {{"Docker-Content-Digest", "{manifest}"}}},
      {.method = "HEAD", .target = "/v2/app/manifests/{manifest}", .statuses = {200}}}},
    {"ManifestIsMissing",
     {{.method = "GET", .target = "/v2/app/manifests/absent", .statuses = {404}, .code = "MANIFEST_UNKNOWN"},
      {.method = "HEAD", .target = "/v2/app/manifests/{missing}", .statuses = {404}}}},
    {"RepositoryIsMissing",
     {{.method = "GET", .target = "/v2/absent/manifests/v1", .statuses = {404}, .code = "NAME_UNKNOWN"}}},
    // Push: end-4a and end-6, end-4b, end-5, end-13, end-14, end-11, end-7
    {"PostThenPut",
     {{.method = "POST", .target = kUploads, .statuses = {202}, .expect = {{"Location", ""}}},
      {.method = "PUT",
       .target = "{location}?digest={new}",
       .statuses = {201},
       .body = "new",
       .expect = {{"Location", "/v2/app/blobs/{new}"}}},
      {.method = "GET", .target = "{location}", .statuses = {200}, .holds = "new"}}},
    {"OnePost",
     {{.method = "POST",
       .target = kUploads + "?digest={new}",
       .statuses = {201},
       .body = "new",
       .expect = {{"Location", "/v2/app/blobs/{new}"}}}}},
    {"OnePostWithAWrongDigest",
     {{.method = "POST",
       .target = kUploads + "?digest={new}",
       .statuses = {400},
       .body = "old",
       .code = "DIGEST_INVALID"},
      {.method = "HEAD", .target = "/v2/app/blobs/{new}", .statuses = {404}}}},
    {"PutWithAWrongDigest",
     {{.method = "POST", .target = kUploads, .statuses = {202}},
      {.method = "PUT",
       .target = "{location}?digest={new}",
       .statuses = {400},
       .body = "old",
       .code = "DIGEST_INVALID"},
      {.method = "HEAD", .target = "/v2/app/blobs/{new}", .statuses = {404}}}},
    {"PutWithoutADigest",
     {{.method = "POST", .target = kUploads, .statuses = {202}},
      {.method = "PUT", .target = "{location}", .statuses = {400}, .body = "new", .code = "DIGEST_INVALID"}}},
    {"PutWithADigestOfAnotherKind",
     {{.method = "POST", .target = kUploads, .statuses = {202}},
      {.method = "PUT",
       .target = "{location}?digest=sha512:abc",
       .statuses = {400},
       .body = "new",
       .code = "DIGEST_INVALID"}}},
    {"Stream",
     {{.method = "POST", .target = kUploads, .statuses = {202}},
      {.method = "PATCH",
       .target = "{location}",
       .statuses = {202},
       .body = "new",
       .expect = {{"Location", ""}, {"Range", "0-2"}}},
      {.method = "PUT", .target = "{location}?digest={new}", .statuses = {201}}}},
    {"ChunksInOrder",
     {{.method = "POST", .target = kUploads, .statuses = {202}},
      {.method = "PATCH",
       .target = "{location}",
       .statuses = {202},
       .body = "n",
       .headers = {{"Content-Range", "0-0"}},
       .expect = {{"Range", "0-0"}}},
      {.method = "PATCH",
       .target = "{location}",
       .statuses = {202},
       .body = "ew",
       .headers = {{"Content-Range", "1-2"}},
       .expect = {{"Range", "0-2"}}},
      {.method = "PUT", .target = "{location}?digest={new}", .statuses = {201}}}},
    {"LastChunkWithThePut",
     {{.method = "POST", .target = kUploads, .statuses = {202}},
      {.method = "PATCH",
       .target = "{location}",
       .statuses = {202},
       .body = "n",
       .headers = {{"Content-Range", "0-0"}}},
      {.method = "PUT",
       .target = "{location}?digest={new}",
       .statuses = {201},
       .body = "ew",
       .headers = {{"Content-Range", "1-2"}}}}},
    {"ChunkOutOfOrder",
     {{.method = "POST", .target = kUploads, .statuses = {202}},
      {.method = "PATCH",
       .target = "{location}",
       .statuses = {416},
       .body = "ew",
       .headers = {{"Content-Range", "1-2"}}},
      {.method = "PATCH",
       .target = "{location}",
       .statuses = {202},
       .body = "new",
       .headers = {{"Content-Range", "0-2"}}},
      {.method = "PUT", .target = "{location}?digest={new}", .statuses = {201}}}},
    {"ChunkTwice",
     {{.method = "POST", .target = kUploads, .statuses = {202}},
      {.method = "PATCH",
       .target = "{location}",
       .statuses = {202},
       .body = "new",
       .headers = {{"Content-Range", "0-2"}}},
      {.method = "PATCH",
       .target = "{location}",
       .statuses = {416},
       .body = "new",
       .headers = {{"Content-Range", "0-2"}},
       .expect = {{"Range", "0-2"}}}}},
    {"StateOfAnUpload",
     {{.method = "POST", .target = kUploads, .statuses = {202}},
      {.method = "PATCH", .target = "{location}", .statuses = {202}, .body = "ne"},
      {.method = "GET",
       .target = "{location}",
       .statuses = {204},
       .expect = {{"Range", "0-1"}, {"Location", ""}}},
      {.method = "PATCH",
       .target = "{location}",
       .statuses = {202},
       .body = "w",
       .headers = {{"Content-Range", "2-2"}}},
      {.method = "PUT", .target = "{location}?digest={new}", .statuses = {201}}}},
    {"CancelledUpload",
     {{.method = "POST", .target = kUploads, .statuses = {202}},
      {.method = "DELETE", .target = "{location}", .statuses = {204}},
      {.method = "PUT",
       .target = "{location}?digest={new}",
       .statuses = {404},
       .body = "new",
       .code = "BLOB_UPLOAD_UNKNOWN"}}},
    {"UnknownUpload",
     {{.method = "PATCH",
       .target = kUploads + "no-such-upload",
       .statuses = {404},
       .code = "BLOB_UPLOAD_UNKNOWN"},
      {.method = "GET", .target = kUploads + "no-such-upload", .statuses = {404}}}},
    {"Mount",
     {{.method = "POST",
       .target = "/v2/group/other/blobs/uploads/?mount={blob}&from=app",
       .statuses = {201},
       .expect = {{"Location", "/v2/group/other/blobs/{blob}"}}},
      {.method = "HEAD", .target = "{location}", .statuses = {200}}}},
    {"MountOfWhatIsNotThere",
     {{.method = "POST",
       .target = kUploads + "?mount={missing}&from=group/other",
       .statuses = {202},
       .expect = {{"Location", ""}}},
      {.method = "PUT", .target = "{location}?digest={new}", .statuses = {201}, .body = "new"}}},
    {"MountFromNowhere",
     {{.method = "POST", .target = kUploads + "?mount={blob}", .statuses = {201, 202}},
      {.method = "POST", .target = kUploads + "?mount={blob}&from=absent", .statuses = {202}}}},
    {"ManifestOfATag",
     {{.method = "PUT",
       .target = "/v2/app/manifests/v2",
       .statuses = {201},
       .body = kManifest,
       .headers = kManifestHeader,
       .expect = {{"Location", ""}, {"Docker-Content-Digest", "{manifest}"}}},
      {.method = "GET", .target = "{location}", .statuses = {200}, .holds = kManifest}}},
    {"ManifestOfADigest",
     {{.method = "PUT",
       .target = "/v2/group/other/manifests/{manifest}",
       .statuses = {201},
       .body = kManifest,
       .headers = kManifestHeader},
      {.method = "HEAD", .target = "/v2/group/other/manifests/{manifest}", .statuses = {200}}}},
    {"ManifestOfAnotherDigest",
     {{.method = "PUT",
       .target = "/v2/app/manifests/{missing}",
       .statuses = {400},
       .body = kManifest,
       .headers = kManifestHeader,
       .code = "DIGEST_INVALID"}}},
    {"ManifestThatIsNone",
     {{.method = "PUT",
       .target = "/v2/app/manifests/bad",
       .statuses = {400},
       .body = "{",
       .headers = kManifestHeader,
       .code = "MANIFEST_INVALID"},
      {.method = "HEAD", .target = "/v2/app/manifests/bad", .statuses = {404}}}},
    {"ManifestOfBlobsThatAreMissing",
     {{.method = "PUT",
       .target = "/v2/app/manifests/bad",
       .statuses = {400, 404},
       .body = R"({"schemaVersion":2,"config":{"digest":"sha256:)" + std::string(64, 'f') +
               R"(","size":1},"layers":[]})",
       .headers = kManifestHeader,
       .code = "MANIFEST_BLOB_UNKNOWN"}}},
    {"ManifestThatMovesATag",
     {{.method = "PUT",
       .target = "/v2/app/manifests/v1",
       .statuses = {201},
       .body = kReferrer,
       .headers = kManifestHeader},
      {.method = "HEAD",
       .target = "/v2/app/manifests/v1",
       .statuses = {200},
       .expect = {{"Docker-Content-Digest", "{referrer}"}}},
      {.method = "HEAD", .target = "/v2/app/manifests/{manifest}", .statuses = {200}}}},
    {"ManifestWithASubject",
     {{.method = "PUT",
       .target = "/v2/app/manifests/{referrer}",
       .statuses = {201},
       .body = kReferrer,
       .headers = kManifestHeader,
       .expect = {{"OCI-Subject", "{manifest}"}}}}},
    // Content discovery: end-8a, end-8b, end-12
    {"Tags",
     {{.method = "GET",
       .target = "/v2/app/tags/list",
       .statuses = {200},
       .expect = {{"Content-Type", "application/json"}},
       .holds = R"("tags":["a","b","c","v1"])"}}},
    {"TagsPageByPage",
     {{.method = "GET",
       .target = "/v2/app/tags/list?n=2",
       .statuses = {200},
       .expect = {{"Link", ""}},
       .holds = R"("tags":["a","b"])"},
      {.method = "GET", .target = "{next}", .statuses = {200}, .holds = R"("tags":["c","v1"])"}}},
    {"TagsBehindOne",
     {{.method = "GET",
       .target = "/v2/app/tags/list?last=b",
       .statuses = {200},
       .holds = R"("tags":["c","v1"])"},
      {.method = "GET",
       .target = "/v2/app/tags/list?n=1&last=bb",
       .statuses = {200},
       .holds = R"("tags":["c"])"}}},
    {"NoTags",
     {{.method = "GET", .target = "/v2/app/tags/list?n=0", .statuses = {200}, .holds = R"("tags":[])"},
      {.method = "GET", .target = "/v2/group/other/tags/list", .statuses = {200}, .holds = R"("tags":[])"}}},
    {"TagsOfNothing",
     {{.method = "GET", .target = "/v2/absent/tags/list", .statuses = {404}, .code = "NAME_UNKNOWN"}}},
    {"Referrers",
     {{.method = "GET",
       .target = "/v2/app/referrers/{manifest}",
       .statuses = {200},
       .expect = {{"Content-Type", ecr::media_type::kOciIndex}},
       .holds = R"("digest":"{referrer}")"},
      {.method = "GET",
       .target = "/v2/app/referrers/{manifest}",
       .statuses = {200},
       .holds = R"("artifactType":"test/signature","annotations":{"who":"me"})"}}},
    {"ReferrersOfAType",
     {{.method = "GET",
       .target = "/v2/app/referrers/{manifest}?artifactType=test/signature",
       .statuses = {200},
       .expect = {{"OCI-Filters-Applied", "artifactType"}},
       .holds = "{referrer}"},
      {.method = "GET",
       .target = "/v2/app/referrers/{manifest}?artifactType=test/other",
       .statuses = {200},
       .holds = R"("manifests":[])",
       .lacks = "{referrer}"}}},
    {"ReferrersOfNothing",
     {{.method = "GET",
       .target = "/v2/app/referrers/{missing}",
       .statuses = {200},
       .holds = R"("manifests":[])"}}},
    {"ReferrersOfNoDigest", {{.method = "GET", .target = "/v2/app/referrers/v1", .statuses = {400}}}},
    // Content management: end-9, end-10
    {"DeletedTag",
     {{.method = "DELETE", .target = "/v2/app/manifests/a", .statuses = {202}},
      {.method = "HEAD", .target = "/v2/app/manifests/a", .statuses = {404}},
      {.method = "HEAD", .target = "/v2/app/manifests/{manifest}", .statuses = {200}},
      {.method = "GET", .target = "/v2/app/tags/list", .statuses = {200}, .lacks = R"("a")"}}},
    {"DeletedManifest",
     {{.method = "DELETE", .target = "/v2/app/manifests/{manifest}", .statuses = {202}},
      {.method = "GET", .target = "/v2/app/manifests/{manifest}", .statuses = {404}},
      {.method = "GET", .target = "/v2/app/manifests/v1", .statuses = {404}},
      {.method = "GET", .target = "/v2/app/tags/list", .statuses = {200}, .holds = R"("tags":[])"}}},
    {"DeletedReferrer",
     {{.method = "DELETE", .target = "/v2/app/manifests/{referrer}", .statuses = {202}},
      {.method = "GET", .target = "/v2/app/referrers/{manifest}", .statuses = {200}, .lacks = "{referrer}"}}},
    {"DeletedTwice",
     {{.method = "DELETE",
       .target = "/v2/app/manifests/absent",
       .statuses = {404},
       .code = "MANIFEST_UNKNOWN"}}},
    {"DeletedBlob",
     {{.method = "DELETE", .target = "/v2/app/blobs/{blob}", .statuses = {202, 405}},
      {.method = "DELETE", .target = "/v2/app/blobs/{missing}", .statuses = {404}}}},
};

INSTANTIATE_TEST_SUITE_P(, RegistryConformanceTest, testing::ValuesIn(kCases),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace emulator
