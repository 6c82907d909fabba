/* A request that tells reports, from its reading until all of them are stored. Loop thread. */
#pragma once

#include <stddef.h>

/* One request that tells reports: answered when the last of them is stored. */
struct report_push {
    size_t waiting; /* jobs with the store, and the reading itself */
    int status;
    void (*done)(void *ctx, int status);
    void *ctx;
};

/* One of the waiting parts is done; after the last one `done` is called and the push is gone. */
void reports_push_part(struct report_push *push, int status);
