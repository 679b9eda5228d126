#include "runner/sqlite.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <utility>

namespace runner {

namespace {

constexpr int kBusyMilliseconds = 10'000;

struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

int bind(sqlite3_stmt* statement, int index, const Sqlite::Parameter& parameter) {
  if (const auto* integer = std::get_if<std::int64_t>(&parameter))
    return sqlite3_bind_int64(statement, index, *integer);
  if (const auto* number = std::get_if<double>(&parameter))
    return sqlite3_bind_double(statement, index, *number);
  const auto& text = std::get<std::string>(parameter);
  return sqlite3_bind_text(statement, index, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
}

// Unlike all else, changing a new file to a write-ahead log does not wait for others who do the same.
int carry_out_patiently(sqlite3* database, const char* schema) {
  constexpr int kPause = 5;
  int code = SQLITE_BUSY;
  for (int waited = 0; code == SQLITE_BUSY && waited <= kBusyMilliseconds; waited += kPause) {
    if (waited > 0) sqlite3_sleep(kPause);
    code = sqlite3_exec(database, schema, nullptr, nullptr, nullptr);
  }
  return code;
}

}  // namespace

std::int64_t Sqlite::Row::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

double Sqlite::Row::number(int column) const {
  return sqlite3_column_double(statement_, column);
}

std::string Sqlite::Row::text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  return text == nullptr ? "" : text;
}

void Sqlite::Close::operator()(sqlite3* database) const {
  sqlite3_close(database);
}

base::Error Sqlite::error(const char* doing) const {
  return base::make_error(base::ErrorKind::internal,
                          fmt::format("{}: {}: {}", name_, doing, sqlite3_errmsg(database_.get())));
}

base::Result<Sqlite> Sqlite::open(const base::Path& file, const char* schema, std::string name) {
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  Sqlite opened(std::unique_ptr<sqlite3, Close>(raw), std::move(name));
  if (code != SQLITE_OK) {
    return base::make_error(base::ErrorKind::internal, fmt::format("cannot open {} {}: {}", opened.name_,
                                                                   file.string(), sqlite3_errstr(code)));
  }
  sqlite3_busy_timeout(raw, kBusyMilliseconds);
  if (carry_out_patiently(raw, schema) != SQLITE_OK)
    return opened.error(fmt::format("setting up {}", file.string()).c_str());
  return opened;
}

base::Result<void> Sqlite::each(const char* doing, const char* sql, const Parameters& parameters,
                                const std::function<void(const Row&)>& on_row) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v2(database_.get(), sql, -1, &raw, nullptr) != SQLITE_OK) return error(doing);
  const std::unique_ptr<sqlite3_stmt, FinalizeStatement> statement(raw);
  int index = 0;
  for (const auto& parameter : parameters) {
    if (bind(raw, ++index, parameter) != SQLITE_OK) return error(doing);
  }
  int code = SQLITE_ROW;
  while ((code = sqlite3_step(raw)) == SQLITE_ROW) {
    if (on_row) on_row(Row(raw));
  }
  if (code != SQLITE_DONE) return error(doing);
  return {};
}

base::Result<int> Sqlite::run(const char* doing, const char* sql, const Parameters& parameters) {
  TRY(each(doing, sql, parameters, {}));
  return sqlite3_changes(database_.get());
}

base::Result<void> Sqlite::together(const char* doing, const std::function<base::Result<void>()>& body) {
  TRY(run(doing, "BEGIN IMMEDIATE"));
  if (auto done = body(); !done) {
    (void)run(doing, "ROLLBACK");
    return done;
  }
  TRY(run(doing, "COMMIT"));
  return {};
}

}  // namespace runner
