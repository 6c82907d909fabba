/*
 * What a simulated vendor does wrong, by order. One trouble is written
 *   NAME[:ARGUMENT][,p=0.2][,n=3][,after=10][,on=send|report|data|any][,accept]
 * p: with this probability; n: so many times, then never again; after: not for the first so many;
 * on: at which calls (send), for faults of a request; accept: the request was taken nonetheless,
 * where it was not refused with a code.
 */
#pragma once

#include "base/err.h"
#include "base/fault.h"
#include "base/json.h"
#include "base/rng.h"
#include "simulate/model.h"

enum sim_trouble_kind {
    /* of a request */
    TROUBLE_CODE,      /* code:NN — refused with this code */
    TROUBLE_THROTTLE,  /* throttle[:SECONDS] — refused as too fast, with Retry-After if asked */
    TROUBLE_LOST,      /* lost-reply — taken, then the connection ends without a word */
    TROUBLE_LATE,      /* late[:DURATION] — taken, the answer comes after a minute */
    TROUBLE_SLOW,      /* slow[:DURATION] — taken, the answer takes a second */
    TROUBLE_RESET,     /* reset — TCP reset instead of an answer, not taken */
    TROUBLE_HTML,      /* html502 — a proxy's page, not taken */
    TROUBLE_STATUS,    /* status:NNN — this HTTP status (200 … 599) without a body, not taken */
    TROUBLE_TRUNCATED, /* truncated — taken, the answer breaks off */
    TROUBLE_CUT_JSON,  /* half — taken, complete HTTP with half a body */
    TROUBLE_EMPTY,     /* empty — taken, 200 without a body */
    TROUBLE_HUGE,      /* huge[:BYTES] — taken, the answer is filled up to so many bytes */
    TROUBLE_SHAPE,     /* shape:NAME — the answer's other shape */
    TROUBLE_REDIRECT,  /* redirect:URL — 307 to there, not taken */
    /* of a message */
    TROUBLE_SILENT,   /* accepted-silent — taken, no report ever */
    TROUBLE_TWICE,    /* dup-report — every report twice */
    TROUBLE_DISORDER, /* out-of-order — the last report first */
    TROUBLE_EARLY,    /* early-report — pushed before the answer to the request */
    TROUBLE_STRANGER, /* unknown-report — with a report about something nobody sent */
    TROUBLE_STATE,    /* state:NN — ends in this state */
    TROUBLE_WINDOW, /* duplicate-window[:DURATION] — equal text to the same number is a repeat */
    TROUBLE_KIND_COUNT
};

enum { TROUBLES_MAX = 16, TROUBLE_ARG_MAX = 200 };

/* TROUBLE_SILENT and later ones concern single messages. */
#define TROUBLE_FIRST_OF_MESSAGE TROUBLE_SILENT

enum sim_at { SIM_AT_SEND, SIM_AT_REPORT, SIM_AT_DATA, SIM_AT_ANY };

struct sim_trouble {
    enum sim_trouble_kind kind;
    char arg[TROUBLE_ARG_MAX];
    int64_t number; /* of the argument: milliseconds, bytes, seconds, status */
    double p;
    int64_t left;  /* -1: for ever */
    int64_t after; /* so many more pass */
    enum sim_at on;
    bool accept;
    uint64_t hits;
};

struct sim_troubles {
    struct sim_trouble list[TROUBLES_MAX];
    size_t count;
    struct rng rng;
};

/* "code", "lost-reply", …; null-terminated, in the order of the enum. */
extern const char *const sim_trouble_names[];

/*
 * Appends one; ERR_INVALID with why, ERR_LIMIT. What would never strike is refused too: a
 * code, state or shape that the model (null: any) does not have, a modifier that changes nothing.
 */
int sim_trouble_add(struct sim_troubles *t, const struct sim_model *model, struct str spec,
                    struct fault *why);
/* The trouble of this request, or null: the first that strikes. */
const struct sim_trouble *sim_trouble_request(struct sim_troubles *t, enum sim_at at);
/* Whether a message's trouble of this kind strikes; its entry or null. */
const struct sim_trouble *sim_trouble_message(struct sim_troubles *t, enum sim_trouble_kind kind);
void sim_troubles_json(const struct sim_troubles *t, struct json_writer *w);
