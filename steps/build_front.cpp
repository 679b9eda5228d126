#include "steps/build_front.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/files.h"
#include "base/strings.h"
#include "steps/received_tree.h"

namespace steps {
namespace {

using base::Result;

/// Made by the first bytes that come: a build that fails leaves the file of the one before.
class OutputFile {
 public:
  explicit OutputFile(std::string path) : path_(std::move(path)) {}
  Result<void> write(std::string_view bytes) {
    if (path_ == "-") return base::write_all(STDOUT_FILENO, bytes);
    if (!file_) file_.reset(::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!file_ && errno == EISDIR)
      return base::invalid_input(fmt::format("--output: destination directory {} is a directory", path_));
    if (!file_) return base::system_error("open " + path_, errno);
    return base::write_all(file_.get(), bytes);
  }

 private:
  std::string path_;
  base::Fd file_;
};

/// One output after the other, each begun by the service.
class ReceivedOutputs {
 public:
  explicit ReceivedOutputs(const std::vector<BuildOutput>& outputs) : outputs_(outputs) {}

  Result<void> take(FrameKind kind, std::string_view bytes) {
    if (kind == FrameKind::error) return base::write_all(STDERR_FILENO, bytes);
    if (kind == FrameKind::begin) return begin(bytes);
    if (tree_) return tree_->write(bytes);
    return file_.write(bytes);
  }

  Result<void> finish() {
    const auto tree = std::move(tree_);
    return tree ? tree->finish() : Result<void>();
  }

 private:
  Result<void> begin(std::string_view number) {
    TRY(finish());
    const auto which = base::parse_integer(number);
    if (!which || *which < 0 || static_cast<std::size_t>(*which) >= outputs_.size())
      return base::make_error(base::ErrorKind::internal, "docker: the runner begins an output that is none");
    const BuildOutput& output = outputs_[static_cast<std::size_t>(*which)];
    if (output.kind != BuildOutput::Kind::folder) {
      file_ = OutputFile(output.destination);
      return {};
    }
    TRY(base::make_directories(output.destination));
    TRY(auto folder, base::open_directory(output.destination));
    // They become the step's own, as with docker: whose they are in the image is nobody's matter here.
    TRY(tree_, ReceivedTree::begin(std::move(folder), [](auto& entry) { entry.uid = entry.gid = 0; }));
    return {};
  }

  const std::vector<BuildOutput>& outputs_;
  OutputFile file_{"-"};
  std::unique_ptr<ReceivedTree> tree_;
};

}  // namespace

Result<base::Json> ask_for_outputs(const DockerQuestion& question, const std::vector<BuildOutput>& outputs) {
  ReceivedOutputs received(outputs);
  auto answer = ask_docker(
      question, [&](FrameKind kind, std::string_view bytes) { return received.take(kind, bytes); });
  TRY(received.finish());
  return answer;
}

}  // namespace steps
