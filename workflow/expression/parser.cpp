#include <fmt/format.h>

#include <array>

#include "workflow/expression/functions.h"
#include "workflow/expression/lexer.h"
#include "workflow/expression/syntax.h"

namespace workflow::expression {

namespace {

using Parsed = base::Result<NodePointer>;

struct BinaryOperator {
  TokenKind token;
  Operator op;
};

// Loosest first; each row binds equally.
const std::array<std::vector<BinaryOperator>, 4> kPrecedence{{
    {{TokenKind::logical_or, Operator::logical_or}},
    {{TokenKind::logical_and, Operator::logical_and}},
    {{TokenKind::equal, Operator::equal}, {TokenKind::not_equal, Operator::not_equal}},
    {{TokenKind::less, Operator::less},
     {TokenKind::less_equal, Operator::less_equal},
     {TokenKind::greater, Operator::greater},
     {TokenKind::greater_equal, Operator::greater_equal}},
}};

class Parser {
 public:
  Parser(std::string_view text, std::vector<Token> tokens) : text_(text), tokens_(std::move(tokens)) {}

  Parsed run() {
    TRY(auto tree, binary(0, 1));
    if (peek().kind != TokenKind::end) return unexpected(peek());
    return tree;
  }

 private:
  const Token& peek() const { return tokens_[at_]; }
  const Token& take() { return tokens_[at_ + 1 < tokens_.size() ? at_++ : at_]; }

  base::Error unexpected(const Token& token) const {
    if (token.kind == TokenKind::end) {
      const auto& last = at_ > 0 ? tokens_[at_ - 1] : token;
      return base::make_error(
          base::ErrorKind::invalid_input,
          fmt::format("Unexpected end of expression: '{}'. Located at position {} within expression: {}",
                      last.text, last.offset + 1, text_));
    }
    return unexpected_symbol(token.text, token.offset, text_);
  }

  base::Result<void> check_depth(int depth) const {
    if (depth <= kMaxExpressionDepth) return {};
    return base::make_error(base::ErrorKind::invalid_input,
                            fmt::format("Exceeded max expression depth {}", kMaxExpressionDepth));
  }

  base::Result<const Token*> expect(TokenKind kind) {
    if (peek().kind != kind) return unexpected(peek());
    return &take();
  }

  static NodePointer make(Node node) { return std::make_unique<const Node>(std::move(node)); }

  Parsed binary(std::size_t level, int depth) {
    TRY(check_depth(depth));
    if (level == kPrecedence.size()) return unary(depth);
    TRY(auto left, binary(level + 1, depth));
    while (true) {
      const BinaryOperator* found = nullptr;
      for (const auto& candidate : kPrecedence[level]) {
        if (candidate.token == peek().kind) found = &candidate;
      }
      if (found == nullptr) return left;
      const auto offset = take().offset;
      TRY(auto right, binary(level + 1, depth));
      Node node{.kind = NodeKind::binary, .offset = offset, .op = found->op};
      node.children.push_back(std::move(left));
      node.children.push_back(std::move(right));
      left = make(std::move(node));
    }
  }

  Parsed unary(int depth) {
    if (peek().kind != TokenKind::bang) return postfix(depth);
    const auto offset = take().offset;
    TRY(check_depth(depth + 1));
    TRY(auto operand, unary(depth + 1));
    Node node{.kind = NodeKind::negation, .offset = offset};
    node.children.push_back(std::move(operand));
    return make(std::move(node));
  }

  Parsed postfix(int depth) {
    TRY(auto value, primary(depth));
    int chain = depth;
    while (peek().kind == TokenKind::dot || peek().kind == TokenKind::start_index) {
      TRY(check_depth(++chain));
      const bool dotted = take().kind == TokenKind::dot;
      if (value->kind == NodeKind::literal) return unexpected(tokens_[at_ - 1]);
      const auto offset = peek().offset;
      if (peek().kind == TokenKind::wildcard) {
        take();
        Node node{.kind = NodeKind::wildcard, .offset = offset};
        node.children.push_back(std::move(value));
        value = make(std::move(node));
      } else {
        Node node{.kind = NodeKind::index, .offset = offset};
        node.children.push_back(std::move(value));
        if (dotted) {
          TRY(const auto* name, expect(TokenKind::property));
          node.children.push_back(
              make({.kind = NodeKind::literal, .offset = offset, .literal = Value(name->text)}));
        } else {
          TRY(auto key, binary(0, chain + 1));
          node.children.push_back(std::move(key));
        }
        value = make(std::move(node));
      }
      if (!dotted) TRY(expect(TokenKind::end_index));
    }
    return value;
  }

  Parsed primary(int depth) {
    const Token token = take();
    switch (token.kind) {
      case TokenKind::null:
      case TokenKind::boolean:
      case TokenKind::number:
      case TokenKind::string:
        return make({.kind = NodeKind::literal, .offset = token.offset, .literal = token.value});
      case TokenKind::start_group: {
        TRY(auto inner, binary(0, depth + 1));
        TRY(expect(TokenKind::end_group));
        return inner;
      }
      case TokenKind::name:
        if (peek().kind == TokenKind::start_group) return call(token, depth);
        return make({.kind = NodeKind::name, .offset = token.offset, .name = token.text});
      case TokenKind::end:
        return unexpected(token);
      default:
        return unexpected_symbol(token.text, token.offset, text_);
    }
  }

  Parsed call(const Token& name, int depth) {
    take();
    Node node{.kind = NodeKind::call, .offset = name.offset, .name = name.text};
    if (peek().kind != TokenKind::end_group) {
      while (true) {
        TRY(auto argument, binary(0, depth + 1));
        node.children.push_back(std::move(argument));
        if (peek().kind != TokenKind::comma) break;
        take();
      }
    }
    TRY(expect(TokenKind::end_group));
    if (auto problem = check_call(node.name, node.children.size()); problem) {
      return base::make_error(base::ErrorKind::invalid_input,
                              fmt::format("{}: '{}'. Located at position {} within expression: {}", *problem,
                                          node.name, node.offset + 1, text_));
    }
    return make(std::move(node));
  }

  std::string_view text_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
};

}  // namespace

base::Result<NodePointer> parse_expression(std::string_view text) {
  if (text.size() > kMaxExpressionLength) {
    return base::make_error(base::ErrorKind::invalid_input,
                            fmt::format("Exceeded max expression length {}", kMaxExpressionLength));
  }
  TRY(auto tokens, tokenize(text));
  if (tokens.size() == 1) {
    return base::make_error(base::ErrorKind::invalid_input, "An expression was expected");
  }
  return Parser(text, std::move(tokens)).run();
}

}  // namespace workflow::expression
