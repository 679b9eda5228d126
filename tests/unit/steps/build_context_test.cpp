#include "steps/build_context.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "tests/unit/steps/job_fixture.h"

namespace steps {
namespace {

using testing::HasSubstr;

class BuildContextTest : public JobFixture {
 protected:
  base::Fd open_path(const base::Path& path) {
    return base::Fd(open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  static std::string content(const BuildContext& context, const char* name) {
    base::Fd file(openat(context.folder.get(), name, O_RDONLY | O_CLOEXEC));
    return file ? *base::read_all(file.get()) : "absent";
  }
};

TEST_F(BuildContextTest, IsReadInPlaceWhenItLiesInAFolderOfTheJob) {
  write("app/Dockerfile", "FROM scratch");
  auto context = admit_build_context(open_path(job_.folders.workspace.host / "app").get(), job_);
  ASSERT_TRUE(context) << context.error().to_string();
  EXPECT_FALSE(context->copy);
  EXPECT_EQ(content(*context, "Dockerfile"), "FROM scratch");
}

TEST_F(BuildContextTest, IsNeverTheRoot) {
  auto context = admit_build_context(open_path("/").get(), job_);
  ASSERT_FALSE(context);
  EXPECT_THAT(context.error().message, HasSubstr("root folder"));
}

TEST_F(BuildContextTest, IsCopiedWithTheRightsOfStepsWhenItLiesElsewhere) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can take on other ids";
  services_.host_uid = 123456;
  // The way to it is the step's; here it must be open to all.
  ASSERT_EQ(chmod(root_.path().c_str(), 0755), 0);
  const base::Path outside = make("outside").host;
  ASSERT_TRUE(base::write_file(outside / "open", "for all", 0644));
  auto context = admit_build_context(open_path(outside).get(), job_);
  ASSERT_TRUE(context) << context.error().to_string();
  EXPECT_TRUE(context->copy);
  EXPECT_EQ(content(*context, "open"), "for all");
  EXPECT_EQ(geteuid(), 0U);

  ASSERT_TRUE(base::write_file(outside / "secret", "of root", 0600));
  auto refused = admit_build_context(open_path(outside).get(), job_);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("secret"));
}

TEST_F(BuildContextTest, IsNotTakenFromSomethingThatIsNoFolder) {
  EXPECT_FALSE(admit_build_context(-1, job_).ok());
  base::Fd file(open("/etc/hostname", O_RDONLY | O_CLOEXEC));
  EXPECT_FALSE(admit_build_context(file.get(), job_).ok());
}

}  // namespace
}  // namespace steps
