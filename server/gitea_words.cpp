#include "server/gitea_words.h"

#include <cctype>

#include "base/strings.h"

namespace server {

namespace {

bool is_part_of_name(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
}

bool is_alias(std::string_view name) {
  return base::equals_ignoring_case(name, "gitea") || base::equals_ignoring_case(name, "forgejo");
}

/// Goes once over a workflow and copies it, a name at a time.
class ContextRenamer {
 public:
  explicit ContextRenamer(std::string_view text) : text_(text) {}

  std::string run() {
    while (at_ < text_.size()) {
      if (is_at_line_start() && begins_condition()) {
        expression_until("\n");
      } else if (text_.substr(at_).starts_with("${{")) {
        expression_until("}}");
      } else {
        copy(1);
      }
    }
    return std::move(result_);
  }

 private:
  [[nodiscard]] bool is_at_line_start() const { return at_ == 0 || text_[at_ - 1] == '\n'; }

  void copy(std::size_t count) {
    result_ += text_.substr(at_, count);
    at_ += count;
  }

  // `  - if: …`; the key is copied.
  bool begins_condition() {
    const auto key = text_.find_first_not_of(" -", at_);
    if (key == std::string_view::npos || !text_.substr(key).starts_with("if:")) return false;
    copy(key + 3 - at_);
    return true;
  }

  void expression_until(std::string_view end) {
    while (at_ < text_.size() && !text_.substr(at_).starts_with(end)) {
      if (text_[at_] == '\'') {
        const auto close = text_.find('\'', at_ + 1);
        copy(close == std::string_view::npos ? text_.size() - at_ : close + 1 - at_);
      } else if (is_part_of_name(text_[at_])) {
        name();
      } else {
        copy(1);
      }
    }
  }

  // A member of another object may have any name.
  void name() {
    auto end = at_;
    while (end < text_.size() && is_part_of_name(text_[end])) ++end;
    const bool is_member = at_ > 0 && text_[at_ - 1] == '.';
    if (is_member || !is_alias(text_.substr(at_, end - at_))) return copy(end - at_);
    result_ += "github";
    at_ = end;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string result_;
};

}  // namespace

std::string with_github_context(std::string_view workflow) {
  return ContextRenamer(workflow).run();
}

std::string without_server(std::string_view uses, std::string_view server) {
  while (server.ends_with('/')) server.remove_suffix(1);
  if (server.empty() || !uses.starts_with(server) || !uses.substr(server.size()).starts_with('/'))
    return std::string(uses);
  auto rest = std::string(uses.substr(server.size() + 1));
  if (const auto suffix = rest.find(".git@"); suffix != std::string::npos) rest.erase(suffix, 4);
  return rest;
}

std::optional<AddressedUse> take_address_apart(std::string_view uses,
                                               const std::vector<std::string>& servers) {
  for (const auto& server : servers) {
    if (auto rest = without_server(uses, server); rest != uses) return AddressedUse{server, std::move(rest)};
  }
  if (!uses.starts_with("https://") && !uses.starts_with("http://")) return std::nullopt;
  const auto host_end = uses.find('/', uses.find("://") + 3);
  if (host_end == std::string_view::npos) return std::nullopt;
  std::string server(uses.substr(0, host_end));
  auto rest = without_server(uses, server);
  return AddressedUse{std::move(server), std::move(rest)};
}

}  // namespace server
