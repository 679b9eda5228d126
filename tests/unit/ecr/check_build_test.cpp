#include "ecr/check_build.h"

#include <gmock/gmock.h>

#include "ecr/image_archive.h"
#include "tests/unit/ecr/images_fixture.h"

namespace ecr {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class CheckBuildTest : public ImagesTest {
 protected:
  using Change = std::function<void(BuildOptions&)>;
  base::Result<CheckedBuild> check(const std::string& dockerfile, const Change& change = {},
                                   CheckedStages stages = CheckedStages::all) {
    BuildOptions options{.dockerfile = dockerfile};
    if (change) change(options);
    return check_build(options, store(), stages);
  }
  /// `line Rule: message` of each finding.
  std::vector<std::string> findings(const std::string& dockerfile, const Change& change = {},
                                    CheckedStages stages = CheckedStages::all) {
    std::vector<std::string> texts;
    const auto checked = take(check(dockerfile, change, stages));
    for (const auto& finding : checked.findings) texts.push_back(to_text(finding, "D"));
    return texts;
  }
  /// What check() cannot do.
  std::string failure(const std::string& dockerfile, const Change& change = {}) {
    const auto checked = check(dockerfile, change);
    return checked ? "checked" : checked.error().to_string();
  }
};

TEST_F(CheckBuildTest, FindsNothingInAGoodFile) {
  EXPECT_THAT(findings("ARG TAG=1\n"
                       "FROM scratch AS build\n"
                       "ARG TAG PUBLIC_KEY=1\n"
                       "ENV A=$TAG PATH=/x:$PATH\n"
                       "WORKDIR /a\n"
                       "WORKDIR b\n"
                       "RUN a \\\n"
                       "  # said\n"
                       "  b\n"
                       "FROM build\n"
                       "LABEL a=$A\n"
                       "EXPOSE 80 81/udp\n"
                       "CMD [\"a\"]\n"),
              IsEmpty());
}

TEST_F(CheckBuildTest, LooksAtNamesAndCasing) {
  EXPECT_THAT(
      findings("FROM scratch as One\n"
               "MAINTAINER me\n"
               "FROM scratch AS one\n"
               "copy a b\n"
               "FROM scratch AS context\n"),
      ElementsAre("D:1: StageNameCasing: Stage name 'One' should be lowercase",
                  "D:1: FromAsCasing: 'as' and 'FROM' keywords' casing do not match",
                  "D:2: MaintainerDeprecated: Maintainer instruction is deprecated in favor of using label",
                  "D:3: DuplicateStageName: Duplicate stage name \"one\", stage names should be unique",
                  "D:4: ConsistentInstructionCasing: Command 'copy' should match the case of the command "
                  "majority (uppercase)",
                  "D:5: ReservedStageName: Stage name should not use the same name as reserved stage "
                  "\"context\""));
}

TEST_F(CheckBuildTest, LooksAtFrom) {
  EXPECT_THAT(
      findings("ARG BASE\nARG OTHER=scratch\n"
               "FROM $BASE AS a\n"
               "FROM ${OTHR:-scratch} AS b\n"
               "FROM --platform=$TARGETPLATFORM scratch AS c\n"
               "FROM --platform=linux/arm64 scratch AS d\n"
               "FROM --platform=linux/arm64 scratch AS arm64-tools\n",
               [](BuildOptions& options) { options.build_args["BASE"] = "scratch"; }),
      ElementsAre(
          "D:3: InvalidDefaultArgInFrom: Default value for ARG $BASE results in empty or invalid base "
          "image name",
          "D:4: UndefinedArgInFrom: FROM argument 'OTHR' is not declared (did you mean OTHER?)",
          "D:5: RedundantTargetPlatform: Setting platform to predefined $TARGETPLATFORM in FROM is "
          "redundant as this is the default behavior",
          "D:6: FromPlatformFlagConstDisallowed: FROM --platform flag should not use constant value "
          "\"linux/arm64\""));
}

TEST_F(CheckBuildTest, LooksAtInstructions) {
  EXPECT_THAT(
      findings("FROM scratch\n"
               "ENV KEY_FILE=1 DB_PASSWORD=2\n"
               "ARG token\n"
               "LABEL one two\n"
               "WORKDIR relative\n"
               "RUN a \\\n"
               "\n"
               "  b\n"
               "CMD [\"a\"]\n"
               "CMD b\n"
               "EXPOSE 80/TCP 127.0.0.1:80:80\n"),
      ElementsAre(
          "D:2: SecretsUsedInArgOrEnv: Do not use ARG or ENV instructions for sensitive data (ENV "
          "\"DB_PASSWORD\")",
          "D:3: SecretsUsedInArgOrEnv: Do not use ARG or ENV instructions for sensitive data (ARG \"token\")",
          "D:4: LegacyKeyValueFormat: \"LABEL key=value\" should be used instead of legacy \"LABEL key "
          "value\" "
          "format",
          "D:5: WorkdirRelativePath: Relative workdir \"relative\" can have unexpected results if the base "
          "image changes",
          "D:8: NoEmptyContinuation: Empty continuation line",
          "D:9: MultipleInstructionsDisallowed: Multiple CMD instructions should not be used in the same "
          "stage "
          "because only the last one will be used",
          "D:10: JSONArgsRecommended: JSON arguments recommended for CMD to prevent unintended behavior "
          "related "
          "to OS signals",
          "D:11: ExposeProtoCasing: Defined protocol '80/TCP' in EXPOSE instruction should be lowercase",
          "D:11: ExposeInvalidFormat: EXPOSE instruction should not define an IP address or host-port "
          "mapping, "
          "found '127.0.0.1:80:80'"));
}

TEST_F(CheckBuildTest, KnowsVariablesOfStagesBelowAndOfTheBaseImage) {
  take(import_rootfs_tar(store(), write("root.tar", shell_rootfs_tar()), "base:1",
                         {.env = {"HOME_OF_IT=/opt"}}));
  EXPECT_THAT(
      findings("FROM base:1 AS a\nARG DECLARED\nENV A=$HOME_OF_IT\n"
               "FROM a\nENV B=$A$DECLARED C=$HOME_OF_TI\nRUN echo $whatever\nCOPY <<EOF /x\n$NONE\nEOF\n"),
      ElementsAre("D:5: UndefinedVar: Usage of undefined variable '$HOME_OF_TI'",
                  "D:7: UndefinedVar: Usage of undefined variable '$NONE'"));
  EXPECT_THAT(findings("FROM scratch\nENV NAME=1 OTHER=$NAMM\n"),
              ElementsAre("D:2: UndefinedVar: Usage of undefined variable '$NAMM'"));
  EXPECT_THAT(findings("FROM scratch\nENV NAME=1\nENV OTHER=$NAMM\n"),
              ElementsAre("D:3: UndefinedVar: Usage of undefined variable '$NAMM' (did you mean $NAME?)"));
}

TEST_F(CheckBuildTest, AsksForABaseImageOnlyWhereItDecides) {
  int asked = 0;
  const auto counting = [&](BuildOptions& options) {
    options.pull = [&](const ImageReference&, const Platform&) -> base::Result<Descriptor> {
      ++asked;
      return base::make_error(base::ErrorKind::not_found, "no such image");
    };
  };
  EXPECT_THAT(findings("FROM registry.test/a:1\nENV A=1 PATH=/x:$PATH\nENV B=$A\nCMD [\"a\"]\n", counting),
              IsEmpty());
  EXPECT_EQ(asked, 0);
  EXPECT_THAT(failure("FROM registry.test/a:1\nENV A=$B\n", counting),
              AllOf(StartsWith("Dockerfile:2:1: "), HasSubstr("no such image")));
  EXPECT_EQ(asked, 1);
}

TEST_F(CheckBuildTest, WarnsOfFilesThatTheContextDoesNotHave) {
  const auto ignoring = [](const char* text) {
    return [text](BuildOptions& options) { options.ignore = text; };
  };
  EXPECT_THAT(
      findings("FROM scratch\nCOPY logs/a b/../tmp /\nADD ./tmp http://a.test/tmp /\nCOPY --from=x tmp /\n",
               ignoring("tmp\n*/a\n")),
      ElementsAre("D:2: CopyIgnoredFile: Attempting to Copy file \"logs/a\" that is excluded by "
                  ".dockerignore",
                  "D:2: CopyIgnoredFile: Attempting to Copy file \"tmp\" that is excluded by "
                  ".dockerignore",
                  "D:3: CopyIgnoredFile: Attempting to Add file \"tmp\" that is excluded by "
                  ".dockerignore"));
  EXPECT_THAT(findings("FROM scratch\nCOPY . /\n", ignoring("**/*\n")),
              ElementsAre(HasSubstr("Attempting to Copy file \".\"")));
  EXPECT_THAT(findings("FROM scratch\nCOPY . a /\n", ignoring("*\n!b\n")), IsEmpty());
}

TEST_F(CheckBuildTest, SkipsWhatTheFileSays) {
  const std::string file = "FROM scratch as a\nCMD b\n";
  EXPECT_THAT(findings("# check=skip=FromAsCasing, JSONArgsRecommended\n" + file), IsEmpty());
  EXPECT_THAT(findings("# check=skip=all\n" + file), IsEmpty());
  EXPECT_THAT(findings("FROM scratch AS a\n# check=skip=JSONArgsRecommended why not\nCMD b\n"), IsEmpty());
  EXPECT_THAT(
      findings("# check=experimental=InvalidDefinitionDescription\n# some words\nARG a=1\n\n# b is one\n"
               "FROM scratch AS b\n# far away\n\nARG c=2\n"),
      ElementsAre("D:3: InvalidDefinitionDescription: Comment for ARG should follow the format: `# a "
                  "<description>`"));
  EXPECT_THAT(findings("# some words\nARG a=1\nFROM scratch\n"), IsEmpty());
  EXPECT_THAT(findings("# check=skip=all\n" + file,
                       [](BuildOptions& options) { options.build_args[kCheckArg] = "skip=FromAsCasing"; }),
              ElementsAre(StartsWith("D:3: JSONArgsRecommended")));
}

TEST_F(CheckBuildTest, ReadsTheDirectiveStrictly) {
  EXPECT_THAT(failure("# check=error=maybe\nFROM scratch\n"),
              AllOf(StartsWith("Dockerfile:1:1: "), HasSubstr("expected true or false")));
  EXPECT_THAT(failure("# check=skipped\nFROM scratch\n"), HasSubstr("found 'skipped'"));
  EXPECT_TRUE(take(check("# check=error=true\nFROM scratch\nCMD a\n")).fails);
  EXPECT_FALSE(take(check("# check=error=true\nFROM scratch\n")).fails);
  EXPECT_FALSE(take(check("# check=error=false\nFROM scratch\nCMD a\n")).fails);
}

TEST_F(CheckBuildTest, LooksAtStagesThatTheTargetNeeds) {
  const std::string file = "FROM scratch AS a\nCMD a\nFROM scratch AS b\nCMD b\n";
  EXPECT_THAT(findings(file, {}, CheckedStages::needed), ElementsAre(StartsWith("D:4: JSON")));
  EXPECT_THAT(findings(file, [](BuildOptions& options) { options.target = "a"; }),
              ElementsAre(StartsWith("D:2: JSON")));
  EXPECT_THAT(findings(file), ElementsAre(StartsWith("D:2: "), StartsWith("D:4: ")));
}

TEST_F(CheckBuildTest, ShowsEachFindingWithItsPageAndItsLine) {
  const BuildOptions options{.dockerfile = "FROM scratch\nUSER 1\nCMD a\n"};
  EXPECT_EQ(
      checks_to_text(take(check_build(options, store(), CheckedStages::all)), options),
      "Check complete, 1 warning has been found!\n"
      "\n"
      "WARNING: JSONArgsRecommended - https://docs.docker.com/go/dockerfile/rule/json-args-recommended/\n"
      "JSON arguments recommended for CMD to prevent unintended behavior related to OS signals\n"
      "Dockerfile:3\n"
      "--------------------\n"
      "   1 |     FROM scratch\n"
      "   2 |     USER 1\n"
      "   3 | >>> CMD a\n"
      "--------------------\n");
  EXPECT_EQ(checks_to_text({}, options), "Check complete, no warnings found.\n");
}

}  // namespace ecr
