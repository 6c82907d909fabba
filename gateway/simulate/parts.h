/* The simulator's insides, shared by its files. */
#pragma once

#include "loop/curlmux.h"
#include "loop/httpd.h"
#include "simulate/ledger.h"
#include "simulate/model.h"
#include "simulate/simulate.h"
#include "simulate/trouble.h"

enum { SIM_HISTORY_MAX = 200, SIM_ANSWER_MAX = 64 << 20, SIM_VALUE_MAX = 8192 };

/* One line of an answer: a message taken, refused, or reported on. */
struct sim_row {
    const struct sim_message *message; /* null: a stranger */
    const char *to;
    const char *ref;
    const char *code; /* refused with this; null when taken */
    const char *state;
    const char *id;
    const char *job;
    char *part_id; /* owned: id of a further part */
    bool over;     /* the state is final */
};

/* What the names of a template stand for. */
struct sim_scope {
    const struct simulator *sim;
    const struct json *request; /* may be null */
    const char *code;
    const char *job;
    const struct sim_row *rows;
    size_t count;
    const struct sim_row *row; /* the one being written; null outside of rows */
    size_t index;
};

/* A request while it is answered. */
struct sim_exchange {
    struct simulator *sim;
    struct http_request *http;
    const struct sim_endpoint *endpoint;
    struct json_doc *doc;
    const struct sim_trouble *trouble; /* may be null */
    uint64_t number;
    const char *code; /* the answer's; null for success */
    const char *why;  /* what the request lacked, for people */
    char why_text[160];
    char stranger[LEDGER_ID_MAX];
    char job[LEDGER_ID_MAX];
    struct sim_row *rows;
    size_t count;
    size_t taken;
    size_t refused;
};

/* An answer that waits for its time. */
struct sim_held {
    struct list node;
    struct http_request *http;
    int64_t due;
    int status;
    char type[64];
    struct buf body;
};

struct simulator {
    struct simulator_options options;
    struct sim_model *model;
    struct httpd *server;
    struct ledger *ledger;
    struct sim_troubles troubles;
    struct rng rng;
    uv_timer_t tick;
    struct list held;
    struct list due; /* messages whose end comes, in the order of their end */
    uint64_t requests;
    uint64_t pushes; /* in flight */
    uint64_t job_count;
    struct simulator_event history[SIM_HISTORY_MAX]; /* a ring */
    uint64_t event_count;
    char password[128]; /* last seen, for signatures */
    char url[80];
    int64_t report_after_ms;
    bool stopping;
    void (*closed)(void *ctx);
    void *closed_ctx;
};

/* fill.c: templates. */

/* Expands ${name}, ${name|format}, ${/pointer} in text. */
void sim_fill_text(struct str text, const struct sim_scope *s, struct buf *out);
/*
 * Writes a template as JSON. A string that is all "#{name}" becomes a number or literal, "?{name}"
 * null when empty, a member "~{name}" is left out then; {"$rows": T} becomes an array of T for
 * every row, {"$first": T} is T for the first one.
 */
void sim_fill_json(const struct json *t, struct sim_scope *s, struct json_writer *w);
/* A whole answer, {"json": …} or {"text": …, "row": …, "join": …}. */
void sim_fill(const struct json *reply, struct sim_scope *s, struct buf *out);

/* send.c, report.c: what the endpoints do; they fill the exchange's code and rows. */

void sim_do_send(struct sim_exchange *x);
void sim_do_report(struct sim_exchange *x);
/* Balance, senders: only the account is looked at. */
void sim_do_data(struct sim_exchange *x);
/* The state of a message now, and whether it is the last. */
const char *sim_state_now(const struct simulator *s, const struct sim_message *m, int64_t now,
                          bool *ret_over);

/* values.c */

/* An id by its form, "SM{hex:32}". */
void sim_make_id(struct simulator *s, const char *form, char out[LEDGER_ID_MAX]);
/* The numbers in a value: an array, or text separated by blanks, "," ";" or "|". */
void sim_each_part(const struct json *v, void (*see)(void *ctx, struct str part), void *ctx);
/* "905…" from any form, or the digits; false when there are none. */
bool sim_number(struct str s, char out[20]);

/* answer.c */

/* The answer leaves, or whatever the trouble makes of it. Frees the exchange. */
void sim_answer(struct sim_exchange *x);
/* Sends what is due now. */
void sim_release_held(struct simulator *s, int64_t now);
/* Everything held ends without an answer. */
void sim_drop_held(struct simulator *s);

/* push.c */

/* Pushes the reports of messages whose time has come. */
void sim_push_due(struct simulator *s, int64_t now);
/* Pushes everything about one message at once. */
void sim_push_message(struct simulator *s, struct sim_message *m);
/*
 * The signature that proves who pushed a form, as base64; null when the vendor signs nothing.
 * Twilio: HMAC-SHA1 of the address and every field sorted by name, keyed by the account's token.
 */
void sim_sign(const struct simulator *s, const char *url, const char *const *names,
              const struct buf *values, size_t count, char **ret);
/* Puts a message in line for its end. */
void sim_await_end(struct simulator *s, struct sim_message *m);

/* control.c: /_sim/… */

void sim_control(struct simulator *s, struct http_request *req);

int64_t sim_now(void);
/* Notes what happened and tells the owner. */
void sim_note(struct simulator *s, const struct simulator_event *event);
