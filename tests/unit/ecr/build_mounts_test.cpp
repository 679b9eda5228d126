#include "ecr/build_mounts.h"

#include <gmock/gmock.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "base/process.h"
#include "base/unix_socket.h"
#include "tests/unit/ecr/build_fixture.h"

namespace ecr {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

using BuildMountTest = BuildTest;

TEST_F(BuildMountTest, KeepsACacheMountFromBuildToBuildAndOutOfTheImage) {
  const auto with = [&](const std::string& line) {
    return build("FROM shell:1\nRUN --mount=type=cache,target=/root/.cache/x,sharing=locked " + line + "\n");
  };
  const auto first = with("echo kept > /root/.cache/x/file; echo mine > /root/.cache/other");
  EXPECT_THAT(last_layer(first), Contains("root/.cache/other file 644 0:0 \"mine\n\""));
  EXPECT_THAT(last_layer(first), Not(Contains(HasSubstr(".cache/x"))));
  EXPECT_THAT(last_layer(with("cat /root/.cache/x/file > /seen")), Contains("seen file 644 0:0 \"kept\n\""));
}

TEST_F(BuildMountTest, GivesASecretToOneCommandAndToNothingElse) {
  const std::string secret = "s3cr3t-value";
  const auto image = build(
      "FROM shell:1\n"
      "RUN --mount=type=secret,id=token --mount=type=secret,id=token,env=TOKEN "
      "[ \"$(cat /run/secrets/token)\" = \"$TOKEN\" ] && stat -c %a /run/secrets/token > /mode\n"
      "RUN [ ! -e /run/secrets/token ] && [ -z \"$TOKEN\" ]\n",
      [&](BuildOptions& options) { options.secrets["token"] = secret; });
  EXPECT_THAT(describe_layer(store(), image.manifest.layers[1]), Contains("mode file 644 0:0 \"400\n\""));
  const auto found = take(base::run_process({.argv = {"grep", "-rl", secret, store().folder().string()}}));
  EXPECT_EQ(found.exit_code, 1) << "the secret stands in " << found.output;
  EXPECT_THAT(failure("FROM shell:1\nRUN --mount=type=secret,id=no,required true\n"),
              HasSubstr("the secret \"no\" is required"));
}

TEST_F(BuildMountTest, ShowsTheContextAndOtherStagesWithoutCopyingThemIntoTheImage) {
  add("src/file", "content", 0600);
  add("src/hidden", "x");
  add(".dockerignore", "**/hidden\n");
  const auto image = build(
      "FROM shell:1 AS made\n"
      "RUN mkdir /out && echo made > /out/file && chown app /out/file\n"
      "FROM shell:1\n"
      "RUN --mount=type=bind,source=src,target=/src --mount=from=made,source=/out,target=/made,rw "
      "cat /src/file /made/file > /seen; ls /src > /names; stat -c %u /src/file /made/file >> /names; "
      "touch /src/new 2>/dev/null || echo refused >> /names; touch /made/new\n");
  EXPECT_THAT(last_layer(image), Contains("seen file 644 0:0 \"contentmade\n\""));
  EXPECT_THAT(last_layer(image), Contains("names file 644 0:0 \"file\n0\n1000\nrefused\n\""));
  EXPECT_THAT(last_layer(image), Not(Contains(StartsWith("src/file"))));
  EXPECT_THAT(last_layer(image), Not(Contains(StartsWith("made/"))));
}

TEST_F(BuildMountTest, ShowsAFolderWithItsOwnerAndMode) {
  const auto image = build(
      "FROM shell:1 AS made\n"
      "RUN mkdir /out && chown app /out && chmod 700 /out\n"
      "FROM shell:1\n"
      "RUN --mount=type=bind,from=made,source=/out,target=/made stat -c '%u %a' /made > /seen\n");
  EXPECT_THAT(last_layer(image), Contains("seen file 644 0:0 \"1000 700\n\""));
}

TEST_F(BuildMountTest, RunsAgainWhenWhatIsMountedChanged) {
  const std::string dockerfile = "FROM shell:1\nRUN --mount=target=/c cat /c/file > /seen\n";
  add("file", "one");
  build(dockerfile);
  build(dockerfile);
  EXPECT_EQ(built_.steps_cached, 1);
  add("file", "two");
  EXPECT_THAT(last_layer(build(dockerfile)), Contains("seen file 644 0:0 \"two\""));
}

TEST_F(BuildMountTest, FillsANewCacheFromAStage) {
  const auto image = build(
      "FROM scratch AS start\nCOPY <<EOF /d/first\nbegun\nEOF\nFROM shell:1\n"
      "RUN --mount=type=cache,from=start,source=/d,target=/cache,id=filled cat /cache/first > /seen\n");
  EXPECT_THAT(last_layer(image), Contains("seen file 644 0:0 \"begun\n\""));
}

TEST_F(BuildMountTest, LeadsToTheAgentOfTheCaller) {
  const auto path = (folder() / "agent").string();
  const auto listener = take(base::listen_at(path, 8));
  // Only that there is one can be seen by a shell: what it says is the socket's business.
  const auto image = build(
      "FROM shell:1\nRUN --mount=type=ssh,mode=0666 [ -S $SSH_AUTH_SOCK ] && echo $SSH_AUTH_SOCK > /seen && "
      "stat -c %a $SSH_AUTH_SOCK >> /seen\nRUN [ -z \"$SSH_AUTH_SOCK\" ]\n",
      [&](BuildOptions& options) { options.ssh_agents["default"] = agent_at(path); });
  EXPECT_THAT(describe_layer(store(), image.manifest.layers[1]),
              Contains("seen file 644 0:0 \"/run/buildkit/ssh_agent.0\n666\n\""));
  EXPECT_THAT(failure("FROM shell:1\nRUN --mount=type=ssh,required true\n"),
              AllOf(StartsWith("Dockerfile:2:1: "), HasSubstr("the ssh agent \"default\" is required")));
  EXPECT_THAT(failure("FROM shell:1\nRUN --mount=type=ssh true\n",
                      [](BuildOptions& options) { options.ssh_agents["default"] = agent_at("/nowhere"); }),
              AllOf(HasSubstr("connecting to /nowhere"), HasSubstr("reaching the ssh agent")));
}

TEST(AgentRelay, PassesBothWays) {
  const auto folder = take(base::TempDir::create("relay"));
  const auto agent = (folder.path() / "agent").string();
  const auto listener = take(base::listen_at(agent, 8));
  const auto relay = take(AgentRelay::start(folder.path() / "relay", agent_at(agent)));
  // The first connection asks whether there is an agent.
  const base::Fd probe(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  const auto client = take(base::connect_to(folder.path() / "relay", base::Blocking::yes));
  pollfd asked{listener.get(), POLLIN, 0};
  ASSERT_EQ(::poll(&asked, 1, 10'000), 1);
  const base::Fd server(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  char got[3];
  ASSERT_EQ(::write(client.get(), "ask", 3), 3);
  ASSERT_EQ(::recv(server.get(), got, 3, MSG_WAITALL), 3);
  EXPECT_EQ(std::string_view(got, 3), "ask");
  ASSERT_EQ(::write(server.get(), "yes", 3), 3);
  ASSERT_EQ(::recv(client.get(), got, 3, MSG_WAITALL), 3);
  EXPECT_EQ(std::string_view(got, 3), "yes");
}

TEST(BuildMounts, TakeOnlyOptionsOfTheirType) {
  const auto refused = [](const char* text) {
    const auto mount = parse_build_mount(text, "/");
    return mount ? "taken" : mount.error().message;
  };
  EXPECT_THAT(refused("target=/x,sharing=locked"), HasSubstr("type=bind takes no sharing"));
  EXPECT_THAT(refused("type=tmpfs,target=/x,mode=0700"), HasSubstr("type=tmpfs takes no mode"));
  EXPECT_THAT(refused("type=cache,target=/x,size=1"), HasSubstr("type=cache takes no size"));
  EXPECT_THAT(refused("type=cache,target=/x,sharing=some"), HasSubstr("expected shared, private or locked"));
  EXPECT_THAT(refused("type=cache"), HasSubstr("the target is missing"));
  EXPECT_THAT(refused("type=bind,target=/"), HasSubstr("cannot be /"));
  EXPECT_THAT(refused("type=bind,target=/x,colour=red"), HasSubstr("unexpected key 'colour'"));
  EXPECT_THAT(refused("type=bind,targt=/x"), HasSubstr("'targt' (did you mean target?)"));
  const auto secret = take(parse_build_mount("type=secret,src=deep/token", "/"));
  EXPECT_EQ(secret.id, "deep/token");
  EXPECT_EQ(secret.target, "/run/secrets/token");
  const auto bind = take(parse_build_mount("dst=x", "/w"));
  EXPECT_EQ(bind.target, "/w/x");
  EXPECT_TRUE(bind.read_only);
}

}  // namespace
}  // namespace ecr
