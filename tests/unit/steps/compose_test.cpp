#include <gmock/gmock.h>

#include <fmt/format.h>

#include <algorithm>

#include "steps/compose/command_line.h"
#include "steps/compose/creation.h"
#include "steps/compose/dotenv.h"
#include "steps/compose/project.h"

namespace steps::compose {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using testing::StartsWith;

std::optional<std::string> look_up(const std::string& name) {
  static const std::map<std::string, std::string> kKnown = {{"SET", "value"}, {"EMPTY", ""}, {"TAG", "15"}};
  const auto found = kKnown.find(name);
  return found == kKnown.end() ? std::nullopt : std::optional(found->second);
}

std::string expanded(std::string_view text) {
  std::set<std::string> unset;
  const auto result = interpolate(text, look_up, unset);
  return result ? *result : "error: " + result.error().message;
}

TEST(ComposeInterpolation, KnowsTheFormsOfTheSpecification) {
  EXPECT_EQ(expanded("$SET ${SET} $$SET"), "value value $SET");
  EXPECT_EQ(expanded("${NO:-d} ${EMPTY:-d} ${EMPTY-d} ${NO-d}"), "d d  d");
  EXPECT_EQ(expanded("${SET:+other}${EMPTY:+other}${EMPTY+other}${NO+other}"), "otherother");
  EXPECT_EQ(expanded("${NO:-${EMPTY:-${SET}-x}}"), "value-x");
  EXPECT_EQ(expanded("image:${TAG}.2"), "image:15.2");
  EXPECT_EQ(expanded("${NO:?is needed}"), "error: required variable NO is missing a value: is needed");
}

TEST(ComposeInterpolation, RefusesWhatIsNoVariableAndEndsHoweverDeepItGoes) {
  for (const std::string text : {"$", "${", "${}", "${SET", "$1", "${SET!x}", "${SET:", "${NO:-${SET}"})
    EXPECT_THAT(expanded(text), StartsWith("error: invalid interpolation format")) << text;
  std::string deep;
  for (int i = 0; i < 10'000; ++i) deep += "${NO:-";
  EXPECT_THAT(expanded(deep), StartsWith("error: invalid interpolation format"));
}

TEST(ComposeInterpolation, TellsWhichVariablesHaveNoValue) {
  std::set<std::string> unset;
  EXPECT_TRUE(interpolate("$NO ${NEVER} ${SET} ${DEFAULT:-x}", look_up, unset).ok());
  EXPECT_THAT(unset, ElementsAre("NEVER", "NO"));
}

std::string variables(std::string_view text) {
  const auto read = read_dotenv("vars", text, look_up);
  if (!read) return read.error().to_string();
  std::string shown;
  for (const auto& [name, value] : *read) shown += fmt::format("{}=[{}];", name, value);
  return shown;
}

TEST(Dotenv, ReadsQuotesCommentsAndVariables) {
  EXPECT_EQ(variables("# no\n\nA=1\nexport B = two words # comment\nC='$SET # kept'\nD=\"$SET\\n$$\"\n"),
            "A=[1];B=[two words];C=[$SET # kept];D=[value\n$];");
  EXPECT_EQ(variables("A=1\nB=${A}-$TAG\nSET\nNOT_SET\nE=\nF=a#b"),
            "A=[1];B=[1-15];SET=[value];E=[];F=[a#b];");
  EXPECT_EQ(variables("A=\"first\nsecond\"\nB=2"), "A=[first\nsecond];B=[2];");
  EXPECT_EQ(variables("A=\"an escaped \\$SET\""), "A=[an escaped $SET];");
}

TEST(Dotenv, SaysInWhichLineItWentWrong) {
  EXPECT_EQ(variables("A=1\n\n2B=x"), "vars:3: expected NAME=VALUE, found '2B=x'");
  EXPECT_EQ(variables("A='open\nstill"), "vars:1: the quote of the value of A is not closed");
}

base::Result<File> read(const std::string& text) {
  std::set<std::string> unset;
  TRY(auto file, read_compose({"compose.yml", text}, look_up, unset));
  TRY(check_references(file));
  return file;
}
std::string refusal(const std::string& text) {
  const auto file = read(text);
  return file ? "taken" : file.error().to_string();
}

TEST(ComposeFile, BecomesOptionsOfDockerCreate) {
  const auto file = read(R"(
name: demo
x-common: &common
  environment: {A: "1", FROM_HERE: }
  restart: "no"
services:
  db:
    image: postgres:${TAG}
    <<: *common
    command: postgres -c 'fsync=off now'
    user: "999"
    ports: ["5432", {target: 80, published: "8080", host_ip: 127.0.0.1}]
    volumes: [data:/var/lib, {type: bind, source: ./init, target: /init, read_only: true}]
    healthcheck: {test: [CMD, pg_isready], interval: 1s, retries: 3}
  web:
    build: {context: app, args: {B: 2}, target: run}
    depends_on: {db: {condition: service_healthy}}
    networks: {back: {aliases: [api]}}
networks: {back: }
volumes: {data: }
)");
  ASSERT_TRUE(file) << file.error().to_string();
  const Service& db = file->services.at("db");
  EXPECT_EQ(db.image, "postgres:15");
  EXPECT_THAT(*db.command, ElementsAre("postgres", "-c", "fsync=off now"));
  EXPECT_THAT(db.environment, ElementsAre(Pair("A", "1"), Pair("FROM_HERE", std::nullopt)));
  EXPECT_THAT(db.health_test, ElementsAre("CMD", "pg_isready"));
  Project project{.name = "demo", .folder = "/work", .file = *file};
  const auto created = creation(project, db, "create");
  ASSERT_TRUE(created) << created.error().to_string();
  EXPECT_THAT(created->arguments,
              AllOf(Contains("--name=demo-db-1"), Contains("--network=demo_default"), Contains("--user=999"),
                    Contains("--publish=5432"), Contains("--publish=127.0.0.1:8080:80"),
                    Contains("--volume=demo_data:/var/lib"), Contains("--volume=/work/init:/init:ro"),
                    Contains("--network-alias=db"), Contains("--health-interval=1s")));
  EXPECT_EQ(created->more.at("environment").dump(), R"({"A":"1"})");
  const Service& web = file->services.at("web");
  EXPECT_THAT(creation(project, web, "create")->arguments,
              AllOf(Contains("--network=demo_back"), Contains("--network-alias=api"), Contains("demo-web")));
  EXPECT_THAT(build_of(project, web, {})->arguments,
              ElementsAre("build", "--tag=demo-web", "--build-arg=B=2", "--target=run", "/work/app"));
  const auto order = services_in_order(*file, {"web"}, {});
  ASSERT_TRUE(order);
  EXPECT_THAT(*order, ElementsAre(&db, &web));
}

TEST(ComposeFile, KeepsTheEntrypointForOtherCommands) {
  const auto file = read("services: {a: {image: i, entrypoint: [psql, -X], command: [-l]}}");
  ASSERT_TRUE(file) << file.error().to_string();
  const Project project{.name = "demo", .folder = "/work", .file = *file};
  const auto asked = [&](const OneOff* one_off) {
    const auto arguments = creation(project, file->services.at("a"), "run", one_off)->arguments;
    const auto image = std::find(arguments.begin(), arguments.end(), "i");
    std::vector<std::string> found(image + 1, arguments.end());
    for (const auto& argument : arguments) {
      if (argument.starts_with("--entrypoint")) found.push_back(argument);
    }
    return found;
  };
  EXPECT_THAT(asked(nullptr), ElementsAre("-X", "-l", "--entrypoint=psql"));
  const OneOff other{.name = "n", .options = {}, .command = {"-c", "select"}};
  EXPECT_THAT(asked(&other), ElementsAre("-X", "-c", "select", "--entrypoint=psql"));
  const OneOff replaced{.name = "n", .options = {"--entrypoint=sh"}, .command = {}};
  EXPECT_THAT(asked(&replaced), ElementsAre("--entrypoint=sh"));
}

TEST(ComposeFile, IsOverlaidByTheNextOne) {
  auto file = *read("services: {a: {image: x, command: one two, environment: [A=1, B=2], ports: ['1:1']}}");
  merge_into(file,
             *read("services: {a: {image: y, command: three, environment: {B: 3}, ports: ['2:2', '1:1']}}"));
  const Service& service = file.services.at("a");
  EXPECT_EQ(service.image, "y");
  EXPECT_THAT(*service.command, ElementsAre("three"));
  EXPECT_THAT(service.environment, ElementsAre(Pair("A", "1"), Pair("B", "3")));
  EXPECT_THAT(service.options.at("ports"), ElementsAre("--publish=1:1", "--publish=2:2"));
}

TEST(ComposeFile, RefusesByKeyAndLine) {
  EXPECT_THAT(refusal("services:\n  a:\n    image: x\n    deploy: {}\n"),
              StartsWith("compose.yml:4:5: the service a: the key 'deploy' is not supported here"));
  EXPECT_THAT(refusal("services: {a: {image: x, privileged: true}}"),
              HasSubstr("no container gets more rights"));
  EXPECT_THAT(refusal("secrets: {}\n"), StartsWith("compose.yml:1:1: the file: the key 'secrets'"));
  EXPECT_THAT(refusal("services: {a: {}}"), HasSubstr("has neither an image nor a build context"));
  EXPECT_THAT(refusal("services: {a: {image: x, depends_on: [b]}}"),
              HasSubstr("depends on undefined service \"b\""));
  EXPECT_THAT(refusal("services: {a: {image: x, networks: [n]}}"),
              HasSubstr("refers to undefined network n"));
  EXPECT_THAT(refusal("services: {a: {image: x, volumes: ['v:/v']}}"),
              HasSubstr("refers to undefined volume v"));
  EXPECT_THAT(refusal("services: {a: {image: x, ports: 80}}"), HasSubstr("expected a list of ports"));
  EXPECT_THAT(refusal("services: {a: {image: '${NO'}}"), HasSubstr("invalid interpolation format"));
  EXPECT_THAT(refusal("services: {a: {image: x, healthcheck: {test: [pg]}}}"), HasSubstr("CMD or CMD-SHELL"));
  EXPECT_EQ(refusal("services: {a: {image: x, x-mine: 1}}\nx-more: {}\nversion: '3'\n"), "taken");
}

TEST(ComposeFile, RefusesServicesThatWaitForThemselves) {
  EXPECT_THAT(refusal("services: {a: {image: x, depends_on: [a]}}"), HasSubstr("dependency cycle"));
  EXPECT_THAT(refusal("services: {a: {image: x, depends_on: [b]}, b: {image: x, depends_on: [c]}, "
                      "c: {image: x, depends_on: [a]}}"),
              HasSubstr("dependency cycle: the service a waits for itself"));
}

TEST(ComposeFile, ReadsThousandsOfServicesAndChainsOfThem) {
  std::string text = "services:\n  s0: {image: x}\n";
  for (int i = 1; i < 5000; ++i) text += fmt::format("  s{}: {{image: x, depends_on: [s{}]}}\n", i, i - 1);
  const auto file = read(text);
  ASSERT_TRUE(file) << file.error().to_string();
  const auto order = services_in_order(*file, {}, {});
  ASSERT_TRUE(order);
  EXPECT_EQ(order->front()->name, "s0");
  EXPECT_EQ(order->back()->name, "s4999");
  std::string bomb = "x-0: &a0 {k: v}\n";
  for (int i = 1; i < 40; ++i) bomb += fmt::format("x-{0}: &a{0} {{l: *a{1}, r: *a{1}}}\n", i, i - 1);
  EXPECT_THAT(refusal(bomb + "services: {a: {image: x}}\n"), Not("taken"));
}

TEST(ComposeFile, LeavesServicesOfAProfileAsideUnlessItIsAskedFor) {
  const auto file = *read("services: {a: {image: x}, b: {image: x, profiles: [debug]}}");
  EXPECT_EQ(services_in_order(file, {}, {})->size(), 1U);
  EXPECT_EQ(services_in_order(file, {}, {"debug"})->size(), 2U);
  EXPECT_EQ(services_in_order(file, {"b"}, {})->size(), 1U);
  EXPECT_EQ(services_in_order(file, {"c"}, {}).error().message, "no such service: c");
}

TEST(ComposeCommandLine, KnowsVerbsAndTheirOptions) {
  const auto up = read_command_line({"-f", "a.yml", "--profile=p", "up", "-d", "--wait", "web"});
  ASSERT_TRUE(up) << up.error().to_string();
  EXPECT_EQ(up->verb, Verb::up);
  EXPECT_THAT(up->files, ElementsAre("a.yml"));
  EXPECT_TRUE(up->detach && up->wait);
  EXPECT_THAT(up->services, ElementsAre("web"));
  const auto exec = read_command_line({"exec", "-T", "-e", "A=1", "db", "psql", "-c", "select"});
  EXPECT_THAT(exec->passed, ElementsAre("--env=A=1"));
  EXPECT_THAT(exec->command, ElementsAre("psql", "-c", "select"));
  EXPECT_THAT(read_command_line({"watch"}).error().message, HasSubstr("'watch' is not supported"));
  EXPECT_THAT(read_command_line({"up", "--scale", "a=2"}).error().message, HasSubstr("'--scale'"));
  EXPECT_THAT(read_command_line({"exec", "db"}).error().message,
              HasSubstr("expected a service and what to do"));
}

}  // namespace
}  // namespace steps::compose
