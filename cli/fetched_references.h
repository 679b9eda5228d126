#pragma once
// The actions and called workflows of other repositories that checked files name, fetched so that the linter
// reads them as it reads local ones. Not for running them.

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/files.h"
#include "base/result.h"
#include "runner/action_store.h"
#include "workflow/lint/lint.h"

namespace cli {

struct CheckedFile {
  const std::string& name;    ///< as people gave it
  std::string in_repository;  ///< its path there, by which a lock knows it
  const std::string& text;
};

class FetchedReferences {
 public:
  /// All that a file names, at the commits of the store's lock where that knows the file. An Error names the
  /// first that cannot be had.
  base::Result<void> add(const CheckedFile& file, runner::ActionStore& store);
  /// A project's files and these; this must outlive them.
  [[nodiscard]] workflow::lint::ProjectFiles beside(workflow::lint::ProjectFiles files) const;

 private:
  [[nodiscard]] std::optional<std::string> path_of(std::string_view uses) const;
  [[nodiscard]] std::optional<std::string> read(const std::string& path) const;

  std::map<std::string, base::Path> folders_;  ///< by `/owner/repo@ref/`
};

}  // namespace cli
