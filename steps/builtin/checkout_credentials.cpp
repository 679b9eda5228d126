#include "steps/builtin/checkout_credentials.h"

#include <fmt/format.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/strings.h"
#include "steps/job_files.h"
#include "steps/secret_masker.h"

namespace steps::builtin {

namespace {

std::string include_of(const base::Path& git_folder, const base::Path& file) {
  return fmt::format("[includeIf \"gitdir:{}\"]\n\tpath = {}\n", git_folder.lexically_normal().string(),
                     file.string());
}

}  // namespace

std::string server_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return "";
  return std::string(url.substr(0, url.find('/', scheme + 3)));
}

std::optional<CheckoutLogin> login_of_checkout(const std::string& url, const std::string& token) {
  auto server = server_of(url);
  if (token.empty() || !server.starts_with("http")) return std::nullopt;
  return CheckoutLogin{.server = std::move(server),
                       .token = token,
                       .file = fmt::format("git-credentials-{}.config", base::random_uuid())};
}

std::string config_that_includes(const CheckoutLogin& login, const RunningJob& job,
                                 const base::Path& folder) {
  // Docker actions see both elsewhere.
  return include_of(base::Path(job.folders.workspace.inside) / folder / ".git",
                    base::Path(job.folders.temp.inside) / login.file) +
         include_of(base::Path("/github/workspace") / folder / ".git",
                    base::Path("/github/runner_temp") / login.file);
}

base::Result<PostStep> persist(const CheckoutLogin& login, const ActionCall& call, RunningJob& job) {
  const auto basic = base::base64_encode("x-access-token:" + login.token);
  job.masker->add(basic);
  TRY(const auto temp, base::open_directory(job.folders.temp.host));
  TRY(create_file_for_steps(
          temp.get(), login.file,
          fmt::format("[http \"{}/\"]\n\textraheader = AUTHORIZATION: basic {}\n", login.server, basic), 0600,
          job.services->host_uid)
          .while_doing("keeping the token for git in later steps"));
  return PostStep{.name = "Post " + call.step_name,
                  .run = [file = login.file](RunningJob& ending) -> base::Result<void> {
                    TRY(const auto folder, base::open_directory(ending.folders.temp.host));
                    if (unlinkat(folder.get(), file.c_str(), 0) == 0)
                      ending.log->line(LineKind::output, "Removed the token that git had");
                    return {};
                  }};
}

}  // namespace steps::builtin
