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
    bool look; /* libcurl has to look at every transfer once */
    size_t open_handles;
    struct list active;     /* transfers */
    struct list spare;      /* their handles, for further ones */
    struct list streams;    /* see curlmux_stream.h */
    struct watch **watches; /* by socket */
    size_t watch_size;
    size_t active_count;
    size_t spare_count;
    uint64_t last_kin;
    bool closing;
    void (*drained)(void *ctx);
    void *drained_ctx;
    bool draining;
    curlmux_watcher *watcher;
    void *watcher_ctx;
};

/* A new socket for libcurl: the only way one is made. */
curl_socket_t curlmux_socket(struct curlmux *mux, const struct curl_sockaddr *to);
/*
 * Watches the socket of a transfer until it is closed, through every request on its connection:
 * libcurl lets go of a socket between two requests, which would cost four system calls each time.
 */
void curlmux_keep_watch(struct curlmux *mux, curl_socket_t fd);
/* CURLOPT_CLOSESOCKETFUNCTION of such sockets; ctx is the mux. */
int curlmux_close_socket(void *ctx, curl_socket_t fd);
/* CURLMOPT_SOCKETFUNCTION; ctx is the mux. */
int curlmux_on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *assigned);
/* Forgets every socket; libcurl has none any more. */
void curlmux_watches_end(struct curlmux *mux);
/* Lets libcurl act on a socket's events and finishes what is done. */
void curlmux_act(struct curlmux *mux, curl_socket_t fd, int events);
/* What is due is done in the next round of the loop. */
void curlmux_kick(struct curlmux *mux);
/* Ends every stream, for good: its owner hears that it ended, and may then only close it. */
void curlmux_streams_end(struct curlmux *mux);
/* How a handle looks up names: never on the loop, and no answer is kept for long. */
void curlmux_set_names(CURL *easy);
/* One more, one less handle of the loop that must be closed before the mux is freed. */
void curlmux_ref(struct curlmux *mux);
void curlmux_unref(struct curlmux *mux);
