#include "steps/docker_command.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "base/files.h"
#include "steps/docker_protocol.h"

namespace steps {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

DockerCommand parsed(const std::vector<std::string>& arguments) {
  auto command = parse_docker_command(arguments);
  EXPECT_TRUE(command) << command.error().message;
  return command ? *command : DockerCommand{};
}
std::string refusal(const std::vector<std::string>& arguments) {
  auto command = parse_docker_command(arguments);
  EXPECT_FALSE(command);
  return command ? "" : command.error().message;
}

TEST(DockerCommand, ReadsABuild) {
  const DockerCommand command =
      parsed({"build", "--build-arg", "A=1=2", "--build-arg=B", "-t", "app:1", "--tag=app:2", "-f",
              "docker/Dockerfile", "--label", "l=v", "--target", "run", "--no-cache", "--pull", "-q", "."});
  EXPECT_EQ(command.verb, DockerVerb::build);
  EXPECT_THAT(command.tags, ElementsAre("app:1", "app:2"));
  EXPECT_THAT(command.build_args, ElementsAre(Pair("A", "1=2")));
  EXPECT_THAT(command.build_args_from_environment, ElementsAre("B"));
  EXPECT_EQ(command.dockerfile, "docker/Dockerfile");
  EXPECT_THAT(command.labels, ElementsAre(Pair("l", "v")));
  EXPECT_EQ(command.target, "run");
  EXPECT_TRUE(command.no_cache && command.pull && command.quiet);
  EXPECT_FALSE(command.push);
  EXPECT_THAT(command.operands, ElementsAre("."));
}

TEST(DockerCommand, KnowsOtherNamesOfTheSame) {
  EXPECT_EQ(parsed({"buildx", "build", "--push", "-tapp", "."}).verb, DockerVerb::build);
  EXPECT_TRUE(parsed({"buildx", "build", "--push", "."}).push);
  EXPECT_EQ(parsed({"image", "ls"}).verb, DockerVerb::images);
  EXPECT_EQ(parsed({"image", "rm", "-f", "x"}).verb, DockerVerb::rmi);
  EXPECT_EQ(parsed({"--version"}).verb, DockerVerb::version);
  EXPECT_EQ(parsed({}).verb, DockerVerb::help);
}

TEST(DockerCommand, ReadsARunUpToItsImage) {
  const DockerCommand command =
      parsed({"run", "-it", "--rm", "-p", "80:8080", "-eA=1", "--env", "B", "--name=web", "-v", "/w:/x:ro",
              "--net", "mine", "app:1", "sh", "-dit", "--rm"});
  EXPECT_EQ(command.verb, DockerVerb::run);
  EXPECT_THAT(command.operands, ElementsAre("app:1"));
  EXPECT_THAT(command.command, ElementsAre("sh", "-dit", "--rm"));
  EXPECT_TRUE(command.interactive && command.remove);
  EXPECT_FALSE(command.detach);
  EXPECT_THAT(command.container.environment, ElementsAre(Pair("A", "1")));
  EXPECT_THAT(command.environment_of_caller, ElementsAre("B"));
  EXPECT_THAT(command.container.ports, ElementsAre(PublishedPort{80, 8080, false}));
  EXPECT_THAT(command.container.volumes, ElementsAre(VolumeMount{"/w", "/x", true}));
  EXPECT_EQ(command.name, "web");
  EXPECT_THAT(command.networks, testing::ElementsAre("mine"));
}

TEST(DockerCommand, TakesSwitchesTogether) {
  const DockerCommand command = parsed({"ps", "-aq"});
  EXPECT_TRUE(command.all && command.quiet);
  EXPECT_EQ(parsed({"container", "ls"}).verb, DockerVerb::ps);
  EXPECT_EQ(parsed({"logs", "-fn", "3", "web"}).tail, "3");
  EXPECT_TRUE(parsed({"rm", "-fv", "web"}).force);
}

TEST(DockerCommand, ReadsALogin) {
  const DockerCommand command = parsed({"login", "-u", "AWS", "--password-stdin", "registry.example"});
  EXPECT_EQ(command.username, "AWS");
  EXPECT_TRUE(command.password_stdin);
  EXPECT_THAT(command.operands, ElementsAre("registry.example"));
  EXPECT_THAT(refusal({"login", "-u", "a", "-p", "b", "--password-stdin"}), HasSubstr("mutually exclusive"));
}

TEST(DockerCommand, TellsTheOptionsOfAVerb) {
  EXPECT_TRUE(parsed({"buildx", "build", "--help"}).asks_for_help);
  EXPECT_FALSE(parsed({"run", "alpine", "sh", "--help"}).asks_for_help) << "that is for sh";
  EXPECT_THAT(docker_help(DockerVerb::build), HasSubstr("\n  --build-arg VALUE\n"));
  EXPECT_THAT(docker_help(DockerVerb::imagetools_create),
              HasSubstr("Usage: docker buildx imagetools create"));
}

TEST(DockerCommand, RefusesByName) {
  EXPECT_THAT(refusal({"run", "--privileged", "alpine"}), HasSubstr("'--privileged'"));
  EXPECT_THAT(refusal({"run"}), HasSubstr("Usage: docker run"));
  EXPECT_THAT(refusal({"exec", "web"}), HasSubstr("Usage: docker exec"));
  EXPECT_THAT(refusal({"compose", "up"}), HasSubstr("'compose'"));
  EXPECT_THAT(refusal({"buildx", "bake"}), HasSubstr("'buildx bake'"));
  EXPECT_THAT(refusal({"build", "--allow", "security.insecure", "."}), HasSubstr("'--allow'"));
  EXPECT_THAT(refusal({"build", "--squash", "."}), HasSubstr("'--squash'"));
  EXPECT_THAT(refusal({"build", "-f", "Dockerfile", "-"}), HasSubstr("an archive from stdin"));
  EXPECT_THAT(refusal({"build", "https://example.com/x.git"}), HasSubstr("URL"));
  EXPECT_THAT(refusal({"build"}), HasSubstr("Usage: docker build"));
  EXPECT_THAT(refusal({"build", "-t"}), HasSubstr("needs a value"));
  EXPECT_THAT(refusal({"tag", "a"}), HasSubstr("Usage: docker tag"));
}

class DockerProtocol : public testing::Test {
 protected:
  void SetUp() override {
    int ends[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    front_.reset(ends[0]);
    service_.reset(ends[1]);
  }
  base::Fd front_;
  base::Fd service_;
};

TEST_F(DockerProtocol, CarriesARequestWithItsFolders) {
  std::vector<base::Fd> folders;
  for (const char* folder : {"/", "/etc"}) folders.push_back(*base::open_directory(folder));
  ASSERT_TRUE(send_request(front_.get(), R"({"a":1})", folders));
  auto request = receive_request(service_.get());
  ASSERT_TRUE(request);
  EXPECT_EQ(request->text, R"({"a":1})");
  ASSERT_EQ(request->files.size(), 2U);
  EXPECT_TRUE(base::open_beneath(request->files[0].get(), "etc", O_PATH).ok());
  EXPECT_TRUE(base::open_beneath(request->files[1].get(), "passwd", O_PATH).ok());
}

TEST_F(DockerProtocol, RefusesLengthsThatLie) {
  ASSERT_TRUE(base::write_all(front_.get(), "\xff\xff\xff\xff"));
  EXPECT_FALSE(receive_request(service_.get()).ok());
}

TEST_F(DockerProtocol, RefusesARequestThatEndsEarly) {
  ASSERT_TRUE(base::write_all(front_.get(), std::string("\x05\0\0\0ab", 6)));
  front_.reset();
  EXPECT_FALSE(receive_request(service_.get()).ok());
}

TEST_F(DockerProtocol, CarriesOutputAndTheResult) {
  base::Fd wake(eventfd(0, EFD_CLOEXEC));
  ASSERT_TRUE(send_frame(service_.get(), FrameKind::error, "careful\n", wake.get()));
  ASSERT_TRUE(send_frame(service_.get(), FrameKind::result, "{}", wake.get()));
  auto first = receive_frame(front_.get());
  ASSERT_TRUE(first);
  EXPECT_EQ(first->kind, FrameKind::error);
  EXPECT_EQ(first->payload, "careful\n");
  auto second = receive_frame(front_.get());
  ASSERT_TRUE(second);
  EXPECT_EQ(second->kind, FrameKind::result);
}

TEST_F(DockerProtocol, StopsWaitingForAFrontThatDoesNotRead) {
  base::Fd wake(eventfd(1, EFD_CLOEXEC));
  const std::string much(4 << 20, 'x');
  auto sent = send_frame(service_.get(), FrameKind::output, much, wake.get());
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().kind, base::ErrorKind::cancelled);
}

}  // namespace
}  // namespace steps
