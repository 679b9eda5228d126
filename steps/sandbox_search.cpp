#include "steps/sandbox_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/strings.h"
#include "steps/glob_pattern.h"
#include "steps/streamed_process.h"

namespace steps {
namespace {

using Names = std::vector<std::string>;

constexpr std::size_t kMostOutput = 256U << 20;

// What find says: `d` or `f` and the path, ended by NUL; broken links are neither. In words that busybox
// knows as well.
constexpr const char* kFind = R"(exec find -L "$@" -exec printf 'd%s\0' {} + -o -exec printf 'f%s\0' {} +)";

std::string path_of(const Names& names) {
  return "/" + base::join(names, "/");
}

class SandboxSearch {
 public:
  SandboxSearch(RunningJob& job, const SearchRequest& request, std::vector<GlobPattern> patterns)
      : job_(job), request_(request), patterns_(std::move(patterns)) {}

  base::Result<SearchResult> run() {
    SearchResult result;
    Names flat;
    Names deep;
    for (const auto& names : search_paths_of(patterns_)) {
      result.search_paths.push_back(path_of(names));
      (is_deep(names) ? deep : flat).push_back(path_of(names));
    }
    TRY(look(flat, "1"));
    TRY(look(deep, ""));
    std::sort(found_.begin(), found_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (auto& [names, path] : found_) result.paths.push_back(std::move(path));
    return result;
  }

 private:
  // Whether a pattern asks for more than that path itself.
  [[nodiscard]] bool is_deep(const Names& names) const {
    return std::any_of(patterns_.begin(), patterns_.end(), [&](const GlobPattern& pattern) {
      return !pattern.excludes && pattern.segments.size() > names.size() &&
             pattern.search_path.size() >= names.size() &&
             std::equal(names.begin(), names.end(), pattern.search_path.begin());
    });
  }

  base::Result<void> look(const Names& paths, std::string_view flat) {
    if (paths.empty()) return {};
    sandbox::Command command;
    command.argv = {"sh", "-c", kFind, "find"};
    command.argv.insert(command.argv.end(), paths.begin(), paths.end());
    if (!flat.empty()) command.argv.insert(command.argv.end(), {"-maxdepth", "0"});
    if (!request_.hidden) command.argv.insert(command.argv.end(), {"-name", ".?*", "-prune", "-o"});
    command.argv.insert(command.argv.end(), {"-type", "l", "-o", "-type", "d"});
    command.environment = request_.environment;
    command.directory = job_.folders.workspace.inside;
    std::string rest;
    std::size_t total = 0;
    const auto take = [&](std::string_view bytes) -> base::Result<void> {
      if ((total += bytes.size()) > kMostOutput)
        return base::invalid_input("too many files: their names come to more than 256 MiB");
      rest.append(bytes);
      std::size_t from = 0;
      for (std::size_t end = 0; (end = rest.find('\0', from)) != std::string::npos; from = end + 1)
        add(std::string_view(rest).substr(from, end - from));
      rest.erase(0, from);
      return {};
    };
    TRY(const auto end,
        run_streamed(*job_.sandbox, std::move(command), {.output = take, .stop = request_.stop})
            .while_doing("looking for files"));
    // 1 is also what is not there, or may not be read.
    if (end.status.shell_code() <= 1) return {};
    return base::make_error(
        base::ErrorKind::internal,
        fmt::format("looking for files failed with exit code {}: {}", end.status.shell_code(), end.errors));
  }

  void add(std::string_view line) {
    if (line.size() < 2) return;
    const bool is_directory = line.front() == 'd';
    auto names = names_of(line.substr(1));
    const auto verdict = match_globs(patterns_, names);
    if (!(is_directory ? verdict.as_directory : verdict.as_file)) return;
    auto path = path_of(names);
    if (!seen_.insert(path).second) return;
    found_.emplace_back(std::move(names), FoundPath{std::move(path), is_directory});
  }

  RunningJob& job_;
  const SearchRequest& request_;
  const std::vector<GlobPattern> patterns_;
  std::vector<std::pair<Names, FoundPath>> found_;
  std::set<std::string> seen_;
};

}  // namespace

base::Result<SearchResult> search_sandbox(RunningJob& job, const SearchRequest& request) {
  const auto home = request.environment.find("HOME");
  TRY(auto patterns, parse_glob_patterns(request.patterns, job.folders.workspace.inside,
                                         home == request.environment.end() ? "/" : home->second));
  if (!request.below_matches) std::erase_if(patterns, [](const GlobPattern& one) { return one.implied; });
  return SandboxSearch(job, request, std::move(patterns)).run();
}

}  // namespace steps
