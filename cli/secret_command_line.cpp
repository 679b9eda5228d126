#include "cli/secret_command_line.h"

namespace cli {

namespace {

constexpr const char* kSecretExamples = R"(Examples:
  pipeline secret set PASSWORD < password.txt            of this repository; or typed at the terminal
  pipeline secret set PASSWORD --environment production --file password.txt
  pipeline secret set TOKEN --organisation octo --reference arn:aws:secretsmanager:eu-central-1:…:secret:token-Ab12
  pipeline secret rotate --new-key-file key.txt           all secrets under another master key

Values come from standard input, a file or the terminal, never from the command line. The master key is systemd's
credential pipeline-master-key, the file of that name in the state folder, or PIPELINE_MASTER_KEY.
)";

void add_scope(CLI::App* verb, ScopeFlags& flags) {
  verb->add_option("-r,--repository", flags.repository, "OWNER/NAME; default: the one of this folder");
  verb->add_option("-e,--environment", flags.environment, "Only for jobs of this environment");
  verb->add_option("--organisation,--org", flags.organisation, "For all repositories of this owner")
      ->excludes("--repository")
      ->excludes("--environment");
}

}  // namespace

void add_secret(CLI::App& app, SecretVerbFlags& flags) {
  auto* secret = app.add_subcommand("secret", "Secrets of organisations, repositories and environments");
  secret->footer(kSecretExamples);
  secret->require_subcommand(1);
  const auto verb = [&](const char* name, const char* help) {
    auto* sub = secret->add_subcommand(name, help);
    sub->callback([&flags, name] { flags.verb = name; });
    return sub;
  };
  auto* set = verb("set", "Keep a secret, or another value of it");
  set->add_option("--file", flags.file, "The file that holds the value; - is standard input");
  set->add_option("--reference", flags.reference,
                  "Where it stands in AWS: an ARN of Secrets Manager or SSM, or ssm:NAME")
      ->excludes("--file");
  auto* remove = verb("remove", "Forget a secret");
  for (auto* sub : {set, remove}) {
    sub->add_option("name", flags.name, "Its name")->required();
    add_scope(sub, flags.scope);
  }
  verb("list", "Names, versions and where they stand")->add_flag("--json", flags.json, "As JSON");
  auto* audit = verb("audit", "Who set, read and removed secrets, newest first");
  audit->add_flag("--json", flags.json, "As JSON");
  audit->add_option("-n,--limit", flags.limit, "How many lines")->capture_default_str();
  verb("rotate", "Take another master key for all secrets")
      ->add_option("--new-key-file", flags.new_key_file, "The key, as `openssl rand -base64 32` makes one")
      ->required();
}

void add_variable(CLI::App& app, VariableFlags& flags) {
  auto* variable =
      app.add_subcommand("variable", "Variables of organisations, repositories and environments");
  variable->require_subcommand(1);
  const auto verb = [&](const char* name, const char* help) {
    auto* sub = variable->add_subcommand(name, help);
    sub->callback([&flags, name] { flags.verb = name; });
    return sub;
  };
  auto* set = verb("set", "Keep a variable: its value from standard input or a file");
  set->add_option("--file", flags.file, "The file that holds the value; - is standard input");
  auto* remove = verb("remove", "Forget a variable");
  for (auto* sub : {set, remove}) {
    sub->add_option("name", flags.name, "Its name")->required();
    add_scope(sub, flags.scope);
  }
  verb("list", "Names and values")->add_flag("--json", flags.json, "As JSON");
}

}  // namespace cli
