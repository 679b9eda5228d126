#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>

#include "base/clock.h"
#include "base/fd.h"
#include "sandbox/sandbox.h"

namespace sandbox {

namespace {

using base::Result;

constexpr std::size_t kMostOutput = 1U << 20;
constexpr int kMostPiecesAfterEnd = 64;  // a pipe holds 64 KiB, in pages that may be nearly empty

// Adds what is there; false at the end.
bool collect(int fd, std::string& output) {
  char buffer[16 * 1024];
  const ssize_t count = ::read(fd, buffer, sizeof buffer);
  if (count > 0)
    output.append(buffer, std::min(static_cast<std::size_t>(count), kMostOutput - output.size()));
  return count > 0;
}

}  // namespace

Result<Finished> run_to_end(Sandbox& sandbox, Command command, int timeout_seconds) {
  TRY(auto output, base::make_pipe());
  command.output = output.write.get();
  command.error = output.write.get();
  TRY(auto process, sandbox.start(command));
  output.write.reset();
  Finished finished;
  const auto deadline = base::SteadyTime::clock::now() + std::chrono::seconds(timeout_seconds);
  bool open = true;
  // What its children still write after its end could be without end: only what the pipe holds is its own.
  for (int pieces_after_end = 0; pieces_after_end < kMostPiecesAfterEnd;) {
    const auto rest =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - base::SteadyTime::clock::now())
            .count();
    if (rest <= 0) {
      (void)sandbox.signal(process.id, SIGKILL, SignalTarget::process_group);
      (void)sandbox.wait(process);
      return base::make_error(base::ErrorKind::cancelled,
                              fmt::format("{} took longer than {} s", command.argv[0], timeout_seconds));
    }
    pollfd watched[2] = {{process.ended.get(), POLLIN, 0}, {output.read.get(), POLLIN, 0}};
    if (::poll(watched, open ? 2 : 1, static_cast<int>(std::min<long long>(rest, 60'000))) < 0) continue;
    const bool ended = watched[0].revents != 0;
    const bool readable = open && watched[1].revents != 0;
    if (readable) open = collect(output.read.get(), finished.output);
    if (ended && !readable) break;
    if (ended) ++pieces_after_end;
  }
  TRY(finished.status, sandbox.wait(process));
  return finished;
}

}  // namespace sandbox
