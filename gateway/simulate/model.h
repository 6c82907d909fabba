/*
 * A vendor as its customers see it, as data: config/simulators/<vendor>.json. The simulator knows
 * no vendor; docs/simulator.md tells how a description is written.
 */
#pragma once

#include "base/fault.h"
#include "base/json.h"
#include "base/option.h"
#include "simulate/request.h"

#include <regex.h>

enum { SIM_ENDPOINTS_MAX = 16, SIM_RULES_MAX = 12 };

enum sim_kind { SIM_SEND, SIM_REPORT, SIM_DATA };
enum sim_number_form { SIM_NUMBER_905X, SIM_NUMBER_5X, SIM_NUMBER_PLUS905X };
enum sim_push_form { SIM_PUSH_JSON, SIM_PUSH_FORM, SIM_PUSH_QUERY, SIM_PUSH_EXPAND };

/* What a request must hold: the value at a pointer fits an expression, else the code is the answer.
 */
struct sim_rule {
    char *at; /* below a message when it begins with "." */
    char *match;
    char *code;
    char *why;
    regex_t regex;
    bool compiled;
};

/* One call the vendor offers. Pointers lead into simulate/request.h's document. */
struct sim_endpoint {
    int kind;
    char *method;
    char *path;
    int body;
    int charset;
    char *user;
    char *password;
    char *sender;
    char *ref;      /* of the request */
    char *callback; /* where its reports go */
    char *messages; /* an array, or one thing; null: the request is the message */
    char *to;       /* below a message when it begins with "."; lists are taken apart */
    char *text;
    char *message_ref;
    char *job;    /* asked for: one id, a list, or ids separated by commas */
    char *by_ref; /* or by the request's reference */
    char *only;   /* numbers that the asker is interested in */
    char *page;
    int64_t page_from; /* number of the first page */
    int64_t page_rows; /* rows per page, 0: all */
    char *after;       /* last message id already seen */
    char *empty;       /* code when nothing is found; null: an empty answer */
    const struct json *require;
    const struct json *reply;
    const struct json *replies; /* other shapes, by name */
    struct sim_rule rules[SIM_RULES_MAX];
    size_t rule_count;
};

struct sim_push {
    int form;
    char *method;
    char *sign; /* "twilio" or null */
    const struct json *body;
};

struct sim_model {
    const struct json *schema;
    struct json_doc *doc;
    char *name;
    char *title;
    int number_form;
    char *job_id; /* "{digits:26}", "SM{hex:32}", "{HEX:16}", "{number}" */
    char *message_id;
    char *accepted; /* the code of success, where answers carry one */
    bool per_part;  /* an answer has a row for every part of a long text */
    char *balance;
    char *sample_user; /* a user name that fits the vendor's form */
    const struct json *codes;
    const struct json *on; /* condition → code */
    const struct json *refusal;
    const struct json *states;
    char *state_start;
    char *state_good;
    char *state_repeated; /* of a repeat inside the duplicate window; null: it is refused at once */
    struct option_strings state_path; /* on the way from start to the end */
    const struct json *endpoint_list;
    struct sim_endpoint endpoints[SIM_ENDPOINTS_MAX];
    size_t endpoint_count;
    const struct json *push_raw;
    bool has_push;
    struct sim_push push;
};

/*
 * Reads a description (JSON; comments and trailing commas are fine). Faults are listed with file,
 * line and column; ERR_INVALID when there are errors. ERR_NOT_FOUND, ERR_IO, ERR_NOMEM fill e.
 */
int sim_model_load(const char *path, struct sim_model **ret, struct faults *faults, struct err *e);
void sim_model_free(struct sim_model *m); /* accepts null */

/* check.c: what is well-formed and would still stay empty for ever. */
void sim_model_check(const struct sim_model *m, struct faults *faults);

/* The entry of a code or state; null when there is none. */
const struct json *sim_code(const struct sim_model *m, const char *code);
const struct json *sim_state(const struct sim_model *m, const char *state);
/* The code for a condition ("auth", "malformed", "missing", "throttled", …); null for none. */
const char *sim_code_on(const struct sim_model *m, const char *condition);
/*
 * The code or state that a special number asks for: the entry whose "number", or else whose name,
 * is n; null for none.
 */
const char *sim_by_number(const struct json *table, int64_t n);
