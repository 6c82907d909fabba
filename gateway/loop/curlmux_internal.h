/*
 * What the files of the mux share. A piece of work is one libcurl handle inside the multi handle;
 * its CURLOPT_PRIVATE points to the struct curlmux_work it begins with.
 */
#pragma once

#include "loop/curlmux_transfer.h"

struct curlmux {
    uv_loop_t *loop;
    CURLM *multi;
    struct curlmux_limits limits;
    uv_timer_t timer;
    uv_idle_t kick; /* work for the next round of the loop */
    bool curl_due;
    size_t open_handles;
    struct list active;  /* transfers */
    struct list spare;   /* their handles, for further ones */
    struct list streams; /* see curlmux_stream.h */
    struct watch **kept; /* by socket: watches of transfers' connections */
    size_t kept_size;
    size_t active_count;
    size_t spare_count;
    bool closing;
    void (*drained)(void *ctx);
    void *drained_ctx;
    bool draining;
    curlmux_watcher *watcher;
    void *watcher_ctx;
};

/*
 * Watches the socket of a transfer until it is closed, through every request on its connection:
 * libcurl lets go of a socket between two requests, which would cost four system calls each time.
 */
void curlmux_keep_watch(struct curlmux *mux, curl_socket_t fd);
/* CURLOPT_CLOSESOCKETFUNCTION of such sockets; ctx is the mux. */
int curlmux_close_socket(void *ctx, curl_socket_t fd);
/* Ends every stream, for good: its owner hears that it ended, and may then only close it. */
void curlmux_streams_end(struct curlmux *mux);
/* One more, one less handle of the loop that must be closed before the mux is freed. */
void curlmux_ref(struct curlmux *mux);
void curlmux_unref(struct curlmux *mux);
