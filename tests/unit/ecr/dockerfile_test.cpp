#include "ecr/dockerfile.h"

#include <gmock/gmock.h>

#include "base/strings.h"

namespace ecr {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Dockerfile parse(const std::string& text) {
  auto parsed = parse_dockerfile(text);
  EXPECT_TRUE(parsed.ok()) << parsed.error().to_string();
  return parsed ? *std::move(parsed) : Dockerfile{};
}

/// The one instruction behind `FROM a`.
Instruction parse_one(const std::string& text) {
  const auto file = parse("FROM a\n" + text);
  EXPECT_EQ(file.stages.size(), 1U);
  if (file.stages.empty() || file.stages[0].instructions.size() != 1) {
    ADD_FAILURE() << "expected one instruction in: " << text;
    return {};
  }
  return file.stages[0].instructions[0];
}

TEST(Dockerfile, ReadsStagesWithNamesAndPlatforms) {
  const auto file = parse(
      "# a comment\n"
      "ARG VERSION=1\n"
      "FROM --platform=$BUILDPLATFORM golang:$VERSION AS Build\n"
      "RUN make\n"
      "from scratch\n"
      "copy --from=build /a /b\n");
  ASSERT_EQ(file.stages.size(), 2U);
  EXPECT_EQ(file.global_args.size(), 1U);
  EXPECT_EQ(file.stages[0].base, "golang:$VERSION");
  EXPECT_EQ(file.stages[0].name, "build");
  EXPECT_EQ(file.stages[0].platform, "$BUILDPLATFORM");
  EXPECT_EQ(file.stages[1].base, "scratch");
  const auto& copy = file.stages[1].instructions.at(0);
  EXPECT_EQ(copy.keyword, "COPY");
  EXPECT_EQ(copy.flag("from"), "build");
  EXPECT_EQ(copy.line, 6);
}

TEST(Dockerfile, JoinsContinuedLinesAndLeavesCommentsWithinOut) {
  const auto run = parse_one(
      "RUN apt-get update \\\n"
      "  # why\n"
      "\n"
      " && apt-get install -y curl \\  \n"
      " && true\n");
  EXPECT_EQ(run.arguments.at(0), "apt-get update  && apt-get install -y curl  && true");
  EXPECT_EQ(run.line, 2);
}

TEST(Dockerfile, TakesAnotherEscapeCharacter) {
  const auto file = parse("# escape=`\nFROM a\nRUN dir `\n C:\\\n");
  EXPECT_EQ(file.escape, '`');
  EXPECT_EQ(file.stages[0].instructions.at(0).arguments.at(0), "dir  C:\\");
}

TEST(Dockerfile, ReadsWindowsLineEndsAndAByteOrderMark) {
  const auto file = parse("\xEF\xBB\xBF# syntax=docker/dockerfile:1\r\nFROM a\r\nRUN one \\\r\n two\r\n");
  EXPECT_EQ(file.stages[0].instructions.at(0).arguments.at(0), "one  two");
}

TEST(Dockerfile, TellsTheExecFormFromTheShellForm) {
  const auto exec = parse_one(R"(CMD ["a", "b c", "\"d\""])");
  EXPECT_TRUE(exec.exec_form);
  EXPECT_THAT(exec.arguments, ElementsAre("a", "b c", "\"d\""));
  // What is no JSON array is a command line, as docker has it.
  const auto shell = parse_one("CMD [ 'a' ]");
  EXPECT_FALSE(shell.exec_form);
  EXPECT_THAT(shell.arguments, ElementsAre("[ 'a' ]"));
}

TEST(Dockerfile, ReadsPairsInBothForms) {
  EXPECT_THAT(parse_one("ENV A=1 B=\"x y\" C=a\\ b").arguments,
              ElementsAre("A", "1", "B", "\"x y\"", "C", "a\\ b"));
  EXPECT_THAT(parse_one("ENV A the rest = all").arguments, ElementsAre("A", "the rest = all"));
  EXPECT_THAT(parse_one("LABEL a.b=\"c\"").arguments, ElementsAre("a.b", "\"c\""));
}

TEST(Dockerfile, ReadsAHealthCheck) {
  const auto check =
      parse_one("HEALTHCHECK --interval=5s --retries=2 CMD curl -f http://localhost || exit 1");
  EXPECT_EQ(check.flag("interval"), "5s");
  EXPECT_EQ(check.flag("retries"), "2");
  EXPECT_THAT(check.arguments, ElementsAre("curl -f http://localhost || exit 1"));
  EXPECT_THAT(parse_one("HEALTHCHECK NONE").arguments, ElementsAre("NONE"));
}

TEST(Dockerfile, TakesHereDocumentsWithTheirInstruction) {
  const auto file = parse(
      "FROM a\n"
      "RUN <<EOF\n"
      "# no comment\n"
      "echo \\\n"
      "EOF\n"
      "COPY <<-\"ONE\" <<TWO /etc/\n"
      "\tFROM $x\n"
      "\tONE\n"
      "two\n"
      "TWO\n"
      "RUN echo $((1 << 2)) <<<word\n");
  const auto& steps = file.stages[0].instructions;
  ASSERT_EQ(steps.size(), 3U);
  EXPECT_EQ(steps[0].here_documents.at(0).content, "# no comment\necho \\\n");
  ASSERT_EQ(steps[1].here_documents.size(), 2U);
  EXPECT_EQ(steps[1].here_documents[0], (HereDocument{"ONE", "FROM $x\n", false, "<<-\"ONE\""}));
  EXPECT_EQ(steps[1].here_documents[1], (HereDocument{"TWO", "two\n", true, "<<TWO"}));
  EXPECT_THAT(steps[2].here_documents, IsEmpty());
  EXPECT_EQ(steps[2].line, 11);
}

struct BadDockerfile {
  const char* text;
  const char* location;
  const char* message;
};

class BadDockerfileTest : public testing::TestWithParam<BadDockerfile> {};

TEST_P(BadDockerfileTest, IsRefusedWithItsLine) {
  const auto parsed = parse_dockerfile(GetParam().text, "deploy/Dockerfile");
  ASSERT_FALSE(parsed.ok());
  EXPECT_EQ(parsed.error().kind, base::ErrorKind::invalid_input);
  EXPECT_THAT(parsed.error().to_string(),
              HasSubstr("deploy/Dockerfile:" + std::string(GetParam().location) + ":"));
  EXPECT_THAT(parsed.error().to_string(), HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadDockerfileTest,
    testing::Values(
        BadDockerfile{"", "1", "no FROM"},
        BadDockerfile{"RUN x\nFROM a\n", "1", "stands before the first FROM"},
        BadDockerfile{"FROM a\n\nRUNN x\n", "3", "unknown instruction: RUNN (did you mean RUN?)"},
        BadDockerfile{"FROM a\nCOPY --from=$b x y\n", "2", "COPY --from=$b: variables are not replaced"},
        BadDockerfile{"FROM a\nRUN --mount=type=bind,from=$b,target=/x true\n", "2",
                      "variables are not replaced in the name of what is copied from"},
        BadDockerfile{"FROM a AS\n", "1", "expected `FROM image`"},
        BadDockerfile{"FROM a as 1x\n", "1", "invalid name for a build stage: '1x'"},
        BadDockerfile{"FROM a\nCOPY --checksum=x x y\n", "2",
                      "COPY --checksum is not supported; what is: --from"},
        BadDockerfile{"FROM a\nRUN --fast=x x\n", "2", "RUN --fast is not supported"},
        BadDockerfile{"FROM a\nARG =x\n", "2", "ARG names can not be blank"},
        BadDockerfile{"FROM a\nONBUILD ONBUILD RUN x\n", "2", "Chaining ONBUILD"},
        BadDockerfile{"FROM a\nONBUILD FROM b\n", "2", "FROM isn't allowed as an ONBUILD trigger"},
        BadDockerfile{"# escape=`\n# escape=`\nFROM a\n", "2", "only one escape parser directive"},
        BadDockerfile{"# syntax=example.com/other/frontend:1\nFROM a\n", "1", "runs no other frontend"},
        BadDockerfile{"FROM a\nCOPY x\n", "2", "at least two arguments"},
        BadDockerfile{"FROM a\nCOPY [\"x\"]\n", "2", "at least two arguments"},
        BadDockerfile{"FROM a\nRUN\n", "2", "requires an argument"},
        BadDockerfile{"FROM a\nSHELL bash\n", "2", "JSON array"},
        BadDockerfile{"FROM a\nENV A=1 B\n", "2", "expected NAME=VALUE"},
        BadDockerfile{"FROM a\nHEALTHCHECK curl\n", "2", "expected NONE, or CMD"},
        BadDockerfile{"FROM a\nRUN <<EOF\nx\n", "2", "unterminated heredoc: the line EOF"},
        BadDockerfile{"# escape=x\nFROM a\n", "1", "invalid escape 'x'"}));

struct Expansion {
  const char* word;
  const char* expected;
};

class ExpansionTest : public testing::TestWithParam<Expansion> {};

std::optional<std::string> lookup(std::string_view name) {
  if (name == "a") return "one";
  if (name == "b") return "two words";
  if (name == "empty") return "";
  if (name == "path") return "a/b/c.tar.gz";
  if (name == "star") return "a*b";
  return std::nullopt;
}

TEST_P(ExpansionTest, GivesTheWord) {
  const auto expanded = expand_word(GetParam().word, lookup);
  ASSERT_TRUE(expanded.ok()) << expanded.error().to_string();
  EXPECT_EQ(*expanded, GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ExpansionTest,
    testing::Values(Expansion{"plain", "plain"}, Expansion{"$a/x", "one/x"}, Expansion{"${a}x", "onex"},
                    Expansion{"\"$a 'q'\"", "one 'q'"}, Expansion{"'$a'", "$a"}, Expansion{"\\$a", "$a"},
                    Expansion{"\"\\$a\"", "$a"}, Expansion{"$missing", ""}, Expansion{"$", "$"},
                    Expansion{"a$/b", "a$/b"}, Expansion{"${missing:-x}", "x"}, Expansion{"${empty:-x}", "x"},
                    Expansion{"${empty-x}", ""}, Expansion{"${a:-x}", "one"}, Expansion{"${a:+x}", "x"},
                    Expansion{"${empty:+x}", ""}, Expansion{"${empty+x}", "x"},
                    Expansion{"${missing:-${b}}", "two words"}, Expansion{"${missing:-\"}\"}", "}"},
                    Expansion{"${a:?needed}", "one"}, Expansion{"a\\ b", "a b"},
                    Expansion{"\"a\\nb\"", "a\\nb"}, Expansion{"x$1$@y", "xy"},
                    Expansion{"${path#*/}", "b/c.tar.gz"}, Expansion{"${path##*/}", "c.tar.gz"},
                    Expansion{"${path%.*}", "a/b/c.tar"}, Expansion{"${path%%.*}", "a/b/c"},
                    Expansion{"${path#x}", "a/b/c.tar.gz"}, Expansion{"${path%?z}", "a/b/c.tar."},
                    Expansion{"${path/b/$a}", "a/one/c.tar.gz"}, Expansion{"${path//\\//-}", "a-b-c.tar.gz"},
                    Expansion{"${path//[a]/x}", "a/b/c.tar.gz"}, Expansion{"${path/b*/}", "a/"},
                    Expansion{"${path/nothing/x}", "a/b/c.tar.gz"}, Expansion{"${missing#x}", ""},
                    Expansion{"${star#a\\*}", "b"}, Expansion{"${star%${b}}", "a*b"}));

TEST(DockerfileWords, RefusesWhatItCannotExpand) {
  for (const char* word :
       {"${a", "${}", "${a!b}", "${a:#b}", "${a/b}", "${a#\\q}", "'a", "\"a", "${missing:?say so}"}) {
    EXPECT_FALSE(expand_word(word, lookup).ok()) << word;
  }
  EXPECT_THAT(expand_word("${missing:?say so}", lookup).error().to_string(), HasSubstr("missing: say so"));
  std::string deep;
  for (int i = 0; i < 10'000; ++i) deep += "${x:-";
  EXPECT_FALSE(expand_word(deep, lookup).ok());
}

TEST(DockerfileWords, SplitsAtBlanksOutsideOfQuotesAndValues) {
  const auto words = expand_words("x \"$b\" $b 'y z'", lookup);
  ASSERT_TRUE(words.ok());
  EXPECT_THAT(*words, ElementsAre("x", "two words", "two words", "y z"));
}

TEST(DockerfileWords, LeavesQuotesOfADocumentAlone) {
  EXPECT_EQ(*expand_text("say \"$a\" it's \\$a \\\\ \\n", lookup), "say \"one\" it's $a \\ n");
}

TEST(DockerfileWords, EndsOnPatternsThatHaveMuchToTry) {
  const std::string value(20'000, 'a');
  const auto long_value = [&](std::string_view) { return std::optional(value); };
  EXPECT_FALSE(expand_word("${x//*a*a*a*a*a*a*a*a*b/}", long_value).ok());
  EXPECT_EQ(expand_word("${x##*a}", long_value).value(), "");
}

TEST(Dockerfile, ContinuesAtOneEscapeCharacterOnly) {
  const auto file = parse("FROM a\nRUN one \\\n  # left out\n\n  two\nRUN three \\\\\nRUN four \\  \nfive\n");
  const auto& steps = file.stages[0].instructions;
  ASSERT_EQ(steps.size(), 3U);
  EXPECT_THAT(steps[0].arguments, ElementsAre("one   two"));
  EXPECT_THAT(steps[1].arguments, ElementsAre("three \\\\"));
  EXPECT_THAT(steps[2].arguments, ElementsAre("four five"));
}

TEST(Dockerfile, ReadsHereDocumentsAsTheShellNamesThem) {
  const auto file = parse(
      "FROM a\nRUN cat << EOF\none\nEOF\nCOPY 3<<a'b'c <<-x.y! /d/\n$q\nabc\n\t\tz\n\tx.y!\n"
      "ONBUILD RUN <<E\nlater\nE\nRUN [\"cat\", \"<<E\"]\nRUN echo $((1 << 2))\n");
  const auto& steps = file.stages[0].instructions;
  ASSERT_EQ(steps.size(), 5U);
  EXPECT_EQ(steps[0].here_documents.at(0).content, "one\n");
  EXPECT_EQ(steps[1].here_documents.at(0).name, "abc");
  EXPECT_FALSE(steps[1].here_documents.at(0).expand);
  EXPECT_EQ(steps[1].here_documents.at(1).content, "z\n");
  EXPECT_THAT(steps[2].arguments, ElementsAre("RUN <<E\nlater\nE"));
  EXPECT_THAT(steps[3].here_documents, IsEmpty());
}

TEST(Dockerfile, KeepsWhatItsDirectivesSay) {
  const auto file =
      parse("#syntax=docker/dockerfile:1.7-labs\n# check = skip=all\n# Escape=`\nFROM a\nRUN x `\ny\n");
  EXPECT_EQ(file.escape, '`');
  EXPECT_EQ(file.check.value, "skip=all");
  EXPECT_EQ(file.check.line, 2);
  EXPECT_THAT(file.stages[0].instructions[0].arguments, ElementsAre("x y"));
}

TEST(Dockerfile, EndsOnAnyInput) {
  // Every prefix of a file with all kinds of syntax: parsed or refused, never a crash.
  const std::string text =
      "# escape=\\\nARG a=\"x\nFROM a AS b\nENV x=\"y\\\nRUN --mount=type=cache <<-'E' cat\n\tE\nCOPY "
      "[\"a\", \"b\nLABEL '";
  for (std::size_t length = 0; length <= text.size(); ++length)
    (void)parse_dockerfile(text.substr(0, length));
}

}  // namespace
}  // namespace ecr
