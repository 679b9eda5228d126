#include "cli/oidc_command_line.h"

namespace cli {

namespace {

constexpr const char* kOidcExamples = R"(Examples:
  pipeline oidc publish s3://my-oidc --issuer https://d111111abcdef8.cloudfront.net
  pipeline oidc publish /var/www/oidc --issuer https://oidc.example.org
  pipeline oidc aws-setup --account 123456789012 --region eu-central-1 --repository octo/app \
    --environment production --ecr-repository items --cluster production --service items

Publish again at least every month, by cron: keys are followed by others after 90 days, and the next one is
published a day before it signs.
)";

}  // namespace

void add_oidc(CLI::App& app, OidcFlags& flags) {
  auto* oidc = app.add_subcommand("oidc", "ID tokens of jobs that AWS can check: keys, policies");
  oidc->footer(kOidcExamples);
  oidc->require_subcommand(1);
  const auto verb = [&](const char* name, const char* help) {
    auto* sub = oidc->add_subcommand(name, help);
    sub->callback([&flags, name] { flags.verb = name; });
    return sub;
  };
  auto* publish = verb("publish", "Write the issuer's two files; a new key when one is due");
  publish->add_option("target", flags.target, "A folder that a web server shows, or s3://BUCKET[/PREFIX]")
      ->required();
  publish->add_option("--issuer", flags.issuer,
                      "https:// address that the files are read at; once it is set, it stays");
  verb("check", "Look whether the world sees the keys");
  auto* setup = verb("aws-setup", "Print IAM's provider, the role's trust and its permissions as JSON");
  setup->add_option("--issuer", flags.issuer, "The issuer; default: the one that was published");
  setup->add_option("--account", flags.account, "The account's 12 digits")->required();
  setup->add_option("--partition", flags.partition, "aws, aws-cn or aws-us-gov")->capture_default_str();
  setup->add_option("--region", flags.region, "Of the registry and the service")->required();
  setup->add_option("--role", flags.role, "Name of the role")->capture_default_str();
  setup->add_option("--repository", flags.repository, "OWNER/NAME whose jobs may take it")->required();
  setup->add_option("--environment", flags.environment, "Only jobs of this environment");
  setup->add_option("--branch", flags.branch, "Only jobs of this branch")->excludes("--environment");
  setup->add_option("--ecr-repository", flags.ecr_repository, "That images are pushed to");
  setup->add_option("--cluster", flags.cluster, "Of the service");
  setup->add_option("--service", flags.service, "That is deployed");
  setup->add_option("--pass-role", flags.pass_roles, "ARN of a role that its task definitions name")
      ->take_all();
}

}  // namespace cli
