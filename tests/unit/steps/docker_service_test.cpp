#include "steps/docker_service.h"

#include <gmock/gmock.h>
#include <sys/socket.h>

#include <cstdlib>

#include "base/json.h"
#include "base/unix_socket.h"
#include "ecr/image_store.h"
#include "steps/docker_front.h"
#include "steps/docker_verbs.h"
#include "steps/registry_logins.h"
#include "tests/unit/steps/job_fixture.h"

namespace steps {
namespace {

using testing::HasSubstr;

/// Front and service in one process, the real socket between them.
class DockerServiceTest : public JobFixture {
 protected:
  void SetUp() override {
    auto store = ecr::ImageStore::open(root_.path() / "images");
    ASSERT_TRUE(store) << store.error().to_string();
    store_ = std::make_unique<ecr::ImageStore>(std::move(*store));
    services_.images = store_.get();
    auto service = DockerService::start(job_, root_.path() / "docker");
    ASSERT_TRUE(service) << service.error().to_string();
    service_ = std::move(*service);
    socket_ = (root_.path() / "docker" / std::string(kDockerSocketName)).string();
    setenv(std::string(kDockerSocketVariable).c_str(), socket_.c_str(), 1);
  }
  void TearDown() override { unsetenv(std::string(kDockerSocketVariable).c_str()); }

  int docker(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "docker");
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int code = docker_front_main(static_cast<int>(argv.size()), argv.data());
    output_ = testing::internal::GetCapturedStdout();
    error_ = testing::internal::GetCapturedStderr();
    return code;
  }
  /// An image without layers, by that name.
  void put_image(const std::string& name) {
    ecr::ImageConfig config;
    config.platform = ecr::host_platform();
    config.env = {"A=1"};
    auto manifest = store_->put_image(config, {});
    ASSERT_TRUE(manifest) << manifest.error().to_string();
    ASSERT_TRUE(store_->tag(name, *manifest).ok());
  }

  std::unique_ptr<ecr::ImageStore> store_;
  std::unique_ptr<DockerService> service_;
  std::string socket_;
  std::string output_;
  std::string error_;
};

TEST_F(DockerServiceTest, BuildsFromAFolderOfTheWorkspace) {
  write("app/Dockerfile", "FROM scratch\nCOPY data.txt /data.txt\nARG WHO\nLABEL who=$WHO\n");
  write("app/data.txt", "content");
  const base::Path iid = root_.path() / "iid";
  const std::string folder = job_.folders.workspace.inside + "/app";
  ASSERT_EQ(docker({"build", "-t", "app:v1", "--build-arg", "WHO=me", "--iidfile", iid.string(), folder}), 0)
      << error_;
  EXPECT_THAT(error_, HasSubstr("naming to docker.io/library/app:v1"));
  ASSERT_EQ(log_.events.size(), 1U);
  EXPECT_EQ(log_.events[0].type, "image_built");
  EXPECT_EQ(base::json_string(log_.events[0].details, "name"), "docker.io/library/app:v1");
  ASSERT_EQ(docker({"inspect", "--format", "{{.Id}} {{index .Config.Labels \"who\"}}", "app:v1"}), 0)
      << error_;
  EXPECT_EQ(output_, *base::read_file(iid) + " me\n");
}

TEST_F(DockerServiceTest, SaysWhatIsWrongWithABuild) {
  EXPECT_EQ(docker({"build", "/nowhere"}), 1);
  EXPECT_THAT(error_, HasSubstr("/nowhere"));
  EXPECT_EQ(docker({"build", job_.folders.workspace.inside}), 1);
  EXPECT_THAT(error_, HasSubstr("Dockerfile"));
  write("Dockerfile", "FROM scratch\nCOPY missing /\n");
  EXPECT_EQ(docker({"build", job_.folders.workspace.inside}), 1);
  EXPECT_THAT(error_, HasSubstr("missing"));
  EXPECT_EQ(docker({"build", "--platform", "a/b/c/d", job_.folders.workspace.inside}), 1);
  EXPECT_THAT(error_, HasSubstr("a/b/c/d"));
}

TEST_F(DockerServiceTest, TagsListsInspectsAndRemovesImages) {
  put_image("app:v1");
  EXPECT_EQ(docker({"tag", "app:v1", "registry.example:5000/team/app:v2"}), 0) << error_;
  EXPECT_EQ(docker({"images", "--format", "{{.Repository}}:{{.Tag}}"}), 0);
  EXPECT_THAT(output_, HasSubstr("registry.example:5000/team/app:v2\n"));
  EXPECT_THAT(output_, AllOf(HasSubstr("app:v1\n"), Not(HasSubstr("docker.io"))));
  EXPECT_EQ(docker({"images", "--format", "table {{.Repository}}\\t{{.Tag}}", "app"}), 0);
  EXPECT_EQ(output_, "REPOSITORY   TAG\napp          v1\n");
  EXPECT_EQ(docker({"images", "--format", "json", "app"}), 0);
  EXPECT_THAT(output_, HasSubstr("\"Repository\":\"app\""));
  EXPECT_EQ(docker({"images", "-q", "app"}), 0);
  EXPECT_EQ(output_.size(), 13U);
  EXPECT_EQ(docker({"inspect", "--format={{index .RepoDigests 0}}", "registry.example:5000/team/app:v2"}), 0);
  EXPECT_THAT(output_, HasSubstr("@sha256:"));
  EXPECT_EQ(docker({"inspect", "app:v1"}), 0);
  auto json = base::parse_json(output_);
  ASSERT_TRUE(json);
  EXPECT_EQ(base::json_member((*json)[0], "Config")["Env"][0], "A=1");
  EXPECT_EQ(docker({"rmi", "app:v1"}), 0);
  EXPECT_THAT(output_, HasSubstr("Untagged: app:v1"));
  EXPECT_EQ(docker({"rmi", "app:v1"}), 1);
  EXPECT_EQ(docker({"tag", "app:v1", "x"}), 1);
  EXPECT_THAT(error_, HasSubstr("No such image: app:v1"));
}

TEST_F(DockerServiceTest, KeepsLoginsForTheJobOnlyAndMasksThem) {
  EXPECT_EQ(docker({"login", "-u", "AWS", "-p", "s3cr3t-token", "https://registry.example/v2/"}), 0)
      << error_;
  EXPECT_THAT(error_, HasSubstr("insecure"));
  EXPECT_EQ(find_login(services_, "registry.example")->password, "s3cr3t-token");
  EXPECT_TRUE(masker_.holds_secret("s3cr3t-token"));
  EXPECT_EQ(docker({"logout", "registry.example"}), 0);
  EXPECT_FALSE(find_login(services_, "registry.example"));
}

TEST_F(DockerServiceTest, RefusesToPushWhatIsNotThere) {
  EXPECT_EQ(docker({"push", "registry.example/app:v9"}), 1);
  EXPECT_THAT(error_, HasSubstr("does not exist locally with the tag: registry.example/app:v9"));
}

TEST_F(DockerServiceTest, AnswersVersionQuestions) {
  EXPECT_EQ(docker({"version", "--format", "{{.Server.Os}}"}), 0);
  EXPECT_EQ(output_, "linux\n");
  EXPECT_EQ(docker({"--version"}), 0);
  EXPECT_THAT(output_, HasSubstr("Docker version"));
  EXPECT_EQ(docker({"version", "--format", "{{range .X}}"}), 1);
}

TEST_F(DockerServiceTest, SurvivesFrontsThatSendNonsense) {
  for (const std::string& nonsense :
       {std::string("\xff\xff\xff\x7f"), std::string("\x02\0\0\0{]", 6), std::string("\x04\0\0\0null", 8),
        std::string("\x10\0\0\0{\"arguments\":[1]}", 20)}) {
    const auto connected = base::connect_to(socket_, base::Blocking::yes);
    ASSERT_TRUE(connected);
    const base::Fd& fd = *connected;
    ASSERT_TRUE(base::write_all(fd.get(), nonsense));
    shutdown(fd.get(), SHUT_WR);
    (void)base::read_all(fd.get()).ok();
  }
  EXPECT_EQ(docker({"--version"}), 0);
}

TEST_F(DockerServiceTest, EndsWhileAFrontIsConnected) {
  const auto connected = base::connect_to(socket_, base::Blocking::yes);
  ASSERT_TRUE(connected);
  service_.reset();
  EXPECT_FALSE(base::exists(socket_));
  EXPECT_EQ(docker({"images"}), 1);
  EXPECT_THAT(error_, HasSubstr("no runner answers"));
}

}  // namespace
}  // namespace steps
