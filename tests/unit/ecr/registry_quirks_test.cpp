// Registries with ways of their own, and some that lie.
#include <gmock/gmock.h>

#include "base/crypto.h"
#include "base/http_server.h"
#include "base/json.h"
#include "ecr/pull.h"
#include "tests/unit/ecr/registry_fixture.h"

namespace ecr {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

/// A registry in memory that misbehaves as `quirk` says; what has no quirk is as the specification has it.
class QuirkyRegistryTest : public RegistryTest {
 protected:
  using Quirk = std::function<std::optional<base::ServerResponse>(const base::ServerRequest&, int nth)>;

  void start(Quirk quirk) {
    quirk_ = std::move(quirk);
    server_ = take(base::HttpServer::start(
        "127.0.0.1", 0, [this](const base::ServerRequest& request) { return answer(request); }));
    name_ = "127.0.0.1:" + std::to_string(server_->port()) + "/app:v1";
  }

  void TearDown() override {
    server_.reset();
    ImagesTest::TearDown();
  }

  base::ServerResponse answer(const base::ServerRequest& request) {
    std::string body;
    (void)request.read_body([&](std::string_view chunk) {
      body += chunk;
      return true;
    });
    const std::lock_guard lock(mutex_);
    requests_.push_back(request.method + " " + request.target);
    if (auto answer = quirk_(request, ++count_[request.method + " " + kind_of(request.path)])) return *answer;
    return as_specified(request, body);
  }

  static std::string kind_of(const std::string& path) {
    if (path.find("/uploads") != std::string::npos) return "upload";
    if (path.find("/blobs/") != std::string::npos) return "blob";
    if (path.find("/manifests/") != std::string::npos) return "manifest";
    return "other";
  }

  base::ServerResponse as_specified(const base::ServerRequest& request, const std::string& body) {
    const auto last = request.path.substr(request.path.rfind('/') + 1);
    const auto kind = kind_of(request.path);
    if (request.method == "POST") return {202, {{"Location", "/v2/app/blobs/uploads/1?state=x"}}, ""};
    if (request.method == "PUT") {
      const auto key = kind == "upload" ? request.query_value("digest").value_or("") : last;
      content_[key] = body;
      return {201, {{"Docker-Content-Digest", "sha256:" + base::sha256_hex(body)}}, ""};
    }
    const auto found = content_.find(last);
    if (found == content_.end())
      return {404, {}, R"({"errors":[{"code":"NOT_FOUND","message":"not here"}]})"};
    return {200, {{"Docker-Content-Digest", "sha256:" + base::sha256_hex(found->second)}}, found->second};
  }

  int count(const std::string& what) { return count_[what]; }

  Quirk quirk_;
  std::unique_ptr<base::HttpServer> server_;
  std::string name_;
  std::mutex mutex_;
  std::map<std::string, std::string> content_;
  std::map<std::string, int> count_;
  std::vector<std::string> requests_;
};

const auto kNoQuirk = [](const base::ServerRequest&, int) { return std::optional<base::ServerResponse>(); };

TEST_F(QuirkyRegistryTest, TriesAgainAfterAPassingFault) {
  start([](const base::ServerRequest& request, int nth) -> std::optional<base::ServerResponse> {
    if (request.method == "PUT" && nth == 1) return base::ServerResponse{503, {}, "busy"};
    if (request.method == "POST" && nth == 1) return base::ServerResponse{429, {{"Retry-After", "7"}}, ""};
    return std::nullopt;
  });
  make_image(name_);
  EXPECT_EQ(take(push_image(name_)).blobs_uploaded, 3);
  EXPECT_EQ(content_.size(), 4U);
  EXPECT_THAT(clock_.sleeps(), Contains(std::chrono::milliseconds(7'000))) << "Retry-After was not heeded";
}

TEST_F(QuirkyRegistryTest, GivesUpOnALastingFault) {
  start([](const base::ServerRequest& request, int) -> std::optional<base::ServerResponse> {
    if (request.method == "POST") return base::ServerResponse{500, {}, "broken"};
    return std::nullopt;
  });
  make_image(name_);
  options_.attempts = 3;
  const auto pushed = push_image(name_);
  ASSERT_FALSE(pushed.ok());
  EXPECT_THAT(pushed.error().to_string(), HasSubstr("answered 500"));
  EXPECT_LE(count("POST upload"), 3 * 3);
  EXPECT_EQ(content_.size(), 0U);
}

TEST_F(QuirkyRegistryTest, NamesTheAdviceForAMissingRepository) {
  start([](const base::ServerRequest& request, int) -> std::optional<base::ServerResponse> {
    if (request.method != "POST") return std::nullopt;
    return base::ServerResponse{
        404,
        {},
        R"({"errors":[{"code":"NAME_UNKNOWN","message":"The repository with name 'app' does not exist"}]})"};
  });
  make_image(name_);
  const auto pushed = push_image(name_);
  ASSERT_FALSE(pushed.ok());
  EXPECT_EQ(pushed.error().code, "NAME_UNKNOWN");
  EXPECT_THAT(pushed.error().to_string(), HasSubstr("create the repository first"));
}

TEST_F(QuirkyRegistryTest, SaysWhatAnsweredWhenItWasNoRegistry) {
  int status = 200;
  start([&](const base::ServerRequest&, int) -> std::optional<base::ServerResponse> {
    return base::ServerResponse{status, {{"Content-Type", "text/html"}}, "<html>secret</html>"};
  });
  const auto refused = [&](int answer) {
    status = answer;
    auto other = take(ImageStore::open(folder() / "other"));
    const auto pulled = pull(take(parse_image_reference(name_)), other, {.registry = options_});
    return pulled.ok() ? "was pulled" : pulled.error().to_string();
  };
  EXPECT_THAT(refused(200), AllOf(HasSubstr("reading manifest"), HasSubstr("which came as text/html")));
  EXPECT_THAT(refused(404), AllOf(HasSubstr("answered 404 with text/html that is no registry's error"),
                                  Not(HasSubstr("secret"))));
  EXPECT_THAT(refused(413), HasSubstr("takes no layers of this size"));
}

TEST_F(QuirkyRegistryTest, UploadsWhenAMountIsAnsweredWith202) {
  start(kNoQuirk);  // its POST always opens an upload, as ECR's does for blobs that no manifest names
  make_image(name_);
  auto plan = take(plan_push(store(), name_, take(parse_image_reference(name_))));
  plan.mount_from = {"elsewhere"};
  EXPECT_EQ(take(push(plan, store(), options_)).blobs_uploaded, 3);
}

TEST_F(QuirkyRegistryTest, SendsNoSecondPatchAndNoPatchAtAll) {
  start(kNoQuirk);
  make_image(name_);
  take(push_image(name_));
  for (const auto& request : requests_) EXPECT_THAT(request, testing::Not(testing::StartsWith("PATCH")));
}

TEST_F(QuirkyRegistryTest, FollowsARedirectWithoutItsCredentials) {
  std::string seen = "nothing";
  auto bucket = take(base::HttpServer::start("127.0.0.1", 0, [&](const base::ServerRequest& request) {
    seen = base::header_value(request.headers, "Authorization").value_or("");
    const std::lock_guard lock(mutex_);
    return base::ServerResponse{200, {}, content_[request.path.substr(1)]};
  }));
  start([&](const base::ServerRequest& request, int) -> std::optional<base::ServerResponse> {
    if (!base::header_value(request.headers, "Authorization"))
      return base::ServerResponse{401, {{"WWW-Authenticate", "Basic realm=\"x\""}}, ""};
    if (request.method != "GET" || kind_of(request.path) != "blob") return std::nullopt;
    const auto digest = request.path.substr(request.path.rfind('/') + 1);
    return base::ServerResponse{
        307, {{"Location", "http://127.0.0.1:" + std::to_string(bucket->port()) + "/" + digest}}, ""};
  });
  options_.credentials[name_.substr(0, name_.find('/'))] = {"AWS", "token"};
  make_image(name_);
  take(push_image(name_));
  auto other = take(ImageStore::open(folder() / "other"));
  take(pull(take(parse_image_reference(name_)), other, {.registry = options_}));
  EXPECT_EQ(seen, "");
}

TEST_F(QuirkyRegistryTest, GetsATokenWhereTheRegistrySaysSo) {
  start([&](const base::ServerRequest& request, int) -> std::optional<base::ServerResponse> {
    if (request.path == "/token") {
      const auto login = base::header_value(request.headers, "Authorization").value_or("");
      const bool right = login == "Basic " + base::base64_encode("user:password") &&
                         request.query_value("scope") == "repository:app:pull,push" &&
                         request.query_value("service") == "reg";
      return base::ServerResponse{right ? 200 : 401, {}, R"({"token":"t0ken"})"};
    }
    if (base::header_value(request.headers, "Authorization") == "Bearer t0ken") return std::nullopt;
    const auto realm = "http://127.0.0.1:" + std::to_string(server_->port()) + "/token";
    return base::ServerResponse{
        401,
        {{"WWW-Authenticate",
          "Bearer realm=\"" + realm + "\",service=\"reg\",scope=\"repository:app:pull\""}},
        ""};
  });
  options_.credentials[name_.substr(0, name_.find('/'))] = {"user", "password"};
  make_image(name_);
  EXPECT_EQ(take(push_image(name_)).blobs_uploaded, 3);
  const auto host = name_.substr(0, name_.find('/'));
  options_.credentials[host] = {"user", "wrong"};
  const auto refused = push_image(name_);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().to_string(),
              HasSubstr("the user name or the password for " + host + " is wrong"));
}

TEST_F(QuirkyRegistryTest, IsAskedForNoRepositoryByWhoOnlyLogsIn) {
  std::string scheme = "Basic realm=\"reg\"";
  start([&](const base::ServerRequest& request, int) -> std::optional<base::ServerResponse> {
    if (request.path == "/token") {
      EXPECT_EQ(request.query_value("scope"), std::nullopt);
      return base::ServerResponse{401, {}, "{}"};
    }
    return base::ServerResponse{401, {{"WWW-Authenticate", scheme}}, ""};
  });
  ImageReference registry;
  registry.host = name_.substr(0, name_.find('/'));
  options_.credentials[registry.host] = {"user", "wrong"};
  const auto basic = RegistryClient(options_, registry).ping();
  ASSERT_FALSE(basic.ok());
  EXPECT_THAT(basic.error().to_string(),
              HasSubstr("asking for /v2/ (" + registry.host + "): the registry answered 401"));
  scheme = "Bearer realm=\"http://" + registry.host + "/token\",service=\"reg\"";
  const auto bearer = RegistryClient(options_, registry).ping();
  ASSERT_FALSE(bearer.ok());
  EXPECT_THAT(bearer.error().to_string(),
              HasSubstr("/token answered 401 for " + registry.host + "; the user name"));
}

TEST_F(QuirkyRegistryTest, IsNotSentLayersThatTheirMakerKeepsOutOfRegistries) {
  start(kNoQuirk);
  auto manifest = take(store().image(make_image(name_))).manifest;
  const Descriptor foreign{.media_type = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
                           .digest = Digest::of("lies at its maker's"),
                           .size = 19};
  manifest.layers.push_back(foreign);
  const auto text = to_text(manifest);
  const auto digest = take(store().put_blob(text));
  take(store().tag(name_, {.media_type = manifest.media_type, .digest = digest, .size = text.size()}));
  const auto pushed = take(push_image(name_));
  EXPECT_EQ(pushed.digest, digest);
  EXPECT_EQ(pushed.blobs_uploaded, 3);
  EXPECT_FALSE(content_.contains(foreign.digest.to_string()));
  EXPECT_TRUE(content_.contains(manifest.layers[0].digest.to_string()));
}

// ---- a registry that lies
// -----------------------------------------------------------------------------------

TEST_F(QuirkyRegistryTest, IsNotBelievedAboutABlobsContent) {
  start(kNoQuirk);
  const auto image = make_image(name_);
  take(push_image(name_));
  const auto layer = take(store().image(image)).manifest.layers[1].digest.to_string();
  auto other = take(ImageStore::open(folder() / "other"));
  const auto honest = content_[layer];
  for (const auto& lie :
       {honest + "more", honest.substr(0, honest.size() - 1), std::string(honest.size(), 'x')}) {
    content_[layer] = lie;
    const auto pulled = pull(take(parse_image_reference(name_)), other, {.registry = options_});
    ASSERT_FALSE(pulled.ok()) << lie.size();
    EXPECT_THAT(pulled.error().to_string(), HasSubstr(layer));
    EXPECT_FALSE(other.has_blob(take(Digest::parse(layer))));
    EXPECT_FALSE(other.resolve(name_).ok());
  }
}

TEST_F(QuirkyRegistryTest, IsNotBelievedAboutAManifestsDigest) {
  start(kNoQuirk);
  const auto image = make_image(name_);
  take(push_image(name_));
  content_[image.digest.to_string()] = take(store().read_blob(image.digest)) + " ";
  auto other = take(ImageStore::open(folder() / "other"));
  const auto by_digest = name_.substr(0, name_.rfind(':')) + "@" + image.digest.to_string();
  const auto pulled = pull(take(parse_image_reference(by_digest)), other, {.registry = options_});
  ASSERT_FALSE(pulled.ok());
  EXPECT_THAT(pulled.error().to_string(), HasSubstr("got one with digest"));
}

TEST_F(QuirkyRegistryTest, CannotMakeALayerPassForAnother) {
  // Right blob digests, but the configuration names another content.
  start(kNoQuirk);
  const auto honest = take(store().image(make_image("honest:1")));
  auto config = honest.config;
  std::swap(config.diff_ids[0], config.diff_ids[1]);
  take(store().tag(name_, take(store().put_image(config, honest.manifest.layers))));
  take(push_image(name_));
  auto other = take(ImageStore::open(folder() / "other"));
  take(pull(take(parse_image_reference(name_)), other, {.registry = options_}));
  const auto unpacked = other.unpack(take(other.image(name_)).manifest);
  ASSERT_FALSE(unpacked.ok());
  EXPECT_THAT(unpacked.error().to_string(), HasSubstr("but the image's configuration says"));
}

TEST_F(QuirkyRegistryTest, ChoosesThePlatformOfAnIndex) {
  start(kNoQuirk);
  const auto image = make_image(name_);
  take(push_image(name_));
  const auto manifest = content_["v1"];
  const base::Json index = {
      {"schemaVersion", 2},
      {"mediaType", media_type::kOciIndex},
      {"manifests",
       {{{"mediaType", media_type::kOciManifest},
         {"digest", "sha256:" + std::string(64, '0')},
         {"size", 1},
         {"platform", {{"os", "linux"}, {"architecture", "s390x"}}}},
        {{"mediaType", media_type::kOciManifest},
         {"digest", image.digest.to_string()},
         {"size", manifest.size()},
         {"platform", {{"os", "linux"}, {"architecture", host_platform().architecture}}}}}}};
  content_["v1"] = base::to_text(index);
  content_[image.digest.to_string()] = manifest;
  auto other = take(ImageStore::open(folder() / "other"));
  EXPECT_EQ(take(pull(take(parse_image_reference(name_)), other, {.registry = options_})).digest,
            image.digest);
  const auto none = pull(take(parse_image_reference(name_)), other,
                         {.registry = options_, .platform = {.architecture = "riscv64"}});
  ASSERT_FALSE(none.ok());
  EXPECT_THAT(none.error().to_string(),
              HasSubstr("no image for linux/riscv64; there is one for: linux/s390x"));
}

}  // namespace
}  // namespace ecr
