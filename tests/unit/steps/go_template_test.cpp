#include "steps/go_template.h"

#include <gmock/gmock.h>

#include "base/json.h"

namespace steps {
namespace {

using ::testing::HasSubstr;

const base::Json& container() {
  static const base::Json kContainer = {
      {"Name", "/web"},
      {"State",
       {{"Status", "running"}, {"Running", true}, {"ExitCode", 0}, {"Health", {{"Status", "healthy"}}}}},
      {"Config", {{"Env", {"A=1", "B=2"}}, {"Labels", {{"com.example", "x"}}}, {"Cmd", nullptr}}},
      {"NetworkSettings",
       {{"Ports", {{"80/tcp", {{{"HostIp", "127.0.0.1"}, {"HostPort", "8080"}}}}}},
        {"Networks", {{"back", {{"IPAddress", "10.0.0.2"}}}, {"front", {{"IPAddress", "10.0.0.3"}}}}}}}};
  return kContainer;
}

struct Formatted {
  const char* text;
  const char* expected;
};

class GoTemplateTest : public testing::TestWithParam<Formatted> {};

TEST_P(GoTemplateTest, GivesTheTextThatDockerGives) {
  const auto result = format_by_template(GetParam().text, container());
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_EQ(*result, GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Table, GoTemplateTest,
    testing::Values(
        Formatted{"{{.Name}} {{ .State.Status }}", "/web running"},
        Formatted{"{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}", "healthy"},
        Formatted{"{{if .State.Nothing}}a{{else if .State.Running}}b{{else}}c{{end}}", "b"},
        Formatted{"{{if not .State.Running}}down{{end}}", ""},
        Formatted{"{{if and .State.Running (eq .State.ExitCode 0)}}fine{{end}}", "fine"},
        Formatted{"{{range .Config.Env}}{{println .}}{{end}}", "A=1\nB=2\n"},
        Formatted{"{{range $i, $e := .Config.Env}}{{$i}}:{{$e}};{{end}}", "0:A=1;1:B=2;"},
        Formatted{"{{range $k, $v := .NetworkSettings.Networks}}{{$k}}={{$v.IPAddress}} {{end}}",
                  "back=10.0.0.2 front=10.0.0.3 "},
        Formatted{"{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", "10.0.0.210.0.0.3"},
        Formatted{"{{range .Config.Cmd}}{{.}}{{else}}empty{{end}}", "empty"},
        Formatted{R"({{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}})", "8080"},
        Formatted{R"({{index .Config.Labels "com.example"}}{{index .Config.Labels "other"}})", "x"},
        Formatted{"{{json .Config.Env}} {{.Config.Env | json}}", R"(["A=1","B=2"] ["A=1","B=2"])"},
        Formatted{"{{with .State.Health}}{{.Status}} of {{$.Name}}{{end}}", "healthy of /web"},
        Formatted{R"({{$x := .Name}}{{printf "%-6s|%d" $x 3}})", "/web  |3"},
        Formatted{
            R"({{join .Config.Env ","}} {{len .Config.Env}} {{upper "a"}} {{index (split "a/b" "/") 1}})",
            "A=1,B=2 2 A b"},
        Formatted{"a {{- /* none */ -}} b{{.State.Missing}}", "ab<no value>"},
        Formatted{
            R"({{if eq .State.Status "exited" "running"}}one{{end}}{{if ne 1 2}} two{{end}}{{if lt 1 2}} three{{end}})",
            "one two three"},
        Formatted{"{{.Config.Env}} {{.State.Health}}", "[A=1 B=2] map[Status:healthy]"}));

TEST(GoTemplate, RefusesWhatItCannotDo) {
  const auto refused = [](const char* text) {
    const auto result = format_by_template(text, container());
    return result ? "gave " + *result : result.error().message;
  };
  EXPECT_THAT(refused("{{.State.Nothing.Status}}"), HasSubstr("there is nothing to take Status of"));
  EXPECT_THAT(refused("{{.Missing}}"), HasSubstr("at <.Missing>: can't evaluate field Missing"));
  EXPECT_THAT(refused("{{if $.Missing.Status}}x{{end}}"), HasSubstr("can't evaluate field Missing"));
  EXPECT_THAT(refused("{{"), HasSubstr("unclosed action"));
  EXPECT_THAT(refused("{{if .Name}}x"), HasSubstr("{{end}} is missing"));
  EXPECT_THAT(refused("x{{end}}"), HasSubstr("unexpected {{end}}"));
  EXPECT_THAT(refused("{{range .Name}}x{{end}}"), HasSubstr("range can't iterate over /web"));
  EXPECT_THAT(refused("{{urlquery .Name}}"), HasSubstr("function \"urlquery\" not defined"));
  EXPECT_THAT(refused("{{index .Config.Env 7}}"), HasSubstr("index out of range: 7"));
  EXPECT_THAT(refused("{{.Name .Name}}"), HasSubstr("can't give argument to non-function"));
  EXPECT_THAT(refused("{{\"a}}"), HasSubstr("unterminated quoted string"));
  EXPECT_THAT(refused("{{(.Name}}"), HasSubstr("unclosed left paren"));
}

TEST(GoTemplate, EndsOnTextMadeToGrow) {
  base::Json many = base::Json::array();
  for (int i = 0; i < 200; ++i) many.push_back("0123456789");
  std::string text = "{{.}}";
  for (int i = 0; i < 6; ++i) text = "{{range $.A}}" + text + "{{end}}";
  const auto result = format_by_template(text, {{"A", many}});
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("longer than 1 MiB"));
}

}  // namespace
}  // namespace steps
