#include <gmock/gmock.h>

#include "base/json.h"
#include "steps/builtin/calendar_format.h"
#include "steps/builtin/image_metadata.h"
#include "steps/builtin/input_list.h"
#include "steps/builtin/template_text.h"
#include "steps/builtin/version_numbers.h"
#include "steps/builtin_actions.h"
#include "tests/fakes/fake_clock.h"
#include "tests/unit/steps/job_fixture.h"

namespace steps::builtin {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kSha = "860c1904a1ce19322e91ac35af1ab07466440c37";

TEST(InputList, ReadsLinesCommasQuotesAndComments) {
  EXPECT_THAT(read_input_list("a, b\nc"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(read_input_list("a=1,b\n\nc", {.commas = ListCommas::belong_to_the_entry}),
              ElementsAre("a=1,b", "c"));
  EXPECT_THAT(read_input_list("# none\na#b", {.comments = true}), ElementsAre("a#b"));
  EXPECT_THAT(read_input_list("\"K=one\ntwo \"\"x\"\"\"\nL=3", {.commas = ListCommas::belong_to_the_entry}),
              ElementsAre("K=one\ntwo \"x\"", "L=3"));
  EXPECT_THAT(read_input_list("K={\"a\": 1}", {.commas = ListCommas::belong_to_the_entry}),
              ElementsAre("K={\"a\": 1}"));
  EXPECT_THAT(read_input_list(""), IsEmpty());
}

TEST(TemplateText, ShowsValuesWithArgumentsEscapedOrRaw) {
  const TemplateValues values =
      [](const TemplateExpression& one) -> base::Result<std::optional<std::string>> {
    if (one.name == "a") return std::optional<std::string>("<x>");
    if (one.name == "date")
      return std::optional<std::string>(one.arguments.at(0).text + "@" + one.named.at("tz"));
    return std::optional<std::string>();
  };
  const auto rendered = [&values](const char* text) {
    auto result = render_template(text, values);
    return result ? std::move(*result) : result.error().to_string();
  };
  EXPECT_EQ(rendered("-{{a}}-{{{a}}}-{{ none }}-"), "-&lt;x&gt;-<x>--");
  EXPECT_EQ(rendered("{{date 'YYYY MM' tz='UTC'}}"), "YYYY MM@UTC");
  EXPECT_EQ(rendered("{{#if a}}1{{else}}2{{/if}}{{#if none}}3{{else}}4{{/if}}{{! no }}"), "14");
  EXPECT_EQ(rendered("{{#unless none}}5{{/unless}}"), "5");
  EXPECT_EQ(rendered("{{#if a}}{{#if none}}6{{/if}}7{{/if}}8"), "78");
}

TEST(TemplateText, RefusesByNameWhatItDoesNotKnow) {
  const TemplateValues none = [](const auto&) -> base::Result<std::optional<std::string>> {
    return std::optional<std::string>();
  };
  EXPECT_THAT(render_template("{{upper 'a'}}", none).error().message, HasSubstr("Missing helper: \"upper\""));
  EXPECT_THAT(render_template("{{#each a}}{{/each}}", none).error().message, HasSubstr("#each a"));
  EXPECT_THAT(render_template("{{> part}}", none).error().message, HasSubstr("> part"));
  EXPECT_FALSE(render_template("{{a", none).ok());
  EXPECT_FALSE(render_template("{{#if a}}", none).ok());
  EXPECT_FALSE(render_template("{{#if a}}{{#if b}}{{/if}}", none).ok());
  EXPECT_FALSE(render_template("a{{/if}}", none).ok());
  EXPECT_FALSE(render_template(std::string(4000, 'x') + "{{'a", none).ok());
}

TEST(CalendarFormat, WritesTheTokensOfMoment) {
  // Friday, 10 January 2020, 00:30:07.089 UTC; an hour later in Berlin.
  const CalendarTime utc{1'578'616'207'089, 0};
  const CalendarTime berlin{1'578'616'207'089, 3600};
  const auto written = [](const CalendarTime& time, const char* format) {
    return *format_calendar(time, format);
  };
  EXPECT_EQ(written(utc, "YYYYMMDD-HHmmss"), "20200110-003007");
  EXPECT_EQ(written(berlin, "YYYY-MM-DDTHH:mm:ssZ"), "2020-01-10T01:30:07+01:00");
  EXPECT_EQ(written(utc, "dddd ddd dd d E e, MMMM MMM Mo Do DDDD"),
            "Friday Fri Fr 5 5 5, January Jan 1st 10th 010");
  EXPECT_EQ(written(utc, "h:mm A, hh a, k, SSS, S, Q, ZZ z"), "12:30 AM, 12 am, 24, 089, 0, 1, +0000 UTC");
  EXPECT_EQ(written(utc, "GGGG-[W]WW gg w X x"), "2020-W02 20 2 1578616207 1578616207089");
  EXPECT_EQ(written(utc, "L LT [LT]"), "01/10/2020 12:30 AM LT");
  // 31 December 2018 is in the first week of 2019.
  EXPECT_EQ(written({1'546'214'400'000, 0}, "GGGG-WW gggg-ww"), "2019-01 2019-01");
  EXPECT_FALSE(format_calendar(berlin, "z").ok());
}

TEST(VersionNumbers, ReadSemanticVersions) {
  const auto version = parse_semantic_version("v1.2.3-rc.1+build.5");
  ASSERT_TRUE(version);
  EXPECT_EQ(version->version(), "1.2.3-rc.1");
  for (const char* wrong :
       {"1.2", "01.2.3", "1.2.3-", "1.2.3-01", "release1", "", "1.2.3.4", "99999999999999999.0.0"})
    EXPECT_FALSE(parse_semantic_version(wrong)) << wrong;
}

TEST(VersionNumbers, ReadPythonVersions) {
  const auto normalized = [](const char* text) {
    return parse_python_version(text).value_or(PythonVersion{}).normalized();
  };
  EXPECT_EQ(normalized("v1.0-Alpha_1"), "1.0a1");
  EXPECT_EQ(normalized("1!2.0.c3.post-2.dev"), "1!2.0rc3.post2.dev0");
  EXPECT_EQ(normalized("1.0-5+Ubuntu_1"), "1.0.post5+ubuntu.1");
  EXPECT_EQ(normalized("2024"), "2024");
  for (const char* wrong : {"", "a", "1.x", "1.0+", "1.0foo"})
    EXPECT_FALSE(parse_python_version(wrong)) << wrong;
}

/// One run of the rules.
struct Question {
  std::string ref;
  std::vector<std::string> tags;
  std::vector<std::string> flavor = {};
  std::string event = "push";
  std::string payload = R"({"repository": {"default_branch": "master"}})";
};

base::Result<ImageMetadata> metadata_of(const Question& question,
                                        std::vector<std::string> images = {"user/app"}) {
  ImageRules rules;
  TRY(rules.images, read_image_names(images));
  TRY(rules.tags, read_tag_rules(question.tags));
  TRY(rules.flavor, read_flavor(question.flavor));
  rules.labels = {"maintainer=Me", "org.opencontainers.image.title=My {{branch}}"};
  ImageOccasion occasion;
  occasion.event_name = question.event;
  occasion.ref = question.ref;
  occasion.sha = kSha;
  occasion.payload = std::make_shared<const base::Json>(*base::parse_json(question.payload));
  occasion.now = base::from_epoch_seconds(1'578'616'200);
  occasion.commit_date = base::from_epoch_seconds(1'574'172'030);
  return compute_image_metadata(rules, occasion, {"app", "An app", "https://host/o/app", "MIT", "master"});
}
std::vector<std::string> tags_of(const Question& question) {
  auto metadata = metadata_of(question);
  EXPECT_TRUE(metadata) << metadata.error().to_string();
  return metadata ? metadata->tag_names : std::vector<std::string>();
}

TEST(ImageMetadata, TagsByRefWhenNoRuleIsGiven) {
  EXPECT_THAT(tags_of({.ref = "refs/heads/dev", .tags = {}}), ElementsAre("dev"));
  EXPECT_THAT(tags_of({.ref = "refs/heads/feat/x~y", .tags = {}}), ElementsAre("feat-x-y"));
  EXPECT_THAT(tags_of({.ref = "refs/tags/v1.1", .tags = {}}), ElementsAre("v1.1", "latest"));
  EXPECT_THAT(tags_of({.ref = "refs/pull/15/merge", .tags = {}}), ElementsAre("pr-15"));
  EXPECT_THAT(tags_of({.ref = "refs/heads/master", .tags = {}, .event = "schedule"}),
              ElementsAre("nightly", "master"));
}

TEST(ImageMetadata, TagsBySemanticVersions) {
  const std::vector<std::string> rules = {"type=semver,pattern={{version}}",
                                          "type=semver,pattern={{major}}.{{minor}}",
                                          "type=semver,pattern={{major}}"};
  EXPECT_THAT(tags_of({.ref = "refs/tags/v1.2.3", .tags = rules}),
              ElementsAre("1.2.3", "1.2", "1", "latest"));
  EXPECT_THAT(tags_of({.ref = "refs/tags/v2.0.8-beta.67", .tags = rules}), ElementsAre("2.0.8-beta.67"));
  EXPECT_THAT(
      tags_of({.ref = "refs/tags/p1/v1.0.0", .tags = {"type=semver,pattern={{version}},match=v(.*)"}}),
      ElementsAre("1.0.0", "latest"));
  EXPECT_THAT(tags_of({.ref = "refs/heads/dev", .tags = {"type=semver,pattern={{raw}},value=v3.1.0"}}),
              ElementsAre("v3.1.0", "latest"));
  auto wrong = metadata_of({.ref = "refs/tags/nothing", .tags = rules});
  ASSERT_TRUE(wrong);
  EXPECT_THAT(wrong->tags, IsEmpty());
  EXPECT_THAT(wrong->warnings, Contains(HasSubstr("nothing is not a valid semver")));
}

TEST(ImageMetadata, TagsByPythonVersions) {
  EXPECT_THAT(tags_of({.ref = "refs/tags/1.2.0", .tags = {"type=pep440,pattern={{major}}.{{minor}}"}}),
              ElementsAre("1.2", "latest"));
  EXPECT_THAT(tags_of({.ref = "refs/tags/v1.2rc2", .tags = {"type=pep440,pattern={{version}}"}}),
              ElementsAre("1.2rc2"));
  EXPECT_THAT(tags_of({.ref = "refs/tags/v1.2rc2", .tags = {"type=pep440,pattern={{raw}}"}}),
              ElementsAre("v1.2rc2"));
}

TEST(ImageMetadata, TagsByPatternsWithGroupsAndFlags) {
  EXPECT_THAT(tags_of({.ref = "refs/tags/20200110-RC2", .tags = {"type=match,pattern=\\d{8}"}}),
              ElementsAre("20200110", "latest"));
  EXPECT_THAT(
      tags_of({.ref = "refs/tags/20200110-RC2", .tags = {"type=match,\"pattern=/(.*)-rc/i\",group=1"}}),
      ElementsAre("20200110", "latest"));
  EXPECT_THAT(tags_of({.ref = "refs/tags/V1.2", .tags = {"type=match,pattern=/v\\d.\\d/gis"}}),
              ElementsAre("V1.2", "latest"));
  const auto unmatched = metadata_of({.ref = "refs/tags/a", .tags = {"type=match,pattern=/(b)/g,group=1"}});
  ASSERT_TRUE(unmatched);
  EXPECT_THAT(unmatched->warnings, ElementsAre("/(b)/g does not match a."));
  EXPECT_FALSE(metadata_of({.ref = "refs/tags/b", .tags = {"type=match,pattern=/(b)/g,group=1"}}).ok());
  EXPECT_FALSE(metadata_of({.ref = "refs/tags/a", .tags = {"type=match,pattern=/a/y"}}).ok());
}

TEST(ImageMetadata, OrdersTagsByPriorityAndDropsDoubles) {
  EXPECT_THAT(tags_of({.ref = "refs/heads/master",
                       .tags = {"type=sha", "type=raw,value=a", "type=edge", "type=ref,event=branch",
                                "type=raw,value=first,priority=2000", "a"}}),
              ElementsAre("first", "edge", "master", "a", "sha-860c190"));
  EXPECT_THAT(tags_of({.ref = "refs/heads/dev", .tags = {"type=sha,format=long,prefix="}}),
              ElementsAre(kSha));
}

TEST(ImageMetadata, KnowsExpressionsAndEnables) {
  EXPECT_THAT(tags_of({.ref = "refs/heads/master",
                       .tags = {"type=raw,value=latest,enable={{is_default_branch}}",
                                "type=raw,value=other,enable={{is_not_default_branch}}",
                                "type=raw,value={{branch}}-{{sha}}-{{date 'YYYYMMDD-HHmm' tz='Asia/Tokyo'}}",
                                "type=raw,value=c{{commit_date 'YYYY'}}", "type=raw,value={{date YYYY}}",
                                "type=raw,value={{date YYYY tz='Asia/Tokyo'}}"}}),
              ElementsAre("latest", "master-860c190-20200110-0930", "c2019", "2020-01-10T00-30-00Z",
                          "2020-01-10T09-30-00-09-00"));
  EXPECT_THAT(tags_of({.ref = "refs/tags/v1",
                       .tags = {"type=raw,value={{tag}}-{{base_ref}}"},
                       .event = "push",
                       .payload = R"({"base_ref": "refs/heads/main"})"}),
              ElementsAre("v1-main"));
  EXPECT_FALSE(metadata_of({.ref = "refs/heads/a", .tags = {"type=raw,value=a,enable=maybe"}}).ok());
  EXPECT_FALSE(
      metadata_of({.ref = "refs/heads/a", .tags = {"type=raw,value={{date 'Y' tz='No/Where'}}"}}).ok());
}

TEST(ImageMetadata, FlavorsPrefixSuffixAndLatest) {
  EXPECT_THAT(tags_of({.ref = "refs/tags/v1.0.0",
                       .tags = {"type=semver,pattern={{version}}", "type=sha"},
                       .flavor = {"latest=auto\n", "prefix=a-,onlatest=true", "suffix=-b"}}),
              ElementsAre("a-1.0.0-b", "sha-860c190-b", "a-latest"));
  EXPECT_THAT(tags_of({.ref = "refs/heads/dev", .tags = {}, .flavor = {"latest=true"}}),
              ElementsAre("dev", "latest"));
  EXPECT_THAT(tags_of({.ref = "refs/tags/v1", .tags = {}, .flavor = {"latest=false"}}), ElementsAre("v1"));
}

TEST(ImageMetadata, RefusesWrongRulesAsTheOriginal) {
  const auto tag_error = [](const char* rule) { return read_tag_rules({rule}).error().message; };
  EXPECT_EQ(tag_error("type=foo"), "Unknown tag type attribute: foo");
  EXPECT_EQ(tag_error("type=semver"), "Missing pattern attribute for type=semver");
  EXPECT_EQ(tag_error("type=ref"), "Missing event attribute for type=ref");
  EXPECT_EQ(tag_error("type=ref,event=x"), "Invalid event for type=ref,event=x");
  EXPECT_EQ(tag_error("type=sha,format=x"), "Invalid format for type=sha,format=x");
  EXPECT_EQ(tag_error("type=match,pattern=a,group=b"),
            "Invalid match group for type=match,pattern=a,group=b");
  EXPECT_EQ(read_flavor({"latest=x"}).error().message, "Invalid latest flavor entry: latest=x");
  EXPECT_EQ(read_flavor({"x"}).error().message, "Invalid flavor entry: x");
  EXPECT_EQ(read_image_names({"name=,enable=true"}).error().message,
            "Image name attribute empty: name=,enable=true");
  EXPECT_EQ(read_image_names({"name=a,x=y"}).error().message, "Unknown image attribute: name=a,x=y");
}

TEST(ImageMetadata, NamesEveryImageAndSortsLabels) {
  auto metadata = metadata_of({.ref = "refs/heads/dev", .tags = {}},
                              {"name=User/App", "name=b,enable=false", "name=ghcr.io/c"});
  ASSERT_TRUE(metadata);
  EXPECT_THAT(metadata->tags, ElementsAre("user/app:dev", "ghcr.io/c:dev"));
  EXPECT_THAT(
      metadata->labels,
      ElementsAre("maintainer=Me", "org.opencontainers.image.created=2020-01-10T00:30:00.000Z",
                  "org.opencontainers.image.description=An app", "org.opencontainers.image.licenses=MIT",
                  std::string("org.opencontainers.image.revision=") + kSha,
                  "org.opencontainers.image.source=https://host/o/app",
                  "org.opencontainers.image.title=My dev", "org.opencontainers.image.url=https://host/o/app",
                  "org.opencontainers.image.version=dev"));
  auto old = metadata_of({.ref = "refs/heads/dev", .tags = {}}, {"a/b,c/d"});
  ASSERT_TRUE(old);
  EXPECT_THAT(old->tags, ElementsAre("a/b:dev", "c/d:dev"));
}

class DockerMetadata : public JobFixture {};

TEST_F(DockerMetadata, SetsOutputsVariablesAndBakeFiles) {
  workflow::expression::Object github;
  github.set("ref", "refs/heads/main");
  github.set("sha", kSha);
  github.set("event_name", "push");
  github.set("repository", "octo/app");
  github.set("server_url", "https://git.example");
  job_.contexts.set("github", std::move(github));
  ActionCall call;
  call.uses = "docker/metadata-action@v5";
  call.inputs = {{"images", "octo/app"}, {"sep-tags", ", "}, {"tags", "type=ref,event=branch\ntype=sha"}};
  const auto outcome = docker_metadata(call, job_);
  ASSERT_TRUE(outcome) << outcome.error().to_string();
  EXPECT_EQ(outcome->outputs.at("tags"), "octo/app:main, octo/app:sha-860c190");
  EXPECT_EQ(outcome->outputs.at("version"), "main");
  EXPECT_EQ(outcome->outputs.at("tag-names"), "main, sha-860c190");
  EXPECT_THAT(outcome->outputs.at("annotations"), HasSubstr("manifest:org.opencontainers.image.title=app"));
  EXPECT_THAT(outcome->environment,
              Contains(testing::Pair("DOCKER_METADATA_OUTPUT_TAG_NAMES", "main, sha-860c190")));
  const auto json = base::parse_json(outcome->outputs.at("json"));
  EXPECT_EQ(base::json_string(base::json_member(*json, "labels"), "org.opencontainers.image.source"),
            "https://git.example/octo/app");
  const auto bake = base::parse_json(*base::read_file(outcome->outputs.at("bake-file")));
  const base::Json& target = base::json_member(base::json_member(*bake, "target"), "docker-metadata-action");
  EXPECT_EQ(base::json_string(base::json_member(target, "args"), "DOCKER_META_VERSION"), "main");
  EXPECT_TRUE(base::read_file(outcome->outputs.at("bake-file-annotations")).ok());
}

}  // namespace
}  // namespace steps::builtin
