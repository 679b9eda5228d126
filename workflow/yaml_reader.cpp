#include "workflow/yaml_reader.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <map>
#include <set>
#include <sstream>

#include "base/strings.h"

namespace workflow {

namespace {

bool is_boolean(std::string_view text) {
  return text == "true" || text == "True" || text == "TRUE" || text == "false" || text == "False" ||
         text == "FALSE";
}

bool all_of(std::string_view text, std::string_view allowed) {
  return !text.empty() && text.find_first_not_of(allowed) == std::string_view::npos;
}

// YAML 1.2.2 section 10.3.2: decimal, 0o, 0x, floats, .inf and .nan.
bool is_number(std::string_view text) {
  if (text.starts_with("0o")) return all_of(text.substr(2), "01234567");
  if (text.starts_with("0x")) return all_of(text.substr(2), "0123456789abcdefABCDEF");
  if (text == ".nan" || text == ".NaN" || text == ".NAN") return true;
  if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
  if (text == ".inf" || text == ".Inf" || text == ".INF") return true;
  const auto exponent = text.find_first_of("eE");
  auto mantissa = text.substr(0, exponent);
  if (exponent != std::string_view::npos) {
    auto power = text.substr(exponent + 1);
    if (power.starts_with('+') || power.starts_with('-')) power.remove_prefix(1);
    if (!all_of(power, "0123456789")) return false;
  }
  const auto dot = mantissa.find('.');
  const auto whole = mantissa.substr(0, dot);
  const auto fraction = dot == std::string_view::npos ? std::string_view() : mantissa.substr(dot + 1);
  if (whole.empty() && fraction.empty()) return false;
  return (whole.empty() || all_of(whole, "0123456789")) &&
         (fraction.empty() || all_of(fraction, "0123456789"));
}

// yaml-cpp reports errors by exception; so do we inside its callbacks, and only there.
struct ReadingFailed {
  int line;
  int column;
  std::string message;
};

class NodeBuilder : public YAML::EventHandler {
 public:
  explicit NodeBuilder(const YamlLimits& limits) : limits_(limits) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(make(NodeKind::null, mark, ""), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) fail(mark, "the alias refers to an anchor that is not complete yet");
    Node copy = found->second;
    account_for(copy, mark, static_cast<int>(open_.size()) + 1);
    add(std::move(copy), 0);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    add(make(kind_of(mark, tag, value), mark, value), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    refuse_tag(mark, tag);
    open(make(NodeKind::sequence, mark, ""), anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    refuse_tag(mark, tag);
    open(make(NodeKind::mapping, mark, ""), anchor);
  }
  void OnMapEnd() override { close(); }

  Node take() { return std::move(root_); }

 private:
  struct Open {
    Node node;
    YAML::anchor_t anchor = 0;
    std::set<std::string> keys;
    bool expects_value = false;
  };

  [[noreturn]] static void fail(const YAML::Mark& mark, std::string message) {
    throw ReadingFailed{mark.line + 1, mark.column + 1, std::move(message)};
  }

  static void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    if (tag != "?" && tag != "!" && !tag.empty() && tag != "tag:yaml.org,2002:map" &&
        tag != "tag:yaml.org,2002:seq") {
      fail(mark, fmt::format("Unexpected tag '{}'", tag));
    }
  }

  static NodeKind kind_of(const YAML::Mark& mark, const std::string& tag, const std::string& value) {
    if (tag == "!" || tag == "tag:yaml.org,2002:str") return NodeKind::string;
    if (tag == "?" || tag.empty()) {
      if (is_boolean(value)) return NodeKind::boolean;
      return is_number(value) ? NodeKind::number : NodeKind::string;
    }
    if (tag == "tag:yaml.org,2002:bool" && is_boolean(value)) return NodeKind::boolean;
    if ((tag == "tag:yaml.org,2002:int" || tag == "tag:yaml.org,2002:float") && is_number(value))
      return NodeKind::number;
    if (tag == "tag:yaml.org,2002:null" && (value.empty() || value == "~" || value == "null"))
      return NodeKind::null;
    fail(mark, fmt::format("Unexpected tag '{}' for the value '{}'", tag, value));
  }

  Node make(NodeKind kind, const YAML::Mark& mark, const std::string& value) {
    count(mark, value.size());
    return {.kind = kind, .line = mark.line + 1, .column = mark.column + 1, .text = value};
  }

  void count(const YAML::Mark& mark, std::size_t bytes) {
    bytes_ += bytes + 16;
    if (++nodes_ > limits_.nodes || bytes_ > limits_.expanded_bytes) {
      fail(mark, "Maximum object size exceeded: the document is too large once its aliases are expanded");
    }
  }

  void account_for(const Node& node, const YAML::Mark& mark, int depth) {
    if (depth > limits_.depth) fail(mark, "Maximum object depth exceeded");
    count(mark, node.text.size());
    for (const auto& item : node.items) account_for(item, mark, depth + 1);
    for (const auto& [key, value] : node.members) {
      account_for(key, mark, depth + 1);
      account_for(value, mark, depth + 1);
    }
  }

  void open(Node node, YAML::anchor_t anchor) {
    if (static_cast<int>(open_.size()) >= limits_.depth) {
      throw ReadingFailed{node.line, node.column, "Maximum object depth exceeded"};
    }
    open_.push_back({.node = std::move(node), .anchor = anchor});
  }

  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    add(std::move(done.node), done.anchor);
  }

  void add(Node node, YAML::anchor_t anchor) {
    if (anchor != 0) anchors_[anchor] = node;
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.kind == NodeKind::sequence) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.expects_value) {
      if (!node.is_scalar()) throw ReadingFailed{node.line, node.column, "A key must be a scalar"};
      if (!parent.keys.insert(node.text).second) {
        throw ReadingFailed{node.line, node.column, fmt::format("'{}' is already defined", node.text)};
      }
      parent.node.members.emplace_back(std::move(node), Node());
      parent.expects_value = true;
    } else {
      parent.node.members.back().second = std::move(node);
      parent.expects_value = false;
    }
  }

  const YamlLimits& limits_;
  Node root_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Node> anchors_;
  std::size_t nodes_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace

Node read_yaml(const std::string& file, std::string_view text, Diagnostics& diagnostics,
               const YamlLimits& limits) {
  const auto report = [&](int line, int column, std::string message) {
    diagnostics.push_back({{file, line, column}, std::move(message)});
  };
  if (text.size() > limits.characters) {
    report(0, 0, fmt::format("the file has {} characters; {} is the limit", text.size(), limits.characters));
    return {};
  }
  if (const auto nul = text.find('\0'); nul != std::string_view::npos) {
    const auto before = base::lines_of(text.substr(0, nul));
    report(static_cast<int>(std::max<std::size_t>(before.size(), 1)), 1,
           "the file holds a NUL character; expected text");
    return {};
  }
  NodeBuilder builder(limits);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) return {};
    return builder.take();
  } catch (const YAML::Exception& error) {
    report(error.mark.line + 1, error.mark.column + 1, error.msg);
  } catch (const ReadingFailed& failed) {
    report(failed.line, failed.column, failed.message);
  }
  return {};
}

}  // namespace workflow
