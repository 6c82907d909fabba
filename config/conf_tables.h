/* The tables of every setting, and what they are read into; private to config/. */
#pragma once

#include "config/conf.h"

struct conf_raw_window {
    int64_t open;
    int64_t close;
    int64_t half_close;
};

/* What the root table fills: the snapshot and what is turned into its other parts. */
struct conf_draft {
    struct conf conf; /* first: a struct conf * is the draft's address */
    char *schema;
    struct conf_raw_window window;
    struct option_strings routes[CHANNEL_COUNT];
    const struct json *providers;
    const struct json *campaigns;
};

struct conf_raw_breaker {
    int64_t failures;
    int64_t open_ms;
    int64_t cap_ms;
};

/* The keys that every kind of provider has. */
struct conf_raw_provider {
    char *kind;
    struct option_rate pace;
    struct option_rate domain_pace;
    int64_t in_flight;
    int on_doubt;
    int sms_mode;
    int64_t reserve_chars;
    int64_t price_kurus;
    int64_t retry_share;
    struct conf_raw_breaker breaker;
};

struct conf_raw_who {
    struct option_strings institutions;
    struct option_strings units;
    struct option_strings kinds;
    struct option_strings langs;
    struct option_strings series;
    struct option_strings include;
    struct option_strings exclude;
};

struct conf_raw_campaign {
    char *name;
    const struct json *marks;
    struct option_strings channels;
    int urgency;
    const struct json *templates;
    struct conf_raw_who who;
    int past_due;
    char *category;
    struct option_strings routes[CHANNEL_COUNT];
    struct conf_raw_window window;
    int64_t spread_ms;
    int release;
    int64_t daily_limit;
    int64_t blast_factor;
    int64_t daily_budget;
    int64_t failure_limit;
};

/* One mark that is written as an object. */
struct conf_raw_mark {
    int64_t days;
    struct option_strings channels;
    const struct json *template;
    const struct json *escalate;
};

extern const struct option conf_root_table[];
extern const struct option conf_office_table[];
extern const struct option conf_mail_table[];
extern const struct option conf_listen_table[];
extern const struct option conf_intake_table[];
extern const struct option conf_digests_table[];
extern const struct option conf_retention_table[];
extern const struct option conf_suppression_table[];
extern const struct option conf_log_table[];
extern const struct option conf_limits_table[];
extern const struct option conf_provider_table[];
extern const struct option conf_window_table[]; /* struct conf_raw_window */
extern const struct option conf_campaign_table[];
extern const struct option conf_mark_table[];

struct conf_reading {
    const struct provider_type *const *types;
    struct conf_draft *draft;
    struct option_source source;
    struct faults *faults;
};

/* The parts that tables cannot check by themselves. False without memory. */
bool conf_read_providers(struct conf_reading *r);
void conf_read_routes(struct conf_reading *r);
bool conf_read_campaigns(struct conf_reading *r);
void conf_release_providers(struct conf *conf);
void conf_release_campaigns(struct conf *conf);
/* Something below pointer is wrong already: what it fell back to needs no comment. */
bool conf_is_faulty(const struct conf_reading *r, const char *pointer);
/* Checks a mailbox, which may be null, and writes it as protocols want it. */
void conf_fill_mailbox(struct conf_reading *r, char **mailbox, const char *pointer);
/* A fault at pointer, which leads to e-mail, when there is no "mail.from". */
void conf_need_sender(struct conf_reading *r, const char *pointer);
/* "host:port" or "[v6]:port"; port 0 lets the system choose. False when it is not. */
bool conf_split_address(const char *text, char **ret_host, int *ret_port);
void conf_fill_bounces(struct conf_reading *r);
/* Small letters, digits, '-' and '_', beginning with a letter or digit. */
bool conf_name_valid(struct str name);
/* Adds the fault of a name that is not. */
struct fault *conf_bad_name(struct conf_reading *r, const char *pointer);
/* Providers by their names; faults below pointer. */
void conf_take_route(struct conf_reading *r, enum channel channel,
                     const struct option_strings *names, const char *pointer,
                     struct conf_route *ret);
/* Turns the hours of `section` into a window; faults below pointer when they make none. */
void conf_take_window(struct conf_reading *r, const struct conf_raw_window *raw,
                      const struct json *section, const char *pointer, struct send_window *ret);
