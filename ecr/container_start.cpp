#include "ecr/container_start.h"

#include <csignal>

#include "base/signal_names.h"
#include "base/strings.h"

namespace ecr {

namespace {

constexpr const char* kDefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
class CommandLine {
 public:
  explicit CommandLine(std::string_view text) : text_(text) {}

  base::Result<std::vector<std::string>> split() {
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '\'' || c == '"') {
        TRY(quoted(c));
      } else if (c == '\\' && at_ + 1 < text_.size()) {
        add(text_[++at_]);
      } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        end_word();
      } else {
        add(c);
      }
    }
    end_word();
    return std::move(words_);
  }

 private:
  base::Result<void> quoted(char quote) {
    started_ = true;
    for (++at_; at_ < text_.size() && text_[at_] != quote; ++at_) {
      const bool escaped = quote == '"' && text_[at_] == '\\' && at_ + 1 < text_.size() &&
                           (text_[at_ + 1] == '"' || text_[at_ + 1] == '\\' || text_[at_ + 1] == '$');
      if (escaped) ++at_;
      add(text_[at_]);
    }
    if (at_ < text_.size()) return {};
    return base::make_error(base::ErrorKind::invalid_input,
                            "a quote is not closed in: " + std::string(text_));
  }

  void add(char c) {
    word_ += c;
    started_ = true;
  }

  void end_word() {
    if (started_) words_.push_back(std::exchange(word_, {}));
    started_ = false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string word_;
  bool started_ = false;
  std::vector<std::string> words_;
};

}  // namespace

ContainerStart container_start(const ImageConfig& config, const ContainerOverrides& overrides) {
  ContainerStart start;
  start.environment["PATH"] = kDefaultPath;
  for (const std::string& entry : config.env) {
    const std::size_t equals = entry.find('=');
    if (equals != std::string::npos) start.environment[entry.substr(0, equals)] = entry.substr(equals + 1);
  }
  for (const auto& [name, value] : overrides.environment) start.environment[name] = value;
  start.argv =
      overrides.entrypoint ? *overrides.entrypoint : config.entrypoint.value_or(std::vector<std::string>{});
  std::vector<std::string> command;
  if (overrides.command) {
    command = *overrides.command;
  } else if (!overrides.entrypoint) {
    command = config.cmd.value_or(std::vector<std::string>{});
  }
  start.argv.insert(start.argv.end(), command.begin(), command.end());
  start.user = overrides.user.value_or(config.user);
  const std::string folder = overrides.working_dir.value_or(config.working_dir);
  if (!folder.empty()) start.directory = folder;
  start.stop_signal = base::signal_number(config.stop_signal).value_or(SIGTERM);
  return start;
}

base::Result<std::vector<std::string>> split_command_line(std::string_view text) {
  return CommandLine(text).split();
}

}  // namespace ecr
