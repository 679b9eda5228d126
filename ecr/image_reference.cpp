#include "ecr/image_reference.h"

#include <fmt/format.h>

namespace ecr {

namespace {

constexpr std::string_view kLowerDigits = "abcdefghijklmnopqrstuvwxyz0123456789";

bool valid_path(std::string_view path) {
  if (path.empty() || path.size() > 255) return false;
  bool at_start = true;
  for (const char c : path) {
    const bool letter = kLowerDigits.find(c) != std::string_view::npos;
    if (at_start && !letter) return false;
    if (!letter && c != '.' && c != '_' && c != '-' && c != '/') return false;
    at_start = c == '/';
  }
  return !at_start && kLowerDigits.find(path.back()) != std::string_view::npos;
}

bool valid_tag(std::string_view tag) {
  if (tag.empty() || tag.size() > 128 || tag.front() == '.' || tag.front() == '-') return false;
  return tag.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") == std::string_view::npos;
}

bool is_host(std::string_view part) {
  return part == "localhost" || part.find('.') != std::string_view::npos || part.find(':') != std::string_view::npos;
}

}  // namespace

std::string ImageReference::to_string() const {
  return digest.empty() ? fmt::format("{}/{}:{}", registry, repository, tag)
                        : fmt::format("{}/{}@{}", registry, repository, digest.to_string());
}

base::Result<ImageReference> parse_image_reference(std::string_view text) {
  const auto invalid = [&](std::string_view why) {
    return base::make_error(base::ErrorKind::invalid_input, fmt::format("invalid image name '{}': {}", text.substr(0, 200), why));
  };
  ImageReference reference;
  std::string_view rest = text;
  if (const auto at = rest.find('@'); at != std::string_view::npos) {
    auto digest = Digest::parse(rest.substr(at + 1));
    if (!digest) return invalid(digest.error().message);
    reference.digest = *digest;
    rest = rest.substr(0, at);
  }
  const auto slash = rest.find('/');
  if (slash != std::string_view::npos && is_host(rest.substr(0, slash))) {
    reference.registry = rest.substr(0, slash);
    rest.remove_prefix(slash + 1);
  } else {
    reference.registry = "docker.io";
  }
  if (const auto colon = rest.rfind(':'); colon != std::string_view::npos) {
    reference.tag = rest.substr(colon + 1);
    if (!valid_tag(reference.tag)) return invalid("the tag may have letters, digits, '_', '.' and '-', at most 128");
    rest = rest.substr(0, colon);
  }
  if (!valid_path(rest)) return invalid("the repository may have lower-case letters, digits, '.', '_', '-' and '/'");
  reference.repository = rest;
  if (reference.registry == "docker.io" && rest.find('/') == std::string_view::npos) reference.repository = "library/" + reference.repository;
  if (reference.tag.empty() && reference.digest.empty()) reference.tag = "latest";
  return reference;
}

}  // namespace ecr
