#pragma once
// What supervisor and zygote say to each other over their SEQPACKET socket: a fixed head, texts, descriptors.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace sandbox::protocol {

enum class Kind : std::uint32_t { setup, start, signal, connect, listen, list, reply, overlay, root, share };

/// `number` and `other` mean what the kind says: a pid, a signal, a port, an errno.
struct Message {
  Kind kind = Kind::reply;
  std::int64_t number = 0;
  std::int64_t other = 0;
  std::vector<std::string> texts;
  std::vector<base::Fd> fds;
};

/// Texts too long for a packet travel in a memfd.
base::Result<void> send(int socket, const Message& message);
/// ErrorKind::cancelled at end of file.
base::Result<Message> receive(int socket);

/// A bit of the `number` of a start, behind one for each of the three descriptors that are given.
constexpr std::int64_t kNamedByPath = 1 << 3;

/// How a process ended, as it stands in its status pipe.
struct Ended {
  std::int32_t code = 0;
  std::int32_t signal = 0;
};

}  // namespace sandbox::protocol
