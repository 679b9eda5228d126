// COPY and ADD of a stage, and what mounts take from the context or other stages.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/archive.h"
#include "base/strings.h"
#include "ecr/build_ignore.h"
#include "ecr/build_stage.h"
#include "ecr/compression.h"
#include "ecr/image_user.h"
#include "ecr/source_digest.h"
#include "sandbox/plan.h"

namespace ecr {

using base::ErrorKind;
using base::make_error;
using base::Path;
using base::Result;

namespace {

constexpr std::size_t kTarBlock = 512;

/// Whether a block begins a tar: its checksum is right (POSIX pax "ustar Interchange Format").
bool is_tar_header(const std::string& block) {
  constexpr std::size_t kChecksum = 148;
  constexpr std::size_t kChecksumSize = 8;
  if (block.size() < kTarBlock) return false;
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < kTarBlock; ++i) {
    const bool own = i >= kChecksum && i < kChecksum + kChecksumSize;
    sum += own ? ' ' : static_cast<unsigned char>(block[i]);
  }
  const auto digits = block.substr(kChecksum, kChecksumSize);
  const auto first = digits.find_first_not_of(' ');
  return first != std::string::npos && std::strtoul(digits.c_str() + first, nullptr, 8) == sum &&
         block[0] != 0;
}

Result<bool> is_archive(int root, const std::string& path) {
  TRY(const auto file, base::open_beneath(root, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  struct stat status {};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return false;
  std::string beginning(kTarBlock, '\0');
  const ssize_t count = ::pread(file.get(), beginning.data(), beginning.size(), 0);
  beginning.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  const auto compression = detect_compression(beginning);
  if (compression == Compression::none) return is_tar_header(beginning);
  // A compressed file that holds no tar is a file.
  const bool other = compression == Compression::bzip2 || compression == Compression::xz;
  auto source = read_from(file.get());
  if (compression == Compression::gzip) source = gunzip(std::move(source));
  if (compression == Compression::zstd) source = unzstd(std::move(source));
  base::TarReader reader(std::move(source),
                         other ? base::ArchiveInput::compressed_tar : base::ArchiveInput::tar);
  const auto first = reader.next();
  return first.ok() && first->has_value();
}

struct FoundArchive {
  int root = -1;  ///< of the tree that it lies in
  std::string path;
};

/// The content of an archive of ADD goes where the archive itself would, given to whom --chown names.
Result<void> unpack_into(const FoundArchive& archive, const CopyTarget& target,
                         const std::optional<FileOwner>& owner, ImageStore& store) {
  TRY(const auto room, store.make_temp_dir("add"));
  TRY(const auto file, base::open_beneath(archive.root, archive.path, O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  const UnpackOptions options{.first_host_id = target.first_host_id, .whiteouts = WhiteoutForm::apply};
  TRY(unpack_tar(file.get(), room.path(), options).while_doing("unpacking " + archive.path));
  TRY(const auto root, base::open_directory(room.path()));
  return copy_sources({.root = root.get()}, {FoundSource{}},
                      {target.root, (Path(target.path) / "").string(), target.first_host_id},
                      {.owner = owner, .keep_owner = true});
}

}  // namespace

/// What a COPY copies, found and read once.
struct StageBuilder::CopyPlan {
  /// Something that ADD fetched, in a folder of its own.
  struct Fetched {
    base::TempDir room;
    base::Fd root;
    std::vector<FoundSource> files;
    bool is_archive = false;
    std::string key;
    GitPlace git;  ///< fetched when the layer is made
    std::string commit;
  };
  OpenSource open;
  CopyRules rules;
  std::string destination;
  std::vector<FoundSource> paths;
  std::vector<std::string> archives;  ///< of ADD
  std::vector<Fetched> fetched;       ///< of ADD
};

Result<CopyRules> StageBuilder::copy_rules(const Instruction& instruction) {
  CopyRules rules;
  if (const auto text = instruction.flag("chown")) {
    TRY(const auto expanded, expand(*text));
    TRY(rules.owner, find_owner(expanded));
  }
  if (const auto text = instruction.flag("chmod")) {
    TRY(const auto expanded, expand(*text));
    TRY(rules.mode, FileMode::parse(expanded));
  }
  // A layer of its own here, too: that it could be laid on another base without being made again is no part
  // of what it holds.
  TRY(const bool linked, flag_is_set(instruction, "link"));
  (void)linked;
  return rules;
}

Result<OpenSource> StageBuilder::open_source(const std::string& from) const {
  OpenSource open;
  if (from.empty()) {
    open.source.root = build_.options.context;
    open.source.ignore = &build_.ignore;
    return open;
  }
  TRY(open.from, place_.find(from));
  open.is_image = open.from.folder.empty();
  if (open.is_image) {
    TRY(const auto trees, trees_of(open.from.stack, build_.store));
    TRY(open.root, open_overlay(trees, std::nullopt));
  } else {
    TRY(open.root, base::open_directory(open.from.folder));
    TRY(auto ignore, read_ignore_of(open.root.get()));
    open.own_ignore = std::make_shared<const DockerIgnore>(std::move(ignore));
    open.source.ignore = open.own_ignore.get();
  }
  open.source.root = open.root.get();
  return open;
}

Result<void> StageBuilder::open_copy_source(const Instruction& instruction, CopyPlan& plan) {
  std::string from;
  if (const auto name = instruction.flag("from")) {
    TRY(from, expand(*name));
    if (from.empty()) return make_error(ErrorKind::invalid_input, "COPY --from: the name is empty");
  }
  TRY(plan.open, open_source(from));
  plan.rules.keep_owner = plan.open.is_image;
  std::string patterns;
  for (const auto& [flag, pattern] : instruction.flags) {
    if (flag != "exclude") continue;
    TRY(const auto expanded, expand(pattern));
    patterns += expanded + "\n";
  }
  TRY(plan.open.source.exclude, DockerIgnore::parse(patterns));
  return {};
}

Result<void> StageBuilder::find_local_source(const Instruction& instruction, const std::string& word,
                                             CopyPlan& plan) const {
  if (plan.open.source.root < 0)
    return make_error(ErrorKind::invalid_input, "there is no build context to copy from");
  TRY(const bool parents, flag_is_set(instruction, "parents"));
  TRY(auto found, find_sources(plan.open.source, word, parents ? Parents::kept : Parents::dropped));
  TRY(const bool told_to_unpack, flag_is_set(instruction, "unpack"));
  const bool unpacks = instruction.flag("unpack") ? told_to_unpack : instruction.keyword == "ADD";
  for (auto& source : found) {
    if (unpacks && is_archive(plan.open.source.root, source.path).value_or(false)) {
      plan.archives.push_back(source.path);
    } else {
      plan.paths.push_back(std::move(source));
    }
  }
  return {};
}

Result<void> StageBuilder::find_remote_source(const Instruction& instruction, const std::string& word,
                                              CopyPlan& plan) const {
  if (instruction.keyword != "ADD")
    return make_error(ErrorKind::invalid_input, fmt::format("source can't be a URL for COPY: {}", word));
  auto access = build_.options.remote;
  access.stop = build_.stop;
  std::string checksum;
  if (const auto flag = instruction.flag("checksum")) {
    TRY(checksum, expand(*flag));
  }
  TRY(auto room, build_.store.make_temp_dir("fetched"));
  CopyPlan::Fetched fetched{
      .room = std::move(room), .root = {}, .files = {}, .key = "", .git = {}, .commit = ""};
  TRY(fetched.root, base::open_directory(fetched.room.path()));
  if (remote_kind(word) == RemoteKind::git) {
    TRY(const bool keeps, flag_is_set(instruction, "keep-git-dir"));
    if (keeps)
      return make_error(ErrorKind::invalid_input,
                        "ADD --keep-git-dir: only the files of a commit are fetched, not its history");
    TRY(fetched.git, parse_git_place(word));
    if (!checksum.empty()) fetched.git.commit = checksum;
    TRY(fetched.commit, resolve_git_place(fetched.git, access));
    fetched.key = fetched.git.url + " " + fetched.commit + " " + fetched.git.folder;
    build_.used({.uri = word, .algorithm = "sha1", .digest = fetched.commit});
  } else {
    std::optional<Digest> expected;
    if (!checksum.empty()) {
      TRY(expected, Digest::parse(checksum).while_doing("reading ADD --checksum"));
    }
    const auto name = name_of_url(word);
    const base::Fd file(
        ::openat(fetched.root.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file) return base::system_error("making " + name, errno);
    TRY(const auto downloaded, fetch_url(word, file.get(), expected, access));
    const timespec times[2] = {{.tv_sec = downloaded.modified, .tv_nsec = 0},
                               {.tv_sec = downloaded.modified, .tv_nsec = 0}};
    ::futimens(file.get(), times);
    TRY(const bool unpacks, flag_is_set(instruction, "unpack"));
    fetched.is_archive = unpacks && is_archive(fetched.root.get(), name).value_or(false);
    fetched.files = {{.path = name, .kept = ""}};
    build_.used({.uri = word, .digest = downloaded.digest.hex()});
    fetched.key = fmt::format("{} {} {}", name, downloaded.digest.to_string(), fetched.is_archive);
  }
  plan.fetched.push_back(std::move(fetched));
  return {};
}

Result<void> StageBuilder::find_copy_sources(const Instruction& instruction, const Words& words,
                                             CopyPlan& plan) {
  bool has_remote = false;
  for (const auto& word : words) {
    const auto& documents = instruction.here_documents;
    const bool is_document = std::any_of(documents.begin(), documents.end(), [&](const auto& document) {
      return word.starts_with("<<") && word.ends_with(document.name);
    });
    if (is_document) continue;
    if (remote_kind(word) == RemoteKind::none) {
      TRY(find_local_source(instruction, word, plan));
    } else {
      has_remote = true;
      TRY(find_remote_source(instruction, word, plan));
    }
  }
  if (instruction.flag("checksum") && (!has_remote || words.size() != 1))
    return make_error(ErrorKind::invalid_input, "--checksum is for one source that is a URL");
  if (words.size() > 1 && !plan.destination.ends_with('/')) {
    return make_error(ErrorKind::invalid_input,
                      fmt::format("When using {} with more than one source file, the destination must be a "
                                  "directory and end with a /",
                                  instruction.keyword));
  }
  return {};
}

Result<std::string> StageBuilder::copy_key(const Instruction& instruction, const CopyPlan& plan,
                                           KeyOf of) const {
  Words parts = {instruction.keyword, plan.destination, plan.rules.mode ? plan.rules.mode->text() : ""};
  if (plan.rules.owner) parts.push_back(fmt::format("{}:{}", plan.rules.owner->uid, plan.rules.owner->gid));
  if (of == KeyOf::origin && plan.open.is_image) {
    // The layers say all of it, and are known without reading a file.
    parts.push_back(plan.open.from.stack.chain_id());
    for (const auto& source : plan.paths) parts.push_back(source.path + " " + source.kept);
    parts.insert(parts.end(), plan.archives.begin(), plan.archives.end());
    for (const auto& [flag, value] : instruction.flags) parts.push_back(flag + "=" + value);
  } else {
    TRY(const auto digest,
        remembered_digest_of_sources(plan.open.source, plan.paths, plan.rules.keep_owner, build_.store));
    std::vector<FoundSource> archives;
    for (const auto& archive : plan.archives) archives.push_back({.path = archive, .kept = ""});
    TRY(const auto archive_digest,
        remembered_digest_of_sources(plan.open.source, archives, false, build_.store));
    parts.insert(parts.end(), {"content", digest, archive_digest});
  }
  // Names of files become names in the image.
  for (const auto& source : plan.paths) parts.push_back(Path(source.path).filename().string());
  for (const auto& fetched : plan.fetched) parts.push_back(fetched.key);
  for (const auto& document : instruction.here_documents) {
    TRY(const auto content, document_content(document));
    parts.push_back(document.name);
    parts.push_back(content);
  }
  return layer_key(parts);
}

Result<void> StageBuilder::carry_out_copy(const Instruction& instruction, const CopyPlan& plan,
                                          const OverlayUpper& upper) {
  TRY(const auto trees, trees_of(image_.stack, build_.store));
  TRY(const auto root, open_overlay(trees, upper));
  const CopyTarget target{root.get(), plan.destination, sandbox::first_host_id(0)};
  if (!plan.paths.empty()) TRY(copy_sources(plan.open.source, plan.paths, target, plan.rules));
  TRY(const bool parents, flag_is_set(instruction, "parents"));
  // It is copied to, even when nothing matched.
  if (parents)
    TRY(ensure_folder(target, plan.destination, {.owner = plan.rules.owner.value_or(FileOwner{})}));
  for (const auto& archive : plan.archives)
    TRY(unpack_into({plan.open.source.root, archive}, target, plan.rules.owner, build_.store));
  for (const auto& fetched : plan.fetched) {
    if (!fetched.commit.empty()) {
      auto access = build_.options.remote;
      access.stop = build_.stop;
      TRY(fetch_git_files(fetched.git, fetched.commit, fetched.room.path(), access));
      TRY(copy_sources({.root = fetched.root.get()}, {{.path = fetched.git.folder, .kept = ""}}, target,
                       plan.rules));
    } else if (fetched.is_archive) {
      TRY(unpack_into({fetched.root.get(), fetched.files[0].path}, target, plan.rules.owner, build_.store));
    } else {
      TRY(copy_sources({.root = fetched.root.get()}, fetched.files, target, plan.rules));
    }
  }
  for (const auto& document : instruction.here_documents) {
    auto place = target;
    if (place.path.ends_with('/')) place.path += document.name;
    TRY(const auto content, document_content(document));
    TRY(write_inline_file(content, place, plan.rules));
  }
  return {};
}

Result<void> StageBuilder::copy(const Instruction& instruction) {
  TRY(auto words, expand_all(instruction.arguments));
  CopyPlan plan;
  plan.destination = absolute(words.back());
  words.pop_back();
  TRY(plan.rules, copy_rules(instruction));
  TRY(open_copy_source(instruction, plan));
  TRY(find_copy_sources(instruction, words, plan));
  TRY(const auto key, copy_key(instruction, plan, KeyOf::origin));
  LayerRecipe recipe{.key = key, .make = {}, .key_by_content = {}};
  recipe.make = [&](const OverlayUpper& upper, int) { return carry_out_copy(instruction, plan, upper); };
  if (plan.open.is_image) recipe.key_by_content = [&] { return copy_key(instruction, plan, KeyOf::content); };
  return make_layer(instruction, recipe);
}

Result<std::string> StageBuilder::document_content(const HereDocument& document) const {
  if (!document.expand) return document.content;
  return expand_text(document.content, [this](std::string_view name) { return variable(name); });
}

Result<void> StageBuilder::copy_for_mount(const BuildMount& mount, const Path& to) const {
  TRY(const auto open, open_source(mount.from));
  if (open.source.root < 0) return make_error(ErrorKind::invalid_input, "there is no build context to mount");
  const Path inside = Path("/" + mount.source).lexically_normal().relative_path();
  TRY(const auto room, base::open_directory(to.parent_path()));
  const CopyTarget target{room.get(), "/" + to.filename().string(), sandbox::first_host_id(0)};
  return copy_sources(open.source, {{.path = inside.string(), .kept = ""}}, target,
                      {.keep_owner = open.is_image, .keep_top = true});
}

}  // namespace ecr
