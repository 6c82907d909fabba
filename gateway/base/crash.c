#include "base/crash.h"

#include "base/str.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

/* "name" or "name:n"; 0 when it names another place. */
static int64_t wanted_passing(const char *name)
{
    const char *wish = getenv("HATIRLAT_CRASH_AT");
    size_t len = strlen(name);
    int64_t n = 1;

    if (wish == NULL || strncmp(wish, name, len) != 0 || (wish[len] != '\0' && wish[len] != ':')) {
        return 0;
    }
    if (wish[len] == ':' && str_i64(str_of(wish + len + 1), &n) != 0) {
        return 0;
    }
    return n;
}

void crash_point(const char *name)
{
    static _Atomic int64_t passed; /* of the one place that was named */
    int64_t wanted = wanted_passing(name);

    if (wanted > 0 && atomic_fetch_add(&passed, 1) + 1 == wanted) {
        (void)kill(getpid(), SIGKILL);
        for (;;) {
            (void)pause();
        }
    }
}
