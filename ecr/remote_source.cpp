#include "ecr/remote_source.h"

#include <fmt/format.h>

#include <ctime>

#include "base/crypto.h"
#include "base/git_remote.h"
#include "base/strings.h"

namespace ecr {

namespace {

using base::ErrorKind;
using base::make_error;
using base::Result;

constexpr std::uint64_t kLargestDownload = 16ULL << 30;
constexpr int kMostRedirects = 10;
constexpr std::chrono::minutes kLongestDownload{30};

/// What of a URL matters here.
struct UrlParts {
  std::string origin;  ///< scheme and host with port
  std::string host;
  std::uint16_t port = 0;
  std::string path;  ///< without query and fragment
};

std::optional<UrlParts> parts_of_url(std::string_view url) {
  const bool secure = url.starts_with("https://");
  if (!secure && !url.starts_with("http://")) return std::nullopt;
  const auto begin = url.find("://") + 3;
  const auto end = std::min(url.find_first_of("/?#", begin), url.size());
  UrlParts parts{.origin = std::string(url.substr(0, end)), .host = "", .port = 0, .path = ""};
  auto authority = url.substr(begin, end - begin);
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) authority.remove_prefix(at + 1);
  const auto colon = authority.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos;
  parts.host = base::to_lower(authority.substr(0, has_port ? colon : authority.size()));
  const auto port = has_port ? base::parse_integer(authority.substr(colon + 1))
                             : std::optional<std::int64_t>(secure ? 443 : 80);
  if (parts.host.empty() || !port || *port < 1 || *port > 65'535) return std::nullopt;
  parts.port = static_cast<std::uint16_t>(*port);
  const auto path_end = std::min(url.find_first_of("?#", end), url.size());
  parts.path = std::string(url.substr(end, path_end - end));
  return parts;
}

Result<UrlParts> admitted(const std::string& url, const RemoteAccess& access) {
  if (access.http == nullptr)
    return make_error(ErrorKind::denied,
                      fmt::format("ADD {}: this build has no network to fetch it from", url));
  const auto parts = parts_of_url(url);
  if (!parts)
    return make_error(ErrorKind::invalid_input, fmt::format("ADD: not a URL of http or https: {}", url));
  const auto why = access.why_no_connection ? access.why_no_connection(parts->host, parts->port) : "";
  if (!why.empty()) return make_error(ErrorKind::denied, why);
  return *parts;
}

/// Where a redirect leads, from `url`.
std::string next_url(const UrlParts& from, const std::string& location) {
  if (location.find("://") != std::string::npos) return location;
  if (location.starts_with("//")) return from.origin.substr(0, from.origin.find(':') + 1) + location;
  if (location.starts_with('/')) return from.origin + location;
  return from.origin + from.path.substr(0, from.path.rfind('/') + 1) + location;
}

std::int64_t time_of_header(const base::Headers& headers) {
  const auto text = base::header_value(headers, "Last-Modified");
  std::tm parts{};
  if (!text || ::strptime(text->c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts) == nullptr) return 0;
  return std::max<std::int64_t>(::timegm(&parts), 0);
}

/// The body of one answer, into a file.
class Download {
 public:
  explicit Download(int file) : file_(file) {}

  bool take(std::string_view piece) {
    size_ += piece.size();
    if (size_ > kLargestDownload) {
      failure_ = make_error(ErrorKind::invalid_input,
                            fmt::format("it is larger than {}", base::format_bytes(kLargestDownload)));
      return false;
    }
    digest_.update(piece);
    if (auto written = base::write_all(file_, piece); !written) failure_ = std::move(written).error();
    return !failure_;
  }
  std::optional<base::Error> take_failure() { return std::move(failure_); }
  Digest digest() { return Digest::from(digest_.finish()); }

 private:
  int file_;
  std::uint64_t size_ = 0;
  base::Sha256 digest_;
  std::optional<base::Error> failure_;
};

bool is_commit(std::string_view text) {
  return text.size() == 40 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_below_root(std::string_view folder) {
  for (const auto& part : base::split(folder, '/')) {
    if (part == "..") return false;
  }
  return true;
}

Result<void> read_git_option(std::string_view option, GitPlace& place) {
  const auto equals = option.find('=');
  const auto key = option.substr(0, equals);
  const std::string value(equals == std::string_view::npos ? "" : option.substr(equals + 1));
  if (key == "ref" || key == "branch" || key == "tag") {
    place.reference = key == "ref" ? value : (key == "tag" ? "refs/tags/" : "refs/heads/") + value;
  } else if (key == "subdir") {
    place.folder = value;
  } else if (key == "checksum" || key == "commit") {
    place.commit = value;
  } else {
    return make_error(ErrorKind::invalid_input,
                      fmt::format("ADD from git: the option {} is not supported; what is: ref, branch, tag, "
                                  "subdir, checksum",
                                  key));
  }
  return {};
}

}  // namespace

RemoteKind remote_kind(std::string_view source) {
  if (source.starts_with("git@") || source.starts_with("git://") || source.starts_with("ssh://"))
    return RemoteKind::git;
  if (!source.starts_with("http://") && !source.starts_with("https://")) return RemoteKind::none;
  const auto path = source.substr(0, source.find_first_of("?#"));
  return path.ends_with(".git") ? RemoteKind::git : RemoteKind::url;
}

std::string name_of_url(std::string_view url) {
  const auto parts = parts_of_url(url);
  const auto name = parts ? base::Path(parts->path).filename().string() : "";
  return name.empty() || name == "." || name == ".." ? "__unnamed__" : name;
}

Result<FetchedFile> fetch_url(const std::string& url, int file, const std::optional<Digest>& expected,
                              const RemoteAccess& access) {
  std::string at = url;
  for (int redirects = 0; redirects <= kMostRedirects; ++redirects) {
    TRY(const auto parts, admitted(at, access));
    Download download(file);
    base::HttpRequest request{.url = at.substr(0, at.find('#'))};
    request.body_sink = [&](std::string_view piece) { return download.take(piece); };
    request.timeout = kLongestDownload;
    request.stop = access.stop;
    auto answer = access.http->send(request);
    if (auto failure = download.take_failure()) return std::move(*failure).while_doing("fetching " + at);
    if (!answer) return std::move(answer).error().while_doing("fetching " + at);
    const auto location = base::header_value(answer->headers, "Location");
    if (answer->status >= 300 && answer->status < 400 && location) {
      at = next_url(parts, *location);
      continue;
    }
    if (answer->status != 200)
      return make_error(ErrorKind::remote, fmt::format("ADD {}: the server answered {}", at, answer->status));
    FetchedFile fetched{
        .name = name_of_url(url), .digest = download.digest(), .modified = time_of_header(answer->headers)};
    if (expected && fetched.digest != *expected) {
      return make_error(ErrorKind::invalid_input,
                        fmt::format("ADD {}: digest mismatch {}: expected {}", url,
                                    fetched.digest.to_string(), expected->to_string()));
    }
    return fetched;
  }
  return make_error(ErrorKind::remote, fmt::format("ADD {}: more than {} redirects", url, kMostRedirects));
}

Result<GitPlace> parse_git_place(std::string_view source) {
  if (!source.starts_with("http")) {
    return make_error(ErrorKind::invalid_input,
                      fmt::format("ADD {}: git is read over http:// and https:// only", source));
  }
  GitPlace place;
  auto rest = source;
  if (const auto hash = rest.find('#'); hash != std::string_view::npos) {
    const auto fragment = rest.substr(hash + 1);
    rest = rest.substr(0, hash);
    const auto colon = fragment.find(':');
    place.reference = std::string(fragment.substr(0, colon));
    if (colon != std::string_view::npos) place.folder = std::string(fragment.substr(colon + 1));
  }
  if (const auto query = rest.find('?'); query != std::string_view::npos) {
    for (const auto& option : base::split(rest.substr(query + 1), '&')) TRY(read_git_option(option, place));
    rest = rest.substr(0, query);
  }
  place.url = std::string(rest);
  if (!is_below_root(place.folder))
    return make_error(ErrorKind::invalid_input,
                      fmt::format("ADD {}: the folder leads out of the repository", source));
  return place;
}

Result<std::string> resolve_git_place(const GitPlace& place, const RemoteAccess& access) {
  TRY(admitted(place.url, access));
  std::string commit;
  if (is_commit(place.reference)) {
    commit = place.reference;
  } else {
    const auto& name = place.reference;
    const std::vector<std::string> wanted =
        name.empty() ? std::vector<std::string>{"HEAD"}
                     : std::vector<std::string>{name, "refs/heads/" + name, "refs/tags/" + name};
    const base::GitServer server{.url = place.url, .http = access.http, .stop = access.stop};
    TRY(const auto references, base::list_references(server, wanted));
    for (const auto& text : wanted) {
      for (const auto& reference : references) {
        if (commit.empty() && reference.name == text) commit = reference.commit;
      }
    }
  }
  if (commit.empty()) {
    return make_error(ErrorKind::not_found, fmt::format("ADD {}: the repository has no branch or tag '{}'",
                                                        place.url, place.reference));
  }
  if (!place.commit.empty() && !commit.starts_with(place.commit)) {
    return make_error(ErrorKind::invalid_input,
                      fmt::format("ADD {}: '{}' is the commit {}, expected {}", place.url, place.reference,
                                  commit, place.commit));
  }
  return commit;
}

Result<void> fetch_git_files(const GitPlace& place, const std::string& commit, const base::Path& folder,
                             const RemoteAccess& access) {
  const base::GitServer server{.url = place.url, .http = access.http, .stop = access.stop};
  TRY(const auto fetched, base::fetch_files(server, commit, folder).while_doing("fetching " + place.url));
  return {};
}

}  // namespace ecr
