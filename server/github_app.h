#pragma once
// A GitHub App as GitHub knows it: a token signed by its key for what the App itself may ask, and tokens of
// an hour for one repository, with no more rights than reports need (docs "Authenticating as a GitHub App
// installation"). Not for what is done with them (report_sender).

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/http_client.h"
#include "base/json_fwd.h"
#include "base/result.h"

namespace server {

/// What a token may write. One that asks for a right that the App has not is refused whole.
enum class GithubRight { checks, deployments };

struct GithubAppOptions {
  std::string client_id;  ///< or the App's number, as text
  std::string api = "https://api.github.com";
  base::HttpClient* http = nullptr;
  base::Clock* clock = nullptr;  ///< the system's when absent
};

class GithubApp {
 public:
  GithubApp(GithubAppOptions options, base::RsaKey key);

  /// For `owner/name`: of the App's installation there, with that one right, as long as it has ten minutes
  /// left. denied: the App is not installed, or its key is wrong. Secret.
  base::Result<std::string> token_for(const std::string& repository, GithubRight right);
  /// GitHub did not take it: the next one is fetched anew.
  void forget_token(const std::string& repository, GithubRight right);
  /// For what the App itself may ask, for nine minutes. Secret.
  base::Result<std::string> app_token();

 private:
  struct Token {
    std::string text;
    double until = 0;  ///< epoch seconds
  };
  base::Result<base::Json> ask(const std::string& method, const std::string& path, const std::string& body);
  base::Result<Token> fetch_token(const std::string& repository, GithubRight right);
  [[nodiscard]] double now() const;

  GithubAppOptions options_;
  base::RsaKey key_;
  std::mutex mutex_;
  std::map<std::pair<std::string, GithubRight>, Token> tokens_;
};

/// The headers of every request to GitHub's API.
base::Headers github_headers(const std::string& token);

}  // namespace server
