// The program that runs inside sandboxes (inner_program.h).

#include "sandbox/zygote.h"

int main() {
  return sandbox::zygote_main();
}
