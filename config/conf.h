/*
 * The configuration: one immutable snapshot, read from hatirlat.jsonc (JSON with comments and
 * trailing commas). Durations are milliseconds, sizes bytes, times of day minutes. Every fault of
 * the file is reported at once with file, line and column.
 */
#pragma once

#include "base/log.h"
#include "base/option.h"
#include "domain/breaker.h"
#include "domain/campaign.h"
#include "domain/campaign_filter.h"
#include "domain/channel.h"
#include "domain/policy.h"
#include "domain/route.h"
#include "providers/provider.h"

/* The campaign column of one-time notices (B, S, T, X): no campaign may have this name. */
#define CONF_NOTICE_CAMPAIGN "notice"

enum {
    CONF_WEIGHT_MAX = 1000,
    CONF_PROVIDERS_MAX = 32,
    CONF_CAMPAIGNS_MAX = 16,
    CONF_BYTES_MAX = 1024 * 1024
};

enum conf_lang { CONF_TURKISH, CONF_ENGLISH };

/* Who lets campaigns go; found by reference or by mailbox. Both null: nobody in particular. */
struct conf_approver {
    char *holder_ref;
    char *email;
};

struct conf_office {
    char *province;
    char *name; /* never null: "<province> İl Millî Eğitim Müdürlüğü" unless given */
    char *unit;
    char *phone; /* may be null */
    char *guide_url;
    char *guide_short; /* without scheme, for SMS; may be null */
    char *portal_url;  /* of the certificate authority's portal */
    char *portal;      /* the same as an SMS shows it */
    char *privacy_url; /* may be null */
    char *stop_note;   /* how to be left alone; may be null */
    struct option_strings link_hosts;
    struct conf_approver approver;
};

/* Where what cannot be delivered comes back to; the section "mail.bounces". */
struct conf_bounces {
    char *address; /* null: bounces are not read */
    bool verp;     /* every attempt has a return address of its own: local+attempt@domain */
    char *maildir; /* may be null, like listen, but not both */
    char *listen;  /* as written */
    char *host;    /* without brackets */
    int port;
};

/* Whose name our e-mail carries; the section "mail". from is null only when no
 * e-mail is routed. */
struct conf_mail {
    char *from;      /* mailbox of the From header and of the envelope */
    char *from_name; /* never null: the office's name unless given */
    char *reply_to;  /* mailbox, may be null */
    bool calendar;   /* a calendar file with the end date goes with the reminders */
    struct conf_bounces bounces;
};

struct conf_listen {
    char *http; /* as written */
    char *host; /* without brackets */
    int port;
    char *socket;      /* as written; may be null */
    char *socket_path; /* of the commands on this machine: beside the database unless given */
    char *public_url;  /* where the outside reaches us, without a final "/"; may be null */
};

/* What is done with T.C. identity numbers in references. */
enum conf_identity { CONF_IDENTITY_REFUSE, CONF_IDENTITY_HMAC };

struct conf_intake {
    int identity_numbers; /* enum conf_identity */
    struct secret identity_key;
};

/* Summaries for institutions and for the office's own unit. */
enum { CONF_DIGEST_ROWS_MAX = 200 };

struct conf_digests {
    struct option_strings kinds; /* "k1", "k2", "bi" */
    int weekday;                 /* 0 Monday … 6 Sunday */
    int64_t days;
    int64_t rows;
    char *to; /* may be null */
    struct option_strings domains;
};

/* How long things are kept, by class. */
struct conf_retention {
    int64_t at_minute;
    int64_t content_ms;
    int64_t delivery_ms;
    int64_t cases_ms;
    int64_t events_ms;
    int64_t imports_ms;
    int64_t reports_ms;
    int64_t audit_ms;
};

struct conf_suppression {
    struct option_strings codes;
    int64_t keep_ms;
};

struct conf_log {
    int level;  /* enum log_level */
    int format; /* enum log_format */
};

struct conf_limits {
    int64_t body_bytes;
    int64_t batch_events;
    int64_t json_depth;
    int64_t json_keys;
    int64_t bulk_body_bytes;
    int64_t bulk_lines;
    int64_t import_bytes; /* a list of persons */
    int64_t connections;
    int64_t connections_per_address;
    int64_t header_bytes;
    int64_t header_timeout_ms;
    int64_t body_timeout_ms;
    int64_t request_timeout_ms;
    int64_t queue_messages; /* events that may wait for the store */
    int64_t disk_reserve_bytes;
};

struct conf_retry {
    struct backoff backoff;
    int64_t max_age_ms;
};

enum conf_sms_mode {
    CONF_SMS_GSM7,
    CONF_SMS_TR_SINGLE,
    CONF_SMS_TR_LOCKING,
    CONF_SMS_UCS2,
    CONF_SMS_ASCII
};

struct conf_provider {
    char *name;
    char *kind;
    const struct provider_type *type;
    struct option_rate pace;        /* count 0: none */
    struct option_rate domain_pace; /* per recipient domain */
    int64_t in_flight;              /* 0: what the back end says */
    int on_doubt;                   /* enum on_doubt */
    int sms_mode;                   /* enum conf_sms_mode, as written */
    enum sms_mode mode;             /* the same for the encoder … */
    bool ascii;                     /* … and whether Turkish letters are folded first */
    int64_t reserve_chars;
    int64_t price_kurus;
    int64_t retry_share; /* percent */
    struct breaker_rules breaker;
    void *settings; /* type->settings_size bytes, filled from type->options */
};

/* In order; or, when it has weights, shared between them in that proportion. */
struct conf_route {
    const struct conf_provider *list[ROUTE_MAX];
    int weights[ROUTE_MAX]; /* 1..CONF_WEIGHT_MAX, or all 0 */
    size_t count;
};

/* One mark of a campaign: where it goes and in which words. */
struct conf_mark {
    int days;
    unsigned channels;                   /* bit per enum channel */
    struct str templates[CHANNEL_COUNT]; /* empty: the campaign's, else the series' own */
    struct str escalation; /* template of a mail to the holder's institution; empty for none */
};

/* Whether a person has to let a campaign go before anything is sent. */
enum conf_release {
    CONF_RELEASE_NONE,    /* no */
    CONF_RELEASE_EACH,    /* every time */
    CONF_RELEASE_STANDING /* once for a period */
};

struct conf_campaign {
    char *name;
    char *category;              /* never null: what its messages are about, for lists and counts */
    struct campaign_rules rules; /* with its own send window, else the one of the file */
    struct conf_mark marks[CAMPAIGN_MARKS_MAX]; /* as rules.marks */
    unsigned channels;                          /* of all marks together */
    int urgency;                                /* enum message_urgency */
    struct str templates[CHANNEL_COUNT];        /* for all marks; empty: the series' own */
    struct campaign_filter who;
    struct conf_route routes[CHANNEL_COUNT]; /* count 0: the routes of the file */
    int release;                             /* enum conf_release */
    int daily_limit;                         /* messages a day, 0 for no limit */
    int blast_factor;              /* times the usual day at which it is stopped, 0 for never */
    int64_t daily_budget;          /* kuruş for SMS a day, 0 for no limit */
    int failure_limit;             /* percent of failures at which it is stopped, 0 for never */
    struct conf_raw_campaign *raw; /* keeps the texts */
};

struct conf {
    char *path; /* of the file, as given */
    char *dir;  /* its directory: relative paths begin here */
    struct json_doc *doc;
    int lang; /* enum conf_lang */
    struct conf_office office;
    struct conf_mail mail;
    struct conf_listen listen;
    char *database;
    struct conf_intake intake;
    struct conf_digests digests;
    struct conf_retention retention;
    struct conf_suppression suppression;
    struct conf_log log;
    struct conf_limits limits;
    int64_t shutdown_timeout_ms;
    bool has_window;
    struct send_window window;
    bool trial;      /* reminders may go out at night, and more than one SMS a day to a person */
    char *holidays;  /* path; null: every day is a working day */
    char *templates; /* directory */
    char *recipes;   /* directory */
    struct conf_retry retry[CHANNEL_COUNT];
    struct conf_provider *providers;
    size_t provider_count;
    struct conf_route routes[CHANNEL_COUNT];
    struct conf_campaign *campaigns;
    size_t campaign_count;
};

/*
 * Reads and checks the file. types is null-terminated (provider_types). faults gets every error and
 * warning; with errors the result is ERR_INVALID and *ret null. ERR_NOT_FOUND, ERR_DENIED or
 * ERR_IO when the file cannot be read, ERR_NOMEM. Any thread; the snapshot is read-only and may be
 * shared. Free with conf_free().
 */
int conf_load(const char *path, const struct provider_type *const *types, struct conf **ret,
              struct faults *faults, struct err *e);
/* The same for text in memory; name stands for the file in faults and finds relative paths. */
int conf_parse(struct str text, const char *name, const struct provider_type *const *types,
               struct conf **ret, struct faults *faults, struct err *e);
/*
 * As conf_load, for a look from outside the running service: a secret that only the service gets
 * ({"credential": …}) is a warning then. Not for running with.
 */
int conf_load_to_check(const char *path, const struct provider_type *const *types,
                       struct conf **ret, struct faults *faults, struct err *e);
void conf_free(struct conf *conf); /* accepts null */
const struct conf_provider *conf_provider_find(const struct conf *conf, struct str name);
bool conf_route_has(const struct conf_route *route, const struct conf_provider *p);

/*
 * A further check by somebody who knows more (templates, recipes): adds faults, returns 0, or an
 * error when it could not check.
 */
typedef int conf_checker(const struct conf *conf, struct faults *faults);

/*
 * Whether a running program may go over from old to new. Adds a fault "needs a restart" per setting
 * that may not (listen, database, limits, the set and kinds of providers); false then.
 */
bool conf_reload_allowed(const struct conf *old, const struct conf *new, struct faults *faults);

/*
 * Prints faults for people, "file:line:col: hata CODE: …" with the line and a caret below, and the
 * counts at the end. Files are read again to show the lines; what may be a secret written in the
 * wrong place is not shown. In a sentence "; " parts the fault from the advice, which goes behind
 * the caret.
 */
void conf_print_faults(const struct faults *faults, bool turkish, struct buf *out);
/* {"errors":n,"warnings":n,"faults":[…]} */
void conf_print_faults_json(const struct faults *faults, struct buf *out);
/* JSON Schema (draft 2020-12) of the whole file, indented. */
void conf_schema(const struct provider_type *const *types, struct buf *out);
