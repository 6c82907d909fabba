/*
 * What the two halves of smtp-curl share: smtp_curl.c has the queue and the life of the back end,
 * smtp_curl_lane.c one connection. Loop thread throughout.
 */
#pragma once

#include "base/buf.h"
#include "providers/smtp/smtp_classify.h"
#include "providers/smtp_curl/smtp_curl.h"

enum { SMTP_CURL_LANES = 16 };

enum lane_step {
    LANE_CLOSED,
    LANE_OPENING,
    LANE_READY,    /* open and idle */
    LANE_ENVELOPE, /* MAIL and RCPT */
    LANE_DATA,
    LANE_BODY,
    LANE_VOID,     /* a lone dot, for a relay that wants the text of a refused message */
    LANE_CLEARING, /* RSET after a refusal */
    LANE_LEAVING   /* QUIT */
};

/* What the relay offers on this connection. */
struct lane_offers {
    bool pipelining;
    bool size;
    bool eight_bit;
    bool utf8;
    bool dsn;
};

struct lane {
    struct provider *p;
    struct curlmux_stream *stream;
    uv_timer_t timer;
    enum lane_step step;
    struct smtp_wire wire;
    struct lane_offers offers;
    struct provider_job *job; /* being sent; null otherwise */
    unsigned carried;         /* messages that were begun on this connection */
    bool greeting_due;        /* connected; the greeting is what is waited for */
    bool rcpt_asked;
    bool data_asked; /* together with MAIL and RCPT (RFC 2920) */
    bool dot_given;  /* the final dot was handed to the stream */
    bool has_rest;   /* of a long message: its dot is held until the rest has left */
    struct buf text;
};

struct provider {
    struct provider_host host;
    const struct smtp_curl_settings *settings;
    struct lane lanes[SMTP_CURL_LANES];
    struct list queue; /* jobs, by node */
    uv_idle_t kick;    /* so that nothing happens inside submit() */
    uv_timer_t drain_timer;
    int64_t patient_until_ms; /* monotonic: no further connection before, while others work */
    enum provider_health health;
    bool draining;
    bool cancelled;
    size_t handles; /* of the loop, still open */
};

/* ---- smtp_curl.c ---- */

/* The job's fate is known. */
void smtp_curl_settle(struct provider *p, struct provider_job *job, const struct outcome *outcome);
/* Nothing of the job can have been taken: it goes by another connection. */
void smtp_curl_again(struct provider *p, struct provider_job *job);
/* The connection could not be opened, and why. */
void smtp_curl_lane_failed(struct provider *p, const struct outcome *outcome);
/* The lane is ready or closed. */
void smtp_curl_lane_changed(struct provider *p);

/* ---- smtp_curl_lane.c ---- */

void lane_init(struct lane *lane, struct provider *p);
/* A ready lane sends the job, which was checked. */
void lane_send(struct lane *lane, struct provider_job *job);
/* A ready lane says goodbye. */
void lane_leave(struct lane *lane);
/* Ends the lane at once; a job it had gets an outcome for that. */
void lane_cancel(struct lane *lane);
/* What the stream tells once it is open. */
void lane_received(void *ctx, char *bytes, size_t len);
void lane_written(void *ctx);
void lane_ended(void *ctx);
/* Sets the deadline of the present step. */
void lane_allow(struct lane *lane, int64_t ms);
/* The lane is open and idle. */
void lane_rest(struct lane *lane);
/* It could not be opened. */
void lane_fail_opening(struct lane *lane, const struct outcome *outcome);

/* ---- smtp_curl_open.c ---- */

/*
 * Begins a connection on a closed lane. Nothing is reported from inside. ERR_DENIED when there is
 * no token to log in with.
 */
int lane_open(struct lane *lane, struct err *e);
