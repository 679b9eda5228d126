#include "emulator/lambda_functions.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/process.h"
#include "base/strings.h"

namespace emulator {
namespace {

constexpr std::size_t kMostCalls = 64;
constexpr double kLongestSeconds = 900;
constexpr std::size_t kLargestAnswer = 1U << 20;

/// `arn:aws:lambda:REGION:ACCOUNT:function:NAME[:ALIAS]` → NAME
std::string function_name(const std::string& name_or_arn) {
  const auto parts = base::split(name_or_arn, ':');
  return parts.size() >= 7 ? parts[6] : name_or_arn;
}

base::Result<base::Json> answer_in(std::string_view text) {
  auto answer = base::parse_json(base::trim(text));
  if (answer && answer->is_object()) return std::move(*answer);
  return base::invalid_input("its answer is no JSON object");
}

std::vector<std::string> environment_of(const LambdaFunction& function, const LambdaSettings& settings) {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
  environment.push_back("AWS_ENDPOINT_URL=" + settings.endpoint);
  environment.push_back("AWS_REGION=" + settings.region);
  environment.push_back("AWS_LAMBDA_FUNCTION_NAME=" + function.name);
  return environment;
}

}  // namespace

base::Result<std::vector<LambdaFunction>> LambdaFunctions::read_seed(const base::Json& seed) {
  std::vector<LambdaFunction> functions;
  for (const base::Json& entry : base::json_member(seed, "lambda_functions")) {
    LambdaFunction function{base::json_string(entry, "name"), base::json_string(entry, "command"),
                            base::json_string(entry, "url")};
    if (function.name.empty() || function.command.empty() == function.url.empty()) {
      return base::invalid_input(fmt::format(
          "seed: lambda_functions: expected a name with a command or a url, found {}", base::to_text(entry)));
    }
    functions.push_back(std::move(function));
  }
  return functions;
}

LambdaFunctions::LambdaFunctions(std::vector<LambdaFunction> functions, LambdaSettings settings)
    : functions_(std::move(functions)), settings_(std::move(settings)) {}

LambdaFunctions::~LambdaFunctions() {
  for (const auto& call : calls_) call->thread.request_stop();
}

const LambdaFunction* LambdaFunctions::find(const std::string& name_or_arn) const {
  const std::string name = function_name(name_or_arn);
  const auto found = std::find_if(functions_.begin(), functions_.end(),
                                  [&](const LambdaFunction& function) { return function.name == name; });
  return found == functions_.end() ? nullptr : &*found;
}

void LambdaFunctions::invoke(const std::string& name_or_arn, base::Json payload, Done done) {
  const std::lock_guard lock(mutex_);
  std::erase_if(calls_, [](const std::unique_ptr<Call>& call) { return call->over.load(); });
  const LambdaFunction* function = find(name_or_arn);
  std::string refused;
  if (function == nullptr)
    refused = fmt::format("Function not found: {}; name it under lambda_functions of the seed", name_or_arn);
  if (calls_.size() >= kMostCalls) refused = "Rate Exceeded.";
  auto call = std::make_unique<Call>();
  call->thread = std::jthread([this, function, refused, raw = call.get(), payload = std::move(payload),
                               done = std::move(done)](const std::stop_token& stop) {
    done(refused.empty() ? run(*function, payload, stop)
                         : base::Result<base::Json>(base::invalid_input(refused)));
    raw->over = true;
  });
  calls_.push_back(std::move(call));
}

base::Result<base::Json> LambdaFunctions::run(const LambdaFunction& function, const base::Json& payload,
                                              const std::stop_token& stop) const {
  const std::chrono::milliseconds limit(
      static_cast<std::int64_t>(std::max(1.0, kLongestSeconds / settings_.time_scale) * 1000));
  if (!function.url.empty()) {
    base::HttpRequest request;
    request.method = "POST";
    request.url = function.url;
    request.headers.emplace("Content-Type", "application/json");
    request.body = base::to_text(payload);
    request.timeout = limit;
    request.max_response_bytes = kLargestAnswer;
    request.stop = stop;
    TRY(const auto response, settings_.http->send(request));
    if (response.status / 100 != 2)
      return base::invalid_input(fmt::format("{} answered with status {}", function.url, response.status));
    return answer_in(response.body);
  }
  std::string output;
  base::ProcessOptions options;
  options.argv = {"/bin/sh", "-c", function.command};
  options.environment = environment_of(function, settings_);
  options.input = base::to_text(payload);
  options.timeout = limit;
  options.stop = stop;
  options.on_output = [&output](std::string_view piece) {
    output += piece;
    if (output.size() > kLargestAnswer) output.erase(0, output.size() - kLargestAnswer);
  };
  TRY(const auto result, base::run_process(options));
  const std::string_view text = base::trim(output);
  if (result.exit_code != 0)
    return base::invalid_input(fmt::format("it ended with exit code {}: {}", result.exit_code,
                                           text.substr(text.size() > 500 ? text.size() - 500 : 0)));
  const std::size_t line = text.rfind('\n');
  return answer_in(line == std::string_view::npos ? text : text.substr(line + 1));
}

}  // namespace emulator
