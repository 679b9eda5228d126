#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "base/clock.h"
#include "base/json.h"
#include "base/strings.h"
#include "cli/commands.h"
#include "steps/caches.h"

namespace cli {

namespace {

base::Json to_json(const steps::Cache& cache) {
  return {{"id", cache.blob.id},         {"repository", cache.repository}, {"key", cache.key},
          {"ref", cache.scope},          {"version", cache.version},       {"size", cache.blob.size},
          {"sha256", cache.blob.sha256}, {"created", cache.blob.created},  {"used", cache.blob.used}};
}

void print_list(std::vector<steps::Cache> caches, bool json) {
  std::sort(caches.begin(), caches.end(), [](const auto& a, const auto& b) { return a.blob.id > b.blob.id; });
  if (json) {
    base::Json list = base::Json::array();
    for (const auto& cache : caches) list.push_back(to_json(cache));
    fmt::print("{}\n", base::to_text(list, 2));
    return;
  }
  if (caches.empty()) fmt::print("no caches\n");
  for (const auto& cache : caches) {
    fmt::print("{:>5}  {:>10}  used {:.16}  {}  {}  {}\n", cache.blob.id, base::format_bytes(cache.blob.size),
               base::format_iso8601(base::from_epoch_seconds(cache.blob.used)), cache.repository, cache.scope,
               cache.key);
  }
}

base::Result<void> remove_caches(steps::BlobStore& store, const CacheFlags& flags) {
  if (flags.keys.empty() != flags.all)
    return base::invalid_input("expected the keys or ids of caches, or --all");
  const auto caches = steps::list_all_caches(store);
  std::size_t removed = 0;
  for (const auto& key : flags.keys) {
    const bool known = std::any_of(caches.begin(), caches.end(), [&](const steps::Cache& cache) {
      return cache.key == key || std::to_string(cache.blob.id) == key;
    });
    if (!known)
      return base::make_error(base::ErrorKind::not_found,
                              fmt::format("there is no cache '{}'; 'pipeline cache ls' lists them", key));
  }
  for (const auto& cache : caches) {
    const bool chosen = flags.all || std::any_of(flags.keys.begin(), flags.keys.end(), [&](const auto& key) {
                          return cache.key == key || std::to_string(cache.blob.id) == key;
                        });
    if (!chosen) continue;
    TRY(steps::remove_cache(store, cache.repository, cache));
    ++removed;
  }
  fmt::print("removed {} cache{}\n", removed, removed == 1 ? "" : "s");
  return {};
}

}  // namespace

int cache_command(const CommonFlags& common, const CacheFlags& flags) {
  const auto store = steps::BlobStore::open(base::Path(common.state_folder) / "results");
  if (!store) return complain(store.error());
  if (flags.verb == "ls") {
    print_list(steps::list_all_caches(**store), flags.json);
    return kPassed;
  }
  if (const auto removed = remove_caches(**store, flags); !removed) return complain(removed.error());
  return kPassed;
}

}  // namespace cli
