#pragma once
// What the attempts of the probe share: a table of them, and a way to say how each ended. C, linked
// statically: it also runs where there is no library.

/// An attempt returns 0 when it got through, else the errno that stopped it; -1 is a text in `said`.
typedef int (*Attempt)(void);

struct Named {
  const char* name;
  Attempt attempt;
};

#define SAID (-1)
extern char said[512];

/// What the outside tells: empty when it does not.
const char* told(const char* variable);
/// 0, or errno.
int outcome(long result);
/// Opens and closes.
int try_open(const char* path, int flags);

extern const struct Named kFileAttempts[];
extern const struct Named kKernelAttempts[];
extern const struct Named kProcessAttempts[];
extern const struct Named kForeignAttempts[];
