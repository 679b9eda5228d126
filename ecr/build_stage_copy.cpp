// COPY and ADD of a stage.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/strings.h"
#include "ecr/build_stage.h"
#include "ecr/compression.h"
#include "ecr/image_user.h"
#include "sandbox/plan.h"

namespace ecr {

using base::ErrorKind;
using base::make_error;
using base::Path;
using base::Result;

namespace {

bool is_remote(const std::string& source) {
  return source.starts_with("http://") || source.starts_with("https://") || source.starts_with("git@") ||
         source.starts_with("git://");
}

Result<bool> is_archive(int root, const std::string& path) {
  TRY(const auto file, base::open_beneath(root, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  struct stat status {};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return false;
  std::string beginning(512, '\0');
  const ssize_t count = ::pread(file.get(), beginning.data(), beginning.size(), 0);
  beginning.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  if (detect_compression(beginning) != Compression::none) return true;
  constexpr std::size_t kMagicAt = 257;
  return beginning.size() > kMagicAt + 5 && beginning.compare(kMagicAt, 5, "ustar") == 0;
}

/// A local archive of ADD: its content goes where the archive itself would.
Result<void> unpack_into(int source, const std::string& archive, const CopyTarget& target,
                         ImageStore& store) {
  TRY(const auto room, store.make_temp_dir("add"));
  TRY(const auto file, base::open_beneath(source, archive, O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  const UnpackOptions options{.first_host_id = target.first_host_id, .whiteouts = WhiteoutForm::apply};
  TRY(unpack_tar(file.get(), room.path(), options).while_doing("unpacking " + archive));
  TRY(const auto root, base::open_directory(room.path()));
  return copy_sources({.root = root.get()}, {""},
                      {target.root, (Path(target.path) / "").string(), target.first_host_id},
                      {.keep_owner = true});
}

}  // namespace

/// What a COPY copies, found and read once.
struct StageBuilder::CopyPlan {
  BuiltStage from;
  base::Fd from_root;  ///< of COPY --from
  CopySource source;
  CopyRules rules;
  std::string destination;
  std::vector<std::string> paths;
  std::vector<std::string> archives;  ///< of ADD
};

Result<CopyRules> StageBuilder::copy_rules(const Instruction& instruction) {
  CopyRules rules{.keep_owner = instruction.flag("from").has_value()};
  if (const auto text = instruction.flag("chown")) {
    TRY(const auto expanded, expand(*text));
    TRY(rules.owner, find_owner(expanded));
  }
  if (const auto text = instruction.flag("chmod")) {
    TRY(const auto expanded, expand(*text));
    char* end = nullptr;
    const unsigned long mode = std::strtoul(expanded.c_str(), &end, 8);
    if (expanded.empty() || *end != 0 || mode > 07777) {
      return make_error(ErrorKind::invalid_input,
                        fmt::format("--chmod: expected an octal mode like 755, found '{}'", expanded));
    }
    rules.mode = static_cast<mode_t>(mode);
  }
  return rules;
}

Result<void> StageBuilder::open_copy_source(const Instruction& instruction, CopyPlan& plan) {
  const auto name = instruction.flag("from");
  if (name) {
    TRY(const auto expanded, expand(*name));
    TRY(plan.from, build_.find_stage(expanded));
    TRY(const auto trees, trees_of(plan.from.stack, build_.store));
    TRY(plan.from_root, open_overlay(trees, std::nullopt));
    plan.source.root = plan.from_root.get();
  } else {
    plan.source.root = build_.options.context;
    plan.source.ignore = &build_.ignore;
  }
  for (const auto& [flag, pattern] : instruction.flags) {
    if (flag == "exclude") plan.source.exclude.push_back(pattern);
  }
  return {};
}

Result<void> StageBuilder::find_copy_sources(const Instruction& instruction, const Words& words,
                                             CopyPlan& plan) {
  const bool adds = instruction.keyword == "ADD";
  for (const auto& word : words) {
    if (word.starts_with("<<")) continue;  // a document of the instruction
    if (adds && is_remote(word)) {
      return make_error(ErrorKind::invalid_input,
                        fmt::format("ADD from a URL is not supported: {}; fetch it in a RUN", word));
    }
    if (plan.source.root < 0)
      return make_error(ErrorKind::invalid_input, "there is no build context to copy from");
    TRY(const auto found, find_sources(plan.source, word));
    for (const auto& path : found) {
      const bool unpacked = adds && is_archive(plan.source.root, path).value_or(false);
      (unpacked ? plan.archives : plan.paths).push_back(path);
    }
  }
  if (words.size() > 1 && !plan.destination.ends_with('/')) {
    return make_error(ErrorKind::invalid_input,
                      fmt::format("When using {} with more than one source file, the destination must be a "
                                  "directory and end with a /",
                                  instruction.keyword));
  }
  return {};
}

Result<std::string> StageBuilder::copy_key(const Instruction& instruction, const CopyPlan& plan) const {
  TRY(const auto digest, digest_of_sources(plan.source, plan.paths));
  TRY(const auto archive_digest, digest_of_sources(plan.source, plan.archives));
  Words parts = {instruction.keyword, plan.destination, digest, archive_digest,
                 fmt::format("{:o}", plan.rules.mode.value_or(0))};
  if (plan.rules.owner) parts.push_back(fmt::format("{}:{}", plan.rules.owner->uid, plan.rules.owner->gid));
  // Owners of the source are not in its digest.
  if (plan.rules.keep_owner) parts.push_back(plan.from.stack.chain_id());
  for (const auto& document : instruction.here_documents) {
    TRY(const auto content, document_content(document));
    parts.push_back(document.name);
    parts.push_back(content);
  }
  return layer_key(parts);
}

Result<void> StageBuilder::copy(const Instruction& instruction) {
  TRY(auto words, expand_all(instruction.arguments));
  CopyPlan plan;
  plan.destination = absolute(words.back());
  words.pop_back();
  TRY(plan.rules, copy_rules(instruction));
  TRY(open_copy_source(instruction, plan));
  TRY(find_copy_sources(instruction, words, plan));
  TRY(const auto key, copy_key(instruction, plan));
  const auto make = [&](const OverlayUpper& upper, int) -> Result<void> {
    TRY(const auto trees, trees_of(image_.stack, build_.store));
    TRY(const auto root, open_overlay(trees, upper));
    const CopyTarget target{root.get(), plan.destination, sandbox::first_host_id(0)};
    if (!plan.paths.empty()) TRY(copy_sources(plan.source, plan.paths, target, plan.rules));
    for (const auto& archive : plan.archives)
      TRY(unpack_into(plan.source.root, archive, target, build_.store));
    for (const auto& document : instruction.here_documents) {
      auto place = target;
      if (place.path.ends_with('/')) place.path += document.name;
      TRY(const auto content, document_content(document));
      TRY(write_inline_file(content, place, plan.rules));
    }
    return {};
  };
  return make_layer(instruction, {.key = key, .make = make});
}

Result<std::string> StageBuilder::document_content(const HereDocument& document) const {
  if (!document.expand) return document.content;
  return expand_text(
      document.content, [this](std::string_view name) { return variable(name); }, build_.file.escape);
}

}  // namespace ecr
