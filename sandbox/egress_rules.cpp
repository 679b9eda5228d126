// The routes and nf_tables rules of a way out, spoken to the kernel by netlink: the command-line tools need
// not be installed, and would cost milliseconds.

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <functional>

#include "base/fd.h"
#include "sandbox/egress.h"

namespace sandbox {

namespace {

using base::Result;
using Content = std::function<void()>;

constexpr const char* kTable = "pipeline";
constexpr const char* kChain = "out";
constexpr std::uint32_t kLoopbackIndex = 1;
constexpr std::uint32_t kRegister = NFT_REG_1;
constexpr std::int32_t kPriorityOfDestinationNat = -100;

std::string in_network_order(std::uint32_t number) {
  const std::uint32_t swapped = htonl(number);
  return {reinterpret_cast<const char*>(&swapped), sizeof swapped};
}
std::string in_network_order(std::uint16_t number) {
  const std::uint16_t swapped = htons(number);
  return {reinterpret_cast<const char*>(&swapped), sizeof swapped};
}

/// Several netlink messages, one after the other.
class Messages {
 public:
  template <typename Head>
  void message(int type, int flags, const Head& head, const Content& attributes = {}) {
    const std::size_t start = bytes_.size();
    const nlmsghdr header{0, static_cast<std::uint16_t>(type),
                          static_cast<std::uint16_t>(NLM_F_REQUEST | flags), ++sequence_, 0};
    append(&header, sizeof header);
    append(&head, sizeof head);
    if (attributes) attributes();
    const auto length = static_cast<std::uint32_t>(bytes_.size() - start);
    std::memcpy(bytes_.data() + start, &length, sizeof length);
  }
  void attribute(int type, std::string_view value) {
    const nlattr head{static_cast<std::uint16_t>(sizeof(nlattr) + value.size()),
                      static_cast<std::uint16_t>(type)};
    append(&head, sizeof head);
    append(value.data(), value.size());
  }
  void number(int type, std::uint32_t value) { attribute(type, in_network_order(value)); }
  void text(int type, const char* value) { attribute(type, {value, std::strlen(value) + 1}); }
  void nested(int type, const Content& content) {
    const std::size_t start = bytes_.size();
    const nlattr head{0, static_cast<std::uint16_t>(type | NLA_F_NESTED)};
    append(&head, sizeof head);
    content();
    const auto length = static_cast<std::uint16_t>(bytes_.size() - start);
    std::memcpy(bytes_.data() + start, &length, sizeof length);
  }

  /// Sends them; the first thing that the kernel did not like. `acknowledged` is how many were to be.
  Result<void> exchange(int protocol, int acknowledged) const {
    const base::Fd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol));
    if (!socket) return base::system_error("netlink", errno);
    const timeval patience{5, 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (::send(socket.get(), bytes_.data(), bytes_.size(), 0) < 0)
      return base::system_error("netlink", errno);
    alignas(nlmsghdr) char buffer[8192];
    while (acknowledged > 0) {
      const ssize_t count = ::recv(socket.get(), buffer, sizeof buffer, 0);
      if (count < 0) return base::system_error("netlink", errno);
      auto left = static_cast<unsigned>(count);
      for (auto* head = reinterpret_cast<nlmsghdr*>(buffer); NLMSG_OK(head, left);
           head = NLMSG_NEXT(head, left)) {
        if (head->nlmsg_type != NLMSG_ERROR) continue;
        const int error = -static_cast<const nlmsgerr*>(NLMSG_DATA(head))->error;
        if (error != 0) return base::system_error("netlink", error);
        --acknowledged;
      }
    }
    return {};
  }

 private:
  void append(const void* from, std::size_t size) {
    bytes_.append(static_cast<const char*>(from), size);
    bytes_.resize((bytes_.size() + 3) & ~std::size_t{3});
  }
  std::string bytes_;
  std::uint32_t sequence_ = 0;
};

/// A rule of our chain, expression by expression.
class Rule {
 public:
  explicit Rule(Messages& to) : to_(to) {}

  void load_header(std::uint32_t base, std::uint32_t offset, std::uint32_t length) {
    expression("payload", [=, this] {
      to_.number(NFTA_PAYLOAD_DREG, kRegister);
      to_.number(NFTA_PAYLOAD_BASE, base);
      to_.number(NFTA_PAYLOAD_OFFSET, offset);
      to_.number(NFTA_PAYLOAD_LEN, length);
    });
  }
  void load_protocol() {
    expression("meta", [this] {
      to_.number(NFTA_META_DREG, kRegister);
      to_.number(NFTA_META_KEY, NFT_META_L4PROTO);
    });
  }
  void must_be(const std::string& value) {
    expression("cmp", [&] {
      to_.number(NFTA_CMP_SREG, kRegister);
      to_.number(NFTA_CMP_OP, NFT_CMP_EQ);
      to_.nested(NFTA_CMP_DATA, [&] { to_.attribute(NFTA_DATA_VALUE, value); });
    });
  }
  void accept() {
    expression("immediate", [this] {
      to_.number(NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
      to_.nested(NFTA_IMMEDIATE_DATA, [this] {
        to_.nested(NFTA_DATA_VERDICT, [this] { to_.number(NFTA_VERDICT_CODE, NF_ACCEPT); });
      });
    });
  }
  void redirect(std::uint16_t port) {
    expression("immediate", [&] {
      to_.number(NFTA_IMMEDIATE_DREG, kRegister);
      to_.nested(NFTA_IMMEDIATE_DATA, [&] { to_.attribute(NFTA_DATA_VALUE, in_network_order(port)); });
    });
    expression("redir", [this] { to_.number(NFTA_REDIR_REG_PROTO_MIN, kRegister); });
  }

 private:
  void expression(const char* name, const Content& data) {
    to_.nested(NFTA_LIST_ELEM, [&] {
      to_.text(NFTA_EXPR_NAME, name);
      to_.nested(NFTA_EXPR_DATA, data);
    });
  }
  Messages& to_;
};

nfgenmsg table_head(int family) {
  return {static_cast<std::uint8_t>(family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6), NFNETLINK_V0, 0};
}
constexpr int nft(int message) {
  return (NFNL_SUBSYS_NFTABLES << 8) | message;
}

void add_rule(Messages& messages, int family, const std::function<void(Rule&)>& expressions) {
  messages.message(nft(NFT_MSG_NEWRULE), NLM_F_CREATE | NLM_F_APPEND | NLM_F_ACK, table_head(family), [&] {
    messages.text(NFTA_RULE_TABLE, kTable);
    messages.text(NFTA_RULE_CHAIN, kChain);
    messages.nested(NFTA_RULE_EXPRESSIONS, [&] {
      Rule rule(messages);
      expressions(rule);
    });
  });
}

void add_chain(Messages& messages, int family) {
  messages.message(nft(NFT_MSG_NEWTABLE), NLM_F_CREATE | NLM_F_ACK, table_head(family),
                   [&] { messages.text(NFTA_TABLE_NAME, kTable); });
  messages.message(nft(NFT_MSG_NEWCHAIN), NLM_F_CREATE | NLM_F_ACK, table_head(family), [&] {
    messages.text(NFTA_CHAIN_TABLE, kTable);
    messages.text(NFTA_CHAIN_NAME, kChain);
    messages.nested(NFTA_CHAIN_HOOK, [&] {
      messages.number(NFTA_HOOK_HOOKNUM, NF_INET_LOCAL_OUT);
      messages.number(NFTA_HOOK_PRIORITY, static_cast<std::uint32_t>(kPriorityOfDestinationNat));
    });
    messages.text(NFTA_CHAIN_TYPE, "nat");
  });
}

// What stays in the namespace: 127.0.0.0/8 by its first byte, ::1 whole.
void accept_loopback(Rule& rule, int family) {
  if (family == AF_INET) {
    rule.load_header(NFT_PAYLOAD_NETWORK_HEADER, 16, 1);
    rule.must_be("\x7f");
  } else {
    rule.load_header(NFT_PAYLOAD_NETWORK_HEADER, 24, 16);
    rule.must_be(std::string(15, '\0') + '\x01');
  }
  rule.accept();
}

}  // namespace

Result<void> add_local_route(int family) {
  rtmsg route{};
  route.rtm_family = static_cast<unsigned char>(family);
  route.rtm_table = RT_TABLE_LOCAL;
  route.rtm_protocol = RTPROT_STATIC;
  route.rtm_scope = family == AF_INET ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE;
  route.rtm_type = RTN_LOCAL;
  Messages messages;
  messages.message(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_ACK, route, [&] {
    const std::uint32_t index = kLoopbackIndex;
    messages.attribute(RTA_OIF, {reinterpret_cast<const char*>(&index), sizeof index});
  });
  return messages.exchange(NETLINK_ROUTE, 1).while_doing("routing all addresses to lo");
}

Result<void> add_redirects(const Redirects& redirects) {
  const int family = redirects.family;
  constexpr std::uint32_t kPortOffset = 2;
  Messages messages;
  const nfgenmsg batch{AF_UNSPEC, NFNETLINK_V0, htons(NFNL_SUBSYS_NFTABLES)};
  messages.message(NFNL_MSG_BATCH_BEGIN, 0, batch);
  add_chain(messages, family);
  int sent = 2;
  const auto add = [&](const std::function<void(Rule&)>& expressions) {
    add_rule(messages, family, expressions);
    ++sent;
  };
  add([&](Rule& rule) { accept_loopback(rule, family); });
  add([&](Rule& rule) {
    rule.load_protocol();
    rule.must_be(std::string(1, IPPROTO_TCP));
    rule.redirect(redirects.tcp);
  });
  if (redirects.names != 0) {
    add([&](Rule& rule) {
      rule.load_protocol();
      rule.must_be(std::string(1, IPPROTO_UDP));
      rule.load_header(NFT_PAYLOAD_TRANSPORT_HEADER, kPortOffset, 2);
      rule.must_be(in_network_order(std::uint16_t{53}));
      rule.redirect(redirects.names);
    });
    add([&](Rule& rule) {
      rule.load_protocol();
      rule.must_be(std::string(1, IPPROTO_UDP));
      rule.redirect(redirects.datagrams);
    });
  }
  messages.message(NFNL_MSG_BATCH_END, 0, batch);
  return messages.exchange(NETLINK_NETFILTER, sent)
      .while_doing(
          "redirecting what leaves the sandbox (this needs the kernel's nf_tables with nat; "
          "--network none and host do without)");
}

}  // namespace sandbox
