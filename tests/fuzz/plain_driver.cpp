// Drives a fuzz target where libFuzzer is not there, as in every build with g++: runs the files that it is
// given, then mutates them at random for a time. Blind to what the target does with them, and so no
// substitute for hours with libFuzzer; the seed is fixed, so that a failure comes again. Understands
// libFuzzer's options as far as tests/fuzz/run uses them.

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "base/strings.h"
#include "tests/fuzz/promise.h"

namespace {

struct Options {
  long seconds = 10;
  long seed = 1;
  long longest_run = 25;  ///< seconds of one input; more is a hang
  long memory = 2048;     ///< MiB
  std::size_t longest_input = 4096;
  std::string dictionary;
  std::string artifacts = "./";
  std::vector<std::filesystem::path> folders;
};

// For the handler of signals, which may look at nothing else.
const std::string* current_input = nullptr;
char artifact_path[4096];

void end_with_artifact(int number) {
  const char* why = number == SIGALRM ? "the input takes too long; it is kept in " : "the input is kept in ";
  if (current_input != nullptr) {
    if (std::FILE* file = std::fopen(artifact_path, "w"); file != nullptr) {
      std::fwrite(current_input->data(), 1, current_input->size(), file);
      std::fclose(file);
    }
    std::fprintf(stderr, "%s%s\n", why, artifact_path);
  }
  std::signal(number, SIG_DFL);
  if (number == SIGALRM) _exit(1);
  std::raise(number);
}

void watch_for_crashes() {
  static char stack[1U << 16];
  const stack_t other{.ss_sp = stack, .ss_flags = 0, .ss_size = sizeof stack};
  sigaltstack(&other, nullptr);
  struct sigaction action {};
  action.sa_handler = end_with_artifact;
  action.sa_flags = SA_ONSTACK;
  for (const int number : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGALRM})
    sigaction(number, &action, nullptr);
}

Options options_of(const std::vector<std::string>& arguments) {
  Options options;
  for (const auto& argument : arguments) {
    const auto equals = argument.find('=');
    const auto name = argument.substr(0, equals);
    const auto value = equals == std::string::npos ? "" : argument.substr(equals + 1);
    const auto number = static_cast<long>(base::parse_integer(value).value_or(0));
    if (name == "-max_total_time")
      options.seconds = number;
    else if (name == "-seed")
      options.seed = number;
    else if (name == "-timeout")
      options.longest_run = number;
    else if (name == "-rss_limit_mb")
      options.memory = number;
    else if (name == "-max_len")
      options.longest_input = static_cast<std::size_t>(number);
    else if (name == "-dict")
      options.dictionary = value;
    else if (name == "-artifact_prefix")
      options.artifacts = value;
    else if (!argument.starts_with('-'))
      options.folders.emplace_back(argument);
  }
  return options;
}

std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> read_inputs(const std::vector<std::filesystem::path>& folders) {
  std::vector<std::filesystem::path> paths;
  for (const auto& folder : folders) {
    if (std::filesystem::is_regular_file(folder)) paths.push_back(folder);
    if (!std::filesystem::is_directory(folder)) continue;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> inputs{""};
  for (const auto& path : paths) inputs.push_back(content_of(path));
  return inputs;
}

// libFuzzer's dictionaries: a line "text" or name="text", with \xNN, \\ and \".
std::vector<std::string> read_dictionary(const std::string& path) {
  std::vector<std::string> words;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const auto begin = line.find('"');
    const auto end = line.rfind('"');
    if (line.starts_with('#') || begin == end) continue;
    std::string word;
    for (auto i = begin + 1; i < end; ++i) {
      if (line[i] == '\\' && line.compare(i + 1, 1, "x") == 0) {
        word += static_cast<char>(std::stoi(line.substr(i + 2, 2), nullptr, 16));
        i += 3;
      } else {
        if (line[i] == '\\') ++i;
        word += line[i];
      }
    }
    words.push_back(std::move(word));
  }
  return words;
}

class Mutator {
 public:
  Mutator(long seed, const std::vector<std::string>& inputs, const std::vector<std::string>& words,
          std::size_t longest)
      : random_(static_cast<std::mt19937::result_type>(seed)),
        inputs_(inputs),
        words_(words),
        longest_(longest) {}

  std::string next() {
    std::string text = inputs_[below(inputs_.size())];
    for (auto changes = 1 + below(6); changes > 0; --changes) change(text);
    if (text.size() > longest_) text.resize(longest_);
    return text;
  }

 private:
  std::size_t below(std::size_t limit) { return limit == 0 ? 0 : random_() % limit; }

  std::string part_of(const std::string& text) {
    const auto from = below(text.size() + 1);
    return text.substr(from, below(std::min<std::size_t>(text.size() - from, 200) + 1));
  }

  void change(std::string& text) {
    const auto at = below(text.size() + 1);
    switch (below(7)) {
      case 0:
        if (at < text.size()) text[at] = static_cast<char>(below(256));
        return;
      case 1:
        text.erase(at, 1 + below(20));
        return;
      case 2:
        text.insert(at, part_of(text));
        return;
      case 3:
        text.insert(at, part_of(inputs_[below(inputs_.size())]));
        return;
      case 4:
        repeat(text, at);
        return;
      case 5:
        text.insert(at, 1, static_cast<char>(below(2) == 0 ? ' ' + below(95) : below(256)));
        return;
      default:
        if (!words_.empty()) text.insert(at, words_[below(words_.size())]);
    }
  }

  // Depth and length are where limits are.
  void repeat(std::string& text, std::size_t at) {
    const auto what =
        words_.empty() || below(2) == 0 ? text.substr(at, 1 + below(8)) : words_[below(words_.size())];
    std::string many;
    for (auto times = below(2) == 0 ? below(10) : below(400); times > 0; --times) many += what;
    text.insert(at, many);
  }

  std::mt19937 random_;
  const std::vector<std::string>& inputs_;
  const std::vector<std::string>& words_;
  std::size_t longest_;
};

bool run(const std::string& input, const Options& options) {
  current_input = &input;
  alarm(static_cast<unsigned>(options.longest_run));
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
  alarm(0);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  if (usage.ru_maxrss / 1024 <= options.memory) return true;
  std::fprintf(stderr, "more than %ld MiB are in use\n", options.memory);
  std::raise(SIGABRT);
  return false;
}

}  // namespace

int main(int count, char** arguments) {
  const auto options = options_of({arguments + 1, arguments + count});
  const auto name = std::filesystem::path(arguments[0]).filename().string();
  std::snprintf(artifact_path, sizeof artifact_path, "%scrash-%s", options.artifacts.c_str(), name.c_str());
  watch_for_crashes();
  const auto inputs = read_inputs(options.folders);
  const auto words = read_dictionary(options.dictionary);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(options.seconds);
  for (const auto& input : inputs) run(input, options);
  Mutator mutator(options.seed, inputs, words, options.longest_input);
  long runs = 0;
  for (; std::chrono::steady_clock::now() < end; ++runs) run(mutator.next(), options);
  std::printf("%s: %zu files, %ld mutations of them\n", name.c_str(), inputs.size() - 1, runs);
  return 0;
}
