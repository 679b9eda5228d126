#include "steps/docker_archive.h"
#include "steps/docker_rows.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "base/json.h"
#include "base/strings.h"
#include "ecr/compression.h"
#include "ecr/image_archive.h"
#include "ecr/image_history.h"
#include "steps/stored_images.h"

namespace steps {

namespace {

using base::Result;

constexpr std::size_t kArchivePiece = 256 * 1024;
constexpr std::uint64_t kLargestArchive = 64ULL << 30;
constexpr std::size_t kShownCommand = 45;

/// A file is read where it is; what comes through a pipe, whose end nobody knows, is kept first.
Result<base::Path> archive_of(const DockerCall& call, const base::Path& room) {
  struct stat status {};
  if (call.input < 0 || ::fstat(call.input, &status) != 0)
    return base::invalid_input("docker load: no archive came; give it with -i or on stdin");
  if (S_ISREG(status.st_mode)) return base::Path(fmt::format("/proc/self/fd/{}", call.input));
  const auto path = room / "archive";
  const base::Fd copy(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!copy) return base::system_error("keeping the archive", errno);
  std::uint64_t total = 0;
  TRY(each_piece(call.input, call.stop, [&](std::string_view bytes) -> Result<void> {
    total += bytes.size();
    if (total > kLargestArchive)
      return base::invalid_input("docker load: the archive is larger than " +
                                 base::format_bytes(kLargestArchive));
    return base::write_all(copy.get(), bytes);
  }));
  return path;
}

base::Json row_of(const ecr::ImageStep& step, const std::string& id) {
  return {{"ID", id},
          {"CreatedAt", step.entry.created},
          {"CreatedSince", step.entry.created},
          {"CreatedBy", step.entry.created_by},
          {"Size", step.layer ? base::format_bytes(step.layer->size) : "0B"},
          {"Comment", step.entry.comment}};
}

}  // namespace

Result<void> each_piece(int fd, const std::stop_token& stop,
                        const std::function<Result<void>(std::string_view)>& take) {
  std::vector<char> buffer(kArchivePiece);
  const auto source = ecr::read_from(fd);
  while (true) {
    if (stop.stop_requested()) return base::make_error(base::ErrorKind::cancelled, "the front has gone");
    TRY(const auto count, source(buffer.data(), buffer.size()));
    if (count == 0) return {};
    TRY(take({buffer.data(), count}));
  }
}

Result<DockerAnswer> docker_save(const DockerCall& call, RunningJob& job) {
  auto& store = *job.services->images;
  for (const auto& name : call.command.operands) {
    if (!store.resolve(name))
      return base::invalid_input("Error response from daemon: reference does not exist: " + name);
  }
  TRY(const auto room, store.make_temp_dir("save"));
  TRY(ecr::save_images(store, call.command.operands, room.path() / "archive"));
  const base::Fd archive(::open((room.path() / "archive").c_str(), O_RDONLY | O_CLOEXEC));
  if (!archive) return base::system_error("reading the archive", errno);
  TRY(each_piece(archive.get(), call.stop, [&](std::string_view bytes) -> Result<void> {
    call.print(bytes);
    return {};
  }));
  return DockerAnswer{};
}

Result<DockerAnswer> docker_load(const DockerCall& call, RunningJob& job) {
  auto& store = *job.services->images;
  TRY(const auto room, store.make_temp_dir("load"));
  TRY(const auto archive, archive_of(call, room.path()));
  TRY(const auto names, ecr::load_image(store, archive));
  for (const auto& name : names)
    call.print(
        fmt::format("Loaded image{}: {}\n", name.starts_with("sha256:") ? " ID" : "", familiar_name(name)));
  return DockerAnswer{};
}

Result<DockerAnswer> docker_history(const DockerCall& call, RunningJob& job) {
  const auto& command = call.command;
  TRY(const auto image, find_stored_image(command.operands[0], *job.services->images));
  const auto whole = image.manifest.config.digest;
  std::string id = command.whole ? whole.to_string() : whole.hex().substr(0, 12);
  if (!command.quiet && command.format.empty())
    call.print(
        fmt::format("{:<14} {:<22} {:<46} {:<10} {}\n", "IMAGE", "CREATED", "CREATED BY", "SIZE", "COMMENT"));
  FormattedRows formatted(call, {{"ID", "IMAGE"},
                                 {"CreatedAt", "CREATED AT"},
                                 {"CreatedSince", "CREATED"},
                                 {"CreatedBy", "CREATED BY"},
                                 {"Size", "SIZE"},
                                 {"Comment", "COMMENT"}});
  for (const auto& step : ecr::history_of(image)) {
    auto row = row_of(step, id);
    // Only the last step is an image here.
    id = "<missing>";
    auto shown = step.entry.created_by;
    if (!command.whole && shown.size() > kShownCommand)
      shown = std::string(base::clipped(shown, kShownCommand - 3)) + "…";
    if (command.quiet) {
      call.print(base::json_string(row, "ID") + "\n");
    } else if (command.format.empty()) {
      call.print(fmt::format("{:<14} {:<22} {:<46} {:<10} {}\n", base::json_string(row, "ID"),
                             step.entry.created, shown, base::json_string(row, "Size"), step.entry.comment));
    } else {
      row["CreatedBy"] = shown;
      TRY(formatted.add(row));
    }
  }
  TRY(formatted.finish());
  return DockerAnswer{};
}

}  // namespace steps
