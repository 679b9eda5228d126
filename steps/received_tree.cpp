#include "steps/received_tree.h"

#include <unistd.h>

#include <csignal>
#include <utility>

#include "ecr/compression.h"
#include "ecr/tree_unpacker.h"

namespace steps {

using base::Result;

Result<std::unique_ptr<ReceivedTree>> ReceivedTree::begin(base::Fd folder, AdaptEntry adapt) {
  ::signal(SIGPIPE, SIG_IGN);  // an unpacker that gave up is an error of a write
  std::unique_ptr<ReceivedTree> tree(new ReceivedTree);
  TRY(tree->pipe_, base::make_pipe());
  tree->unpacker_ =
      std::thread([raw = tree.get(), into = std::move(folder), adapt = std::move(adapt)]() mutable {
        base::TarReader tar(ecr::read_from(raw->pipe_.read.get()), base::ArchiveInput::tar);
        raw->unpacked_ =
            ecr::unpack_tree(tar, std::move(into), {.names = ecr::TreeNames::plain, .adapt = adapt});
        raw->pipe_.read.reset();
      });
  return tree;
}

ReceivedTree::~ReceivedTree() {
  (void)finish().ok();
}

Result<void> ReceivedTree::write(std::string_view bytes) {
  return base::write_all(pipe_.write.get(), bytes);
}

Result<void> ReceivedTree::finish() {
  pipe_.write.reset();
  if (unpacker_.joinable()) unpacker_.join();
  return unpacked_;
}

Result<base::Json> ask_for_tree(const DockerQuestion& question, base::Fd folder, AdaptEntry adapt) {
  TRY(const auto tree, ReceivedTree::begin(std::move(folder), std::move(adapt)));
  auto answer = ask_docker(question, [&](FrameKind kind, std::string_view bytes) {
    return kind == FrameKind::error ? base::write_all(STDERR_FILENO, bytes) : tree->write(bytes);
  });
  TRY(tree->finish());
  return answer;
}

}  // namespace steps
