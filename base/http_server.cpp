#include "base/http_server.h"

#include <fmt/format.h>
#include <httplib.h>
#include <netinet/tcp.h>

#include <thread>

namespace base {

namespace {

constexpr std::size_t kThreads = 32;
constexpr int kKeepAliveSeconds = 2;
constexpr int kIoSeconds = 60;
// httplib routes by std::regex, which recurses once a character.
constexpr std::size_t kLongestPath = 2048;

// httplib would also set SO_REUSEPORT, and a second server on the same port would silently share it.
void set_socket_options(int socket) {
  const int yes = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

ServerRequest convert(const httplib::Request& request, const httplib::ContentReader* reader) {
  ServerRequest result;
  result.method = request.method;
  result.path = request.path;
  result.target = request.target;
  if (const auto question = request.target.find('?'); question != std::string::npos) {
    result.query = request.target.substr(question + 1);
  }
  for (const auto& [name, value] : request.headers) {
    if (name != "REMOTE_ADDR" && name != "REMOTE_PORT" && name != "LOCAL_ADDR" && name != "LOCAL_PORT") {
      result.headers.emplace(name, value);
    }
  }
  result.remote_address = request.remote_addr;
  result.read_body = [reader](const std::function<bool(std::string_view)>& sink) -> Result<void> {
    if (reader == nullptr) return {};
    const bool complete = (*reader)([&](const char* data, std::size_t size) { return sink({data, size}); });
    if (!complete) return make_error(ErrorKind::unavailable, "the request's body did not arrive whole");
    return {};
  };
  return result;
}

void send(const httplib::Request& request, ServerResponse&& answer, httplib::Response& response) {
  response.status = answer.status;
  std::string content_type = "application/octet-stream";
  for (const auto& [name, value] : answer.headers) {
    if (equals_ignoring_case(name, "Content-Type")) {
      content_type = value;
    } else if (equals_ignoring_case(name, "Content-Length") && request.method != "HEAD") {
      continue;  // httplib counts by itself
    } else {
      response.set_header(name, value);
    }
  }
  if (answer.stream) {
    if (request.method == "HEAD") {
      response.set_header("Content-Type", content_type);
      response.set_header("Content-Length", std::to_string(answer.stream_size));
      return;
    }
    response.set_content_provider(
        answer.stream_size, content_type,
        [stream = std::move(answer.stream)](std::size_t offset, std::size_t length, httplib::DataSink& sink) {
          std::string piece = stream(offset);
          if (piece.empty()) return false;
          return sink.write(piece.data(), std::min(piece.size(), length));
        });
    return;
  }
  if (request.method == "HEAD") {
    response.set_header("Content-Type", content_type);
    if (!response.has_header("Content-Length")) {
      response.set_header("Content-Length", std::to_string(answer.body.size()));
    }
    return;
  }
  response.set_content(std::move(answer.body), content_type);
}

}  // namespace

struct HttpServer::State {
  httplib::Server server;
  RequestHandler handler;
  std::thread thread;
  std::uint16_t port = 0;

  void route() {
    const auto plain = [this](const httplib::Request& request, httplib::Response& response) {
      send(request, handler(convert(request, nullptr)), response);
    };
    const auto with_body = [this](const httplib::Request& request, httplib::Response& response,
                                  const httplib::ContentReader& reader) {
      auto converted = convert(request, &reader);
      auto answer = handler(converted);
      send(request, std::move(answer), response);
    };
    server.set_pre_routing_handler([](const httplib::Request& request, httplib::Response& response) {
      if (request.path.size() <= kLongestPath) return httplib::Server::HandlerResponse::Unhandled;
      response.status = 414;
      return httplib::Server::HandlerResponse::Handled;
    });
    constexpr const char* kEverything = R"([\s\S]*)";
    server.Get(kEverything, plain);
    server.Options(kEverything, plain);
    server.Post(kEverything, with_body);
    server.Put(kEverything, with_body);
    server.Patch(kEverything, with_body);
    server.Delete(kEverything, with_body);
  }
};

HttpServer::HttpServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<HttpServer>> HttpServer::start(const std::string& address, std::uint16_t port,
                                                      RequestHandler handler) {
  auto state = std::make_unique<State>();
  state->handler = std::move(handler);
  state->route();
  auto& server = state->server;
  server.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  server.set_socket_options(set_socket_options);
  server.set_tcp_nodelay(true);
  server.set_keep_alive_timeout(kKeepAliveSeconds);
  server.set_keep_alive_max_count(100'000);
  server.set_read_timeout(kIoSeconds);
  server.set_write_timeout(kIoSeconds);
  server.set_payload_max_length(std::numeric_limits<std::size_t>::max());
  if (port == 0) {
    const int given = server.bind_to_any_port(address);
    if (given <= 0) return make_error(ErrorKind::denied, fmt::format("cannot listen on {}", address));
    state->port = static_cast<std::uint16_t>(given);
  } else {
    if (!server.bind_to_port(address, port)) {
      return make_error(ErrorKind::denied,
                        fmt::format("cannot listen on {}:{}: address already in use or not ours; another process may "
                                    "listen there, or choose another port",
                                    address, port));
    }
    state->port = port;
  }
  state->thread = std::thread([&server] { server.listen_after_bind(); });
  // stop() has no effect before the loop runs; and a request before it would only wait in the backlog.
  while (!server.is_running()) std::this_thread::yield();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
}

HttpServer::~HttpServer() {
  state_->server.stop();
  if (state_->thread.joinable()) state_->thread.join();
}

std::uint16_t HttpServer::port() const { return state_->port; }

Result<std::string> ServerRequest::body(std::size_t limit) const {
  std::string content;
  bool too_large = false;
  auto read = read_body([&](std::string_view chunk) {
    too_large = content.size() + chunk.size() > limit;
    if (!too_large) content.append(chunk);
    return !too_large;
  });
  if (too_large) {
    return make_error(ErrorKind::invalid_input, fmt::format("the request's body is larger than {}", format_bytes(limit)));
  }
  if (!read) return std::move(read).error();
  return content;
}

std::optional<std::string> ServerRequest::query_value(std::string_view name) const {
  for (auto& [key, value] : parse_query(query)) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::vector<std::pair<std::string, std::string>> parse_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> parameters;
  for (const auto& part : split(query, '&')) {
    if (part.empty()) continue;
    const auto equals = part.find('=');
    const auto decode = [](std::string_view text) { return percent_decode(replace_all(text, "+", " ")); };
    parameters.emplace_back(decode(std::string_view(part).substr(0, equals)),
                            equals == std::string::npos ? "" : decode(std::string_view(part).substr(equals + 1)));
  }
  return parameters;
}

}  // namespace base
