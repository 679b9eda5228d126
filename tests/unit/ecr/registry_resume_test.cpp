// Connections that break, registries that want another token, mirrors, and where a login comes from.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "base/crypto.h"
#include "base/http_server.h"
#include "base/json.h"
#include "ecr/docker_config.h"
#include "ecr/pull.h"
#include "tests/unit/ecr/registry_fixture.h"

namespace ecr {
namespace {

using base::ServerRequest;
using base::ServerResponse;
using testing::Contains;
using testing::HasSubstr;

/// A registry in memory that keeps uploads open and knows ranges.
class ResumingRegistryTest : public RegistryTest {
 protected:
  using Quirk = std::function<std::optional<ServerResponse>(const ServerRequest&, const std::string& body)>;

  void start(Quirk quirk = {}) {
    quirk_ = std::move(quirk);
    server_ = take(base::HttpServer::start("127.0.0.1", 0,
                                           [this](const ServerRequest& request) { return answer(request); }));
    options_.parallel = 1;  // it keeps one upload
    host_ = "127.0.0.1:" + std::to_string(server_->port());
    name_ = host_ + "/app:v1";
  }
  void TearDown() override {
    server_.reset();
    ImagesTest::TearDown();
  }

  ServerResponse answer(const ServerRequest& request) {
    std::string body;
    const std::size_t limit = cut_body_after_;
    (void)request.read_body([&](std::string_view chunk) {
      body += chunk;
      return body.size() < limit;
    });
    const std::lock_guard lock(mutex_);
    requests_.push_back(request.method + " " + request.path +
                        base::header_value(request.headers, "Range").value_or("") +
                        base::header_value(request.headers, "Content-Range").value_or(""));
    if (quirk_) {
      if (auto wrong = quirk_(request, body)) return *wrong;
    }
    return as_specified(request, body);
  }

  ServerResponse as_specified(const ServerRequest& request, const std::string& body) {
    const auto last = request.path.substr(request.path.rfind('/') + 1);
    const bool upload = request.path.find("/uploads") != std::string::npos;
    if (request.method == "POST") {
      upload_.clear();
      return {202, {{"Location", "/v2/app/blobs/uploads/1"}}, ""};
    }
    if (request.method == "PATCH") {
      upload_ += body;
      return {202,
              {{"Location", "/v2/app/blobs/uploads/1"}, {"Range", "0-" + std::to_string(upload_.size() - 1)}},
              ""};
    }
    if (request.method == "PUT" && upload) {
      upload_ += body;
      const auto digest = request.query_value("digest").value_or("");
      if ("sha256:" + base::sha256_hex(upload_) != digest)
        return {400, {}, R"({"errors":[{"code":"DIGEST_INVALID"}]})"};
      content_[digest] = upload_;
      return {201, {}, ""};
    }
    if (request.method == "PUT") {
      content_[last] = body;
      content_["sha256:" + base::sha256_hex(body)] = body;
      return {201, {}, ""};
    }
    if (upload)
      return {204, {{"Range", "0-" + std::to_string(upload_.empty() ? 0 : upload_.size() - 1)}}, ""};
    const auto found = content_.find(last);
    if (found == content_.end()) return {404, {}, R"({"errors":[{"code":"NOT_FOUND"}]})"};
    return {200, {}, found->second};
  }

  Quirk quirk_;
  std::size_t cut_body_after_ = ~std::size_t{0};
  std::unique_ptr<base::HttpServer> server_;
  std::string host_;
  std::string name_;
  std::mutex mutex_;
  std::string upload_;
  std::map<std::string, std::string> content_;
  std::vector<std::string> requests_;
};

TEST_F(ResumingRegistryTest, GoesOnWithAFetchWhereItWasCut) {
  int cuts = 0;
  start([&](const ServerRequest& request, const std::string&) -> std::optional<ServerResponse> {
    const auto found = content_.find(request.path.substr(request.path.rfind('/') + 1));
    if (request.method != "GET" || request.path.find("/blobs/") == std::string::npos ||
        found == content_.end() || found->second.size() < 50'000)
      return std::nullopt;
    const auto range = base::header_value(request.headers, "Range").value_or("bytes=0-");
    const auto from = static_cast<std::size_t>(std::stoul(range.substr(6)));
    const auto& whole = found->second;
    // 20,000 bytes at a time, then the connection ends.
    ServerResponse part{
        from == 0 ? 200 : 206,
        {{"Content-Range", "bytes " + std::to_string(from) + "-" + std::to_string(whole.size() - 1) + "/" +
                               std::to_string(whole.size())}},
        ""};
    part.stream_size = whole.size() - from;
    part.stream = [whole, from](std::uint64_t offset) {
      return offset >= 20'000 ? ""
                              : whole.substr(from + offset, std::min<std::uint64_t>(20'000 - offset, 5000));
    };
    if (whole.size() - from > 20'000) ++cuts;
    return part;
  });
  make_image(name_);
  take(push_image(name_));
  auto other = take(ImageStore::open(folder() / "other"));
  options_.attempts = 2;
  take(pull(take(parse_image_reference(name_)), other, {.registry = options_}));
  EXPECT_GE(cuts, 4) << "more cuts than attempts: each brought something";
  take(other.unpack(take(other.image(name_)).manifest));
}

TEST_F(ResumingRegistryTest, BelievesNoRangeThatBeginsElsewhere) {
  start([&](const ServerRequest& request, const std::string&) -> std::optional<ServerResponse> {
    if (!base::header_value(request.headers, "Range")) {
      if (request.method != "GET" || request.path.find("/blobs/") == std::string::npos) return std::nullopt;
      const auto& whole = content_[request.path.substr(request.path.rfind('/') + 1)];
      ServerResponse part{200, {}, ""};
      part.stream_size = whole.size();
      part.stream = [whole](std::uint64_t offset) {
        return offset > 0 ? "" : whole.substr(0, whole.size() / 2);
      };
      return part;
    }
    return ServerResponse{206, {{"Content-Range", "bytes 0-9/10"}}, "0123456789"};
  });
  make_image(name_);
  take(push_image(name_));
  auto other = take(ImageStore::open(folder() / "other"));
  const auto pulled = pull(take(parse_image_reference(name_)), other, {.registry = options_});
  ASSERT_FALSE(pulled.ok());
  EXPECT_THAT(pulled.error().to_string(), HasSubstr("got \"bytes 0-9/10\""));
  EXPECT_FALSE(other.resolve(name_).ok());
}

TEST_F(ResumingRegistryTest, GoesOnWithAnUploadWhereTheRegistrySays) {
  bool cut = false;
  start([&](const ServerRequest& request, const std::string& body) -> std::optional<ServerResponse> {
    if (request.method != "PUT" || request.path.find("/uploads/") == std::string::npos ||
        body.size() < 50'000 || cut)
      return std::nullopt;
    cut = true;
    upload_ = body.substr(0, 30'000);  // what arrived before the connection went
    ServerResponse broken{200, {}, ""};
    broken.stream_size = 10;
    broken.stream = [](std::uint64_t) { return ""; };
    return broken;
  });
  make_image(name_);
  take(push_image(name_));
  EXPECT_TRUE(cut);
  EXPECT_THAT(requests_, Contains(testing::StartsWith("PATCH /v2/app/blobs/uploads/130000-")));
}

TEST_F(ResumingRegistryTest, GetsANewTokenInTheMiddleOfAPush) {
  int tokens = 0;
  start([&](const ServerRequest& request, const std::string&) -> std::optional<ServerResponse> {
    if (request.path == "/token")
      return ServerResponse{200, {}, R"({"token":"t)" + std::to_string(++tokens) + "\"}"};
    // The first one is only good until the first upload.
    const auto login = base::header_value(request.headers, "Authorization").value_or("");
    const bool good = login == "Bearer t2" || (login == "Bearer t1" && request.method != "PUT");
    if (good) return std::nullopt;
    return ServerResponse{
        401, {{"WWW-Authenticate", "Bearer realm=\"http://" + host_ + "/token\",service=\"reg\""}}, ""};
  });
  make_image(name_);
  EXPECT_EQ(take(push_image(name_)).blobs_uploaded, 3);
  EXPECT_EQ(tokens, 2);
  EXPECT_TRUE(clock_.sleeps().empty()) << "a new token is no fault";
}

TEST_F(ResumingRegistryTest, StreamsALayerInOnePatchAndTakesEcrsAnswerToIt) {
  int patches = 0;
  start([&](const ServerRequest& request, const std::string& body) -> std::optional<ServerResponse> {
    if (request.method != "PATCH") return std::nullopt;
    if (++patches == 1) upload_ += body;  // ECR takes no second one, and says nothing of it
    return ServerResponse{201, {{"Location", "/v2/app/blobs/uploads/1?part=1"}}, ""};
  });
  const auto tar = make_tar({tar_file("file", base::random_bytes(2'000'000))});
  const auto digest = take(store().put_blob(tar));
  ImageConfig config{.platform = host_platform()};
  config.diff_ids = {digest};
  take(store().tag(name_, take(store().put_image(config, {{media_type::kOciLayer, digest, tar.size()}}))));
  take(push_image(name_));
  EXPECT_EQ(patches, 1);
  auto other = take(ImageStore::open(folder() / "other"));
  take(pull(take(parse_image_reference(name_)), other,
            {.registry = options_, .unpacking = Unpacking::at_once}));
}

TEST_F(ResumingRegistryTest, AsksMirrorsFirstAndTheRegistryInTheEnd) {
  start();
  make_image(name_);
  take(push_image(name_));
  std::vector<std::string> asked;
  auto mirror = take(base::HttpServer::start("127.0.0.1", 0, [&](const ServerRequest& request) {
    const std::lock_guard lock(mutex_);
    asked.push_back(request.path);
    return ServerResponse{404, {}, ""};
  }));
  options_.config.registries[host_].mirrors = {"http://127.0.0.1:" + std::to_string(mirror->port())};
  auto other = take(ImageStore::open(folder() / "other"));
  take(pull(take(parse_image_reference(name_)), other, {.registry = options_}));
  EXPECT_THAT(asked, Contains("/v2/app/manifests/v1"));
  // A mirror that has it is enough.
  options_.config.registries.clear();
  options_.config.registries["gone.test"].mirrors = {"http://" + host_};
  const auto through = take(parse_image_reference("gone.test/app:v1"));
  auto third = take(ImageStore::open(folder() / "third"));
  take(pull(through, third, {.registry = options_}));
  EXPECT_TRUE(third.resolve("gone.test/app:v1").ok());
  options_.config.registries["gone.test"].blocked = true;
  EXPECT_THAT(pull(through, third, {.registry = options_}).error().to_string(), HasSubstr("is blocked"));
}

TEST_F(ResumingRegistryTest, WaitsAsLongAsItIsToldButNotForHours) {
  std::string after = "90";
  int refused = 0;
  start([&](const ServerRequest& request, const std::string&) -> std::optional<ServerResponse> {
    if (request.method != "HEAD" || ++refused > 1) return std::nullopt;
    return ServerResponse{429, {{"Retry-After", after}}, ""};
  });
  make_image(name_);
  take(push_image(name_));
  EXPECT_THAT(clock_.sleeps(), Contains(std::chrono::milliseconds(90'000)));
  after = "7200";
  refused = 0;
  const auto pushed = push_image(name_);
  ASSERT_FALSE(pushed.ok());
  EXPECT_THAT(pushed.error().to_string(), HasSubstr("429"));
}

class DockerConfigTest : public ImagesTest {
 protected:
  UserEnvironment environment_;
  void SetUp() override {
    ImagesTest::SetUp();
    environment_ = {{"HOME", folder().string()}, {"PATH", (folder() / "bin").string()}};
    take(base::make_directories(folder() / "bin"));
    take(base::make_directories(folder() / ".docker"));
  }
  void config(const std::string& text) { take(base::write_file(folder() / ".docker/config.json", text)); }
  void helper(const std::string& name, const std::string& script) {
    take(base::write_file(folder() / "bin" / ("docker-credential-" + name), "#!/bin/sh\n" + script, 0755));
  }
};

TEST_F(DockerConfigTest, FindsALoginUnderEveryKeyThatToolsWrite) {
  const auto auth = base::base64_encode("user:pass:word");
  config(R"({"auths":{"a.test":{"auth":")" + auth + R"("},"https://b.test/v1/":{"auth":")" + auth +
         R"("},"https://index.docker.io/v1/":{"auth":")" + auth +
         R"("},"c.test":{"identitytoken":"it","auth":")" + base::base64_encode("x:") + R"("}}})");
  for (const char* host : {"a.test", "b.test", "docker.io"}) {
    const auto login = take(find_kept_login(host, environment_));
    ASSERT_TRUE(login) << host;
    EXPECT_EQ(login->username, "user");
    EXPECT_EQ(login->password, "pass:word");
  }
  EXPECT_EQ(take(find_kept_login("c.test", environment_))->identity_token, "it");
  EXPECT_FALSE(take(find_kept_login("d.test", environment_)));
}

TEST_F(DockerConfigTest, TellsOfALoginThatCannotBeRead) {
  for (const auto& auth : {std::string("no base64!"), base::base64_encode("no-colon-in-it")}) {
    config(R"({"auths":{"https://a.test":{"auth":")" + auth + R"("},"b.test":{"auth":""}}})");
    const auto failed = find_kept_login("a.test", environment_);
    ASSERT_FALSE(failed.ok());
    EXPECT_THAT(failed.error().to_string(),
                HasSubstr(R"("auth" of "https://a.test" under "auths" is not base64)"));
    EXPECT_THAT(failed.error().to_string(), HasSubstr(".docker/config.json"));
    EXPECT_THAT(failed.error().to_string(), testing::Not(HasSubstr(auth)));
    EXPECT_FALSE(take(find_kept_login("b.test", environment_))) << "an empty one is none";
  }
}

TEST_F(DockerConfigTest, AsksCredentialHelpersOnTheirStandardInput) {
  config(R"({"credHelpers":{"a.test":"mine"},"credsStore":"all","auths":{"b.test":{}}})");
  helper("mine",
         R"(read host; echo "{\"ServerURL\":\"$host\",\"Username\":\"<token>\",\"Secret\":\"s-$host-$1\"}")");
  helper("all", R"(read host; [ "$host" = b.test ] && echo '{"Username":"u","Secret":"p"}' && exit 0
echo "credentials not found in native keychain"; exit 1)");
  EXPECT_EQ(take(find_kept_login("a.test", environment_))->identity_token, "s-a.test-get");
  EXPECT_EQ(take(find_kept_login("b.test", environment_))->password, "p");
  EXPECT_FALSE(take(find_kept_login("c.test", environment_)));
  helper("all", "echo 'secret thing'; exit 3");
  const auto failed = find_kept_login("c.test", environment_);
  ASSERT_FALSE(failed.ok());
  EXPECT_THAT(failed.error().to_string(), HasSubstr("docker-credential-all failed with exit code 3"));
  EXPECT_THAT(failed.error().to_string(), testing::Not(HasSubstr("secret thing")));
  config(R"({"credsStore":"../../bin/evil"})");
  EXPECT_THAT(find_kept_login("c.test", environment_).error().message,
              HasSubstr("names no credential helper"));
}

TEST_F(DockerConfigTest, ReadsPodmansFileToo) {
  const auto file =
      write("auth.json", R"({"auths":{"p.test":{"auth":")" + base::base64_encode("a:b") + R"("}}})");
  environment_["REGISTRY_AUTH_FILE"] = file.string();
  EXPECT_EQ(take(find_kept_login("p.test", environment_))->username, "a");
}

TEST(RegistriesConfig, IsReadAndRefusesWhatItDoesNotKnow) {
  const auto config = take(parse_registries_config(
      R"({"registries":{"docker.io":{"mirrors":["https://m.test/"]},"*.corp":{"insecure":true,"ca":"/ca.pem"}}})"));
  EXPECT_EQ(config.find("docker.io")->mirrors[0], "https://m.test");
  EXPECT_TRUE(config.find("reg.corp")->insecure);
  EXPECT_EQ(config.find("reg.corp")->tls.ca_file, "/ca.pem");
  EXPECT_EQ(config.find("ghcr.io"), nullptr);
  RegistryOptions options;
  options.config = config;
  EXPECT_EQ(registry_base_url(options, "reg.corp"), "http://reg.corp");
  EXPECT_EQ(registry_base_url(options, "ghcr.io"), "https://ghcr.io");
  EXPECT_EQ(registry_base_url(options, "docker.io"), "https://registry-1.docker.io");
  for (const char* text :
       {"[]", "{}", R"({"registries":{"a":{"mirror":[]}}})", R"({"registries":{"a":{"mirrors":["x"]}}})",
        R"({"registries":{"a":{"insecure":"yes"}}})"})
    EXPECT_FALSE(parse_registries_config(text).ok()) << text;
}

}  // namespace
}  // namespace ecr
