#include "cli/interrupts.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <thread>

#include "cli/commands.h"

namespace cli {

namespace {

std::stop_source& source() {
  static std::stop_source instance;
  return instance;
}

std::stop_source& shutdown_source() {
  static std::stop_source instance;
  return instance;
}

}  // namespace

void watch_for_interrupts() {
  // Blocked everywhere and taken by one thread, so that a stop may do more than a handler could.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  source();
  shutdown_source();
  std::thread([signals] {
    int number = 0;
    while (::sigwait(&signals, &number) == 0) {
      if (source().stop_requested()) ::_exit(kInterrupted);  // sandboxes end with us
      if (number == SIGTERM) shutdown_source().request_stop();
      source().request_stop();
    }
  }).detach();
}

bool interrupted() {
  return source().stop_requested();
}

std::stop_token shutdown_token() {
  return shutdown_source().get_token();
}

std::stop_token interrupt_token() {
  return source().get_token();
}

}  // namespace cli
