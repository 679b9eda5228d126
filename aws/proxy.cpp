#include "aws/proxy.h"

#include "aws/sigv4.h"
#include "base/strings.h"

namespace aws {
namespace {

std::string either(const Environment& environment, const std::string& name) {
  const auto lower = variable_of(environment, base::to_lower(name));
  return lower.empty() ? variable_of(environment, name) : lower;
}

bool is_exempt(std::string_view host, std::string_view list) {
  const std::string_view name = host.substr(0, host.rfind(':'));
  for (const auto& part : base::split(list, ',')) {
    std::string entry = base::to_lower(base::trim(part));
    if (entry.starts_with("*.")) entry.erase(0, 1);
    if (entry.empty()) continue;
    if (entry == "*" || entry == host || entry == name) return true;
    const std::string domain = entry.starts_with('.') ? entry : "." + entry;
    if (host.ends_with(domain) || name.ends_with(domain)) return true;
  }
  return false;
}

}  // namespace

std::optional<std::string> proxy_for(std::string_view url, const Environment& environment) {
  const auto proxy = either(environment, url.starts_with("https:") ? "HTTPS_PROXY" : "HTTP_PROXY");
  if (proxy.empty()) return std::nullopt;
  const std::string host = host_of_url(url);
  // This machine itself is behind no proxy.
  const bool local = host.starts_with("127.") || host.starts_with("localhost") || host.starts_with("[::1]");
  if (local || is_exempt(host, either(environment, "NO_PROXY"))) return std::string();
  return proxy;
}

}  // namespace aws
