#pragma once
// Version 2 of git's wire protocol as far as reading one commit needs it: lines with their length in front,
// the requests, and the answers piece by piece. Pure; not for sending (git_remote).

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace base::git {

/// Four hex digits of length, then the text (gitprotocol-common "pkt-line Format").
std::string packet_line(std::string_view text);

enum class PacketKind { line, flush, delimiter, end };
struct Packet {
  PacketKind kind = PacketKind::flush;
  std::string_view text;  ///< of a line, as long as the receiver is called
};

/// Cuts a stream into its packets. An Error of the receiver ends it.
class PacketReader {
 public:
  using Receiver = std::function<Result<void>(const Packet& packet)>;
  explicit PacketReader(Receiver receiver) : receiver_(std::move(receiver)) {}
  Result<void> feed(std::string_view bytes);
  /// An Error when the stream ended within a packet.
  [[nodiscard]] Result<void> close() const;

 private:
  Result<std::size_t> take_one(std::string_view bytes);
  Receiver receiver_;
  std::string rest_;
};

/// What a server can do, as its first answer says.
struct Capabilities {
  bool version_2 = false;
  bool shallow = false;
};
Result<Capabilities> read_capabilities(std::string_view answer);

/// A branch or tag of a remote with the commit it leads to.
struct AdvertisedReference {
  std::string name;    ///< refs/heads/main, refs/tags/v1
  std::string commit;  ///< 40 hex digits; of an annotated tag what it points to
};
/// Asks for the references of these beginnings.
std::string list_references_request(const std::vector<std::string>& prefixes);
Result<std::vector<AdvertisedReference>> read_references(std::string_view answer);

enum class History { whole, one_commit };
std::string fetch_request(const std::string& commit, History history);

/// Takes the answer to fetch_request and passes on the pack in it.
class PackReader {
 public:
  using Sink = std::function<Result<void>(std::string_view pack)>;
  explicit PackReader(Sink sink);
  Result<void> feed(std::string_view bytes) { return packets_.feed(bytes); }
  /// An Error when no whole pack came.
  Result<void> close();

 private:
  Result<void> take(const Packet& packet);
  Sink sink_;
  PacketReader packets_;
  bool in_pack_ = false;
  bool complete_ = false;
};

}  // namespace base::git
