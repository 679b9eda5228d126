#pragma once
// The functions that hooks call: what is a Lambda function on AWS is a command or a URL of the seed here,
// with the same payload and the same answer. Not a Lambda service: nobody can create or invoke one by API.

#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/http_client.h"
#include "base/json.h"
#include "base/result.h"

namespace emulator {

struct LambdaFunction {
  std::string name;
  std::string
      command;      ///< for /bin/sh; gets the payload on its input, the last line of its output is the answer
  std::string url;  ///< gets the payload by POST
};

struct LambdaSettings {
  base::HttpClient* http = nullptr;
  std::string endpoint;  ///< the emulator's, as AWS_ENDPOINT_URL of commands
  std::string region;
  double time_scale = 1;
};

class LambdaFunctions {
 public:
  using Done = std::function<void(base::Result<base::Json> answer)>;

  /// The entries of the seed's `lambda_functions`.
  static base::Result<std::vector<LambdaFunction>> read_seed(const base::Json& seed);
  LambdaFunctions(std::vector<LambdaFunction> functions, LambdaSettings settings);
  /// Ends the calls that are under way.
  ~LambdaFunctions();
  LambdaFunctions(const LambdaFunctions&) = delete;
  LambdaFunctions& operator=(const LambdaFunctions&) = delete;

  /// Returns at once; `done` is called from another thread, after 15 minutes of the account's time at most.
  void invoke(const std::string& name_or_arn, base::Json payload, Done done);

 private:
  struct Call {
    std::jthread thread;
    std::atomic<bool> over{false};
  };
  base::Result<base::Json> run(const LambdaFunction& function, const base::Json& payload,
                               const std::stop_token& stop) const;
  const LambdaFunction* find(const std::string& name_or_arn) const;

  std::vector<LambdaFunction> functions_;
  LambdaSettings settings_;
  std::mutex mutex_;
  std::list<std::unique_ptr<Call>> calls_;
};

}  // namespace emulator
