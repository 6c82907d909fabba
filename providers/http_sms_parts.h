/* The engine's insides, shared by http_sms*.c. */
#pragma once

#include "loop/curlmux.h"
#include "providers/http_sms.h"
#include "providers/recipe/judge.h"
#include "providers/recipe/parts.h"

enum { SECRETS_MAX = 5, ASKED_MAX = 4096 };

/* A report query's subject. */
struct poll_id {
    struct list node;
    char id[64];
};

struct split_group;
struct query;
struct asking;

/* One request and the jobs it carries. */
struct call {
    struct list node;
    struct provider *provider;
    struct list jobs;
    size_t count;
    struct split_group *group; /* when it is part of a refused batch; else null */
};

/* When an id was asked for last, so that nobody asks more often than the vendor bears. */
struct asked {
    uint64_t id; /* a hash; 0: none */
    int64_t at;  /* loop time */
};

/* What stands before the body. */
struct built_head {
    struct buf url;
    struct buf shown; /* the same without secrets and personal data, for the log */
    char *headers[RECIPE_PAIRS_MAX + 1];
    size_t header_count;
};

struct built_request {
    struct built_head head; /* empty when the provider's own is used */
    struct buf body;
    struct buf items;
};

enum sender_state { SENDER_NOT_KNOWN, SENDER_LISTED, SENDER_MISSING };

struct provider {
    const struct provider_host *host;
    const struct http_sms_settings *settings;
    struct recipe *recipe;
    struct built_head head;     /* of the requests of kin */
    uint64_t kin;               /* see curlmux_kin_open(); 0: every request has its own head */
    struct built_request spare; /* room for the next message's */
    uv_idle_t now;              /* runs while there is something to begin */
    uv_timer_t poll;            /* armed for the next question about messages */
    uv_timer_t pace;            /* armed for the next request the vendor allows */
    int64_t send_at;            /* loop time of that */
    int open_handles;
    struct list queue;   /* jobs */
    struct list waiting; /* calls: parts of split batches */
    size_t in_flight;    /* requests that carry jobs */
    size_t queries;      /* requests that ask */
    struct list asks;    /* struct asking: attempts in doubt */
    struct list unasked; /* jobs that there was no memory to ask for */
    struct list poll_ids;
    size_t poll_id_count;
    int64_t poll_at;         /* loop time of the next question */
    struct query *next_page; /* of a report query; null when there is none */
    bool polling;
    struct asked asked[ASKED_MAX];
    struct str secrets[SECRETS_MAX]; /* what no word for people may repeat */
    char *encoded[SECRETS_MAX];
    size_t secret_count;
    enum sender_state sender;
    int64_t sender_at; /* loop time of the last look */
    bool senders_due;
    bool health_due;
    bool balance_due;
    bool draining;
    bool drained;
    int64_t unmatched_id;      /* whose they are, while they are of one message only */
    bool unmatched_many;       /* they are of several */
    int unmatched_run;         /* answers in a row that no rule knows */
    char unmatched_logged[32]; /* the last code that was told of */
};

/* http_sms_request.c: a request made from a recipe. */

struct request_values {
    const struct provider *provider;
    const struct provider_job *job; /* null in queries */
    const char *id;                 /* of a report query */
    int64_t page;
    const char *after;
};

void built_init(struct built_request *b);
/* Forgets what it held, credentials and words, but keeps their room for another. */
void built_reset(struct built_request *b);
void built_finish(struct built_request *b);
/* The head of every message's request, when the recipe wants the same for all of them. */
void http_sms_build_head(struct provider *p);
/* Forgets it, also where requests are sent. */
void http_sms_forget_head(struct provider *p);
/* Appends one item to the list for ${items}. ERR_INVALID when a value may not stand there. */
int built_add_item(struct built_request *b, const struct recipe_request *rr,
                   const struct request_values *v, struct err *e);
/* Builds the rest and sends it; done is called as curlmux_send() promises. */
int built_send(struct built_request *b, const struct recipe_request *rr,
               const struct request_values *v, curlmux_callback *done, void *ctx, struct err *e);

/* http_sms_options.c: what the table cannot check. */

void http_sms_check(const void *settings, const char *pointer, struct faults *faults);
/* Fills p->secrets in both forms in which a vendor could repeat them; forget wipes. */
void http_sms_remember_secrets(struct provider *p);
void http_sms_forget_secrets(struct provider *p);

/* http_sms_poll.c: reports, and attempts in doubt; one question at a time, paced. */

void http_sms_fetch_reports(struct provider *p, const struct provider_await *list, size_t count);
int http_sms_parse_hook(struct provider *p, const struct provider_hook *hook, struct err *e);
/* Arms the timer for the next question when there is one. */
void http_sms_schedule(struct provider *p);
/* No question before so long. */
void http_sms_pause(struct provider *p, int64_t ms);
void http_sms_forget_polls(struct provider *p);
/* An answer to any question as an outcome, never without words; DOWN when there was none. */
void http_sms_judge_query(struct provider *p, const struct recipe_answer *rules,
                          const struct curlmux_answer *a, struct recipe_reply *reply,
                          struct recipe_judgement *ret);
/* The account is in trouble, as the answer to a question says. */
void http_sms_say_account(struct provider *p, const struct outcome *o);

/* http_sms_recover.c */

void http_sms_ask(struct provider *p, struct provider_job *job);
/* Begins a question that is due; false when there is none. */
bool http_sms_begin_ask(struct provider *p);
/* Loop time of the next such question, INT64_MAX when there is none. */
int64_t http_sms_next_ask(const struct provider *p);
/* What cannot be asked, or not any more, is answered. From the idle handle only. */
void http_sms_give_up_asks(struct provider *p);

/* http_sms_query.c: balance and sender titles. */

void http_sms_probe(struct provider *p);
void http_sms_balance(struct provider *p);
/* Says what was asked for and needs no vendor. From the idle handle only. */
void http_sms_say(struct provider *p);
/* Asks for the sender titles when that is due. */
void http_sms_look_at_senders(struct provider *p);
/* Whether the title is known not to be the account's and the recipe wants to hold then. */
bool http_sms_sender_holds(struct provider *p);

/* http_sms.c */

/* Sees to what is due: called by the idle handle, and started by whoever makes something due. */
void http_sms_wake(struct provider *p);
int64_t http_sms_loop_ms(const struct provider *p);

/* http_sms_judge.c */

void http_sms_judge_answer(struct provider *p, const struct curlmux_answer *a,
                           struct recipe_judgement *ret);
/* A request that could not even be made. */
void http_sms_judge_failure(int code, const struct err *why, struct recipe_judgement *ret);
/* Tells of an answer that no rule knows, once per code; remembers whose such answers are. */
void http_sms_note_answer(struct provider *p, const struct call *c,
                          const struct recipe_judgement *j);
/* Hands a job back with what its request came to. */
void http_sms_complete(struct provider *p, struct provider_job *job,
                       const struct recipe_judgement *j);
