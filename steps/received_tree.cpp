#include "steps/received_tree.h"

#include <unistd.h>

#include <csignal>
#include <thread>

#include "ecr/compression.h"
#include "ecr/tree_unpacker.h"

namespace steps {

using base::Result;

Result<base::Json> ask_for_tree(const DockerQuestion& question, base::Fd folder,
                                const std::function<void(base::ArchiveEntry& entry)>& adapt) {
  ::signal(SIGPIPE, SIG_IGN);  // an unpacker that gave up is an error of a write
  TRY(auto pipe, base::make_pipe());
  Result<void> unpacked;
  std::thread unpacker([&] {
    base::TarReader tar(ecr::read_from(pipe.read.get()), base::ArchiveInput::tar);
    unpacked = ecr::unpack_tree(tar, std::move(folder), {.names = ecr::TreeNames::plain, .adapt = adapt});
    pipe.read.reset();
  });
  auto answer = ask_docker(question, [&](FrameKind kind, std::string_view bytes) {
    return base::write_all(kind == FrameKind::error ? STDERR_FILENO : pipe.write.get(), bytes);
  });
  pipe.write.reset();
  unpacker.join();
  if (!unpacked) return std::move(unpacked).error();
  return answer;
}

}  // namespace steps
