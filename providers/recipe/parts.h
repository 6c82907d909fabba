/* What a recipe is made of, once read. Only for the engine. */
#pragma once

#include "base/option.h"
#include "domain/outcome.h"
#include "providers/provider.h"
#include "providers/recipe.h"
#include "providers/recipe/expr.h"
#include "providers/recipe/stencil.h"

enum { RECIPE_PAIRS_MAX = 32, RECIPE_EXPRS_MAX = 4, RECIPE_IDS_MAX = 100 };

enum recipe_auth { AUTH_NONE, AUTH_BASIC };
enum recipe_number_form { NUMBER_5X, NUMBER_905X, NUMBER_PLUS905X };
enum recipe_hook_format { HOOK_QUERY, HOOK_FORM, HOOK_JSON };

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
};

/* What a code means. */
struct recipe_verdict {
    enum outcome_class class;
    bool split;   /* one recipient of many may be the culprit */
    bool balance; /* no credit */
    int64_t wait_ms;
    const char *text; /* in the document, may be null */
};

struct recipe_answer {
    struct option_ints ok_http;
    struct option_strings ok_match; /* all must hold */
    struct option_strings id;       /* the first that is there */
    struct option_strings code;     /* likewise */
    char *text;
    const struct json *codes;
    int otherwise; /* enum recipe_otherwise */
    int http_5xx;
    struct expr *match_exprs[RECIPE_EXPRS_MAX];
    struct expr *id_exprs[RECIPE_EXPRS_MAX];
    struct expr *code_exprs[RECIPE_EXPRS_MAX];
    struct expr *text_expr;
};

enum recipe_otherwise { OTHERWISE_RETRY, OTHERWISE_UNKNOWN, OTHERWISE_REJECTED };

/* Where the parts of a report stand: JSON pointers below a row, or parameter names. */
struct recipe_row {
    char *ref;
    char *id;
    char *to;
    char *state;
    char *detail;
    char *at;
    struct option_strings at_formats; /* of dd MM yyyy HH mm ss, in Türkiye's time */
};

struct recipe_poll {
    struct recipe_request request;
    struct recipe_answer answer;
    struct option_strings rows; /* pointers of the array; the first that is there */
    struct recipe_row row;
    int64_t first_after_ms;
    struct option_rate rate;
    int64_t ids;       /* per query */
    int64_t page_size; /* 0: one page holds all */
};

struct recipe_hook {
    int format;
    char *rows; /* pointer of an array in JSON; null for one report per call */
    struct recipe_row row;
    char *secret; /* the parameter that must hold the report secret */
};

struct recipe_balance {
    struct recipe_request request;
    struct recipe_answer answer;
    char *amount;
    struct expr *amount_expr;
};

struct recipe {
    const struct json *schema;
    struct json_doc *doc;
    char *name;
    char *title;
    char *base_url;
    int number_form;
    const struct json *parameters;
    const struct json *encoding;
    struct recipe_request send;
    struct recipe_answer answer;
    int64_t batch;
    const struct json *states;
    bool has_poll;
    bool has_hook;
    bool has_balance;
    struct recipe_poll poll;
    struct recipe_hook hook;
    struct recipe_balance balance;
    struct option_rate rate;
    int64_t in_flight;
};

extern const struct option recipe_table[];

/* Turns what the table read into stencils and expressions; every fault is added. */
void recipe_compile(struct recipe *r, struct faults *faults);
/* Frees what recipe_compile() made. */
void recipe_release_compiled(struct recipe *r);
/* A code's meaning; false when the table has none or it is written wrongly. */
bool recipe_verdict_read(const struct json *v, struct recipe_verdict *ret);
/* "delivered", "undelivered", "expired", "pending"; false for other words. */
bool recipe_state_read(struct str word, enum report_state *ret);
/* The name of a coding in "encoding": "gsm7", "tr_single", "tr_locking", "tr_both", "ucs2". */
const char *recipe_mode_name(enum sms_mode mode);
