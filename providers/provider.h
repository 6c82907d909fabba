/*
 * What a back end is. Contract, checked by tests/contract:
 *  1. Everything here runs on the loop thread; a back end that blocks owns its threads.
 *  2. Every job given to submit() is completed exactly once through host->done, never from inside
 *     submit(). Jobs of one batch may be completed in any order, one by one, as they happen.
 *  3. The outcome names the culprit (domain/outcome.h). When bytes of the message may have left and
 *     no complete answer came, it is OUTCOME_UNKNOWN; when they surely did not, OUTCOME_DOWN.
 *  4. Retry, pacing, breaker, routing and metrics are the dispatcher's business, not the back
 * end's.
 *  5. A missing function pointer means "not offered".
 *  6. drain(): finish what is in flight, accept nothing new, then call host->drained once.
 *     destroy() may follow drained, or a create() whose start() failed.
 */
#pragma once

#include "base/clock.h"
#include "base/err.h"
#include "base/list.h"
#include "base/option.h"
#include "domain/channel.h"
#include "domain/outcome.h"
#include "text/sms.h"

#include <uv.h>

struct curlmux;
struct provider;

enum { PROVIDER_REF_MAX = 48, PROVIDER_NAME_MAX = 40 };

/* One attempt. The dispatcher owns it again after done(). Strings live until then. */
struct provider_job {
    struct list node;
    int64_t message_id;
    int attempt;
    char ref[PROVIDER_REF_MAX]; /* ours, unique per attempt, safe in URLs and headers */
    enum channel channel;
    const char *to;      /* "+905…" or a mailbox, checked */
    int64_t deadline_ms; /* wall time after which sending makes no sense */

    /* SMS: tidied UTF-8 and how it is to be coded. */
    const char *text;
    enum sms_mode mode;
    unsigned reserve; /* characters the operator appends; room for them was left in the last part */

    /* E-mail: complete RFC 5322 message with CRLF line ends; the same Message-ID at every attempt.
     */
    const char *mail;
    size_t mail_len;
    const char *mail_from;         /* envelope sender; "" or null: the provider's own */
    const char *message_id_header; /* without angle brackets */

    void *owner; /* the dispatcher's */
};

enum report_state { REPORT_DELIVERED, REPORT_UNDELIVERED, REPORT_EXPIRED, REPORT_PENDING };

/* A delivery report; matched by our ref when the provider echoes it, else by its ref and number. */
struct provider_report {
    const char *ref;          /* ours, or the name of our message, or null */
    const char *provider_ref; /* theirs, or null */
    const char *to;           /* "+905…" normalised, or null */
    enum report_state state;
    const char *code;   /* raw */
    const char *detail; /* may be null */
    const char *text;   /* what the code means, for people; may be null */
    /* Why it failed, where the provider says so: REJECTED, RETRY, DUPLICATE, ACCOUNT; else SENT. */
    enum outcome_class cause;
    int64_t at_ms; /* 0 when the provider did not say */
};

/* What is left to send with. amount: digits, at most one ".", a leading "-"; as the vendor said. */
struct provider_balance {
    const char *amount; /* null when it could not be learned */
    const char *unit;   /* "TL", "SMS", "" when the vendor names none */
    bool empty;         /* nothing can be sent with it */
    const char *error;  /* why there is no amount; else null */
};

enum provider_health { PROVIDER_HEALTHY, PROVIDER_DEGRADED, PROVIDER_BROKEN };

/* What the gateway offers a back end. Lives as long as the back end. */
struct provider_host {
    void *ctx;
    void (*done)(void *ctx, struct provider_job *job, const struct outcome *outcome);
    void (*report)(void *ctx, const struct provider_report *list, size_t count);
    /*
     * As report(), for who has to confirm what it was told: stored is called once, on the loop
     * thread, perhaps from inside; with 0 when the reports are on stable storage, else they are
     * not. May be null: then report() must do.
     */
    void (*report_then)(void *ctx, const struct provider_report *list, size_t count,
                        void (*stored)(void *arg, int status), void *arg);
    void (*health)(void *ctx, enum provider_health health, const char *sentence);
    /* The answer to balance(); may be null. */
    void (*balance)(void *ctx, const struct provider_balance *balance);
    void (*drained)(void *ctx);
    /* A test back end took this message: shows it in the inbox. May be null. */
    void (*keep)(void *ctx, const struct provider_job *job);
    uv_loop_t *loop;
    struct curlmux *curl;
    const struct clock *clock;
    const char *name;       /* of this configured provider, for logs */
    const char *recipes;    /* directory of the vendors' recipes; may be null */
    const char *report_url; /* where the provider can push reports, "" when none; no trailing "/" */
};

struct provider_capabilities {
    size_t batch_max;      /* jobs per submit() call, 1..100 */
    size_t in_flight;      /* jobs it can work on at once */
    size_t ahead;          /* jobs that may wait in it for that; when their path has trouble it
                              gives them back untouched */
    bool reports;          /* accepted messages are followed by delivery reports */
    bool polled;           /* they have to be fetched by fetch_reports() */
    bool cannot_ask;       /* the type has ask(), but these settings offer nothing to ask */
    bool no_balance;       /* likewise with balance() */
    int64_t poll_after_ms; /* from acceptance to the first question for its report; 0: no wish */
    int64_t poll_every_ms; /* between two questions for the same message; 0: no wish */
    /*
     * A repeat of the same words to the same number within so long of the first is refused or
     * dropped by the vendor, so sending again makes no second copy; 0: never count on it.
     */
    int64_t repeat_ms;
};

/* A message accepted earlier whose report is still awaited. */
struct provider_await {
    const char *provider_ref;
    const char *ref;
    const char *to;
    int64_t accepted_ms;
};

/* What somebody pushed to the report address. */
struct provider_hook {
    struct str method;
    struct str query; /* without "?" */
    struct str content_type;
    struct str body;
    /* A header's value, {null, 0} when there is none; null when headers are not known. */
    struct str (*header)(const void *request, const char *name);
    const void *request;
};

struct provider_type {
    const char *kind;  /* "smtp", "http-sms", "sink" */
    unsigned channels; /* bit per enum channel */
    const struct option *options;
    /* What the table cannot say, at the settings' pointer. Optional; create() refuses the same. */
    void (*check)(const void *settings, const char *pointer, struct faults *faults);
    size_t settings_size; /* of the struct that options fill */

    /* settings: the struct filled from options, owned by the caller and outliving the provider. */
    int (*create)(const struct provider_host *host, const void *settings, struct provider **ret,
                  struct err *e);
    int (*start)(struct provider *p, struct err *e);
    void (*capabilities)(const struct provider *p, struct provider_capabilities *ret);
    void (*submit)(struct provider *p, struct provider_job *const *jobs, size_t count);
    /*
     * Was this attempt taken? Answered through done(): SENT found, RETRY surely absent, UNKNOWN
     * cannot know yet. Only ref, to and message_id of the job are needed. Optional.
     */
    void (*ask)(struct provider *p, struct provider_job *job);
    /* Fetches reports for these messages, answers through report(). Optional. */
    void (*fetch_reports)(struct provider *p, const struct provider_await *list, size_t count);
    /* Turns a pushed report into report(); ERR_INVALID when it makes no sense. Optional. */
    int (*parse_hook)(struct provider *p, const struct provider_hook *hook, struct err *e);
    /* Cheap check that the path works, answered through health(). Optional. */
    void (*probe)(struct provider *p);
    /* Asks what is left, answered once through host->balance(), never from inside. Optional. */
    void (*balance)(struct provider *p);
    void (*drain)(struct provider *p);
    void (*destroy)(struct provider *p); /* accepts null */
};

/* The first error among faults with its place, as ERR_INVALID; 0 when there is none. */
int provider_first_error(const struct faults *faults, struct err *e);
/* What create() owes: the first error that the type's check finds. */
int provider_refuse(void (*check)(const void *settings, const char *pointer, struct faults *faults),
                    const void *settings, struct err *e);
/* All compiled-in kinds, null-terminated. */
extern const struct provider_type *const provider_types[];
const struct provider_type *provider_type_find(struct str kind);
