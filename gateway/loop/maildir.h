/*
 * Watches a Maildir (https://cr.yp.to/proto/maildir.html): what lies in new/ is handed to the loop,
 * file by file, and moved to cur/ once it was handled. A thread of its own does what blocks. After
 * a crash a file may be handed over a second time, never not at all.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <uv.h>

enum {
    MAILDIR_BYTES_MAX = 1 << 20, /* of a file; the rest is not read */
    MAILDIR_ROUND_MAX = 32,      /* files handed over before the first of them is moved */
    MAILDIR_TROUBLES_MAX = 32    /* told by name, each once; that there are more, once too */
};

struct maildir;
struct maildir_file;

struct maildir_options {
    const char *path;  /* new, cur and tmp are made in it when they are missing */
    int64_t period_ms; /* between two looks */
    /* Loop thread; to be answered once with maildir_done(), also from inside. */
    void (*found)(void *ctx, struct maildir_file *file);
    void *ctx;
};

/* Starts the thread. ERR_IO, ERR_DENIED when the directory cannot be used. Loop thread. */
int maildir_watch(uv_loop_t *loop, const struct maildir_options *options, struct maildir **ret,
                  struct err *e);
struct str maildir_bytes(const struct maildir_file *file);
/* The file is gone after this. Not handled: it comes again with a later round. Loop thread. */
void maildir_done(struct maildir_file *file, bool handled);
/*
 * No further file is handed over. closed (may be null) is called once, after the last answer; the
 * watch is gone then. Loop thread.
 */
void maildir_stop(struct maildir *m, void (*closed)(void *ctx), void *ctx);
