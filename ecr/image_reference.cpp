#include "ecr/image_reference.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/strings.h"

namespace ecr {

namespace {

using base::ErrorKind;
using base::make_error;

constexpr std::size_t kLongestRepository = 255;
constexpr std::size_t kLongestTag = 128;

bool is_lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}
bool is_word(char c) {
  return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z') || c == '_';
}

base::Error bad(std::string_view text, std::string_view why) {
  return make_error(
      ErrorKind::invalid_input,
      fmt::format("\"{}\" is no image reference: {}; expected [host[:port]/]name[:tag][@sha256:digest]",
                  text.substr(0, 300), why));
}

// Alphanumerics, between them ".", "_", "__" or dashes (distribution-spec: name).
bool is_path_component(std::string_view part) {
  if (part.empty() || !is_lower_or_digit(part.front()) || !is_lower_or_digit(part.back())) return false;
  for (std::size_t i = 0; i < part.size(); ++i) {
    if (is_lower_or_digit(part[i]) || part[i] == '-') continue;
    if (part[i] != '.' && part[i] != '_') return false;
    if (part[i] == '_' && part[i + 1] == '_') ++i;
    if (!is_lower_or_digit(part[i + 1])) return false;
  }
  return true;
}

bool is_tag(std::string_view tag) {
  return !tag.empty() && tag.size() <= kLongestTag && is_word(tag.front()) &&
         std::all_of(tag.begin(), tag.end(), [](char c) { return is_word(c) || c == '.' || c == '-'; });
}

bool is_host(std::string_view host) {
  const auto colon = host.rfind(':');
  std::string_view name = host;
  if (colon != std::string_view::npos && !host.ends_with(']')) {
    const auto port = base::parse_integer(host.substr(colon + 1));
    if (!port || *port < 1 || *port > 65535) return false;
    name = host.substr(0, colon);
  }
  if (name.starts_with('[') && name.ends_with(']')) {
    return std::all_of(name.begin() + 1, name.end() - 1,
                       [](char c) { return std::isxdigit(c) != 0 || c == ':'; });
  }
  return !name.empty() && name.front() != '-' && name.front() != '.' &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return (is_word(c) && c != '_') || c == '.' || c == '-'; });
}

// Docker's rule: the first part is a host when it has a dot or a colon, is localhost, or has capitals.
bool looks_like_host(std::string_view part) {
  return part.find_first_of(".:") != std::string_view::npos || part == "localhost" ||
         std::any_of(part.begin(), part.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

base::Result<void> check_repository(std::string_view text, std::string_view repository) {
  if (repository.empty()) return bad(text, "the name is missing");
  if (repository.size() > kLongestRepository) return bad(text, "the name is longer than 255 characters");
  for (const auto& part : base::split(repository, '/')) {
    if (!is_path_component(part)) {
      return bad(text,
                 fmt::format("\"{}\" may hold only a-z, 0-9 and single '.', '_', '-' between them", part));
    }
  }
  return {};
}

}  // namespace

std::string ImageReference::name() const {
  return repository.empty() ? host : host + "/" + repository;
}

std::string ImageReference::to_string() const {
  std::string text = name();
  if (!tag.empty()) text += ":" + tag;
  if (digest) text += "@" + digest->to_string();
  return text;
}

std::string ImageReference::manifest_key() const {
  return digest ? digest->to_string() : tag;
}

base::Result<ImageReference> parse_image_reference(std::string_view text) {
  ImageReference reference;
  std::string_view rest = text;
  if (const auto at = rest.find('@'); at != std::string_view::npos) {
    TRY(reference.digest, Digest::parse(rest.substr(at + 1)));
    rest = rest.substr(0, at);
  }
  const auto slash = rest.rfind('/');
  const auto colon = rest.rfind(':');
  if (colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash)) {
    reference.tag = rest.substr(colon + 1);
    if (!is_tag(reference.tag)) return bad(text, fmt::format("\"{}\" is no tag", reference.tag));
    rest = rest.substr(0, colon);
  }
  const auto first_slash = rest.find('/');
  if (first_slash != std::string_view::npos && looks_like_host(rest.substr(0, first_slash))) {
    reference.host = rest.substr(0, first_slash);
    rest = rest.substr(first_slash + 1);
    if (!is_host(reference.host)) return bad(text, fmt::format("\"{}\" is no host", reference.host));
  }
  if (reference.host.empty() || reference.host == "index.docker.io") reference.host = "docker.io";
  reference.repository = rest;
  if (reference.host == "docker.io" && reference.repository.find('/') == std::string::npos && !rest.empty()) {
    reference.repository = "library/" + reference.repository;
  }
  TRY(check_repository(text, reference.repository));
  if (reference.tag.empty() && !reference.digest) reference.tag = "latest";
  return reference;
}

}  // namespace ecr
