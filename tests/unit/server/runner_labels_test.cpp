#include "server/runner_labels.h"

#include <gmock/gmock.h>

namespace {

using server::parse_runner_label;
using server::RunnerLabel;

TEST(RunnerLabelsTest, ReadsTheFormsOfActRunner) {
  EXPECT_EQ(*parse_runner_label("ubuntu-latest"), (RunnerLabel{"ubuntu-latest", ""}));
  EXPECT_EQ(*parse_runner_label("ubuntu-latest:host"), (RunnerLabel{"ubuntu-latest", ""}));
  EXPECT_EQ(*parse_runner_label("deb:docker://debian:12-slim"), (RunnerLabel{"deb", "debian:12-slim"}));
  EXPECT_EQ(*parse_runner_label("pool:7"), (RunnerLabel{"pool:7", ""}));
}

TEST(RunnerLabelsTest, RefusesWhatNamesNoImageOrWantsLxc) {
  for (const auto* text : {"", ":host", "deb:docker", "deb:docker://", "deb:lxc", "deb:lxc://debian:12"}) {
    const auto label = parse_runner_label(text);
    ASSERT_FALSE(label) << text;
    EXPECT_EQ(label.error().kind, base::ErrorKind::invalid_input);
  }
}

TEST(RunnerLabelsTest, TakesTheImageOfTheFirstLabelThatIsKnown) {
  const std::vector<RunnerLabel> labels{{"host", ""}, {"deb", "debian:12"}};
  EXPECT_EQ(server::image_for(labels, {"gpu", "deb", "host"}), "debian:12");
  EXPECT_EQ(server::image_for(labels, {"host", "deb"}), "");
  EXPECT_EQ(server::image_for(labels, {"other"}), "");
}

}  // namespace
