/* What an access key may do. Keys keep the names, so the numbers may change. */
#pragma once

enum scope {
    SCOPE_EVENTS_WRITE = 1,
    SCOPE_MESSAGES_READ = 2,
    SCOPE_MESSAGES_WRITE = 4,
    SCOPE_METRICS_READ = 8,
    SCOPE_CAMPAIGNS_READ = 16,  /* plans, releases, imports, providers: to look at */
    SCOPE_CAMPAIGNS_WRITE = 32, /* release, pause, resume, cancel */
    SCOPE_ROSTER_WRITE = 64,    /* imports and their undoing */
    SCOPE_ADMIN = 128           /* includes all others; persons, suppressions, providers, audit */
};
