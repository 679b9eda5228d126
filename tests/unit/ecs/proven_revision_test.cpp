#include "ecs/proven_revision.h"

#include "tests/unit/ecs/ecs_fixture.h"

namespace ecs {
namespace {

using base::Json;
using testing::HasSubstr;

class ProvenRevisionTest : public EcsFixture {
 protected:
  base::Result<std::string> find(const std::string& but_not) {
    aws::Client client = make_client();
    return last_proven_definition(client, "production", service_, but_not);
  }
  static Json revision(const std::string& definition) {
    return {{"serviceRevisions", {{{"taskDefinition", definition}}}}};
  }
  Service service_;
};

TEST_F(ProvenRevisionTest, IsTheNewestThatSucceededAndIsAnother) {
  will_answer("ListServiceDeployments",
              {{"serviceDeployments",
                {{{"serviceDeploymentArn", "arn:sd/3"}, {"targetServiceRevisionArn", "arn:sr/3"}},
                 {{"serviceDeploymentArn", "arn:sd/2"}, {"targetServiceRevisionArn", "arn:sr/2"}}}}});
  will_answer("DescribeServiceRevisions", revision("items:3"));
  will_answer("DescribeServiceRevisions", revision("items:2"));
  const auto found = find("items:3");
  ASSERT_TRUE(found) << found.error().to_string();
  EXPECT_EQ(*found, "items:2");
  EXPECT_EQ(sent("ListServiceDeployments").at(0)["status"], (Json{"SUCCESSFUL"}));
}

TEST_F(ProvenRevisionTest, WithoutRecordsItIsWhatTheServiceStillShows) {
  service_.deployments.push_back({.id = "b", .task_definition_arn = "items:3", .rollout_state = "FAILED"});
  service_.deployments.push_back({.id = "a", .task_definition_arn = "items:2", .rollout_state = "COMPLETED"});
  EXPECT_EQ(*find("items:3"), "items:2");
  EXPECT_THAT(find("items:2").error().message, HasSubstr("--to FAMILY:REVISION"));
}

}  // namespace
}  // namespace ecs
