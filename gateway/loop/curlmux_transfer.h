/*
 * One request of the mux: the libcurl handle, the guards it carries and what its answer left. Only
 * for curlmux*.c.
 */
#pragma once

#include "base/buf.h"
#include "base/list.h"
#include "loop/curlmux.h"

#include <curl/curl.h>

/* What a handle of libcurl belongs to. */
struct curlmux_work {
    void (*finish)(struct curlmux_work *work, CURLcode result); /* libcurl is done with it */
};

struct transfer {
    struct curlmux_work work; /* first */
    struct list node;
    struct curlmux *mux;
    CURL *easy;
    CURLU *url;
    struct curl_slist *headers;
    uint64_t kin; /* of the requests that the handle is set up for; 0: none */
    curlmux_callback *done;
    void *ctx;
    char *body;
    size_t body_len;
    struct buf answer;
    size_t header_bytes;
    char content_type[128];
    char retry_after[64];
    char curl_error[CURL_ERROR_SIZE];
    const char *cut; /* why we ended it ourselves */
    unsigned begun;  /* how often libcurl was about to send it */
    bool loopback_only;
    bool loopback_ok;
    bool private_ok;
};

/*
 * Copies the request into t and sets t->easy up, but for what a handle of the same kin has been
 * told already. ERR_INVALID, ERR_NOMEM.
 */
int transfer_prepare(struct transfer *t, const struct curlmux_request *r, struct err *e);
/* What the callback is told when libcurl ended the transfer with this result. */
void transfer_answer(struct transfer *t, CURLcode result, struct curlmux_answer *ret);
/* Frees and wipes everything of the request but what it shares with its kin. */
void transfer_reset(struct transfer *t);
/* That too; the handle stays usable. */
void transfer_forget(struct transfer *t);
