#pragma once
// The patterns of hashFiles: those of the toolkit's @actions/glob over minimatch, to the letter, since caches
// are keyed by which files they take and in which order. Pure. Filters of `on:` are workflow/filter_pattern.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace steps {

/// A set of characters in brackets.
struct GlobClass {
  bool negated = false;
  std::vector<std::pair<char32_t, char32_t>> ranges;
  std::vector<std::string> names;  ///< alpha, digit … of [[:alpha:]]
};

/// What stands between two slashes of a pattern.
struct GlobSegment {
  enum class Kind {
    any_number,  ///< `**`: any number of names
    literal,     ///< exactly `text`
    ending,      ///< `*` and `text` as it is written, backslashes and all
    length,      ///< `?` and `text`: as long as the segment, with that ending
    anything,    ///< `*`
    dotted,      ///< `*.*`
    hidden,      ///< `.*`
    parts,       ///< what else there is
    nothing      ///< an impossible class: matches no name
  } kind = Kind::literal;
  std::string text;
  std::size_t units = 0;  ///< of `length`, in UTF-16
  struct Part {
    enum class Kind { character, one, any, set } kind = Kind::character;
    char32_t character = 0;
    GlobClass set;
  };
  std::vector<Part> parts;
  bool by_code_point = false;  ///< else by units of UTF-16, as JavaScript's expressions are without `u`
};

struct GlobPattern {
  bool excludes = false;
  bool directories_only = false;  ///< it ended with a slash
  bool implied = false;           ///< stands for what is below a folder that the pattern before it names
  std::vector<GlobSegment> segments;
  std::vector<std::string> search_path;  ///< the names at its start that hold no pattern
};

/// The lines of `text`, in their order, each followed by the pattern that it implies. Relative ones are below
/// `workspace`, `~` is `home`; both are absolute. Empty lines and # comments count for nothing; `.` and `..`
/// are refused.
base::Result<std::vector<GlobPattern>> parse_glob_patterns(std::string_view text,
                                                           const std::string& workspace,
                                                           const std::string& home);

/// Where to look, in this order: paths from the root, none below another.
std::vector<std::vector<std::string>> search_paths_of(const std::vector<GlobPattern>& patterns);

/// Which kinds of thing a path may be to be taken.
struct GlobVerdict {
  bool as_directory = false;
  bool as_file = false;
};
/// `names` are those of a path from the root. Later patterns override earlier ones.
GlobVerdict match_globs(const std::vector<GlobPattern>& patterns, const std::vector<std::string>& names);
/// Whether something below the path may match.
bool may_match_below(const std::vector<GlobPattern>& patterns, const std::vector<std::string>& names);

/// The names of an absolute path.
std::vector<std::string> names_of(std::string_view path);

}  // namespace steps
