#include "ecr/build.h"

#include <gmock/gmock.h>

#include "base/process.h"
#include "tests/unit/ecr/build_fixture.h"

namespace ecr {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

using BuildRunTest = BuildTest;

TEST_F(BuildRunTest, RunsCommandsInTheImageAndKeepsWhatTheyChange) {
  const auto image = build(
      "FROM shell:1\n"
      "RUN echo hello > /greeting && mkdir -p /srv/x && rm /bin/wc\n"
      "RUN [\"touch\", \"/made by exec\"]\n");
  ASSERT_EQ(image.manifest.layers.size(), 3U);
  const auto first = describe_layer(store(), image.manifest.layers[1]);
  EXPECT_THAT(first, Contains("greeting file 644 0:0 \"hello\n\""));
  EXPECT_THAT(first, Contains("srv/x folder 755 0:0"));
  EXPECT_THAT(first, Contains(StartsWith("bin/.wh.wc file")));
  EXPECT_THAT(last_layer(image), Contains("made by exec file 644 0:0 \"\""));
  EXPECT_EQ(built_.steps_run, 2);
  EXPECT_EQ(image.config.diff_ids.size(), 3U);
  EXPECT_EQ(take(store().resolve("built:1")).digest, built_.manifest.digest);
}

TEST_F(BuildRunTest, LeavesNoTraceOfTheSandboxInTheLayer) {
  const auto image = build("FROM shell:1\nRUN true\n");
  // /etc was looked into to mount files there; nothing else of the sandbox is seen.
  for (const auto& line : last_layer(image)) EXPECT_THAT(line, StartsWith("etc folder"));
}

TEST_F(BuildRunTest, TakesBuiltLayersFromTheCache) {
  const std::string dockerfile = "FROM shell:1\nRUN echo $RANDOM$$ > /a\nCOPY file /\nRUN true\n";
  add("file", "one");
  const auto first = build(dockerfile);
  EXPECT_EQ(built_.steps_cached, 0);
  const auto again = build(dockerfile);
  EXPECT_EQ(built_.steps_cached, 3);
  EXPECT_EQ(built_.steps_run, 0);
  EXPECT_EQ(again.descriptor, first.descriptor);
  EXPECT_THAT(log_, Contains("#2 CACHED"));

  add("file", "two");
  build(dockerfile);
  EXPECT_EQ(built_.steps_cached, 1) << "a changed file must not come from the cache, nor what follows it";
  build(dockerfile, [](BuildOptions& options) { options.no_cache = true; });
  EXPECT_EQ(built_.steps_cached, 0);
}

TEST_F(BuildRunTest, KeysTheCacheByVariablesInUseOnly) {
  const std::string dockerfile = "FROM shell:1\nRUN true\nARG V\nRUN echo $V > /v\n";
  const auto with = [](const std::string& value) {
    return [value](BuildOptions& options) { options.build_args["V"] = value; };
  };
  build(dockerfile, with("1"));
  const auto image = build(dockerfile, with("2"));
  EXPECT_EQ(built_.steps_cached, 1);
  EXPECT_THAT(last_layer(image), Contains("v file 644 0:0 \"2\n\""));
  build(dockerfile, with("1"));
  EXPECT_EQ(built_.steps_cached, 2);
}

TEST_F(BuildRunTest, NamesTheLineAndTheExitCodeOfAFailedCommand) {
  const auto built = try_build("FROM shell:1\n\nRUN echo before \\\n && echo why >&2 \\\n && exit 7\n");
  ASSERT_FALSE(built.ok());
  EXPECT_EQ(built.error().kind, base::ErrorKind::remote);
  EXPECT_EQ(built.error().code, "7");
  EXPECT_EQ(built.error().location, (base::Location{"Dockerfile", 3, 1}));
  EXPECT_THAT(built.error().message, HasSubstr("did not complete successfully: exit code: 7"));
  EXPECT_THAT(log_, Contains(HasSubstr("before")));
  EXPECT_THAT(log_, Contains(HasSubstr("why")));
  EXPECT_THAT(failure("FROM shell:1\nRUN kill -9 $$\n"), HasSubstr("exit code: 137"));
  EXPECT_THAT(failure("FROM shell:1\nRUN [\"no-such-program\"]\n"), HasSubstr("Dockerfile:2"));
}

TEST_F(BuildRunTest, RunsAsTheUserInTheFolderAndWithTheVariablesOfTheImage) {
  const auto image = build(
      "FROM shell:1\n"
      "ENV A=1\n"
      "ARG B=2\n"
      "WORKDIR /home/app/work\n"
      "RUN chown app:app .\n"
      "USER app\n"
      "RUN (id -u; id -g; pwd; echo $A $B $HOME) > seen\n");
  EXPECT_THAT(
      last_layer(image),
      Contains("home/app/work/seen file 644 1000:1000 \"1000\n1000\n/home/app/work\n1 2 /home/app\n\""));
  EXPECT_EQ(image.config.user, "app");
  EXPECT_EQ(image.config.working_dir, "/home/app/work");
  EXPECT_EQ(image.config.env_value("A"), "1");
  EXPECT_FALSE(image.config.env_value("B")) << "an ARG is no part of the image";
}

TEST_F(BuildRunTest, RunsInTheGroupsThatHaveTheUserAmongTheirMembers) {
  const std::string groups_of = "RUN id -G > seen\n";
  const std::string dockerfile =
      "FROM shell:1\n"
      "RUN printf 'more:x:2000:other,app\\nless:x:2001:apple\\nadmin:x:2002:root\\n' >> /etc/group\n"
      "WORKDIR /home/app/work\n"
      "RUN chown app:app .\n";
  const std::string seen = "home/app/work/seen file 644 ";
  EXPECT_THAT(last_layer(build(dockerfile + "USER app\n" + groups_of)),
              Contains(seen + "1000:1000 \"1000 2000\n\""));
  EXPECT_THAT(last_layer(build(dockerfile + "USER app:app\n" + groups_of)),
              Contains(seen + "1000:1000 \"1000\n\""));
  EXPECT_THAT(last_layer(build(dockerfile + groups_of)), Contains(seen + "0:0 \"0 2002\n\""));
}

TEST_F(BuildRunTest, DescribesTheImageAsTheDockerfileSays) {
  const auto image = build(
      "FROM shell:1\n"
      "ENV A=\"x y\" B=$A\n"
      "ENV B=${A:-none}\n"
      "LABEL one=1 two=\"2 2\"\n"
      "EXPOSE 8000-8001 53/udp 53/UDP\n"
      "VOLUME /data [\"/x\"]\n"
      "STOPSIGNAL SIGINT\n"
      "SHELL [\"/bin/sh\", \"-e\", \"-c\"]\n"
      "HEALTHCHECK --interval=5s --start-interval=1s --retries=2 CMD exit 0\n"
      "ENTRYPOINT [\"/bin/sh\"]\n"
      "CMD echo hi\n"
      "MAINTAINER somebody\n");
  const auto& config = image.config;
  EXPECT_EQ(config.env_value("A"), "x y");
  EXPECT_EQ(config.env_value("B"), "x y");
  EXPECT_EQ(config.labels.at("two"), "2 2");
  EXPECT_THAT(config.exposed_ports, ElementsAre("53/udp", "8000/tcp", "8001/tcp"));
  EXPECT_EQ(config.stop_signal, "SIGINT");
  EXPECT_THAT(*config.entrypoint, ElementsAre("/bin/sh"));
  EXPECT_THAT(*config.cmd, ElementsAre("/bin/sh", "-e", "-c", "echo hi"));
  EXPECT_EQ(config.health_check->interval_ns, 5'000'000'000);
  EXPECT_EQ(config.health_check->start_interval_ns, 1'000'000'000);
  EXPECT_THAT(config.health_check->test, ElementsAre("CMD-SHELL", "exit 0"));
  EXPECT_EQ(config.author, "somebody");
  EXPECT_EQ(image.manifest.layers.size(), 1U) << "none of these makes a layer";
  EXPECT_EQ(config.history.size(), 12U);
}

TEST_F(BuildRunTest, AnEntrypointOfItsOwnTakesAnInheritedCommandAway) {
  EXPECT_FALSE(build("FROM shell:1\nENTRYPOINT [\"x\"]\n").config.cmd);
  EXPECT_THAT(*build("FROM shell:1\nCMD [\"y\"]\nENTRYPOINT [\"x\"]\n").config.cmd, ElementsAre("y"));
}

TEST_F(BuildRunTest, BuildsOnlyTheStagesThatTheTargetNeeds) {
  const std::string dockerfile =
      "ARG BASE=shell\n"
      "FROM ${BASE}:1 AS tools\n"
      "ARG KIND=tool\n"
      "RUN echo $KIND > /tool\n"
      "FROM shell:1 AS broken\n"
      "RUN exit 1\n"
      "FROM tools AS child\n"
      "RUN echo child of $KIND > /child\n"
      "FROM scratch\n"
      "COPY --from=child /child /tool /\n"
      "COPY --from=0 /tool /numbered\n";
  const auto image = build(dockerfile);
  EXPECT_EQ(image.manifest.layers.size(), 2U);
  EXPECT_THAT(describe_layer(store(), image.manifest.layers[0]),
              ElementsAre("child file 644 0:0 \"child of tool\n\"", "tool file 644 0:0 \"tool\n\""));
  EXPECT_THAT(last_layer(image), ElementsAre("numbered file 644 0:0 \"tool\n\""));
  EXPECT_EQ(build(dockerfile, [](BuildOptions& options) { options.target = "tools"; }).manifest.layers.size(),
            2U);
  EXPECT_THAT(failure(dockerfile, [](BuildOptions& options) { options.target = "broken"; }),
              HasSubstr("Dockerfile:6:1"));
  EXPECT_THAT(failure(dockerfile, [](BuildOptions& options) { options.target = "none"; }),
              HasSubstr("target stage \"none\" could not be found"));
  EXPECT_THAT(failure(dockerfile, [](BuildOptions& options) { options.target = "chlid"; }),
              HasSubstr("(did you mean child?)"));
}

TEST_F(BuildRunTest, BuildsStagesAtTheSameTime) {
  // Each waits for the other: one after the other they would never end.
  add("wait.sh",
      "i=0\necho > /meet/$1\nwhile [ ! -e /meet/$2 ]; do i=$((i+1)); [ $i -lt 2000 ] || exit 1; sleep 0.01; "
      "done\n");
  const std::string meet = "RUN --mount=type=bind,target=/c --mount=type=cache,target=/meet sh /c/wait.sh ";
  const auto image =
      build("FROM shell:1 AS one\n" + meet + "1 2 && touch /one\nFROM shell:1 AS two\n" + meet +
            "2 1 && touch /two\nFROM scratch\nCOPY --from=one /one /\nCOPY --from=two /two /\n");
  EXPECT_THAT(last_layer(image), ElementsAre("two file 644 0:0 \"\""));
}

TEST_F(BuildRunTest, TellsWhichStageFailedNotWhichWaitedForIt) {
  const auto why = failure(
      "FROM shell:1 AS slow\nRUN sleep 60\nFROM shell:1 AS bad\nRUN exit 3\n"
      "FROM scratch\nCOPY --from=slow / /\nCOPY --from=bad / /\n");
  EXPECT_THAT(why, AllOf(StartsWith("Dockerfile:4:1: "), HasSubstr("exit code: 3")));
}

TEST_F(BuildRunTest, TakesNamedContexts) {
  write("elsewhere/file", "named");
  const auto image =
      build("FROM base AS b\nFROM scratch\nCOPY --from=b /etc/group /\nCOPY --from=files file /\n",
            [this](BuildOptions& options) {
              options.named_contexts["base"] = "docker-image://shell:1";
              options.named_contexts["files"] = (folder() / "elsewhere").string();
            });
  EXPECT_THAT(last_layer(image), ElementsAre("file file 644 0:0 \"named\""));
}

TEST_F(BuildRunTest, TakesANamedContextInPlaceOfTheStageOfItsName) {
  write("elsewhere/file", "named");
  write("elsewhere/hidden", "x");
  write("elsewhere/.dockerignore", "hidden\n.dockerignore\n");
  const auto image = build(
      "FROM shell:1 AS files\nRUN exit 1\nFROM scratch\nCOPY --from=files . /\n",
      [this](BuildOptions& options) { options.named_contexts["files"] = (folder() / "elsewhere").string(); });
  EXPECT_THAT(last_layer(image), ElementsAre("file file 644 0:0 \"named\""));
}

TEST_F(BuildRunTest, RefusesToRunProgramsOfAnotherPlatform) {
  add("hello", "x");
  const auto foreign = [](BuildOptions& options) {
    options.platforms = {{.os = "linux", .architecture = "s390x"}};
  };
  const auto image = build("FROM scratch\nCOPY hello /\nENTRYPOINT [\"/hello\"]\n", foreign);
  EXPECT_EQ(image.config.platform.architecture, "s390x");
  EXPECT_THAT(failure("FROM scratch\nCOPY hello /\nRUN [\"/hello\"]\n", foreign),
              AllOf(StartsWith("Dockerfile:3:1: "), HasSubstr("qemu-s390x")));
}

TEST_F(BuildRunTest, BuildsAStageOfTheMachineForAnother) {
  const auto image = build(
      "FROM --platform=$BUILDPLATFORM shell:1 AS made\nARG TARGETARCH\nRUN echo for $TARGETARCH > /for\n"
      "FROM scratch\nCOPY --from=made /for /\n",
      [](BuildOptions& options) { options.platforms = {{.os = "linux", .architecture = "s390x"}}; });
  EXPECT_THAT(last_layer(image), ElementsAre("for file 644 0:0 \"for s390x\n\""));
  EXPECT_EQ(image.config.platform.architecture, "s390x");
}

TEST_F(BuildRunTest, GivesGlobalAndPlatformArgumentsToStagesThatAsk) {
  const auto image = build(
      "ARG VERSION=1.2\n"
      "FROM shell:1\n"
      "ARG VERSION\n"
      "ARG TARGETARCH\n"
      "RUN echo \"$VERSION $TARGETARCH $OTHER\" > /seen\n");
  EXPECT_THAT(last_layer(image), Contains(HasSubstr("\"1.2 " + host_platform().architecture + " \n\"")));
}

TEST_F(BuildRunTest, NamesTheTargetToStagesThatAsk) {
  const std::string dockerfile =
      "FROM shell:1 AS base\n"
      "ARG TARGETSTAGE\n"
      "RUN echo \"$TARGETSTAGE\" > /seen\n"
      "FROM base AS other\n"
      "FROM base\n";
  EXPECT_THAT(last_layer(build(dockerfile)), Contains("seen file 644 0:0 \"default\n\""));
  EXPECT_THAT(last_layer(build(dockerfile + "FROM base AS last\n")),
              Contains("seen file 644 0:0 \"last\n\""));
  EXPECT_THAT(last_layer(build(dockerfile, [](BuildOptions& options) { options.target = "other"; })),
              Contains("seen file 644 0:0 \"other\n\""));
}

TEST_F(BuildRunTest, GivesProxiesInBothCasesAndNotToTheCache) {
  const std::string dockerfile = "FROM shell:1\nRUN echo \"$HTTP_PROXY $http_proxy\" > /seen\n";
  const auto by = [](const char* proxy) {
    return [proxy](BuildOptions& options) { options.build_args["http_proxy"] = proxy; };
  };
  EXPECT_THAT(last_layer(build(dockerfile, by("one"))), Contains("seen file 644 0:0 \"one one\n\""));
  EXPECT_THAT(last_layer(build(dockerfile, by("two"))), Contains("seen file 644 0:0 \"one one\n\""));
}

TEST_F(BuildRunTest, TakesADefaultThatFailsOnlyWhereNobodyGaveAValue) {
  const std::string dockerfile = "ARG NAME=${NAME:?\"say which\"}\nFROM $NAME:1\n";
  EXPECT_THAT(failure(dockerfile), HasSubstr("NAME: say which"));
  build(dockerfile, [](BuildOptions& options) { options.build_args["NAME"] = "shell"; });
}

TEST_F(BuildRunTest, CallsTheMachineWhatTheBuildSays) {
  const std::string dockerfile =
      "FROM shell:1\nRUN cat /etc/hostname > /seen; while read -r l; do k=$l; done < /etc/hosts; echo $k >> "
      "/seen\n";
  EXPECT_THAT(last_layer(build(dockerfile)),
              Contains("seen file 644 0:0 \"buildkitsandbox\n127.0.0.1 buildkitsandbox\n\""));
  const auto image = build(
      dockerfile, [](BuildOptions& options) { options.build_args["BUILDKIT_SANDBOX_HOSTNAME"] = "other"; });
  EXPECT_THAT(last_layer(image), Contains("seen file 644 0:0 \"other\n127.0.0.1 other\n\""));
}

TEST_F(BuildRunTest, TakesTheTimeOfAllThatIsMadeFromAGlobalArgument) {
  const std::string dockerfile = "ARG SOURCE_DATE_EPOCH=1445412480\nFROM shell:1\nRUN echo x > /x\n";
  EXPECT_THAT(build(dockerfile).config.created, StartsWith("2015-10-21T07:28:00"));
  const auto other = build(dockerfile, [](BuildOptions& options) {
    options.build_args["SOURCE_DATE_EPOCH"] = "0";
    options.no_cache = true;
  });
  EXPECT_THAT(other.config.created, StartsWith("1970-01-01T00:00:00"));
  EXPECT_THAT(failure("ARG SOURCE_DATE_EPOCH=soon\nFROM shell:1\n"), HasSubstr("found 'soon'"));
}

TEST_F(BuildRunTest, TellsOfABuildArgumentThatNobodyAskedFor) {
  build("FROM shell:1\n", [](BuildOptions& options) { options.build_args["UNUSED"] = "x"; });
  EXPECT_THAT(log_, Contains(HasSubstr("the build-arg UNUSED was not consumed")));
}

TEST_F(BuildRunTest, RunsHereDocumentsAsScripts) {
  const auto image = build(
      "FROM shell:1\n"
      "RUN <<EOF\n"
      "a=1\n"
      "echo \"$a\" > /one\n"
      "EOF\n"
      "RUN cat <<'EOF' > /two && echo more >> /two\n"
      "$a\n"
      "EOF\n"
      "RUN <<EOF\n"
      "#!/bin/env sh\n"
      "echo $0 > /three\n"
      "EOF\n");
  EXPECT_THAT(describe_layer(store(), image.manifest.layers[1]), Contains("one file 644 0:0 \"1\n\""));
  EXPECT_THAT(describe_layer(store(), image.manifest.layers[2]), Contains("two file 644 0:0 \"$a\nmore\n\""));
  EXPECT_THAT(last_layer(image), Contains("three file 644 0:0 \"/dev/pipes/EOF\n\""));
}

TEST_F(BuildRunTest, RefusesWhatItDoesNotSupportByNameAndLine) {
  EXPECT_THAT(failure("FROM shell:1\nRUN --mount=type=npipe,target=/x true\n"),
              AllOf(StartsWith("Dockerfile:2:1: "), HasSubstr("type=npipe is not supported")));
  EXPECT_THAT(failure("FROM shell:1\nRUN --security=insecure true\n"),
              AllOf(StartsWith("Dockerfile:2:1: "), HasSubstr("--security=insecure is not supported")));
  EXPECT_THAT(failure("FROM shell:1\nRUN --device=vendor.com/gpu=all true\n"),
              AllOf(StartsWith("Dockerfile:2:1: "), HasSubstr("--device=vendor.com/gpu=all")));
  build("FROM shell:1\nRUN --security=sandbox true\n");
  EXPECT_THAT(failure("FROM shell:1\nRUN --network=wifi true\n"), HasSubstr("found 'wifi'"));
  EXPECT_THAT(failure("FROM shell:1\nARG NAME=FOO\nSTOPSIGNAL $NAME\n"),
              AllOf(StartsWith("Dockerfile:3:1: "), HasSubstr("found 'FOO'")));
  EXPECT_THAT(failure("FROM shell:1\nEXPOSE 80/icmp\n"),
              AllOf(StartsWith("Dockerfile:2:1: "), HasSubstr("80/icmp")));
  EXPECT_THAT(failure("FROM scratch\nRUN x\n"),
              AllOf(StartsWith("Dockerfile:2:1: "), HasSubstr("no shell or program to run in `scratch`")));
}

TEST_F(BuildRunTest, TakesABaseImageOfAnotherPlatformWithAWarning) {
  build("FROM --platform=linux/s390x shell:1\nRUN true\n");
  EXPECT_THAT(
      log_,
      Contains(HasSubstr("WARNING: Dockerfile:1: InvalidBaseImagePlatform: Base image shell:1 was "
                         "pulled with platform \"" +
                         to_string(host_platform()) + "\", expected \"linux/s390x\" for current build")));
  EXPECT_EQ(built_.findings.back().check, Check::invalid_base_image_platform);
  EXPECT_THAT(failure("# check=error=true;skip=FromPlatformFlagConstDisallowed\n"
                      "FROM --platform=linux/s390x shell:1\n"),
              AllOf(StartsWith("Dockerfile:2:1: "),
                    HasSubstr("lint violation found for rules: InvalidBaseImagePlatform")));
}

TEST_F(BuildRunTest, WarnsOfWhatTheChecksFindAndFailsWhenAskedTo) {
  build("FROM shell:1\nRUN true\nCMD a\n");
  EXPECT_THAT(log_, Contains(StartsWith("#0 WARNING: Dockerfile:3: JSONArgsRecommended: ")));
  ASSERT_EQ(built_.findings.size(), 1U);
  EXPECT_THAT(failure("# check=error=true\nFROM shell:1\nRUN touch /never\nCMD a\n"),
              AllOf(StartsWith("Dockerfile:4:1: "),
                    HasSubstr("lint violation found for rules: JSONArgsRecommended")));
  EXPECT_THAT(log_, Not(Contains(HasSubstr("touch"))));
  build("# check=error=true;skip=JSONArgsRecommended\nFROM shell:1\nCMD a\n");
  EXPECT_THAT(log_, Not(Contains(HasSubstr("WARNING"))));
}

TEST_F(BuildRunTest, NamesABaseImageThatIsNotThere) {
  EXPECT_THAT(failure("FROM nowhere:1\n"),
              AllOf(StartsWith("Dockerfile:1:1: "), HasSubstr("no image docker.io/library/nowhere:1")));
}

TEST_F(BuildRunTest, PullsABaseImageThatIsNotThere) {
  int asked = 0;
  build("FROM registry.test/base:1\nRUN true\n", [&](BuildOptions& options) {
    options.pull = [&](const ImageReference& reference, const Platform&) -> base::Result<Descriptor> {
      ++asked;
      EXPECT_EQ(reference.to_string(), "registry.test/base:1");
      return store().resolve("shell:1");
    };
  });
  EXPECT_EQ(asked, 1);
}

TEST_F(BuildRunTest, LeavesTriggersToThoseWhoBuildOnTheImage) {
  build("FROM shell:1\nONBUILD RUN echo triggered > /by\n",
        [](BuildOptions& options) { options.tags = {"parent:1"}; });
  EXPECT_FALSE(built_.steps_run);
  const auto child = build("FROM parent:1\n");
  EXPECT_THAT(last_layer(child), Contains("by file 644 0:0 \"triggered\n\""));
  EXPECT_THAT(child.config.on_build, IsEmpty());
}

TEST_F(BuildRunTest, StopsARunningCommandWhenAsked) {
  std::stop_source stop;
  const auto built = try_build("FROM shell:1\nRUN echo started; sleep 600\n", [&](BuildOptions& options) {
    options.stop = stop.get_token();
    options.progress = [&](const BuildProgress& progress) {
      if (progress.line.ends_with("started")) stop.request_stop();
    };
  });
  ASSERT_FALSE(built.ok());
  EXPECT_EQ(built.error().kind, base::ErrorKind::cancelled);
}

TEST_F(BuildRunTest, LeavesNoMountAndNoUnfinishedWorkBehind) {
  const auto mounts = [] { return take(base::read_file("/proc/self/mounts")); };
  const auto before = mounts();
  build("FROM shell:1\nWORKDIR /x\nRUN true\n");
  failure("FROM shell:1\nRUN exit 1\n");
  EXPECT_EQ(mounts(), before);
  for (const auto& room : take(base::list_directory(store().folder() / "work"))) {
    const auto path = store().folder() / "work" / room;
    if (!base::is_directory(path)) continue;
    EXPECT_THAT(take(base::list_directory(path)), IsEmpty());
  }
}

TEST_F(BuildRunTest, CannotBeLedOutsideByWhatACommandPutsInThePlaceOfEtc) {
  // The places of the sandbox's own mounts are tidied up afterwards: not through a link.
  const auto hosts = write("outside/hosts", "");
  const auto hostname = write("outside/hostname", "");
  const auto outside = hosts.parent_path().string();
  // In an image without /etc that folder is the sandbox's own, and can be moved away.
  build("FROM scratch\nCOPY --from=shell:1 --exclude=etc / /\nRUN mv /etc /etc.old && ln -s " + outside +
        " /etc\n");
  EXPECT_TRUE(base::exists(hosts));
  EXPECT_TRUE(base::exists(hostname));
}

TEST_F(BuildRunTest, MakesTheSameImageTwiceWhenTimesAreFixed) {
  add("file", "x");
  const auto at_a_time = [](BuildOptions& options) {
    options.source_date_epoch = 1'700'000'000;
    options.no_cache = true;
  };
  const std::string dockerfile = "FROM shell:1\nCOPY file /file\nRUN echo x > /y\n";
  const auto first = build(dockerfile, at_a_time);
  EXPECT_EQ(build(dockerfile, at_a_time).config.diff_ids, first.config.diff_ids);
  EXPECT_THAT(first.config.created, StartsWith("2023-11-14T22:13:20"));
}

}  // namespace
}  // namespace ecr
