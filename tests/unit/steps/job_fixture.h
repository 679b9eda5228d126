#pragma once
// A RunningJob with real folders, a fake sandbox and a fake log: what most tests of this room start from. The
// folders are the same inside and outside, since the fake sandbox starts nothing.

#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "base/files.h"
#include "steps/running_job.h"
#include "steps/secret_masker.h"
#include "tests/fakes/fake_log_sink.h"
#include "tests/fakes/fake_sandbox.h"

namespace steps {

class JobFixture : public testing::Test {
 protected:
  JobFixture() : root_(std::move(*base::TempDir::create("steps-test"))) {
    job_.folders.workspace = make("workspace");
    job_.folders.temp = make("temp");
    job_.folders.file_commands = make("file_commands");
    job_.folders.actions = make("actions");
    job_.folders.tool_cache = make("tools");
    job_.folders.scratch = make("scratch").host;
    services_.host_uid = getuid();
    job_.sandbox = &sandbox_;
    job_.masker = &masker_;
    job_.log = &log_;
    job_.services = &services_;
  }

  SharedFolder make(const std::string& name) {
    const base::Path path = root_.path() / name;
    EXPECT_TRUE(base::make_directories(path));
    return {path, path.string()};
  }
  void write(const std::string& relative, std::string_view content) {
    const base::Path path = job_.folders.workspace.host / relative;
    EXPECT_TRUE(base::make_directories(path.parent_path()));
    EXPECT_TRUE(base::write_file(path, content));
  }

  base::TempDir root_;
  fakes::FakeSandbox sandbox_;
  fakes::FakeLogSink log_;
  SecretMasker masker_;
  JobServices services_;
  RunningJob job_;
};

}  // namespace steps
