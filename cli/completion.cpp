#include "cli/completion.h"

#include <fmt/format.h>

#include <vector>

#include "base/strings.h"

namespace cli {

namespace {

std::vector<const CLI::App*> verbs_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App* verb) { return !verb->get_name().empty(); });
}

std::vector<const CLI::Option*> flags_of(const CLI::App& app) {
  return app.get_options([](const CLI::Option* option) { return option->nonpositional(); });
}

/// One sentence without what shells would take for their own.
std::string plain_help(const std::string& text) {
  auto help = text.substr(0, text.find('\n'));
  for (const char* special : {"'", "\"", "`", "$", "[", "]", ":", "\\"})
    help = base::replace_all(help, special, "");
  return help;
}

/// `--event -e …` of a verb and of its own verbs.
std::string words_of(const CLI::App& verb) {
  std::vector<std::string> words;
  for (const auto* inner : verbs_of(verb)) words.push_back(inner->get_name());
  const auto add_flags = [&](const CLI::App& of) {
    for (const auto* flag : flags_of(of)) {
      for (const auto& name : flag->get_lnames()) words.push_back("--" + name);
      for (const auto& name : flag->get_snames()) words.push_back("-" + name);
    }
  };
  add_flags(verb);
  for (const auto* inner : verbs_of(verb)) add_flags(*inner);
  return base::join(words, " ");
}

std::string bash_script(const CLI::App& app) {
  std::string cases;
  for (const auto* verb : verbs_of(app))
    cases += fmt::format("    {}) words=\"{}\" ;;\n", verb->get_name(), words_of(*verb));
  return fmt::format(
      "# bash completion of {0}: source <({0} completion bash)\n"
      "_{0}() {{\n"
      "  local current=${{COMP_WORDS[COMP_CWORD]}} words\n"
      "  case ${{COMP_CWORD}}:${{COMP_WORDS[1]}} in 1:*) words=\"{1}\" ;; *) case ${{COMP_WORDS[1]}} in\n"
      "{2}"
      "  esac ;; esac\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
      "  if [[ $COMP_CWORD -gt 1 && $current != -* ]]; then COMPREPLY+=($(compgen -f -- \"$current\")); fi\n"
      "}}\n"
      "complete -o filenames -F _{0} {0}\n",
      app.get_name(), words_of(app), cases);
}

std::string zsh_script(const CLI::App& app) {
  std::string verbs;
  std::string cases;
  for (const auto* verb : verbs_of(app)) {
    verbs += fmt::format("  '{}:{}'\n", verb->get_name(), plain_help(verb->get_description()));
    std::string flags;
    for (const auto* flag : flags_of(*verb)) {
      for (const auto& name : flag->get_lnames())
        flags += fmt::format(" '--{}[{}]'", name, plain_help(flag->get_description()));
    }
    std::vector<std::string> inner_verbs;
    for (const auto* inner : verbs_of(*verb)) inner_verbs.push_back(inner->get_name());
    if (!inner_verbs.empty()) flags += fmt::format(" '1:verb:({})'", base::join(inner_verbs, " "));
    cases += fmt::format("  {}) _arguments{} '*:file:_files' ;;\n", verb->get_name(), flags);
  }
  return fmt::format(
      "#compdef {0}\n"
      "local -a verbs\n"
      "verbs=(\n{1})\n"
      "if (( CURRENT == 2 )); then _describe verb verbs; return; fi\n"
      "shift words; (( CURRENT-- ))\n"
      "case $words[1] in\n{2}esac\n",
      app.get_name(), verbs, cases);
}

std::string fish_script(const CLI::App& app) {
  std::string script =
      fmt::format("# fish completion of {0}: {0} completion fish | source\n", app.get_name());
  for (const auto* verb : verbs_of(app)) {
    script += fmt::format("complete -c {} -n __fish_use_subcommand -f -a {} -d '{}'\n", app.get_name(),
                          verb->get_name(), plain_help(verb->get_description()));
    const auto seen = fmt::format("'__fish_seen_subcommand_from {}'", verb->get_name());
    for (const auto* inner : verbs_of(*verb)) {
      script += fmt::format("complete -c {} -n {} -f -a {} -d '{}'\n", app.get_name(), seen,
                            inner->get_name(), plain_help(inner->get_description()));
    }
    for (const auto* flag : flags_of(*verb)) {
      std::string names;
      for (const auto& name : flag->get_lnames()) names += " -l " + name;
      for (const auto& name : flag->get_snames()) names += " -s " + name;
      script += fmt::format("complete -c {} -n {}{} -d '{}'\n", app.get_name(), seen, names,
                            plain_help(flag->get_description()));
    }
  }
  return script;
}

}  // namespace

std::string completion_script(const CLI::App& app, const std::string& shell) {
  if (shell == "bash") return bash_script(app);
  return shell == "zsh" ? zsh_script(app) : fish_script(app);
}

}  // namespace cli
