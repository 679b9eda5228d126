#include "steps/docker_protocol.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

namespace steps {
namespace {

constexpr std::size_t kMaximumRequest = 8U << 20;
constexpr std::size_t kMaximumFrame = 1U << 20;
constexpr int kRequestSilence = 10'000;
constexpr std::size_t kControlSize = CMSG_SPACE(kMostFilesOfRequest * sizeof(int));

std::array<char, 4> length_bytes(std::size_t length) {
  const auto n = static_cast<std::uint32_t>(length);
  return {static_cast<char>(n), static_cast<char>(n >> 8), static_cast<char>(n >> 16),
          static_cast<char>(n >> 24)};
}

std::size_t length_from(const char* bytes) {
  const auto* b = reinterpret_cast<const unsigned char*>(bytes);
  return b[0] | (b[1] << 8U) | (b[2] << 16U) | (static_cast<std::size_t>(b[3]) << 24U);
}

base::Error broken(std::string what) {
  return base::make_error(base::ErrorKind::internal, std::move(what));
}

base::Result<void> wait_readable(int socket, int milliseconds) {
  pollfd waited{socket, POLLIN, 0};
  int count = 0;
  do {
    count = poll(&waited, 1, milliseconds);
  } while (count < 0 && errno == EINTR);
  if (count == 0) return broken("nothing came within 10 seconds");
  if (count < 0) return base::system_error("poll", errno);
  return {};
}

base::Result<void> receive_exactly(int socket, char* into, std::size_t size, int milliseconds) {
  while (size > 0) {
    TRY(wait_readable(socket, milliseconds));
    const ssize_t count = recv(socket, into, size, 0);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count < 0) return base::system_error("recv", errno);
    if (count == 0) return broken("the connection ended early");
    into += count;
    size -= static_cast<std::size_t>(count);
  }
  return {};
}

/// The first bytes carry the files; more than there is room for are closed unseen by the kernel (MSG_CTRUNC).
base::Result<std::size_t> receive_with_files(int socket, std::array<char, 4>& length,
                                             std::vector<base::Fd>& files) {
  iovec piece{length.data(), length.size()};
  alignas(cmsghdr) std::array<char, kControlSize> control{};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  TRY(wait_readable(socket, kRequestSilence));
  const ssize_t count = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  if (count <= 0) return broken("the connection ended early");
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t fds = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < fds; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof fd);
      files.emplace_back(fd);
    }
  }
  return static_cast<std::size_t>(count);
}

}  // namespace

base::Result<void> send_request(int socket, std::string_view text, const std::vector<base::Fd>& files) {
  if (files.size() > kMostFilesOfRequest) {
    return base::make_error(base::ErrorKind::invalid_input,
                            fmt::format("docker: at most {} build contexts", kMostFilesOfRequest));
  }
  std::array<char, 4> length = length_bytes(text.size());
  iovec piece{length.data(), length.size()};
  alignas(cmsghdr) std::array<char, kControlSize> control{};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  if (!files.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(files.size() * sizeof(int));
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(files.size() * sizeof(int));
    for (std::size_t i = 0; i < files.size(); ++i) {
      const int fd = files[i].get();
      std::memcpy(CMSG_DATA(header) + i * sizeof(int), &fd, sizeof fd);
    }
  }
  if (sendmsg(socket, &message, MSG_NOSIGNAL) != static_cast<ssize_t>(length.size())) {
    return base::system_error("sending the request", errno);
  }
  while (!text.empty()) {
    const ssize_t count = send(socket, text.data(), text.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return base::system_error("sending the request", errno);
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

base::Result<DockerRequest> receive_request(int socket) {
  DockerRequest request;
  std::array<char, 4> length{};
  TRY(const std::size_t got, receive_with_files(socket, length, request.files));
  TRY(receive_exactly(socket, length.data() + got, length.size() - got, kRequestSilence));
  const std::size_t size = length_from(length.data());
  if (size > kMaximumRequest) return broken("the request is larger than 8 MiB");
  request.text.resize(size);
  TRY(receive_exactly(socket, request.text.data(), size, kRequestSilence));
  return request;
}

base::Result<void> send_frame(int socket, FrameKind kind, std::string_view payload, int wake) {
  do {
    const std::string_view part = payload.substr(0, kMaximumFrame / 2);
    payload.remove_prefix(part.size());
    const std::array<char, 4> length = length_bytes(part.size());
    std::string bytes(1, static_cast<char>(kind));
    bytes.append(length.data(), length.size()).append(part);
    std::string_view rest = bytes;
    while (!rest.empty()) {
      const ssize_t count = send(socket, rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (count >= 0) {
        rest.remove_prefix(static_cast<std::size_t>(count));
        continue;
      }
      if (errno == EINTR) continue;
      if (errno != EAGAIN) return base::system_error("sending an answer", errno);
      std::array<pollfd, 2> waited{pollfd{socket, POLLOUT, 0}, pollfd{wake, POLLIN, 0}};
      poll(waited.data(), waited.size(), -1);
      if (waited[1].revents != 0) return base::make_error(base::ErrorKind::cancelled, "the job has ended");
    }
  } while (!payload.empty());
  return {};
}

base::Result<Frame> receive_frame(int socket) {
  std::array<char, 5> head{};
  TRY(receive_exactly(socket, head.data(), head.size(), -1));
  Frame frame;
  frame.kind = static_cast<FrameKind>(head[0]);
  const std::size_t size = length_from(head.data() + 1);
  if (size > kMaximumFrame) return broken("a piece of the answer is too large");
  frame.payload.resize(size);
  TRY(receive_exactly(socket, frame.payload.data(), size, -1));
  return frame;
}

}  // namespace steps
