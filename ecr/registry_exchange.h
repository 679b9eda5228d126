#pragma once
// One repository as a client speaks with it: addresses, tokens, redirects, what to try again. For the parts
// of registry.h; knows neither blobs nor manifests.

#include <chrono>
#include <mutex>
#include <optional>
#include <string>

#include "ecr/registry.h"

namespace ecr {

/// What one attempt tells about the next one.
struct Attempt {
  std::optional<std::chrono::milliseconds> wait;  ///< as the registry asked
  bool progressed = false;                        ///< it brought something: the count begins anew
  bool again_at_once = false;                     ///< with the new token, say
};

class RegistryExchange {
 public:
  RegistryExchange(const RegistryOptions& options, const ImageReference& target, Access access,
                   std::string base_url);

  [[nodiscard]] const RegistryOptions& options() const { return options_; }
  [[nodiscard]] const ImageReference& target() const { return target_; }
  [[nodiscard]] const std::string& base_url() const { return base_url_; }
  /// /v2/<repository>/<rest> as a URL.
  [[nodiscard]] std::string route(std::string_view rest) const;
  /// The Location of an answer as a URL that we can reach: it may be relative, or name the host that an
  /// endpoint stands in for.
  [[nodiscard]] std::string located(const std::string& location, std::string_view asked) const;

  /// One exchange: authorization, one answer to a challenge, redirects of reads. A body that is read from a
  /// source cannot be sent twice: then a new token is an error that tells to try again at once.
  base::Result<base::HttpResponse> send(base::HttpRequest request, Attempt& attempt);
  /// The error for an answer that was not expected; notes how long the registry wants us to wait.
  base::Error failed(std::string_view doing, const base::HttpResponse& response, Attempt& attempt) const;

  /// Repeats what `once` does while its fault is one that passes.
  template <typename Function>
  auto with_retries(Function once) -> decltype(once(std::declval<Attempt&>())) {
    int failures = 0;
    int renewals = 0;
    while (true) {
      Attempt attempt;
      auto result = once(attempt);
      if (result || result.error().kind != base::ErrorKind::unavailable) return result;
      if (attempt.again_at_once && ++renewals <= kMostRenewals) continue;
      failures = attempt.progressed ? 1 : failures + 1;
      if (failures >= options_.attempts || (attempt.wait && *attempt.wait > kLongestAskedWait)) return result;
      if (auto waited = wait(failures, attempt); !waited) return std::move(waited).error();
    }
  }

 private:
  static constexpr int kMostRenewals = 3;
  static constexpr std::chrono::minutes kLongestAskedWait{5};
  base::Result<void> wait(int failures, const Attempt& attempt) const;
  base::Result<bool> answer(const std::string& challenge, const std::string& used);

  RegistryOptions options_;
  ImageReference target_;
  Access access_;
  std::string base_url_;
  base::TlsOptions tls_;
  std::mutex mutex_;
  std::string authorization_;
};

}  // namespace ecr
