#include "steps/build_front.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

#include "base/files.h"
#include "steps/received_tree.h"

namespace steps {
namespace {

using base::Result;

Result<base::Json> receive_folder(const DockerQuestion& question, const BuildOutput& output) {
  TRY(base::make_directories(output.destination));
  TRY(auto folder, base::open_directory(output.destination));
  // They become the step's own, as with docker: whose they are in the image is nobody's matter here.
  return ask_for_tree(question, std::move(folder),
                      [](base::ArchiveEntry& entry) { entry.uid = entry.gid = 0; });
}

/// Made by the first bytes that come: a build that fails leaves the file of the one before.
class OutputFile {
 public:
  explicit OutputFile(const std::string& path) : path_(path) {}
  Result<void> write(std::string_view bytes) {
    if (path_ == "-") return base::write_all(STDOUT_FILENO, bytes);
    if (!file_) file_.reset(::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!file_ && errno == EISDIR)
      return base::invalid_input(fmt::format("--output: destination directory {} is a directory", path_));
    if (!file_) return base::system_error("open " + path_, errno);
    return base::write_all(file_.get(), bytes);
  }

 private:
  const std::string& path_;
  base::Fd file_;
};

}  // namespace

Result<base::Json> ask_for_output(const DockerQuestion& question, const BuildOutput& output) {
  if (output.kind == BuildOutput::Kind::folder) return receive_folder(question, output);
  const std::string standard_output = "-";
  OutputFile file(is_streamed(output) ? output.destination : standard_output);
  return ask_docker(question, [&file](FrameKind kind, std::string_view bytes) {
    return kind == FrameKind::error ? base::write_all(STDERR_FILENO, bytes) : file.write(bytes);
  });
}

}  // namespace steps
