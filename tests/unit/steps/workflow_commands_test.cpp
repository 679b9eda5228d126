#include "steps/workflow_commands.h"

#include <gmock/gmock.h>

namespace steps {
namespace {

TEST(WorkflowCommands, ReadsNamePropertiesAndData) {
  auto command = parse_workflow_command("  ::error file=app.js,line=10,title=Oh no::It broke");
  ASSERT_TRUE(command);
  EXPECT_EQ(command->name, "error");
  EXPECT_EQ(command->property("file"), "app.js");
  EXPECT_EQ(command->property("LINE"), "10");
  EXPECT_EQ(command->property("title"), "Oh no");
  EXPECT_EQ(command->data, "It broke");
}

TEST(WorkflowCommands, ReadsTheBracketedFormAnywhereInTheLine) {
  auto command = parse_workflow_command("2026 | ##[warning file=a;line=3]careful");
  ASSERT_TRUE(command);
  EXPECT_EQ(command->name, "warning");
  EXPECT_EQ(command->property("line"), "3");
  EXPECT_EQ(command->data, "careful");
}

TEST(WorkflowCommands, TakesUnknownNamesForOrdinaryOutput) {
  EXPECT_FALSE(parse_workflow_command("::unknown::text"));
  EXPECT_FALSE(parse_workflow_command("std::vector::push_back"));
  EXPECT_FALSE(parse_workflow_command("say ::error::this"));
  EXPECT_FALSE(parse_workflow_command("##[nothing]"));
  EXPECT_FALSE(parse_workflow_command("::error"));
  EXPECT_FALSE(parse_workflow_command(""));
}

TEST(WorkflowCommands, IgnoresTheCaseOfNames) {
  auto command = parse_workflow_command("::Set-OUTPUT Name=x::1");
  ASSERT_TRUE(command);
  EXPECT_EQ(command->name, "set-output");
  EXPECT_EQ(command->property("name"), "x");
}

TEST(WorkflowCommands, UnescapesThePercentSignLast) {
  EXPECT_EQ(parse_workflow_command("::debug::a%0Ab%0Dc%25d")->data, "a\nb\rc%d");
  EXPECT_EQ(parse_workflow_command("::debug::%250A")->data, "%0A");
  EXPECT_EQ(parse_workflow_command("::error title=a%3Ab%2Cc::x")->property("title"), "a:b,c");
}

TEST(WorkflowCommands, SplitsAPropertyAtItsFirstEqualsSign) {
  EXPECT_EQ(parse_workflow_command("::set-output name=a=b::c")->property("name"), "a=b");
}

TEST(WorkflowCommands, TakesASpaceAfterACommaAsPartOfTheName) {
  const auto command = parse_workflow_command("::error file=a, line=3,title=::x");
  EXPECT_EQ(command->property("file"), "a");
  EXPECT_EQ(command->property("line"), "");
  EXPECT_EQ(command->property(" line"), "3");
}

TEST(WorkflowCommands, KnowsTheTokenThatEndsStopCommands) {
  EXPECT_FALSE(parse_workflow_command("::tok123::"));
  auto command = parse_workflow_command("::TOK123::", "tok123");
  ASSERT_TRUE(command);
  EXPECT_EQ(command->name, "tok123");
}

TEST(Annotations, DropPlacesThatMakeNoSense) {
  const auto annotation = [](std::string_view line) { return to_annotation(*parse_workflow_command(line)); };
  EXPECT_EQ(annotation("::error line=5,endLine=3::x").end_line, 0);
  EXPECT_EQ(annotation("::error col=5::x").column, 0);
  EXPECT_EQ(annotation("::error line=1,endLine=2,col=5::x").column, 0);
  EXPECT_EQ(annotation("::error line=1,col=5,endColumn=4::x").end_column, 0);
  EXPECT_EQ(annotation("::error line=-7::x").line, 0);
  const Annotation whole = annotation("::notice file=f,line=1,endLine=1,col=2,endColumn=4,title=t::m");
  EXPECT_EQ(whole.level, LineKind::notice);
  EXPECT_EQ(whole.column, 2);
  EXPECT_EQ(whole.end_column, 4);
  EXPECT_EQ(whole.title, "t");
}

TEST(Annotations, CutTheMessageAt4096Bytes) {
  auto command = parse_workflow_command("::error::" + std::string(5000, 'x'));
  EXPECT_EQ(to_annotation(*command).message.size(), 4096U);
}

}  // namespace
}  // namespace steps
