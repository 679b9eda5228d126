#include "sandbox/protocol.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace sandbox::protocol {

namespace {

constexpr std::size_t kLargestPacket = 64 * 1024;
constexpr std::size_t kMostFds = 8;
constexpr std::size_t kLargestPayload = 64U << 20;

struct Head {
  Kind kind;
  std::uint32_t texts;
  std::int64_t number;
  std::int64_t other;
  std::uint64_t payload_in_memfd;  // its size; 0: the payload follows the head
};

std::string joined(const std::vector<std::string>& texts) {
  std::string payload;
  for (const auto& text : texts) {
    const auto size = static_cast<std::uint32_t>(text.size());
    payload.append(reinterpret_cast<const char*>(&size), sizeof size);
    payload += text;
  }
  return payload;
}

base::Result<std::vector<std::string>> separated(std::string_view payload, std::uint32_t count) {
  std::vector<std::string> texts;
  while (count-- > 0) {
    std::uint32_t size = 0;
    if (payload.size() < sizeof size)
      return base::make_error(base::ErrorKind::internal, "a message was cut off");
    std::memcpy(&size, payload.data(), sizeof size);
    payload.remove_prefix(sizeof size);
    if (payload.size() < size) return base::make_error(base::ErrorKind::internal, "a message was cut off");
    texts.emplace_back(payload.substr(0, size));
    payload.remove_prefix(size);
  }
  return texts;
}

// Waits for a packet. A buffer for the largest one would cost more than asking for the size.
ssize_t size_of_next(int socket) {
  ssize_t size = -1;
  while ((size = ::recv(socket, nullptr, 0, MSG_PEEK | MSG_TRUNC)) < 0 && errno == EINTR) {
  }
  return size;
}

}  // namespace

base::Result<void> send(int socket, const Message& message) {
  std::string payload = joined(message.texts);
  Head head{message.kind, static_cast<std::uint32_t>(message.texts.size()), message.number, message.other, 0};
  base::Fd memory;
  int fds[kMostFds + 1];
  std::size_t count = 0;
  for (const auto& fd : message.fds) {
    if (count < kMostFds) fds[count++] = fd.get();
  }
  if (payload.size() > kLargestPacket) {
    memory.reset(::memfd_create("message", MFD_CLOEXEC));
    if (!memory) return base::system_error("memfd_create", errno);
    TRY(base::write_all(memory.get(), payload));
    head.payload_in_memfd = payload.size();
    payload.clear();
    fds[count++] = memory.get();
  }
  iovec parts[2] = {{&head, sizeof head}, {payload.data(), payload.size()}};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof fds)] = {};
  msghdr packet{};
  packet.msg_iov = parts;
  packet.msg_iovlen = 2;
  if (count > 0) {
    packet.msg_control = control;
    packet.msg_controllen = CMSG_SPACE(sizeof(int) * count);
    cmsghdr* rights = CMSG_FIRSTHDR(&packet);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int) * count);
    std::memcpy(CMSG_DATA(rights), fds, sizeof(int) * count);
  }
  while (::sendmsg(socket, &packet, MSG_NOSIGNAL) < 0) {
    if (errno != EINTR) return base::system_error("talking to the sandbox", errno);
  }
  return {};
}

base::Result<Message> receive(int socket) {
  const auto waiting = size_of_next(socket);
  if (waiting < 0) return base::system_error("listening to the sandbox", errno);
  std::vector<char> buffer(static_cast<std::size_t>(waiting));
  iovec part{buffer.data(), buffer.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * (kMostFds + 1))] = {};
  msghdr packet{};
  packet.msg_iov = &part;
  packet.msg_iovlen = 1;
  packet.msg_control = control;
  packet.msg_controllen = sizeof control;
  ssize_t size = -1;
  while ((size = ::recvmsg(socket, &packet, MSG_CMSG_CLOEXEC)) < 0) {
    if (errno != EINTR) return base::system_error("listening to the sandbox", errno);
  }
  Message message;
  for (cmsghdr* part_of = CMSG_FIRSTHDR(&packet); part_of != nullptr;
       part_of = CMSG_NXTHDR(&packet, part_of)) {
    if (part_of->cmsg_level != SOL_SOCKET || part_of->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part_of->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part_of) + i * sizeof(int), sizeof fd);
      message.fds.emplace_back(fd);
    }
  }
  if (size == 0) return base::make_error(base::ErrorKind::cancelled, "the other side is gone");
  Head head{};
  if (static_cast<std::size_t>(size) < sizeof head)
    return base::make_error(base::ErrorKind::internal, "a message was cut off");
  std::memcpy(&head, buffer.data(), sizeof head);
  message.kind = head.kind;
  message.number = head.number;
  message.other = head.other;
  std::string long_payload;
  std::string_view payload(buffer.data() + sizeof head, static_cast<std::size_t>(size) - sizeof head);
  if (head.payload_in_memfd > 0) {
    if (message.fds.empty() || head.payload_in_memfd > kLargestPayload) {
      return base::make_error(base::ErrorKind::internal, "a message was cut off");
    }
    const base::Fd memory = std::move(message.fds.back());
    message.fds.pop_back();
    long_payload.resize(head.payload_in_memfd);
    if (::pread(memory.get(), long_payload.data(), long_payload.size(), 0) !=
        static_cast<ssize_t>(long_payload.size())) {
      return base::make_error(base::ErrorKind::internal, "a message was cut off");
    }
    payload = long_payload;
  }
  TRY(message.texts, separated(payload, head.texts));
  return message;
}

}  // namespace sandbox::protocol
