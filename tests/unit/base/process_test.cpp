#include "base/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "base/strings.h"
#include "tests/unit/base/folder_fixture.h"

namespace base {
namespace {

using std::chrono::milliseconds;

ProcessOptions shell(const std::string& script) {
  return {.argv = {"/bin/sh", "-c", script}};
}

/// What it wrote; why it did not when it did not.
std::string output_of(const Result<ProcessResult>& result) {
  return result.ok() ? result->output : result.error().to_string();
}

struct EndCase {
  const char* name;
  const char* script;
  int code;
};
void PrintTo(const EndCase& given, std::ostream* out) {
  *out << "'" << given.script << "'";
}

class ProcessEnd : public testing::TestWithParam<EndCase> {};

TEST_P(ProcessEnd, IsToldAsAShellTellsIt) {
  const auto result = run_process(shell(GetParam().script));
  ASSERT_TRUE(result.ok()) << result.error().to_string();
  EXPECT_EQ(result->exit_code, GetParam().code);
}

INSTANTIATE_TEST_SUITE_P(, ProcessEnd,
                         testing::Values(EndCase{"Success", "exit 0", 0}, EndCase{"Failure", "exit 1", 1},
                                         EndCase{"TheLastCode", "exit 255", 255},
                                         EndCase{"Killed", "kill -KILL $$", 128 + SIGKILL},
                                         EndCase{"Terminated", "kill -TERM $$", 128 + SIGTERM},
                                         EndCase{"ABrokenPipe", "kill -PIPE $$", 128 + SIGPIPE}),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST(Process, CollectsBothOutputsInOrder) {
  const auto result = run_process(shell("echo out; echo err >&2; printf 'no end'"));
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->output, "out\nerr\nno end");
}

TEST(Process, GivesOutputAsItComesAndThenCollectsNone) {
  std::string seen;
  auto options = shell("echo one; echo two");
  options.on_output = [&](std::string_view piece) { seen += piece; };
  const auto result = run_process(options);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(seen, "one\ntwo\n");
  EXPECT_EQ(result->output, "");
}

TEST(Process, HoldsNoMoreOutputThanItsLimit) {
  const auto result = run_process({.argv = {"head", "-c", "70000000", "/dev/zero"}});
  ASSERT_TRUE(result.ok()) << result.error().to_string();
  EXPECT_EQ(result->exit_code, 0);
  EXPECT_EQ(result->output.size(), 64U << 20);
}

TEST(Process, CarriesLargeInputAndOutputAtOnce) {
  std::string much;
  for (int i = 0; much.size() < (2U << 20); ++i) much += std::to_string(i) + "\n";
  const auto result = run_process({.argv = {"cat"}, .input = much});
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(result->output == much);
}

TEST(Process, SurvivesAProgramThatReadsNoInput) {
  const auto result = run_process({.argv = {"true"}, .input = std::string(1U << 20, 'x')});
  ASSERT_TRUE(result.ok()) << result.error().to_string();
  EXPECT_EQ(result->exit_code, 0);
  sigset_t pending;
  ::sigpending(&pending);
  EXPECT_EQ(sigismember(&pending, SIGPIPE), 0) << "the signal must not wait for us";
}

TEST(Process, HasAnEndOfInputWithoutInput) {
  EXPECT_EQ(output_of(run_process(shell("wc -c"))), "0\n");
}

TEST(Process, HasExactlyTheEnvironmentItWasGiven) {
  ASSERT_EQ(::setenv("PROCESS_TEST_SECRET", "x", 1), 0);
  const auto given = run_process(
      {.argv = {"/usr/bin/env"}, .environment = std::vector<std::string>{"A=1", "EMPTY=", "B=x y=z"}});
  EXPECT_EQ(output_of(given), "A=1\nEMPTY=\nB=x y=z\n");
  const auto none = run_process({.argv = {"/usr/bin/env"}, .environment = std::vector<std::string>()});
  EXPECT_EQ(output_of(none), "");
  const auto own = run_process({.argv = {"/usr/bin/env"}});
  EXPECT_NE(output_of(own).find("PROCESS_TEST_SECRET=x\n"), std::string::npos);
  ::unsetenv("PROCESS_TEST_SECRET");
}

TEST(Process, InheritsNoDescriptor) {
  const Fd leaky(::open("/dev/null", O_RDONLY));  // without close-on-exec, as a library may have it
  const Fd high(::fcntl(leaky.get(), F_DUPFD, 200));
  ASSERT_TRUE(static_cast<bool>(high));
  const auto result = run_process({.argv = {"ls", "/proc/self/fd"}});
  EXPECT_EQ(output_of(result), "0\n1\n2\n3\n") << "3 is ls's own";
}

TEST(Process, InheritsNoHeldBackOrIgnoredSignal) {
  sigset_t held;
  sigset_t before;
  ::sigemptyset(&held);
  ::sigaddset(&held, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &held, &before);
  struct sigaction ignore {};
  struct sigaction was {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, &was);
  const auto result = run_process({.argv = {"grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"}});
  ::sigaction(SIGPIPE, &was, nullptr);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ASSERT_TRUE(result.ok());
  EXPECT_NE(result->output.find("SigBlk:\t0000000000000000"), std::string::npos) << result->output;
  const auto ignored = result->output.substr(result->output.find("SigIgn:\t") + 8, 16);
  EXPECT_EQ(std::stoull(ignored, nullptr, 16) & (1U << (SIGPIPE - 1)), 0U) << result->output;
}

TEST(Process, StopsAtItsTimeLimit) {
  auto options = shell("exec sleep 300");
  options.timeout = milliseconds(20);
  const auto result = run_process(options);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().kind, ErrorKind::cancelled);
  EXPECT_EQ(result.error().message, "/bin/sh took longer than 20ms");
}

TEST(Process, HasNoTimeAtAllWhenItIsOver) {
  auto options = shell("exec sleep 300");
  options.timeout = milliseconds(-1);
  EXPECT_FALSE(run_process(options).ok());
}

TEST(Process, MayTakeAsLongAsATimeCanBe) {
  auto options = shell("echo up");
  options.timeout = std::chrono::milliseconds::max();
  EXPECT_EQ(output_of(run_process(options)), "up\n");
}

TEST(Process, StopsWhenItIsAskedTo) {
  std::stop_source stop;
  auto options = shell("echo up; exec sleep 300");
  options.stop = stop.get_token();
  options.on_output = [&](std::string_view) { stop.request_stop(); };
  const auto result = run_process(options);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().kind, ErrorKind::cancelled);
  EXPECT_EQ(result.error().message, "/bin/sh was cancelled");
}

using ProcessFiles = FolderTest;

TEST_F(ProcessFiles, TakesItsChildrenWithItWhenItIsStopped) {
  // Who holds the other end of the FIFO lives; its end of file says that nobody does any more.
  ASSERT_EQ(::mkfifo(at("alive").c_str(), 0600), 0);
  const Fd alive(::open(at("alive").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  ASSERT_EQ(::fcntl(alive.get(), F_SETFL, 0), 0);
  std::stop_source stop;
  auto options = shell("exec 3> " + at("alive").string() + "; (trap '' TERM HUP; sleep 300) & echo up; wait");
  options.stop = stop.get_token();
  options.on_output = [&](std::string_view) { stop.request_stop(); };
  EXPECT_FALSE(run_process(options).ok());
  EXPECT_EQ(read_all(alive.get()).value_or("failed"), "");
}

TEST_F(ProcessFiles, LeavesNoChildBehindWhenItEnds) {
  ASSERT_EQ(::mkfifo(at("alive").c_str(), 0600), 0);
  const Fd alive(::open(at("alive").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  ASSERT_EQ(::fcntl(alive.get(), F_SETFL, 0), 0);
  const auto result = run_process(
      shell("exec 3> " + at("alive").string() + "; sleep 300 & echo up"));  // it keeps our pipe open
  EXPECT_EQ(output_of(result), "up\n");
  EXPECT_EQ(read_all(alive.get()).value_or("failed"), "");
}

TEST(Process, EndsThoughAChildWritesForEver) {
  const auto result = run_process(shell("yes & exit 3"));
  ASSERT_TRUE(result.ok()) << result.error().to_string();
  EXPECT_EQ(result->exit_code, 3);
}

TEST_F(ProcessFiles, StartsWhereItIsTold) {
  auto options = shell("pwd -P");
  options.directory = folder_.path();
  EXPECT_EQ(output_of(run_process(options)), std::filesystem::canonical(folder_.path()).string() + "\n");
}

TEST_F(ProcessFiles, NamesTheFolderThatIsNotThere) {
  auto options = shell("true");
  options.directory = at("absent");
  const auto result = run_process(options);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().kind, ErrorKind::not_found);
  EXPECT_EQ(result.error().message, "cannot start /bin/sh: there is no folder " + at("absent").string());
}

TEST_F(ProcessFiles, NamesTheProgramThatCannotStart) {
  EXPECT_EQ(run_process({}).error().kind, ErrorKind::invalid_input);
  const auto absent = run_process({.argv = {"no-such-program"}});
  ASSERT_FALSE(absent.ok());
  EXPECT_EQ(absent.error().kind, ErrorKind::not_found);
  EXPECT_EQ(absent.error().message, "the program no-such-program is not on PATH");
  const auto broken = put("broken",
                          "\x7f"
                          "ELF and no more",
                          0755);
  const auto result = run_process({.argv = {broken.string()}});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().message, "cannot start " + broken.string() + ": Exec format error");
}

TEST_F(ProcessFiles, FindsAProgramInTheOrderOfThePath) {
  (void)put("first/tool", "", 0755);
  (void)put("second/tool", "", 0755);
  (void)put("first/plain", "", 0644);
  (void)put("second/plain", "", 0755);
  ASSERT_TRUE(make_directories(at("first/folder")).ok());
  const std::string path = at("absent").string() + ":" + at("first").string() + ":" + at("second").string();
  EXPECT_EQ(find_program("tool", path), at("first/tool"));
  EXPECT_EQ(find_program("plain", path), at("second/plain")) << "what cannot be executed is passed over";
  EXPECT_EQ(find_program("folder", path), std::nullopt);
  EXPECT_EQ(find_program("absent", path), std::nullopt);
  EXPECT_EQ(find_program(at("first/tool").string(), "/nowhere"), at("first/tool"));
  EXPECT_EQ(find_program(at("first/plain").string()), std::nullopt);
}

TEST(FindProgram, LooksOnOurOwnPathWhenNoneIsGiven) {
  const auto shell_path = find_program("sh");
  ASSERT_TRUE(shell_path.has_value());
  EXPECT_TRUE(shell_path->is_absolute());
}

}  // namespace
}  // namespace base
