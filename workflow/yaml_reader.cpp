#include "workflow/yaml_reader.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "base/strings.h"
#include "base/utf8.h"
#include "workflow/source_lines.h"
#include "workflow/yaml_problem.h"
#include "workflow/yaml_scalars.h"

namespace workflow {

namespace {

/// What the library does not tell: it counts bytes, and puts a value that is not there where the next thing
/// begins.
class Source : public SourceLines {
 public:
  using SourceLines::SourceLines;

  [[nodiscard]] Place place_of(const YAML::Mark& mark) const {
    return place_behind(mark.line + 1, static_cast<std::size_t>(std::max(mark.column, 0)));
  }

  /// Whether a null is written there, and not only meant.
  [[nodiscard]] bool has_null(const YAML::Mark& mark) const {
    const auto at = static_cast<std::size_t>(std::max(mark.column, 0));
    auto text = line(mark.line + 1);
    text.remove_prefix(std::min(at, text.size()));
    constexpr std::string_view kEndOfWord = " \t\r,]}:#";
    const auto word = text.substr(0, text.find_first_of(kEndOfWord));
    return !word.empty() && is_null(word);
  }

  /// Behind the dash of an item of which nothing was written, when the next thing begins at `place`.
  [[nodiscard]] Place behind_dash(Place place) const {
    for (int number = place.line; number > 0; --number) {
      auto text = line(number);
      if (number == place.line) text = text.substr(0, bytes_before(place));
      // Where the line goes on, no comment has begun; to look for one each time would take quadratic time.
      if (text.size() == line(number).size()) text = text.substr(0, text.find(" #"));
      const auto last = text.find_last_not_of(" \t\r");
      if (last == std::string_view::npos || text[text.find_first_not_of(" \t")] == '#') continue;
      return text[last] == '-' ? place_behind(number, last + 1) : place;
    }
    return place;
  }

  /// Behind the colon of a key.
  [[nodiscard]] Place behind(const Node& key) const {
    const auto colon = line(key.line).find(':', bytes_before({key.line, key.column}) + key.text.size());
    if (colon == std::string_view::npos) return {key.line, key.column};
    return place_behind(key.line, colon + 1);
  }
};

// yaml-cpp reports errors by exception; so do we inside its callbacks, and only there.
struct ReadingFailed {
  Place place;
  std::string message;
  bool of_the_file = false;  ///< GitHub names no place for it
  std::string hint = {};
};

class NodeBuilder : public YAML::EventHandler {
 public:
  NodeBuilder(const YamlLimits& limits, const Source& source) : limits_(limits), source_(source) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ > 0)
      fail(mark, "Expected stream end parse event",
           "a second document begins here; expected one in the file");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    remember(anchor);
    Node node = make(NodeKind::null, mark, "");
    if (source_.has_null(mark)) {
      // It is where it was written.
    } else if (!open_.empty() && open_.back().expects_value) {
      const Node& key = open_.back().node.members.back().key;
      // On another line than its key, or before it: nothing was written.
      if (node.line != key.line) move_to(source_.behind(key), node);
    } else if (!open_.empty() && open_.back().node.kind == NodeKind::sequence) {
      move_to(source_.behind_dash({node.line, node.column}), node);
    }
    add(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto named = written_.find(anchor);
    if (named != written_.end()) named->second.used = true;
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      leave_out(mark);
      return;
    }
    Node copy = found->second;
    account_for(copy, mark, static_cast<int>(open_.size()) + 1);
    add(std::move(copy), 0);
  }

  void OnAnchor(const YAML::Mark& mark, const std::string& name) override {
    const Place place = source_.place_of(mark);
    next_anchor_ = {.name = name, .line = place.line, .column = place.column};
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    remember(anchor);
    Node node = make(kind_of(mark, tag, value), mark, value);
    last_scalar_ = {node.line, node.column};
    add(std::move(node), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    remember(anchor);
    refuse_tag(mark, tag);
    open(make(NodeKind::sequence, mark, ""), anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    remember(anchor);
    refuse_tag(mark, tag);
    open(make(NodeKind::mapping, mark, ""), anchor);
  }
  void OnMapEnd() override { close(); }

  Node take() { return std::move(root_); }
  /// Where the last scalar begins.
  [[nodiscard]] Place last_scalar() const { return last_scalar_; }
  [[nodiscard]] std::vector<Anchor> anchors() const {
    std::vector<Anchor> anchors;
    for (const auto& [number, anchor] : written_) anchors.push_back(anchor);
    return anchors;
  }
  /// What is wrong but did not end the reading: keys that are there twice.
  [[nodiscard]] const std::vector<ReadingFailed>& problems() const { return problems_; }

 private:
  struct Open {
    Node node;
    YAML::anchor_t anchor = 0;
    std::set<std::string> keys;
    bool expects_value = false;
    bool drops_member = false;
  };

  // The library counts anchors and tells the name just before the node.
  void remember(YAML::anchor_t anchor) {
    if (anchor != 0) written_.emplace(anchor, next_anchor_);
  }

  // What holds itself has no end: it is said, and the reading goes on without it.
  void leave_out(const YAML::Mark& mark) {
    problems_.push_back({source_.place_of(mark), "the alias refers to an anchor that is not complete yet"});
    if (open_.empty() || open_.back().node.kind == NodeKind::sequence) return;
    if (!open_.back().expects_value) throw ReadingFailed(problems_.back());
    open_.back().node.members.pop_back();
    open_.back().expects_value = false;
  }

  [[noreturn]] void fail(const YAML::Mark& mark, std::string message, std::string hint = {}) const {
    throw ReadingFailed{source_.place_of(mark), std::move(message), true, std::move(hint)};
  }

  static void move_to(Place place, Node& node) {
    node.line = place.line;
    node.column = place.column;
  }

  void refuse_tag(const YAML::Mark& mark, const std::string& tag) const {
    if (tag != "?" && tag != "!" && !tag.empty() && tag != "tag:yaml.org,2002:map" &&
        tag != "tag:yaml.org,2002:seq") {
      fail(mark, fmt::format("Unexpected tag '{}'", tag), hint_of_tag(tag));
    }
  }

  [[noreturn]] void fail_value(const YAML::Mark& mark, const std::string& value, std::string_view tag) const {
    const Place place = source_.place_of(mark);
    fail(mark, fmt::format("The value '{}' on line {} and column {} is invalid for the type '{}'", value,
                           place.line, place.column, tag));
  }

  NodeKind kind_of(const YAML::Mark& mark, const std::string& tag, const std::string& value) const {
    if (tag == "!" || tag == "tag:yaml.org,2002:str") return NodeKind::string;
    if (tag == "?" || tag.empty()) {
      if (is_boolean(value)) return NodeKind::boolean;
      if (!is_number(value)) return NodeKind::string;
      if (is_too_large(value)) fail_value(mark, value, "tag:yaml.org,2002:int");
      return NodeKind::number;
    }
    const bool boolean = tag == "tag:yaml.org,2002:bool";
    const bool number = tag == "tag:yaml.org,2002:int" || tag == "tag:yaml.org,2002:float";
    const bool null = tag == "tag:yaml.org,2002:null";
    if (!boolean && !number && !null) fail(mark, fmt::format("Unexpected tag '{}'", tag), hint_of_tag(tag));
    if (boolean && is_boolean(value)) return NodeKind::boolean;
    if (number && is_number(value) && !is_too_large(value)) return NodeKind::number;
    if (null && is_null(value)) return NodeKind::null;
    fail_value(mark, value, tag);
  }

  Node make(NodeKind kind, const YAML::Mark& mark, const std::string& value) {
    count(mark, value.size(), kind == NodeKind::sequence || kind == NodeKind::mapping ? 2 : 1);
    const Place place = source_.place_of(mark);
    return {.kind = kind, .line = place.line, .column = place.column, .text = value};
  }

  void count(const YAML::Mark& mark, std::size_t bytes, std::size_t events) {
    bytes_ += bytes;
    events_ += events;
    if (events_ > limits_.events) fail(mark, "Maximum YAML nodes exceeded");
    if (bytes_ > limits_.expanded_bytes) fail(mark, "Maximum object size exceeded");
  }

  void account_for(const Node& node, const YAML::Mark& mark, int depth) {
    if (!node.is_scalar() && depth > limits_.depth) fail(mark, "Maximum object depth exceeded");
    count(mark, node.text.size(), node.is_scalar() ? 1 : 2);
    for (const auto& item : node.items) account_for(item, mark, depth + 1);
    for (const auto& [key, value] : node.members) {
      account_for(key, mark, depth + 1);
      account_for(value, mark, depth + 1);
    }
  }

  static std::size_t nodes_of(const Node& node) {
    std::size_t nodes = 1;
    for (const auto& item : node.items) nodes += nodes_of(item);
    for (const auto& [key, value] : node.members) nodes += nodes_of(key) + nodes_of(value);
    return nodes;
  }

  // For aliases. A copy each, and anchors may stand in one another: so all copies together have a limit, too.
  void keep(const Node& node, YAML::anchor_t anchor) {
    kept_ += nodes_of(node);
    if (kept_ > 4 * limits_.events) {
      throw ReadingFailed{{node.line, node.column},
                          "Maximum object size exceeded: too much of the document stands behind anchors"};
    }
    anchors_[anchor] = node;
  }

  void open(Node node, YAML::anchor_t anchor) {
    if (static_cast<int>(open_.size()) >= limits_.depth) {
      throw ReadingFailed{{node.line, node.column}, "Maximum object depth exceeded", true};
    }
    open_.push_back({.node = std::move(node), .anchor = anchor});
  }

  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    add(without_placeholder(std::move(done.node)), done.anchor);
  }

  void add(Node node, YAML::anchor_t anchor) {
    if (anchor != 0) keep(node, anchor);
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.kind == NodeKind::sequence) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.expects_value) {
      if (!node.is_scalar() && !is_placeholder(node))
        throw ReadingFailed{{node.line, node.column}, "A key must be a scalar"};
      parent.drops_member = limits_.refuse_duplicates && !node.text.empty() &&
                            !parent.keys.insert(base::to_lower(node.text)).second;
      if (parent.drops_member)
        problems_.push_back({{node.line, node.column}, fmt::format("'{}' is already defined", node.text)});
      parent.node.members.push_back({std::move(node), Node()});
      parent.expects_value = true;
    } else {
      parent.node.members.back().value = std::move(node);
      if (parent.drops_member) parent.node.members.pop_back();
      parent.expects_value = false;
    }
  }

  // `{name}` as a key, as in `{{ name }}`.
  static bool is_placeholder(const Node& node) {
    return node.is_mapping() && node.members.size() == 1 && node.members[0].key.is_scalar() &&
           node.members[0].value.kind == NodeKind::null;
  }

  // `{{ name }}` without quotes is what templates leave for people to fill in; it stays that text.
  static Node without_placeholder(Node node) {
    const auto wrong = std::find_if(node.members.begin(), node.members.end(),
                                    [](const Member& member) { return !member.key.is_scalar(); });
    if (wrong == node.members.end()) return node;
    if (node.members.size() > 1 || wrong->value.kind != NodeKind::null)
      throw ReadingFailed{{wrong->key.line, wrong->key.column}, "A key must be a scalar"};
    return {.kind = NodeKind::string,
            .line = node.line,
            .column = node.column,
            .text = fmt::format("{{{{ {} }}}}", node.members[0].key.members[0].key.text)};
  }

  const YamlLimits& limits_;
  const Source& source_;
  std::vector<ReadingFailed> problems_;
  Node root_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Node> anchors_;
  std::map<YAML::anchor_t, Anchor> written_;
  Place last_scalar_;
  int documents_ = 0;
  Anchor next_anchor_;
  std::size_t events_ = 0;
  std::size_t kept_ = 0;  ///< nodes in anchors_
  std::size_t bytes_ = 0;
};

// Of a file whose first document is read.
void check_end(YAML::Parser& parser, const Source& source, NodeBuilder& builder) {
  parser.HandleNextDocument(builder);
  const Place last = builder.last_scalar();
  if (last.line == 0) return;
  if (const auto opened = find_open_quote(source, last))
    throw ReadingFailed{*opened, "the text in quotes that begins here has no end", false,
                        "expected a closing quote"};
}

// Such lines cannot be told from one long line with what the YAML library knows of line ends.
std::optional<std::size_t> find_lone_carriage_return(std::string_view text) {
  const auto at = text.find('\r');
  if (at == std::string_view::npos || text.find('\n') != std::string_view::npos) return std::nullopt;
  return at;
}

bool is_utf16(std::string_view bytes) {
  return bytes.starts_with("\xff\xfe") || bytes.starts_with("\xfe\xff");
}

}  // namespace

Node read_yaml(const std::string& file, std::string_view bytes, Diagnostics& diagnostics,
               const YamlLimits& limits, std::vector<Anchor>* anchors) {
  const std::string text = base::with_valid_utf8(bytes);
  const auto report = [&](Place place, std::string message, std::string hint = {}) {
    diagnostics.push_back({.location = {file, place.line, place.column},
                           .message = cut_message(std::move(message)),
                           .hint = std::move(hint)});
  };
  if (text.size() > limits.characters && base::utf16_length(text) > limits.characters) {
    report({}, fmt::format("The maximum file size of {} characters has been exceeded", limits.characters));
    return {};
  }
  if (is_utf16(bytes)) {
    report({1, 1}, "the file is UTF-16; expected UTF-8", "save it with that encoding");
    return {};
  }
  const Source source(text);
  if (const auto nul = text.find('\0'); nul != std::string_view::npos) {
    const auto line_begin = text.rfind('\n', nul) + 1;
    const auto lines_before = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(nul), '\n');
    report(source.place_behind(static_cast<int>(lines_before) + 1, nul - line_begin),
           "the file holds a NUL character; expected text");
    return {};
  }
  if (const auto at = find_lone_carriage_return(text)) {
    report(source.place_behind(1, *at), "lines of the file end with a carriage return alone",
           "save it with line ends of LF or CRLF");
    return {};
  }
  NodeBuilder builder(limits, source);
  try {
    std::istringstream stream{text};
    YAML::Parser parser(stream);
    const bool found = parser.HandleNextDocument(builder);
    for (const auto& problem : builder.problems()) report(problem.place, problem.message, problem.hint);
    if (anchors != nullptr) *anchors = builder.anchors();
    if (found) check_end(parser, source, builder);
    return found ? builder.take() : Node();
  } catch (const YAML::Exception& error) {
    const Place place = source.place_of(error.mark);
    report(place, error.msg, hint_of_yaml_problem(source, place, error.msg));
  } catch (const ReadingFailed& failed) {
    report(failed.place, failed.message, failed.hint);
    if (failed.of_the_file) diagnostics.back().named_by_github = NamedByGithub::file;
  }
  return {};
}

}  // namespace workflow
