#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <random>

#include "base/json.h"
#include "base/process.h"
#include "job_fixture.h"
#include "steps/hash_files.h"

// Random trees and patterns, hashed by us and by the toolkit's own globber under node, as the hosted runner
// runs it. ACTIONS_GLOB names a folder in which `npm install @actions/glob` was run.

namespace steps {
namespace {

constexpr const char* kPeer = R"js(
import * as crypto from 'node:crypto';
import * as fs from 'node:fs';
const glob = await import(process.argv[2] + '/node_modules/@actions/glob/lib/glob.js');
const results = [];
for (const {workspace, patterns, follow} of JSON.parse(fs.readFileSync(process.argv[3], 'utf8'))) {
  process.chdir(workspace);
  try {
    const all = crypto.createHash('sha256');
    let any = false;
    const globber = await glob.create(patterns, {followSymbolicLinks: follow});
    for await (const file of globber.globGenerator()) {
      if (!file.startsWith(workspace + '/') || fs.statSync(file).isDirectory()) continue;
      all.update(crypto.createHash('sha256').update(fs.readFileSync(file)).digest());
      any = true;
    }
    results.push(any ? all.digest('hex') : '');
  } catch (error) {
    results.push('error');
  }
}
fs.writeFileSync(process.argv[3] + '.out', JSON.stringify(results));
)js";

class Chance {
 public:
  explicit Chance(unsigned seed) : engine_(seed) {}
  std::size_t below(std::size_t count) { return engine_() % count; }
  bool one_in(std::size_t count) { return below(count) == 0; }
  template <typename List>
  std::string of(const List& list) {
    return list[below(std::size(list))];
  }

 private:
  std::mt19937 engine_;
};

constexpr const char* kNames[] = {"a",   "b",   "ab", ".a",       "a.txt", "b.md",
                                  "[a]", "a b", "A",  "\xC3\xA9", "a-b",   "\xF0\x9F\x98\x80",
                                  "*",   "a\\b"};
constexpr const char* kSegments[] = {
    "*",       "**",   "a",     "b",      "?",           "??",           "a*",     "*.txt",
    "[ab]",    "[!a]", "[^b]*", "*a*",    ".*",          "***",          "*b",     "[a-b]*",
    "\\[a\\]", "a?",   "*.*",   "b.md",   "[[:alpha:]]", "[[:punct:]]*", "[]a]",   "[a",
    "a\\",     "\\*",  "[*]",   "[z-a]",  "{a,b}",       "@(a)",         "a.+(t)", "[\\]a]",
    "**a",     "a**",  "?.md",  "*\\.md", "[a-]b",       "[A-z]",        "a\\\\b", "[[]a]",
    ".",       ".."};

void grow(Chance& chance, const base::Path& folder, int depth) {
  for (std::size_t count = 1 + chance.below(5); count > 0; --count) {
    const auto path = folder / chance.of(kNames);
    std::error_code ignored;
    if (std::filesystem::symlink_status(path, ignored).type() != std::filesystem::file_type::not_found)
      continue;
    if (chance.one_in(6)) {
      std::filesystem::create_symlink(chance.of(kNames), path, ignored);
    } else if (depth > 0 && chance.one_in(2)) {
      std::filesystem::create_directory(path, ignored);
      grow(chance, path, depth - 1);
    } else {
      EXPECT_TRUE(base::write_file(path, std::to_string(chance.below(1000))));
    }
  }
}

std::string random_pattern(Chance& chance, const std::string& workspace) {
  std::string pattern;
  while (chance.one_in(4)) pattern += "!";
  if (chance.one_in(8))
    pattern += "./";
  else if (chance.one_in(10))
    pattern += workspace + "/";
  else if (chance.one_in(20))
    pattern += base::Path(workspace).parent_path().string() + "/*/";
  for (std::size_t count = 1 + chance.below(4); count > 0; --count) {
    // The last two are refused nearly everywhere.
    const auto usual = std::size(kSegments) - (chance.one_in(30) ? 0 : 2);
    pattern += kSegments[chance.below(usual)];
    if (count > 1) pattern += chance.one_in(10) ? "//" : "/";
  }
  if (chance.one_in(8)) pattern += "/";
  return pattern;
}

class HashFilesPeer : public JobFixture {};

TEST_F(HashFilesPeer, AgreesWithTheToolkitOnRandomTrees) {
  const char* glob = std::getenv("ACTIONS_GLOB");
  if (glob == nullptr || !base::find_program("node"))
    GTEST_SKIP() << "ACTIONS_GLOB names no folder with @actions/glob in it: nothing was compared";
  constexpr int kTrees = 60;
  constexpr int kPatterns = 60;
  Chance chance(20260817);
  base::Json cases = base::Json::array();
  for (int tree = 0; tree < kTrees; ++tree) {
    const auto workspace = root_.path() / std::to_string(tree) / "work";
    ASSERT_TRUE(base::make_directories(workspace));
    grow(chance, workspace, 3);
    for (int i = 0; i < kPatterns; ++i) {
      std::string patterns = random_pattern(chance, workspace.string());
      while (chance.one_in(2)) patterns += "\n" + random_pattern(chance, workspace.string());
      cases.push_back(
          {{"workspace", workspace.string()}, {"patterns", patterns}, {"follow", chance.one_in(3)}});
    }
  }
  const auto script = root_.path() / "peer.mjs";
  const auto file = root_.path() / "cases.json";
  ASSERT_TRUE(base::write_file(script, kPeer));
  ASSERT_TRUE(base::write_file(file, base::to_text(cases)));
  base::ProcessOptions options;
  options.argv = {"node", script.string(), glob, file.string()};
  const auto ran = base::run_process(options);
  ASSERT_TRUE(ran.ok() && base::exists(file.string() + ".out")) << (ran ? ran->output : ran.error().message);
  const auto expected = *base::parse_json(*base::read_file(file.string() + ".out"));
  std::size_t errors = 0;
  std::size_t empty = 0;
  int failed = 0;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    job_.folders.workspace = {cases[i]["workspace"].get<std::string>(),
                              cases[i]["workspace"].get<std::string>()};
    std::vector<std::string> arguments{cases[i]["patterns"].get<std::string>()};
    if (cases[i]["follow"].get<bool>()) arguments.insert(arguments.begin(), "--follow-symbolic-links");
    const auto ours = hash_files(job_.folders, arguments);
    errors += expected[i] == "error" ? 1 : 0;
    empty += expected[i] == "" ? 1 : 0;
    if ((ours ? *ours : "error") == expected[i].get<std::string>()) continue;
    if (++failed < 10)
      ADD_FAILURE() << base::to_text(cases[i]) << "\nours " << (ours ? *ours : ours.error().message)
                    << "\ntheirs " << expected[i];
  }
  std::printf("hashFiles: %zu cases, %d differ; %zu with an error, %zu without a match\n", cases.size(),
              failed, errors, empty);
  EXPECT_EQ(failed, 0);
}

}  // namespace
}  // namespace steps
