#include "steps/prepare_actions.h"

#include <gmock/gmock.h>

#include "steps/run_steps.h"
#include "tests/unit/steps/job_fixture.h"
#include "workflow/load_workflow.h"
#include "workflow/plan.h"

namespace steps {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using workflow::expression::Object;
using workflow::expression::Value;

class PrepareActions : public JobFixture {
 protected:
  PrepareActions() {
    Object github;
    github.set("repository", Value("octo/app"));
    job_.contexts.set("github", Value(std::move(github)));
    Object origin;
    origin.set("workflow_repository", Value("octo/app"));
    origin.set("workflow_sha", Value("0123456789012345678901234567890123456789"));
    job_.contexts.set("job", Value(std::move(origin)));
    services_.fetch_action = [this](const workflow::RepositoryReference& reference,
                                    const ActionFetch&) -> base::Result<ActionRepository> {
      const std::lock_guard lock(mutex_);
      asked_.push_back(workflow::to_string(reference));
      const auto folder = root_.path() / "remote" / reference.repository;
      if (base::is_directory(folder)) return ActionRepository{folder, {}, std::string(40, 'a')};
      return base::make_error(base::ErrorKind::not_found, "no " + reference.repository);
    };
  }

  void publish(const std::string& file, std::string_view content) {
    const auto path = root_.path() / "remote" / file;
    ASSERT_TRUE(base::make_directories(path.parent_path()));
    ASSERT_TRUE(base::write_file(path, content));
  }

  void run(const std::string& steps) {
    auto loaded =
        workflow::load_workflow("ci.yml", "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n" + steps);
    for (const auto& diagnostic : loaded.diagnostics) ADD_FAILURE() << to_string(diagnostic);
    loaded_ = std::move(loaded.workflow);
    planned_.job = &loaded_->jobs.at(0);
    job_.planned = &planned_;
    const StepLogs logs{.enter = [](int) {},
                        .open = [](int) { return std::make_unique<fakes::FakeLogSink>(); }};
    if (const auto prepared = prepare_job_actions(planned_.job->steps, job_); !prepared) {
      log_.annotation({LineKind::error, prepared.error().to_string(), "", ""});
      job_.status = Conclusion::failure;
      return;
    }
    EXPECT_TRUE(run_steps(planned_.job->steps, job_, logs));
  }

  /// The scripts that node ran, in their order.
  std::vector<std::string> scripts() {
    std::vector<std::string> found;
    for (const auto& command : sandbox_.commands) found.push_back(base::Path(command.argv.back()).filename());
    return found;
  }

  std::mutex mutex_;
  std::vector<std::string> asked_;
  std::optional<workflow::Workflow> loaded_;
  workflow::PlannedJob planned_;
};

constexpr const char* kScript = "name: x\nruns: {using: node20, pre: pre.js, main: main.js, post: post.js}\n";

TEST_F(PrepareActions, RunsThePartsOfAnActionWhereTheyBelong) {
  publish("octo/act/sub/action.yml", kScript);
  run("      - uses: octo/act/sub@v2\n      - run: last\n        shell: sh {0}\n");
  ASSERT_EQ(sandbox_.commands.size(), 4U);
  EXPECT_THAT(scripts()[0], "pre.js");
  EXPECT_THAT(scripts()[1], "main.js");
  EXPECT_THAT(scripts()[3], "post.js");
  const auto& main = sandbox_.commands[1];
  EXPECT_EQ(main.argv[1], job_.folders.actions.inside + "/octo/act/v2/sub/main.js");
  EXPECT_EQ(main.environment.at("GITHUB_ACTION_REPOSITORY"), "octo/act");
  EXPECT_EQ(main.environment.at("GITHUB_ACTION_REF"), "v2");
}

TEST_F(PrepareActions, AsksForEveryRepositoryOnce) {
  publish("octo/act/action.yml", kScript);
  publish("octo/act/sub/action.yml", kScript);
  publish("octo/wrap/action.yml",
          "name: x\nruns:\n  using: composite\n  steps: [{uses: octo/act@v1}, {uses: $/inner}]\n");
  publish("octo/wrap/inner/action.yml", "name: x\nruns: {using: composite, steps: []}\n");
  run("      - uses: octo/act@v1\n      - uses: octo/act/sub@v1\n      - uses: octo/wrap@v3\n");
  EXPECT_THAT(asked_, UnorderedElementsAre("octo/act@v1", "octo/wrap@v3"));
  EXPECT_EQ(job_.status, Conclusion::success);
}

TEST_F(PrepareActions, RunsNoStepWhenOneCannotBeHad) {
  run("      - run: echo\n      - if: always()\n        uses: octo/none@v1\n");
  EXPECT_THAT(sandbox_.commands, IsEmpty());
  EXPECT_EQ(job_.status, Conclusion::failure);
  EXPECT_THAT(log_.texts(LineKind::error), ElementsAre(HasSubstr("no octo/none")));
}

TEST_F(PrepareActions, NamesWhatIsNoAction) {
  for (const std::string uses : {"octo/act@../v1", "octo/../act@v1", "octo/act/../../x@v1"}) {
    SCOPED_TRACE(uses);
    job_.status = Conclusion::success;
    log_.lines.clear();
    run("      - uses: " + uses + "\n");
    EXPECT_EQ(job_.status, Conclusion::failure);
    EXPECT_THAT(log_.texts(LineKind::error), ElementsAre(HasSubstr("names no action")));
  }
}

TEST_F(PrepareActions, TakesTheFilesOfTheWorkflowsOwnRepository) {
  publish("octo/app/mine/action.yml", kScript);
  run("      - uses: $/mine\n");
  EXPECT_THAT(asked_, ElementsAre("octo/app@0123456789012345678901234567890123456789"));
  EXPECT_THAT(scripts(), ElementsAre("pre.js", "main.js", "post.js"));
}

TEST_F(PrepareActions, PutsThePartsOfACompositeActionUnderItsName) {
  publish("octo/act/action.yml", kScript);
  publish("octo/wrap/action.yml", "name: x\nruns:\n  using: composite\n  steps: [{uses: octo/act@v1}]\n");
  run("      - name: Wrapped\n        uses: octo/wrap@v3\n      - run: exit 1\n");
  std::vector<std::string> names;
  for (const auto& [type, details] : log_.events) {
    if (type == "step_started") names.push_back(details.at("text"));
  }
  EXPECT_THAT(names, ElementsAre("Pre Wrapped", "Wrapped", "Run exit 1", "Post Wrapped"));
}

}  // namespace
}  // namespace steps
