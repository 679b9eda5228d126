#include <gmock/gmock.h>

#include "base/crypto.h"
#include "ecr/image_store.h"
#include "steps/builtin/build_request.h"
#include "steps/registry_logins.h"
#include "tests/unit/steps/aws_fixture.h"

namespace steps {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Key;
using testing::Pair;

class BuildPush : public AwsFixture {
 protected:
  void SetUp() override {
    auto store = ecr::ImageStore::open(root_.path() / "images");
    ASSERT_TRUE(store) << store.error().to_string();
    store_ = std::make_unique<ecr::ImageStore>(std::move(*store));
    services_.images = store_.get();
    call_.uses = "docker/build-push-action@v6";
    write("app/Dockerfile", "FROM scratch\nARG WHO=none\nCOPY data.txt folder/data.txt\nLABEL who=$WHO\n");
    write("app/data.txt", "content");
  }
  base::Result<ActionOutcome> build(std::map<std::string, std::string> inputs) {
    call_.inputs = std::move(inputs);
    return builtin::docker_build_push(call_, job_);
  }
  std::string refusal(std::map<std::string, std::string> inputs) {
    inputs.emplace("context", "app");
    const auto outcome = build(std::move(inputs));
    return outcome ? "built" : outcome.error().to_string();
  }

  std::unique_ptr<ecr::ImageStore> store_;
};

TEST_F(BuildPush, BuildsAFolderOfTheWorkspaceWithTagsLabelsAndArguments) {
  const auto outcome = build({{"context", "./app"},
                              {"tags", "app:v1,app:v2"},
                              {"build-args", "WHO=me, myself"},
                              {"labels", "a=b\nc=d=e"},
                              {"annotations", "manifest:note=hello\nindex:lost=1"}});
  ASSERT_TRUE(outcome) << outcome.error().to_string();
  const auto image = store_->image("docker.io/library/app:v2");
  ASSERT_TRUE(image) << image.error().to_string();
  // An annotation of the index needs one.
  EXPECT_EQ(store_->resolve("docker.io/library/app:v1")->digest.to_string(), outcome->outputs.at("digest"));
  EXPECT_NE(image->descriptor.digest.to_string(), outcome->outputs.at("digest"));
  EXPECT_EQ(image->manifest.config.digest.to_string(), outcome->outputs.at("imageid"));
  EXPECT_EQ(image->config.labels.at("who"), "me, myself");
  EXPECT_EQ(image->config.labels.at("c"), "d=e");
  EXPECT_THAT(image->manifest.annotations, testing::ElementsAre(Pair("note", "hello")));
  const auto metadata = base::parse_json(outcome->outputs.at("metadata"));
  EXPECT_EQ(base::json_string(*metadata, "image.name"), "docker.io/library/app:v1,docker.io/library/app:v2");
  EXPECT_EQ(base::json_string(*metadata, "containerimage.digest"), outcome->outputs.at("digest"));
}

TEST_F(BuildPush, ReadsTheDockerfileThatFileNames) {
  write("other/My.Dockerfile", "FROM scratch\nLABEL from=other\nCOPY data.txt /\n");
  const auto outcome = build({{"context", "app"}, {"file", "other/My.Dockerfile"}, {"tags", "app:other"}});
  ASSERT_TRUE(outcome) << outcome.error().to_string();
  EXPECT_EQ(store_->image("docker.io/library/app:other")->config.labels.at("from"), "other");
  EXPECT_THAT(refusal({{"file", "missing"}}), HasSubstr("failed to read dockerfile"));
  EXPECT_THAT(refusal({{"file", "/etc/passwd"}}), testing::Not(HasSubstr("root:")));
}

TEST_F(BuildPush, BuildsTheRepositoryWhenNoContextIsGiven) {
  services_.repository = root_.path() / "repository";
  ASSERT_TRUE(base::make_directories(services_.repository / "sub"));
  const auto git = [&](const std::string& arguments) {
    return std::system(
        ("git -C " + services_.repository.string() + " " + arguments + " >/dev/null 2>&1").c_str());
  };
  ASSERT_EQ(git("init -q"), 0);
  ASSERT_TRUE(
      base::write_file(services_.repository / "sub/Dockerfile", "FROM scratch\nLABEL from=repository\n"));
  const auto outcome = build({{"context", "{{defaultContext}}:sub"}, {"tags", "app:repo"}});
  ASSERT_TRUE(outcome) << outcome.error().to_string();
  EXPECT_EQ(store_->image("docker.io/library/app:repo")->config.labels.at("from"), "repository");
}

TEST_F(BuildPush, ExportsTheTreeAndTheArchiveIntoTheWorkspace) {
  const auto outcome = build(
      {{"context", "app"},
       {"outputs", "type=local,dest=out/tree\ntype=oci,dest=out/image.tar\ntype=tar,dest=out/tree.tar"}});
  ASSERT_TRUE(outcome) << outcome.error().to_string();
  EXPECT_EQ(*base::read_file(job_.folders.workspace.host / "out/tree/folder/data.txt"), "content");
  EXPECT_TRUE(base::exists(job_.folders.workspace.host / "out/image.tar"));
  EXPECT_TRUE(base::exists(job_.folders.workspace.host / "out/tree.tar"));
}

TEST_F(BuildPush, LeavesTheWorkspaceByNoOutput) {
  EXPECT_THAT(refusal({{"outputs", "type=local,dest=../../elsewhere"}}), HasSubstr("elsewhere"));
  std::filesystem::create_directory_symlink(root_.path(), job_.folders.workspace.host / "way-out");
  EXPECT_NE(refusal({{"outputs", "type=local,dest=way-out/there"}}), "built");
  EXPECT_FALSE(base::exists(root_.path() / "there"));
}

TEST_F(BuildPush, RefusesByNameWhatItDoesNotDo) {
  EXPECT_THAT(refusal({{"sbom", "generator=other/scanner"}}), HasSubstr("generator=other/scanner"));
  EXPECT_THAT(refusal({{"attests", "type=other"}}), HasSubstr("type=other"));
  EXPECT_THAT(refusal({{"ssh", "default"}}), HasSubstr("--ssh default: SSH_AUTH_SOCK is not set"));
  EXPECT_THAT(refusal({{"outputs", "type=zip,dest=a.zip"}}), HasSubstr("type=zip"));
  EXPECT_THAT(refusal({{"outputs", "type=tar"}}), HasSubstr("standard output"));
  EXPECT_THAT(refusal({{"call", "outline"}}), HasSubstr("'outline'"));
  EXPECT_THAT(refusal({{"push", "true"}}), HasSubstr("tag is needed when pushing to registry"));
  EXPECT_THAT(refusal({{"push", "yes"}}), HasSubstr("Core Schema"));
  EXPECT_THAT(refusal({{"context", "https://example.com/a.git"}}), HasSubstr("https://example.com/a.git"));
  EXPECT_THAT(refusal({{"context", "nowhere"}}), HasSubstr("nowhere"));
  services_.docker = DockerMode::host;
  EXPECT_THAT(refusal({}), HasSubstr("--no-builtin docker/build-push-action"));
}

TEST_F(BuildPush, GivesSecretsFromInputsVariablesAndFiles) {
  write("token.txt", "from a file");
  call_.environment["MY_TOKEN"] = "from the environment";
  call_.inputs = {{"secrets", "\"key=line one\nline two\"\nother=x"},
                  {"secret-envs", "variable=MY_TOKEN"},
                  {"secret-files", "file=token.txt"}};
  const auto request = builtin::read_build_request(call_, job_);
  ASSERT_TRUE(request) << request.error().to_string();
  EXPECT_THAT(request->secrets,
              testing::ElementsAre(Pair("file", "from a file"), Pair("key", "line one\nline two"),
                                   Pair("other", "x"), Pair("variable", "from the environment")));
  EXPECT_TRUE(request->default_context);
}

class DockerLogin : public AwsFixture {
 protected:
  base::Result<ActionOutcome> log_in(std::map<std::string, std::string> inputs) {
    call_.uses = "docker/login-action@v3";
    call_.inputs = std::move(inputs);
    return builtin::docker_login(call_, job_);
  }
};

TEST_F(DockerLogin, LogsInWithAPasswordAndOutAfterTheJob) {
  http_.will_answer(200, "{}");
  auto outcome =
      log_in({{"registry", "registry.example:5000"}, {"username", "me"}, {"password", "p4ssw0rd"}});
  ASSERT_TRUE(outcome) << outcome.error().to_string();
  ASSERT_FALSE(outcome->failure) << outcome->failure->to_string();
  EXPECT_EQ(find_login(services_, "registry.example:5000")->password, "p4ssw0rd");
  EXPECT_EQ(masker_.mask("p4ssw0rd"), "***");
  EXPECT_THAT(log_.all(), HasSubstr("Login Succeeded!"));
  ASSERT_TRUE(outcome->post);
  EXPECT_EQ(outcome->post->name, "Post Step");
  ASSERT_TRUE(outcome->post->run(job_));
  EXPECT_FALSE(find_login(services_, "registry.example:5000"));
}

TEST_F(DockerLogin, StaysLoggedInWhenLogoutIsFalse) {
  http_.will_answer(200, "{}");
  const auto outcome =
      log_in({{"registry", "r.example"}, {"username", "a"}, {"password", "bcdef"}, {"logout", "false"}});
  ASSERT_TRUE(outcome && !outcome->failure);
  EXPECT_FALSE(outcome->post);
}

TEST_F(DockerLogin, FailsWhenTheRegistryRefuses) {
  http_.will_answer(401, "{}");
  const auto outcome = log_in({{"registry", "r.example"}, {"username", "a"}, {"password", "bcdef"}});
  ASSERT_TRUE(outcome && outcome->failure);
  EXPECT_THAT(outcome->failure->to_string(), HasSubstr("r.example"));
}

TEST_F(DockerLogin, TakesThePasswordOfEcrFromAws) {
  const std::string host = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
  http_.will_answer(200, base::to_text({{"authorizationData",
                                         {{{"authorizationToken", base::base64_encode("AWS:secret-token")},
                                           {"proxyEndpoint", "https://" + host}}}}}));
  const auto outcome = log_in({{"registry", host}, {"username", "AKIAINPUT"}, {"password", "input-secret"}});
  ASSERT_TRUE(outcome && !outcome->failure) << outcome->failure->to_string();
  EXPECT_EQ(find_login(services_, host)->password, "secret-token");
  EXPECT_THAT(http_.requests().at(0).url, HasSubstr("eu-west-1"));
  EXPECT_THAT(base::header_value(http_.requests().at(0).headers, "Authorization").value_or(""),
              HasSubstr("AKIAINPUT"));
}

TEST_F(DockerLogin, LogsInToAListAndOutOfThoseThatTookIt) {
  http_.will_answer(200, "{}");
  http_.will_answer(401, "{}");
  const auto outcome = log_in({{"registry-auth",
                                "- registry: one.example\n  username: a\n  password: first-password\n"
                                "- registry: two.example\n  username: b\n  password: second-password\n"}});
  ASSERT_TRUE(outcome && outcome->failure);
  EXPECT_EQ(masker_.mask("second-password"), "***");
  ASSERT_TRUE(outcome->post);
  ASSERT_TRUE(outcome->post->run(job_));
  EXPECT_FALSE(find_login(services_, "one.example"));
}

TEST_F(DockerLogin, SaysWhichInputIsMissing) {
  const auto said = [this](std::map<std::string, std::string> inputs) {
    const auto outcome = log_in(std::move(inputs));
    return outcome ? outcome->failure->message : outcome.error().message;
  };
  EXPECT_EQ(said({}), "Username and password required");
  EXPECT_EQ(said({{"password", "x"}}), "Username required");
  EXPECT_EQ(said({{"username", "x"}}), "Password required");
  EXPECT_EQ(said({{"registry-auth", "- registry: a"}, {"username", "b"}}),
            "Cannot use registry-auth with other inputs");
  EXPECT_THAT(said({{"registry", "public.ecr.aws"}}), HasSubstr("Public ECR"));
  EXPECT_THAT(said({{"scope", "a/b"}}), HasSubstr("'scope'"));
}

class DockerSetup : public AwsFixture {};

TEST_F(DockerSetup, SaysThatThereIsNothingToSetUp) {
  call_.uses = "docker/setup-buildx-action@v3";
  auto buildx = builtin::docker_setup_buildx(call_, job_);
  ASSERT_TRUE(buildx) << buildx.error().to_string();
  EXPECT_EQ(buildx->outputs.at("driver"), "docker-container");
  EXPECT_THAT(buildx->outputs, Contains(Key("nodes")));
  EXPECT_THAT(log_.all(), HasSubstr("Nothing was set up"));
  call_.inputs = {{"driver", "kubernetes"}};
  EXPECT_THAT(builtin::docker_setup_buildx(call_, job_).error().message, HasSubstr("kubernetes"));
  call_.inputs = {{"platforms", "s390x"}};
  const auto qemu = builtin::docker_setup_qemu(call_, job_);
  ASSERT_TRUE(qemu);
  EXPECT_THAT(qemu->outputs.at("platforms"), HasSubstr("linux/"));
  EXPECT_THAT(log_.all(), HasSubstr("s390x is not emulated here"));
}

TEST(BuiltinFor, GivesNothingForWhatTheRunWantsFetched) {
  JobServices services;
  EXPECT_NE(builtin_for("actions/checkout@v4", services.no_builtin), nullptr);
  services.no_builtin = {"Setup-Node", "docker/login-action"};
  EXPECT_EQ(builtin_for("actions/setup-node@v4", services.no_builtin), nullptr);
  EXPECT_EQ(builtin_for("docker/login-action@v3", services.no_builtin), nullptr);
  EXPECT_NE(builtin_for("docker/metadata-action@v5", services.no_builtin), nullptr);
  services.no_builtin = {"actions/cache", "setup"};
  EXPECT_EQ(builtin_for("actions/cache/restore@v4", services.no_builtin), nullptr);
  EXPECT_NE(builtin_for("actions/setup-go@v5", services.no_builtin), nullptr);
  services.no_builtin = {"other/checkout"};
  EXPECT_NE(builtin_for("actions/checkout@v4", services.no_builtin), nullptr);
}

}  // namespace
}  // namespace steps
