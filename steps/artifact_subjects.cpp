#include "steps/artifact_subjects.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/crypto.h"
#include "base/json.h"
#include "base/strings.h"

namespace steps {
namespace {

constexpr std::string_view kFileScheme = "file://";
constexpr std::string_view kOciScheme = "oci://";
constexpr std::size_t kPieceOfSubject = 256 * 1024;

struct DigestAlgorithm {
  std::string_view name;
  std::size_t hex;
};
constexpr std::array<DigestAlgorithm, 3> kAlgorithms{{{"sha256", 64}, {"sha384", 96}, {"sha512", 128}}};

base::Error bad_entry(std::string why) {
  return base::make_error(base::ErrorKind::invalid_input, std::move(why));
}

bool starts_with_scheme(std::string_view text, std::string_view scheme) {
  return base::equals_ignoring_case(text.substr(0, scheme.size()), scheme);
}

bool has_scheme(std::string_view text) {
  const auto end = text.find("://");
  if (end == std::string_view::npos || end == 0) return false;
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return is_letter(text[0]) &&
         std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end), [&](char c) {
           return is_letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '.' || c == '-';
         });
}

/// `reference@sha256:hex` in its parts, whatever the length of the digest.
struct OciParts {
  std::string reference;
  const DigestAlgorithm* algorithm = nullptr;
  std::string hex;
};
std::optional<OciParts> oci_parts(std::string_view text) {
  const auto at = text.rfind('@');
  if (at == std::string_view::npos || at == 0) return std::nullopt;
  const auto digest = text.substr(at + 1);
  for (const auto& algorithm : kAlgorithms) {
    if (!digest.starts_with(algorithm.name) || digest.substr(algorithm.name.size(), 1) != ":") continue;
    const auto hex = base::to_lower(digest.substr(algorithm.name.size() + 1));
    if (hex.empty() || hex.find_first_not_of("0123456789abcdef") != std::string::npos) return std::nullopt;
    return OciParts{std::string(text.substr(0, at)), &algorithm, hex};
  }
  return std::nullopt;
}

base::Result<ArtifactSubject> image_subject(const OciParts& parts) {
  if (parts.hex.size() != parts.algorithm->hex) {
    return bad_entry(fmt::format("digest '{}' must be {} hex characters, got {}", parts.algorithm->name,
                                 parts.algorithm->hex, parts.hex.size()));
  }
  return ArtifactSubject{parts.reference, fmt::format("{}:{}", parts.algorithm->name, parts.hex), "oci"};
}

base::Result<std::string> digest_of(int file, const std::stop_token& stop) {
  base::Sha256 digest;
  std::string piece(kPieceOfSubject, '\0');
  while (!stop.stop_requested()) {
    const ssize_t count = ::read(file, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return base::system_error("reading it", errno);
    if (count == 0) return base::to_hex(base::as_text(digest.finish()));
    digest.update(std::string_view(piece).substr(0, static_cast<std::size_t>(count)));
  }
  return base::make_error(base::ErrorKind::cancelled, "cancelled");
}

/// A path as a Docker action sees it, as the steps of the job do.
std::string as_the_job_sees_it(const std::string& path, const JobFolders& folders) {
  for (const auto& [inside, folder] : {std::pair{"/github/workspace", &folders.workspace},
                                       std::pair{"/github/runner_temp", &folders.temp}}) {
    if (path.starts_with(std::string(inside) + "/"))
      return folder->inside + path.substr(std::string(inside).size());
  }
  return path;
}

base::Result<ArtifactSubject> file_subject(const std::string& declared, const RunningJob& job,
                                           const std::stop_token& stop) {
  const bool absolute = declared.starts_with('/');
  const auto& root = job.folders.workspace.inside;
  const auto path = base::Path(absolute ? as_the_job_sees_it(declared, job.folders) : root + "/" + declared)
                        .lexically_normal();
  const auto location = to_host(job.folders, path.string());
  if (!location) {
    return bad_entry(
        fmt::format("path '{}' is not inside a folder that the job shares with the runner and cannot be "
                    "resolved",
                    declared));
  }
  TRY(const auto folder, base::open_directory(location->folder));
  const auto file = base::open_beneath(folder.get(), location->relative, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  struct stat status {};
  if (!file || ::fstat(file->get(), &status) != 0) {
    return bad_entry(absolute
                         ? fmt::format("file '{}' does not exist", declared)
                         : fmt::format("file '{}' does not exist (relative paths are resolved against the "
                                       "workspace root '{}')",
                                       declared, root));
  }
  if (S_ISDIR(status.st_mode))
    return bad_entry(fmt::format("'{}' is a directory, not a regular file", declared));
  if (!S_ISREG(status.st_mode)) return bad_entry(fmt::format("'{}' is not a regular file", declared));
  TRY(const auto digest, digest_of(file->get(), stop));
  return ArtifactSubject{path.filename().string(), "sha256:" + digest, "file"};
}

base::Result<ArtifactSubject> subject_of(const std::string& line, const RunningJob& job,
                                         const std::stop_token& stop) {
  if (line.find('=') != std::string::npos)
    return bad_entry("entries containing '=' are reserved and not permitted");
  if (starts_with_scheme(line, kFileScheme)) {
    const auto path = line.substr(kFileScheme.size());
    if (base::trim(path).empty()) return bad_entry("file:// entries must include a path");
    return file_subject(path, job, stop);
  }
  if (starts_with_scheme(line, kOciScheme)) {
    const auto parts = oci_parts(std::string_view(line).substr(kOciScheme.size()));
    if (!parts) return bad_entry("oci:// entries must include an @sha{256,384,512}:<hex> digest");
    return image_subject(*parts);
  }
  if (has_scheme(line)) return bad_entry("unsupported URI scheme");
  const auto parts = oci_parts(line);
  if (parts && parts->hex.size() == parts->algorithm->hex) return image_subject(*parts);
  return file_subject(line, job, stop);
}

base::Error at_line(int line, const std::string& why) {
  return bad_entry(fmt::format("Invalid $GITHUB_ARTIFACTS entry on line {}: {}", line, why));
}

}  // namespace

base::Result<ArtifactSubjects::Added> ArtifactSubjects::add(const std::vector<ArtifactSubject>& subjects) {
  const std::lock_guard lock(mutex_);
  Added added;
  for (const auto& subject : subjects) {
    const auto found = subjects_.find(subject.name);
    if (found == subjects_.end()) {
      if (subjects_.size() >= kMost) {
        return at_line(subject.line,
                       fmt::format("The job has exceeded the maximum of {} declared artifacts.", kMost));
      }
      subjects_[subject.name] = subject;
      ++added.now;
    } else if (found->second.digest != subject.digest) {
      return at_line(subject.line,
                     fmt::format("Conflicting digest for artifact '{}': previously declared as '{}', "
                                 "now declared as '{}'.",
                                 subject.name, found->second.digest, subject.digest));
    }
  }
  added.all = subjects_.size();
  return added;
}

std::string ArtifactSubjects::list() const {
  const std::lock_guard lock(mutex_);
  std::string text = R"({"version":1,"subjects":[)";
  const char* separator = "";
  for (const auto& [name, subject] : subjects_) {
    text += separator;
    separator = ",";
    text += R"({"name":)";
    base::append_json_text(text, name);
    text += fmt::format(R"(,"digest":"{}","kind":"{}"}})", subject.digest, subject.kind);
  }
  return text + "]}";
}

base::Result<std::vector<ArtifactSubject>> read_artifact_subjects(std::string_view text,
                                                                  const RunningJob& job,
                                                                  const std::stop_token& stop) {
  std::vector<ArtifactSubject> subjects;
  int number = 0;
  for (const auto& raw : base::split(std::string(text), '\n')) {
    ++number;
    const std::string line(base::trim(raw));
    if (line.empty() || line.front() == '#') continue;
    auto subject = subject_of(line, job, stop);
    if (!subject) return at_line(number, subject.error().to_string());
    subject->line = number;
    subjects.push_back(std::move(*subject));
  }
  return subjects;
}

}  // namespace steps
