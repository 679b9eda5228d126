#pragma once
// Steps of a workflow written as YAML, run in a RunningJob with a fake sandbox whose answers a test sets.

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "steps/run_step.h"
#include "tests/unit/steps/job_fixture.h"
#include "workflow/load_workflow.h"
#include "workflow/plan.h"

namespace steps {

class RunStepFixture : public JobFixture {
 protected:
  RunStepFixture() {
    workflow::expression::Object github;
    github.set("repository", workflow::expression::Value("octo/app"));
    github.set("token", workflow::expression::Value("ghs_secret"));
    github.set("ref_protected", workflow::expression::Value(false));
    job_.contexts.set("github", workflow::expression::Value(std::move(github)));
    workflow::expression::Object runner;
    runner.set("os", workflow::expression::Value("Linux"));
    job_.contexts.set("runner", workflow::expression::Value(std::move(runner)));
  }

  /// The steps of a workflow with this YAML as its `steps:`, indented by hand.
  const std::vector<workflow::Step>& steps_of(const std::string& yaml) {
    auto loaded =
        workflow::load_workflow("ci.yml", "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n" + yaml);
    for (const auto& diagnostic : loaded.diagnostics) ADD_FAILURE() << to_string(diagnostic);
    loaded_ = std::move(loaded.workflow);
    planned_.job = &loaded_->jobs.at(0);
    job_.planned = &planned_;
    return loaded_->jobs.at(0).steps;
  }
  StepResult run(const std::string& yaml) {
    StepResult last;
    for (const workflow::Step& step : steps_of(yaml)) {
      auto result = run_step(step, job_);
      EXPECT_TRUE(result) << result.error().to_string();
      if (result) last = *result;
    }
    return last;
  }
  /// An answer that appends to the environment file that a GITHUB_ variable names.
  static fakes::FakeSandbox::Answer writes(const std::string& variable, const std::string& text,
                                           int code = 0) {
    fakes::FakeSandbox::Answer answer;
    answer.status.code = code;
    answer.on_start = [=](const sandbox::Command& command) {
      EXPECT_TRUE(base::append_file(command.environment.at(variable), text));
    };
    return answer;
  }
  static fakes::FakeSandbox::Answer exits(int code, const std::string& output = "") {
    fakes::FakeSandbox::Answer answer;
    answer.output = output;
    answer.status.code = code;
    return answer;
  }

  std::optional<workflow::Workflow> loaded_;
  workflow::PlannedJob planned_;
};

}  // namespace steps
