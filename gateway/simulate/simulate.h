/*
 * A vendor on this machine: an HTTP server that speaks the vendor's wire format, keeps a ledger of
 * what it took, reports on it, and goes wrong when told to. For tests, ours and other people's.
 *
 * Special numbers choose what happens, wherever the vendor's description knows the word:
 * +90 500 CCCCC SS, where CCCCC is a code (00000: taken) and SS a final state (00: delivered).
 * The password "yanlis" is refused. GET /_sim/messages, GET /_sim/requests and POST /_sim/fault
 * are for whoever tests; docs/simulator.md has it all.
 */
#pragma once

#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"

#include <uv.h>

struct curlmux;
struct json_writer;
struct simulator;

/* What happened to one request, or one pushed report. Strings live until the call returns. */
struct simulator_event {
    int64_t at_ms;
    const char *kind; /* "send", "report", "data", "push", "unknown"; a constant */
    char path[120];   /* without query: it may hold credentials */
    int status;       /* HTTP; 0 when there was no answer */
    char code[48];    /* the vendor's */
    char fault[24];   /* name of the trouble that struck, or "" */
    char why[160];    /* what was wrong with the request, or "" */
    size_t taken;
    size_t refused;
};

/* As one JSON object. */
void simulator_event_json(const struct simulator_event *event, struct json_writer *w);

struct simulator_options {
    uv_loop_t *loop;
    struct curlmux *curl;    /* for pushes; null: none are made */
    const char *description; /* path of the vendor's description; copied */
    const char *address;     /* numeric, "127.0.0.1" */
    int port;                /* 0: any */
    const char *report_url;  /* where reports go that name no address; null: nowhere */
    int64_t report_after_ms; /* from taking a message to its end */
    uint64_t seed;
    void (*happened)(void *ctx, const struct simulator_event *event); /* may be null */
    void *ctx;
};

/*
 * Reads the description and listens. Loop thread, as everything here. ERR_INVALID with faults when
 * the description is wrong; ERR_IO, ERR_NOMEM, ERR_NOT_FOUND.
 */
int simulator_start(const struct simulator_options *options, struct simulator **ret,
                    struct faults *faults, struct err *e);
/* "http://127.0.0.1:8081" */
const char *simulator_url(const struct simulator *s);
const char *simulator_title(const struct simulator *s);
/* A user name of the form that this vendor wants. */
const char *simulator_sample_user(const struct simulator *s);
/* Adds a fault as simulate/trouble.h describes it; ERR_INVALID with why. */
int simulator_fault(struct simulator *s, const char *spec, struct fault *why);
/* Messages in the ledger. */
size_t simulator_taken(const struct simulator *s);
/* Stops listening, drops what waits; closed (may be null) comes once and s is gone. */
void simulator_stop(struct simulator *s, void (*closed)(void *ctx), void *ctx);
