#pragma once
// Options of a command line as docker reads them: `--name value`, `--name=value`, `-n value`, `-nvalue`,
// `-ab`. Which ones a command has is a table's matter.

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace steps {

/// One option: what it is called, whether a value follows, what it does. A null `take` is refused by name.
template <typename Command>
struct CommandOption {
  std::string_view name;
  bool has_value;
  void (*take)(Command&, const std::string& value);
  bool ignored = false;  ///< accepted without effect, which is told
};

enum class Operands { anywhere, end_the_options };

struct OptionWords {
  std::string command;  ///< for messages: `docker`, `docker compose`
  std::vector<std::string> words;
  std::size_t at = 0;  ///< the first that is read
  Operands operands = Operands::anywhere;
  /// Takes an option that the table has not: the one at `at`, which moves behind it.
  std::function<base::Result<void>(const std::vector<std::string>& words, std::size_t& at)> other = {};
};

struct ReadOptions {
  std::vector<std::string> operands;
  std::vector<std::string> ignored;
};

/// An option as it is written: `--name=value`, or a letter with what stands behind it.
struct OptionWritten {
  std::string name;
  std::optional<std::string> value;
};
inline OptionWritten split_option(const std::string& word) {
  const std::size_t equals = word.find('=');
  if (word.starts_with("--")) {
    if (equals == std::string::npos) return {word, std::nullopt};
    return {word.substr(0, equals), word.substr(equals + 1)};
  }
  if (word.size() <= 2) return {word, std::nullopt};
  return {word.substr(0, 2), word.substr(word[2] == '=' ? 3 : 2)};
}

template <typename Command>
base::Result<ReadOptions> read_options(const std::vector<CommandOption<Command>>& options, OptionWords line,
                                       Command& command) {
  ReadOptions read;
  bool only_operands = false;
  auto& words = line.words;
  for (std::size_t at = line.at; at < words.size(); ++at) {
    const std::string word = words[at];
    if (only_operands || word == "-" || !word.starts_with('-')) {
      read.operands.push_back(word);
      only_operands = only_operands || line.operands == Operands::end_the_options;
      continue;
    }
    if (word == "--") {
      only_operands = true;
      continue;
    }
    auto [name, value] = split_option(word);
    const auto option = std::find_if(options.begin(), options.end(),
                                     [&, &known = name](const auto& o) { return o.name == known; });
    if (option == options.end() && line.other) {
      if (auto taken = line.other(words, at); !taken)
        return base::invalid_input(fmt::format("{}: {}", line.command, taken.error().to_string()));
      --at;  // the loop goes on behind it
      continue;
    }
    if (option == options.end() || option->take == nullptr)
      return base::invalid_input(
          fmt::format("{}: the option '{}' is not supported here", line.command, name));
    if (option->has_value && !value) {
      if (at + 1 >= words.size())
        return base::invalid_input(fmt::format("{}: the option '{}' needs a value", line.command, name));
      value = words[++at];
    }
    if (!option->has_value && value && !word.starts_with("--")) {
      // `-aq` is `-a -q`.
      words.insert(words.begin() + static_cast<std::ptrdiff_t>(at) + 1, "-" + *value);
      value.reset();
    }
    const bool is_off = !option->has_value && value && *value != "true" && *value != "1" && !value->empty();
    if (is_off) continue;
    option->take(command, value.value_or(""));
    if (option->ignored) read.ignored.push_back(name);
  }
  return read;
}

}  // namespace steps
