#pragma once
// The attempts' rows and the journal's, as SQL has them. Not for what may become of an attempt
// (attempt_queue).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "runner/sqlite.h"
#include "server/attempt_queue.h"

namespace server {

/// What attempt_of() expects to be selected, in this order.
extern const char* const kAttemptColumns;

Attempt attempt_of(const runner::Sqlite::Row& row);
/// As the column keeps them, with blanks between.
std::vector<std::string> labels_of(const std::string& text);

base::Result<Attempt> select_attempt(runner::Sqlite& database, std::int64_t id);

struct NewRow {
  double time = 0;  ///< epoch seconds
  std::int64_t retry_of = 0;
};
/// Nothing when there is an attempt of that meaning.
base::Result<std::optional<std::int64_t>> insert_attempt(runner::Sqlite& database, const Order& order,
                                                         const NewRow& row);

/// Its `seq` is the database's.
base::Result<void> note_entry(runner::Sqlite& database, const JournalEntry& entry);

}  // namespace server
