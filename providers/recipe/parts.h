/* What a recipe is made of, once read. Only for the engine. */
#pragma once

#include "base/option.h"
#include "domain/outcome.h"
#include "providers/provider.h"
#include "providers/recipe.h"
#include "providers/recipe/expr.h"
#include "providers/recipe/stencil.h"

enum { RECIPE_PAIRS_MAX = 32, RECIPE_EXPRS_MAX = 6, RECIPE_IDS_MAX = 100, RECIPE_WORDS_MAX = 8 };

enum recipe_auth { AUTH_NONE, AUTH_BASIC };
enum recipe_number_form { NUMBER_5X, NUMBER_905X, NUMBER_PLUS905X };
enum recipe_hook_format { HOOK_QUERY, HOOK_FORM, HOOK_JSON, HOOK_ANY };
enum recipe_rows_format { ROWS_JSON, ROWS_XML, ROWS_LINES, ROWS_KV };
enum recipe_zone { ZONE_TURKIYE, ZONE_UTC };
enum recipe_missing { MISSING_WARN, MISSING_HOLD };
enum recipe_otherwise { OTHERWISE_RETRY, OTHERWISE_UNKNOWN, OTHERWISE_REJECTED };

/* A named value of a query, a form or the headers. */
struct recipe_pair {
    const char *name; /* in the document */
    struct stencil *value;
};

struct recipe_pairs {
    const struct json *raw;
    struct recipe_pair list[RECIPE_PAIRS_MAX];
    size_t count;
};

struct recipe_request {
    char *method;
    char *url; /* below base_url when it begins with "/" */
    char *content_type;
    char *body;
    char *item;
    char *join;
    int auth;
    int charset;
    struct recipe_pairs query;
    struct recipe_pairs headers;
    struct recipe_pairs form;
    struct stencil *url_stencil;
    struct stencil *body_stencil;
    struct stencil *item_stencil;
    bool alike; /* the body alone tells one message from another */
    bool paged; /* asks for a page by its number */
};

/* What a code means. */
struct recipe_verdict {
    enum outcome_class class;
    bool split;   /* one recipient of many may be the culprit */
    bool balance; /* no credit */
    bool absent;  /* in recover: there is no such message */
    int64_t wait_ms;
    const char *text; /* in the document, may be null */
};

/* Expressions of one key. */
struct recipe_exprs {
    struct option_strings texts;
    struct expr *list[RECIPE_EXPRS_MAX];
};

struct recipe_answer {
    struct option_ints ok_http;
    struct recipe_exprs ok_match; /* all must hold */
    struct recipe_exprs ok_any;   /* one must hold, when there are any */
    struct recipe_exprs id;       /* the first that is there */
    bool id_needed;
    struct recipe_exprs code; /* the first that the table knows */
    char *text;
    const struct json *codes;
    int otherwise; /* enum recipe_otherwise */
    int64_t tries; /* of an answer that matches nothing */
    int http_5xx;
    struct expr *text_expr;
};

/*
 * Where the parts of a report stand. In JSON: pointers below a row; in XML: "@attribute", "child",
 * "a/b" or "."; in lines: the number of a column from 1; in parameters: names.
 */
struct recipe_row {
    char *ref;
    char *id;
    char *to;
    char *state;
    char *detail;
    char *at;
    struct option_strings at_formats; /* of dd MM yy yyyy HH mm ss */
    int zone;
    char *only; /* a field whose value must be one of only_is when it is there */
    struct option_strings only_is;
};

struct recipe_rows {
    int format;
    struct option_strings places; /* of the array or elements; the first that is there */
    struct recipe_row row;
};

struct recipe_poll {
    struct recipe_request request;
    struct recipe_answer answer;
    struct recipe_rows rows;
    int64_t first_after_ms;
    int64_t every_ms;
    struct option_rate rate;
    int64_t ids;       /* per query */
    int64_t page_size; /* 0: one page holds all */
    int64_t first_page;
    char *after; /* the field of the last row that ${after} repeats */
};

/* How a pushed report is signed. */
struct recipe_signature {
    char *header;
    struct option_strings keys; /* names of secret settings; the first that is set */
    int digest;                 /* enum crypto_digest */
    int encoding;               /* enum recipe_signature_encoding */
    char *content;              /* "${url}${form}", "${body}", … */
};

enum recipe_signature_encoding { SIGNATURE_BASE64, SIGNATURE_HEX };

struct recipe_hook {
    int format;
    char *rows; /* pointer of an array in JSON; null for one report per call */
    struct recipe_row row;
    char *secret; /* the parameter that must hold the report secret */
    bool has_signature;
    struct recipe_signature signature;
};

struct recipe_balance {
    struct recipe_request request;
    struct recipe_answer answer;
    struct recipe_exprs amount; /* the first above nothing counts */
    struct option_strings unit; /* of each amount: a text or an expression */
    struct expr *unit_exprs[RECIPE_EXPRS_MAX];
    int decimal; /* enum recipe_decimal */
};

enum recipe_decimal { DECIMAL_POINT, DECIMAL_COMMA };

struct recipe_senders {
    struct recipe_request request;
    struct recipe_answer answer;
    int format; /* enum recipe_rows_format; ROWS_LINES: titles between tabs and line ends */
    struct option_strings places;
    char *item; /* below an entry; null when the entry is the title */
    int missing;
};

/* What can be learned about an attempt whose outcome is not known. */
struct recipe_recover {
    struct recipe_request request;
    struct recipe_answer answer;
    struct recipe_rows rows;
    bool empty_is_absent;
    int64_t again_ms; /* "absent" must be heard twice, so long apart; 0: once */
    int64_t repeat_ms;
};

struct recipe {
    const struct json *schema;
    struct json_doc *doc;
    char *name;
    char *title;
    struct option_strings uncertain;
    struct option_strings redact;
    char *base_url;
    int number_form;
    char *time_format;
    bool writes_times;    /* some placeholder needs time_format */
    bool writes_validity; /* some placeholder says how long the vendor may try */
    const struct json *parameters;
    const struct json *encoding;
    struct recipe_request send;
    struct recipe_answer answer;
    int64_t batch;
    bool same_text;
    const struct json *states;
    bool has_poll;
    bool has_hook;
    bool has_balance;
    bool has_senders;
    bool has_ask;
    struct recipe_poll poll;
    struct recipe_hook hook;
    struct recipe_balance balance;
    struct recipe_senders senders;
    struct recipe_recover recover;
    struct option_rate rate;
    int64_t in_flight;
    int64_t validity_min_ms;
    int64_t validity_max_ms;
};

/* What a state of the vendor's means. */
struct recipe_state {
    enum report_state state;
    const char *text; /* in the document, may be null */
    enum outcome_class cause;
    bool balance;
};

extern const struct option recipe_table[];

/* Turns what the table read into stencils and expressions; every fault is added. */
void recipe_compile(struct recipe *r, struct faults *faults);
/* Frees what recipe_compile() made. */
void recipe_release_compiled(struct recipe *r);
/* A code's meaning; false when the table has none or it is written wrongly. */
bool recipe_verdict_read(const struct json *v, struct recipe_verdict *ret);
/* A state's meaning, a word or {state, text, cause}; false when it is none. */
bool recipe_state_read(const struct json *v, struct recipe_state *ret);
/* Whether any template of the request holds the placeholder. */
bool recipe_request_uses(const struct recipe_request *rr, enum recipe_value value);
/* compile_check.c: what must fit together. */
void recipe_check_together(struct recipe *r, struct faults *faults);
/* compile_rows.c: where rows and their fields stand. */
void recipe_check_rows(const struct recipe *r, struct faults *faults);
/* The name of a coding in "encoding": "gsm7", "tr_single", "tr_locking", "tr_both", "ucs2". */
const char *recipe_mode_name(enum sms_mode mode);
