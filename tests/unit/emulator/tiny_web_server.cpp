// The application of the tests' images: linked statically, so that an image is this one file. It listens on
// PORT (8000) and answers each path with VERSION; /health with the status HEALTH. CRASH makes it fail at its
// start, STUBBORN deaf to SIGTERM; NOISE leaves a child that writes without end. With an argument it is the
// container's health check, which ends with the code CHECK.
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

namespace {

std::string variable(const char* name, const char* fallback) {
  const char* value = std::getenv(name);
  return value == nullptr ? fallback : value;
}

void serve(int client) {
  std::string head;
  char c = 0;
  while (::recv(client, &c, 1, 0) == 1) {
    head += c;
    if (!head.ends_with("\r\n\r\n")) continue;
    const bool health = head.starts_with("GET /health ");
    if (head.starts_with("GET /slow ")) ::usleep(200'000);
    const std::string body = variable("VERSION", "none");
    const std::string answer = "HTTP/1.1 " + (health ? variable("HEALTH", "200") : "200") +
                               " X\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    if (::send(client, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) break;
    head.clear();
  }
  ::close(client);
}

}  // namespace

int main(int argc, char** /*argv*/) {
  if (argc > 1) return std::atoi(variable("CHECK", "0").c_str());
  if (std::getenv("CRASH") != nullptr) {
    std::fputs("Traceback (most recent call last):\nRuntimeError: the configuration is missing\n", stderr);
    return 3;
  }
  if (std::getenv("NOISE") != nullptr) {
    if (::fork() != 0) return 0;
    const std::string noise(4095, 'x');
    while (true) std::puts(noise.c_str());
  }
  std::signal(
      SIGTERM, std::getenv("STUBBORN") != nullptr ? SIG_IGN : [](int) { ::_exit(0); });
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(variable("PORT", "8000"))));
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener, 64) != 0)
    return 4;
  std::printf("listening as %s with secret %s\n", variable("VERSION", "none").c_str(),
              variable("SECRET", "none").c_str());
  std::fflush(stdout);
  while (true) {
    const int client = ::accept(listener, nullptr, nullptr);
    if (client >= 0) std::thread(serve, client).detach();
  }
}
