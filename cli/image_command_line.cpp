#include "cli/image_command_line.h"

#include "cli/image_build.h"

namespace cli {

namespace {

void add_image_upkeep(CLI::App& image, ImageFlags& flags) {
  auto* check = image.add_subcommand("fsck", "Check every blob of the store against its digest");
  check->callback([&flags] { flags.verb = "fsck"; });
  check->add_flag("--repair", flags.repair,
                  "Take away what is damaged, and names of images that are not whole");
  auto* prune = image.add_subcommand("prune", "Remove images without a name and all that no image needs");
  prune->callback([&flags] { flags.verb = "prune"; });
  prune->add_flag("--cache", flags.prune_cache, "Remove what the build cache keeps, too");
  prune->add_flag("--dry-run", flags.dry_run, "Only say what would go");
  prune
      ->add_option("--older-than", flags.older_than_hours,
                   "Hours; what was used since then stays. Default: 0")
      ->check(CLI::NonNegativeNumber);
}

}  // namespace

void add_image(CLI::App& app, ImageFlags& flags) {
  auto* image = app.add_subcommand("image", "Images: build, move, look at");
  image->footer(
      "Examples:\n  pipeline image build -t app:1 .\n  pipeline image import rootfs.tar "
      "debian:bookworm-slim\n"
      "  pipeline image push 127.0.0.1:5000/app:1\n");
  image->require_subcommand(1);
  const auto verb = [&](const char* name, const char* help, const char* arguments, int least, int most) {
    auto* sub = image->add_subcommand(name, help);
    sub->callback([&flags, name] { flags.verb = name; });
    if (most > 0)
      sub->add_option("arguments", flags.arguments, arguments)->expected(least, most)->required(least > 0);
    return sub;
  };
  auto* build = verb("build", "Build a Dockerfile", "The build context, a folder", 1, 1);
  add_image_build_options(build, flags.build);
  auto* import = verb("import", "Make an image of a root file system", "A tar file and a name", 2, 2);
  import->add_option("--env", flags.environment, "Its environment: NAME=VALUE")->take_all();
  import->add_option("--cmd", flags.command, "Its command")->take_all();
  verb("load", "Take images from an OCI archive", "The archive", 1, 1);
  verb("save", "Write images as an OCI archive", "The images", 1, 1000)
      ->add_option("-o,--output", flags.output, "The file to write")
      ->required();
  verb("ls", "List the images", "", 0, 0);
  verb("inspect", "Show an image's manifest and configuration", "The image", 1, 1);
  verb("history", "Show how an image came to be, newest step first", "The image", 1, 1)
      ->add_flag("--json", flags.json, "As JSON");
  verb("diff", "Show what differs between two images: files, modes, owners, configuration", "Two images", 2,
       2)
      ->add_flag("--json", flags.json, "As JSON");
  verb("rm", "Forget images", "Images", 1, 1000);
  verb("tag", "Give an image one more name", "The image and the new name", 2, 2);
  verb("push", "Push to the registry that the name says", "The image", 1, 1)
      ->add_option("--compression", flags.compression,
                   "For layers that are not compressed: gzip (the default), zstd, or none")
      ->check(CLI::IsMember({"gzip", "zstd", "none"}));
  auto* pull = verb("pull", "Pull from the registry that the name says", "The image", 1, 1);
  pull->add_option("--platform", flags.platform,
                   "Of an index: os/architecture[/variant]; default: this machine's");
  pull->add_flag("--all-platforms", flags.all_platforms, "The whole index");
  pull->add_flag("--unpack", flags.unpack, "Unpack layers as they come, not when they are first used");
  verb("tags", "List the tags of a registry's repository", "The repository", 1, 1);
  verb("referrers", "List what refers to an image in its registry: signatures, SBOMs", "The image", 1, 1)
      ->add_option("--artifact-type", flags.artifact_type, "Only of that type");
  verb("delete", "Remove a tag, or by digest an image, from its registry", "The image", 1, 1);
  verb("unpack", "Write the files of an image into a folder", "The image and a new or empty folder", 2, 2)
      ->add_flag("--setuid", flags.keep_setuid, "Keep set-user-id bits and file capabilities");
  add_image_upkeep(*image, flags);
}

}  // namespace cli
