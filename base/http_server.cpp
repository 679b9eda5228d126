#include "base/http_server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <httplib.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "base/http_connection.h"
#include "base/listening_socket.h"

namespace base {

namespace {

// Threads start as connections come; an idle connection gives its thread back after kKeepAlive.
constexpr std::size_t kMostThreads = 128;
constexpr auto kKeepAlive = std::chrono::milliseconds(2000);
// When all threads are taken nobody may take longer than this to say what is asked.
constexpr auto kPatience = std::chrono::seconds(2);
constexpr int kLookMilliseconds = 500;
constexpr auto kLastChance = std::chrono::milliseconds(500);
constexpr std::uint64_t kDiscardedBody = 256 * 1024;

/// A connection as httplib reads and writes it.
class HttplibStream : public httplib::Stream {
 public:
  explicit HttplibStream(Connection& connection) : connection_(connection) {}
  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }
  ssize_t read(char* bytes, std::size_t size) override { return connection_.read(bytes, size); }
  ssize_t write(const char* bytes, std::size_t size) override { return connection_.write(bytes, size); }
  void get_remote_ip_and_port(std::string& ip, int& port) const override {
    std::tie(ip, port) = connection_.peer();
  }
  void get_local_ip_and_port(std::string& ip, int& port) const override {
    ip.clear();
    port = 0;
  }
  // Asked only to refuse numbers that select(2) cannot take, which nothing here calls.
  socket_t socket() const override { return 0; }

 private:
  Connection& connection_;
};

ServerRequest convert(const httplib::Request& request, Headers headers) {
  ServerRequest result;
  result.method = request.method;
  result.path = request.path;
  result.target = request.target;
  if (const auto question = request.target.find('?'); question != std::string::npos) {
    result.query = request.target.substr(question + 1);
  }
  result.headers = std::move(headers);
  result.remote_address = request.remote_addr;
  return result;
}

void fill(bool is_head, ServerResponse&& answer, httplib::Response& response) {
  response.status = answer.status;
  std::string content_type = "application/octet-stream";
  bool has_type = false;
  for (const auto& [name, value] : answer.headers) {
    if (equals_ignoring_case(name, "Content-Type")) {
      content_type = value;
      has_type = true;
    } else if (!equals_ignoring_case(name, "Content-Length") || is_head) {
      response.set_header(name, value);  // the length of what is sent is counted
    }
  }
  if (answer.pour && !is_head) {
    response.set_chunked_content_provider(
        content_type, [pour = std::move(answer.pour)](std::size_t, httplib::DataSink& sink) {
          bool wanted = true;
          pour([&](std::string_view piece) {
            wanted = wanted && (piece.empty() || sink.write(piece.data(), piece.size()));
            return wanted;
          });
          if (wanted) sink.done();
          return wanted;
        });
    return;
  }
  const std::uint64_t size = answer.stream ? answer.stream_size : answer.body.size();
  if (is_head || size == 0) {
    if (has_type || size > 0) response.set_header("Content-Type", content_type);
    if (is_head && !response.has_header("Content-Length"))
      response.set_header("Content-Length", std::to_string(size));
    return;
  }
  if (!answer.stream) {
    response.set_content(answer.body, content_type);
    return;
  }
  response.set_content_provider(
      size, content_type,
      [stream = std::move(answer.stream)](std::size_t offset, std::size_t length, httplib::DataSink& sink) {
        const std::string piece = stream(offset);
        if (piece.empty()) return false;
        return sink.write(piece.data(), std::min(piece.size(), length));
      });
}

/// Serves one connection: httplib checks heads and writes answers. Routing, header fields and bodies are
/// ours, since httplib matches paths by regular expressions, percent-decodes fields and drops empty ones (a
/// signature covers them as sent), unpacks bodies, and packs and cuts answers unasked.
class Conversation : private httplib::Server {
 public:
  Conversation(Connection& connection, const RequestHandler& handler)
      : connection_(connection), stream_(connection), handler_(handler) {
    svr_sock_ = 0;  // a number of its own would tell httplib that it is shutting down
    set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
      answer(request, response);
      return HandlerResponse::Handled;
    });
    set_exception_handler(
        [this](const httplib::Request&, httplib::Response& response, const std::exception_ptr&) {
          response.status = 500;
          last_ = true;
        });
    set_keep_alive_timeout(std::chrono::duration_cast<std::chrono::seconds>(kKeepAlive).count());
  }

  /// One request and its answer; false when the connection is to be closed.
  bool exchange() {
    bool closed = false;
    last_ = true;  // unless the head can be read: what follows a broken one is no request
    connection_.begin_head();
    const bool answered = process_request(stream_, false, closed, [this](httplib::Request& request) {
      connection_.end_head();
      last_ = false;
      request_ = convert(request, connection_.headers());
      request.ranges.clear();
      request.headers.erase("Accept-Encoding");
    });
    if (!answered || closed || last_) connection_.close_gently();
    return answered && !closed && !last_;
  }

 private:
  void answer(const httplib::Request& request, httplib::Response& response) {
    auto body = RequestBody::of(connection_, request_.headers);
    if (!body) {
      response.status = 400;
      response.set_content(body.error().message + "\n", "text/plain");
      response.set_header("Connection", "close");
      last_ = true;
      return;
    }
    request_.read_body = [&body](const auto& sink) { return body->read(sink); };
    fill(request.method == "HEAD", handler_(request_), response);
    request_.read_body = nullptr;
    if (body->discard(kDiscardedBody)) return;
    response.set_header("Connection", "close");
    last_ = true;
  }

  Connection& connection_;
  HttplibStream stream_;
  const RequestHandler& handler_;
  ServerRequest request_;
  bool last_ = false;
};

}  // namespace

struct HttpServer::State {
  RequestHandler handler;
  Fd listener;
  Fd wake;
  std::thread acceptor;

  std::mutex mutex;
  std::map<int, std::shared_ptr<Fd>> more_listeners;
  int next_listener = 1;
  std::condition_variable changed;
  std::deque<Fd> waiting;
  std::vector<std::thread> workers;
  std::set<Connection*> connections;
  std::size_t idle_workers = 0;
  bool stopping = false;

  // The sockets to wait for after `wake`; kept open while they are waited for.
  std::vector<std::shared_ptr<Fd>> listeners() {
    const std::lock_guard lock(mutex);
    std::vector<std::shared_ptr<Fd>> all;
    for (const auto& [number, socket] : more_listeners) all.push_back(socket);
    return all;
  }

  void accept_all() {
    while (true) {
      const auto more = listeners();
      std::vector<pollfd> watched{{.fd = wake.get(), .events = POLLIN, .revents = 0},
                                  {.fd = listener.get(), .events = POLLIN, .revents = 0}};
      for (const auto& socket : more)
        watched.push_back({.fd = socket->get(), .events = POLLIN, .revents = 0});
      ::poll(watched.data(), watched.size(), hang_up_on_the_slow() ? kLookMilliseconds : -1);
      if (watched[0].revents != 0) {
        if (is_stopping()) return;
        eventfd_t ignored = 0;
        ::eventfd_read(wake.get(), &ignored);
      }
      for (std::size_t i = 1; i < watched.size(); ++i) {
        if (watched[i].revents != 0) accept_from(watched[i].fd);
      }
    }
  }

  // True when somebody waits for a thread. What is still being asked costs nobody anything when it is cut
  // off.
  bool hang_up_on_the_slow() {
    const std::lock_guard lock(mutex);
    if (waiting.empty() || workers.size() < kMostThreads) return false;
    const auto now = std::chrono::steady_clock::now();
    for (auto* connection : connections) {
      const auto since = connection->asks_since();
      if (since != std::chrono::steady_clock::time_point() && now - since > kPatience)
        connection->shut_down();
    }
    return true;
  }

  void accept_from(int listening) {
    Fd socket(::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC));
    if (socket) {
      hand_over(std::move(socket));
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
      pollfd waking{.fd = wake.get(), .events = POLLIN, .revents = 0};
      ::poll(&waking, 1, 10);  // until somebody closes a file
    }
  }

  void hand_over(Fd socket) {
    const std::lock_guard lock(mutex);
    waiting.push_back(std::move(socket));
    if (waiting.size() > idle_workers && workers.size() < kMostThreads) {
      try {
        workers.emplace_back([this] { work(); });
      } catch (const std::system_error&) {
        if (workers.empty())
          waiting.clear();  // the machine gives no thread: hang up rather than let them wait
      }
    }
    changed.notify_all();
  }

  void work() {
    std::unique_lock lock(mutex);
    while (true) {
      ++idle_workers;
      changed.wait(lock, [this] { return stopping || !waiting.empty(); });
      --idle_workers;
      if (stopping) return;
      Connection connection(std::move(waiting.front()));
      waiting.pop_front();
      connections.insert(&connection);
      lock.unlock();
      serve(connection);
      lock.lock();
      connections.erase(&connection);
      changed.notify_all();
    }
  }

  void serve(Connection& connection) {
    try {
      Conversation conversation(connection, handler);
      while (!is_stopping() && connection.wait_for_request(kKeepAlive)) {
        if (!conversation.exchange()) return;
      }
    } catch (const std::exception&) {
      // Out of memory, or thrown while the answer was under way: this connection ends, the others go on.
    }
  }

  bool is_stopping() {
    const std::lock_guard lock(mutex);
    return stopping;
  }

  void stop() {
    std::unique_lock lock(mutex);
    stopping = true;
    waiting.clear();
    for (auto* connection : connections) {
      if (connection->idle()) connection->shut_down();
    }
    changed.notify_all();
    ::eventfd_write(wake.get(), 1);
    changed.wait_for(lock, kLastChance, [this] { return connections.empty(); });
    for (auto* connection : connections) connection->shut_down();
    lock.unlock();
    acceptor.join();
    for (auto& worker : workers) worker.join();
  }
};

HttpServer::HttpServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<HttpServer>> HttpServer::start(const std::string& address, std::uint16_t port,
                                                      RequestHandler handler) {
  TRY(auto listening, listen_on(address, port));
  return start_on(std::move(listening), std::move(handler));
}

Result<std::unique_ptr<HttpServer>> HttpServer::start_on(Fd listening, RequestHandler handler) {
  auto state = std::make_unique<State>();
  state->handler = std::move(handler);
  state->listener = std::move(listening);
  state->wake = Fd(::eventfd(0, EFD_CLOEXEC));
  if (!state->wake) return system_error("eventfd", errno);
  state->acceptor = std::thread([raw = state.get()] { raw->accept_all(); });
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
}

HttpServer::~HttpServer() {
  state_->stop();
}

Result<int> HttpServer::also_listen(Fd socket) {
  // One that poll() reported may be gone when it is accepted from.
  const int flags = ::fcntl(socket.get(), F_GETFL);
  if (flags < 0 || ::fcntl(socket.get(), F_SETFL, flags | O_NONBLOCK) != 0)
    return system_error("cannot serve a socket", errno);
  int number = 0;
  {
    const std::lock_guard lock(state_->mutex);
    number = state_->next_listener++;
    state_->more_listeners[number] = std::make_shared<Fd>(std::move(socket));
  }
  ::eventfd_write(state_->wake.get(), 1);
  return number;
}

void HttpServer::stop_listening(int number) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->more_listeners.erase(number);
  }
  ::eventfd_write(state_->wake.get(), 1);
}

std::uint16_t HttpServer::port() const {
  return port_of(state_->listener.get());
}

Result<std::string> ServerRequest::body(std::size_t limit) const {
  std::string content;
  bool too_large = false;
  auto read = read_body([&](std::string_view chunk) {
    too_large = content.size() + chunk.size() > limit;
    if (!too_large) content.append(chunk);
    return !too_large;
  });
  if (too_large) {
    return make_error(ErrorKind::invalid_input,
                      fmt::format("the request's body is larger than {}", format_bytes(limit)));
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
  const auto decode = [](std::string_view text) { return percent_decode(replace_all(text, "+", " ")); };
  std::vector<std::pair<std::string, std::string>> parameters;
  for (const auto& part : split(query, '&')) {
    if (part.empty()) continue;
    const auto equals = part.find('=');
    parameters.emplace_back(
        decode(std::string_view(part).substr(0, equals)),
        equals == std::string::npos ? "" : decode(std::string_view(part).substr(equals + 1)));
  }
  return parameters;
}

}  // namespace base
