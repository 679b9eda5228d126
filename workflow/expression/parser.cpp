#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "workflow/expression/functions.h"
#include "workflow/expression/lexer.h"
#include "workflow/expression/syntax.h"

namespace workflow::expression {

namespace {

using Parsed = base::Result<NodePointer>;

// How many groups, calls and negations may stand in one another: what bounds the recursion, where parentheses
// add nothing to the tree's own depth.
constexpr int kMaxNesting = 200;

struct BinaryOperator {
  Operator op;
  int binds;  // tighter is more
};

std::optional<BinaryOperator> binary_operator(TokenKind token) {
  switch (token) {
    case TokenKind::logical_or:
      return BinaryOperator{Operator::logical_or, 1};
    case TokenKind::logical_and:
      return BinaryOperator{Operator::logical_and, 2};
    case TokenKind::equal:
      return BinaryOperator{Operator::equal, 3};
    case TokenKind::not_equal:
      return BinaryOperator{Operator::not_equal, 3};
    case TokenKind::less:
      return BinaryOperator{Operator::less, 4};
    case TokenKind::less_equal:
      return BinaryOperator{Operator::less_equal, 4};
    case TokenKind::greater:
      return BinaryOperator{Operator::greater, 4};
    case TokenKind::greater_equal:
      return BinaryOperator{Operator::greater_equal, 4};
    default:
      return std::nullopt;
  }
}

base::Error too_deep() {
  return base::make_error(base::ErrorKind::invalid_input,
                          fmt::format("Exceeded max expression depth {}", kMaxExpressionDepth));
}

class Parser {
 public:
  Parser(std::string_view text, std::vector<Token> tokens, const NamePredicate& is_named_value)
      : text_(text), tokens_(std::move(tokens)), is_named_value_(is_named_value) {}

  Parsed run() {
    TRY(auto tree, binary(1));
    if (peek().kind != TokenKind::end) return unexpected(peek());
    return tree;
  }

 private:
  const Token& peek() const { return tokens_[at_]; }
  const Token& take() { return tokens_[at_ + 1 < tokens_.size() ? at_++ : at_]; }

  base::Error unexpected(const Token& token) const {
    if (token.kind == TokenKind::end) {
      const auto& last = at_ > 0 ? tokens_[at_ - 1] : token;
      return problem("Unexpected end of expression", last.text, last.offset);
    }
    return unexpected_symbol(token.text, token.offset, text_);
  }

  base::Error problem(std::string_view what, std::string_view symbol, std::size_t offset) const {
    return base::make_error(base::ErrorKind::invalid_input,
                            fmt::format("{}: '{}'. Located at position {} within expression: {}", what,
                                        symbol, offset + 1, text_));
  }

  base::Result<const Token*> expect(TokenKind kind) {
    if (peek().kind != kind) return unexpected(peek());
    return &take();
  }

  static Parsed make(Node node) {
    for (const auto& child : node.children) node.height = std::max(node.height, child->height + 1);
    if (node.height > kMaxExpressionDepth) return too_deep();
    return std::make_unique<const Node>(std::move(node));
  }

  // What a group, a call or a negation holds.
  template <typename Parse>
  Parsed nested(const Parse& parse) {
    if (nesting_ >= kMaxNesting) return too_deep();
    ++nesting_;
    auto parsed = parse();
    --nesting_;
    return parsed;
  }

  Parsed binary(int loosest) {
    TRY(auto left, unary());
    while (true) {
      const auto found = binary_operator(peek().kind);
      if (!found || found->binds < loosest) return left;
      Node node{.kind = NodeKind::binary, .offset = peek().offset, .op = found->op};
      node.children.push_back(std::move(left));
      // A chain of one logical operator is one node, so that its length adds nothing to the depth.
      const bool chain = found->op == Operator::logical_or || found->op == Operator::logical_and;
      const auto token = peek().kind;
      do {
        take();
        TRY(auto right, binary(found->binds + 1));
        node.children.push_back(std::move(right));
      } while (chain && peek().kind == token);
      TRY(left, make(std::move(node)));
    }
  }

  Parsed unary() {
    if (peek().kind != TokenKind::bang) return postfix();
    Node node{.kind = NodeKind::negation, .offset = take().offset};
    TRY(auto operand, nested([this] { return unary(); }));
    node.children.push_back(std::move(operand));
    return make(std::move(node));
  }

  Parsed postfix() {
    TRY(auto value, primary());
    while (peek().kind == TokenKind::dot || peek().kind == TokenKind::start_index) {
      const bool dotted = take().kind == TokenKind::dot;
      if (value->kind == NodeKind::literal) return unexpected(tokens_[at_ - 1]);
      Node node{.kind = NodeKind::index, .offset = peek().offset};
      node.children.push_back(std::move(value));
      if (peek().kind == TokenKind::wildcard) {
        take();
        node.kind = NodeKind::wildcard;
      } else if (dotted) {
        TRY(const auto* name, expect(TokenKind::property));
        TRY(auto key, make({.kind = NodeKind::literal, .offset = node.offset, .literal = Value(name->text)}));
        node.children.push_back(std::move(key));
      } else {
        TRY(auto key, nested([this] { return binary(1); }));
        node.children.push_back(std::move(key));
      }
      TRY(value, make(std::move(node)));
      if (!dotted) TRY(expect(TokenKind::end_index));
    }
    return value;
  }

  Parsed primary() {
    const Token token = take();
    switch (token.kind) {
      case TokenKind::null:
      case TokenKind::boolean:
      case TokenKind::number:
      case TokenKind::string:
        return make({.kind = NodeKind::literal, .offset = token.offset, .literal = token.value});
      case TokenKind::start_group: {
        TRY(auto inner, nested([this] { return binary(1); }));
        TRY(expect(TokenKind::end_group));
        return inner;
      }
      case TokenKind::name:
        if (peek().kind == TokenKind::start_group) return call(token);
        if (is_named_value_ && !is_named_value_(token.text))
          return problem("Unrecognized named-value", token.text, token.offset);
        return make({.kind = NodeKind::name, .offset = token.offset, .name = token.text});
      case TokenKind::end:
        return unexpected(token);
      default:
        return unexpected_symbol(token.text, token.offset, text_);
    }
  }

  Parsed call(const Token& name) {
    if (find_function(name.text) == nullptr) return problem("Unrecognized function", name.text, name.offset);
    take();
    Node node{.kind = NodeKind::call, .offset = name.offset, .name = name.text};
    if (peek().kind != TokenKind::end_group) {
      while (true) {
        TRY(auto argument, nested([this] { return binary(1); }));
        node.children.push_back(std::move(argument));
        if (peek().kind != TokenKind::comma) break;
        take();
      }
    }
    TRY(expect(TokenKind::end_group));
    if (const auto wrong = check_call(node.name, node.children.size()); wrong)
      return problem(*wrong, node.name, node.offset);
    return make(std::move(node));
  }

  std::string_view text_;
  std::vector<Token> tokens_;
  const NamePredicate& is_named_value_;
  std::size_t at_ = 0;
  int nesting_ = 0;
};

}  // namespace

base::Result<NodePointer> parse_expression(std::string_view text, const NamePredicate& is_named_value) {
  if (text.size() > kMaxExpressionLength) {
    return base::make_error(base::ErrorKind::invalid_input,
                            fmt::format("Exceeded max expression length {}", kMaxExpressionLength));
  }
  TRY(auto tokens, tokenize(text));
  if (tokens.size() == 1) return std::make_unique<const Node>(Node{.kind = NodeKind::literal});
  return Parser(text, std::move(tokens), is_named_value).run();
}

}  // namespace workflow::expression
