/* The desk's look at changed settings: what they would change about what is planned. */
#include "base/json.h"
#include "config/conf.h"
#include "domain/plan_diff.h"
#include "flow/desk.h"
#include "flow/replan.h"
#include "providers/provider.h"

#include <stdlib.h>

enum { DIFF_DAYS_MAX = 366, DIFF_DAYS = 30, WEEK_DAYS = 7, CANDIDATE_MAX = 4 << 20 };

struct day_counts {
    int64_t goes;  /* was planned on it: stops, or moves to another day */
    int64_t comes; /* is new on it, came back, or moved to it */
};

struct campaign_counts {
    const char *name;
    struct replan_counts n;
};

struct diff {
    struct desk_call *call;
    struct settings *candidate;
    int64_t first_day;
    size_t day_count;
    struct day_counts days[DIFF_DAYS_MAX];
    struct campaign_counts campaigns[SETTINGS_CAMPAIGNS_MAX + 1]; /* the last: no longer there */
};

/* ---- the settings that would be ---- */

static int take_faults(struct desk_call *call, const struct faults *faults)
{
    for (size_t i = 0; i < faults->count; i++) {
        const struct fault *f = &faults->list[i];

        if (f->severity != FAULT_WARNING) {
            (void)faults_add(call->faults, f->pointer, f->code, "%s%.0s", "%.0s%s", f->tr, f->en);
        }
    }
    return ERR_INVALID;
}

/* The running configuration with other campaigns and, when given, other hours. */
static int write_candidate(const struct desk_call *call, const struct json *given, struct buf *out)
{
    const struct json *root = json_root(call->settings->conf->doc);
    const bool whole = json_type(given) == JSON_OBJECT;
    const struct json *hours = whole ? json_get(given, "send_window") : NULL;
    struct json_writer w;

    jsonw_init(&w, out);
    jsonw_object(&w);
    for (const struct json *v = json_first(root); v != NULL; v = json_next(v)) {
        if (strcmp(json_key(v), "campaigns") != 0 &&
            (hours == NULL || strcmp(json_key(v), "send_window") != 0)) {
            jsonw_key(&w, json_key(v));
            jsonw_value(&w, v);
        }
    }
    if (hours != NULL) {
        jsonw_key(&w, "send_window");
        jsonw_value(&w, hours);
    }
    jsonw_key(&w, "campaigns");
    if (whole && json_get(given, "campaigns") == NULL) {
        jsonw_array(&w);
        jsonw_end_array(&w);
    } else {
        jsonw_value(&w, whole ? json_get(given, "campaigns") : given);
    }
    jsonw_end_object(&w);
    return buf_failed(out);
}

static int parse_given(struct desk_call *call, struct buf *text, struct faults *faults,
                       struct err *e)
{
    struct json_limits limits = {CONF_BYTES_MAX, 16, 2000};
    struct json_doc *given = NULL;
    struct json_place place = {0};
    int rc = json_parse(call->file, JSON_COMMENTS, &limits, &given, &place, e);

    if (rc != 0) {
        (void)faults_add(faults, "", "CFG-001", "%3$d:%4$d: %1$s%2$.0s", "%3$d:%4$d: %1$.0s%2$s",
                         json_problem_text(place.problem, true),
                         json_problem_text(place.problem, false), place.line, place.column);
        return ERR_INVALID;
    }
    rc = write_candidate(call, json_root(given), text);
    json_free(given);
    return rc;
}

/* The campaigns in the body, else the file of the running configuration as it is now. */
static int load_candidate(struct diff *d, struct err *e)
{
    struct desk_call *call = d->call;
    const char *path = call->settings->conf->path;
    struct faults faults;
    struct buf text;
    int rc;

    faults_init(&faults);
    buf_init(&text, CANDIDATE_MAX);
    if (call->file.len == 0) {
        rc = settings_load(path, provider_types, &d->candidate, &faults, e);
    } else {
        rc = parse_given(call, &text, &faults, e);
        if (rc == 0) {
            rc = settings_parse((struct str){text.data, text.len}, path, provider_types,
                                &d->candidate, &faults, e);
        }
    }
    if (rc != 0 && faults.errors > 0) {
        rc = take_faults(call, &faults);
    }
    buf_finish(&text);
    faults_finish(&faults);
    return rc;
}

/* ---- counting ---- */

static void add_day(struct diff *d, int64_t at_ms, bool comes)
{
    int64_t day = at_ms == 0 ? -1 : istanbul_day(at_ms) - d->first_day;

    if (at_ms != 0 && day < 0) {
        day = 0; /* due already: it would have gone today */
    }
    if (day >= 0 && (size_t)day < d->day_count) {
        d->days[day].comes += comes;
        d->days[day].goes += !comes;
    }
}

static struct replan_counts *counts_of(struct diff *d, const char *campaign)
{
    size_t i = 0;

    while (i < d->candidate->campaign_count && strcmp(d->campaigns[i].name, campaign) != 0) {
        i++;
    }
    return &d->campaigns[i].n;
}

static void count(void *ctx, const struct replan_seen *change)
{
    struct diff *d = ctx;
    struct replan_counts *n = counts_of(d, change->campaign);
    bool same_day = change->from_ms != 0 && change->to_ms != 0 &&
                    istanbul_day(change->from_ms) == istanbul_day(change->to_ms);

    switch ((enum plan_change_kind)change->kind) {
    case CHANGE_ADD:
        n->added++;
        break;
    case CHANGE_MOVE:
        n->moved++;
        break;
    case CHANGE_REVIVE:
        n->returned++;
        break;
    case CHANGE_STOP:
        n->stopped++;
        break;
    }
    if (!same_day) {
        add_day(d, change->from_ms, false);
        add_day(d, change->to_ms, true);
    }
}

static int walk(struct diff *d, struct replan_counts *ret, struct err *e)
{
    const struct apply_env env = settings_apply_env(d->candidate, d->call->now_ms);
    struct replan_walk walk = {.env = &env, .only_look = true, .seen = count, .ctx = d};
    bool done = false;
    int rc = 0;

    for (size_t i = 0; i < d->candidate->campaign_count; i++) {
        d->campaigns[i].name = d->candidate->campaigns[i].name;
    }
    while (rc == 0 && !done) {
        rc = replan_bite(d->call->store, &walk, REPLAN_BITE, &done, e);
    }
    *ret = walk.counts;
    return rc;
}

/* ---- the answer ---- */

static void write_counts(struct json_writer *w, const struct replan_counts *n)
{
    jsonw_put_i64(w, "added", n->added);
    jsonw_put_i64(w, "moved", n->moved);
    jsonw_put_i64(w, "stopped", n->stopped);
    jsonw_put_i64(w, "returned", n->returned);
}

static void write_span(const struct diff *d, struct json_writer *w, const char *name, size_t days)
{
    struct day_counts sum = {0};

    for (size_t i = 0; i < days && i < d->day_count; i++) {
        sum.goes += d->days[i].goes;
        sum.comes += d->days[i].comes;
    }
    jsonw_key(w, name);
    jsonw_object(w);
    jsonw_put_i64(w, "goes", sum.goes);
    jsonw_put_i64(w, "comes", sum.comes);
    jsonw_end_object(w);
}

static void write_campaigns(const struct diff *d, struct json_writer *w)
{
    const size_t count = d->candidate->campaign_count;

    jsonw_key(w, "campaigns");
    jsonw_array(w);
    for (size_t i = 0; i <= count; i++) {
        const struct campaign_counts *c = &d->campaigns[i];

        if (i < count || c->n.stopped > 0) {
            jsonw_object(w);
            jsonw_key(w, "name");
            jsonw_cstr(w, i < count ? c->name : NULL);
            write_counts(w, &c->n);
            jsonw_end_object(w);
        }
    }
    jsonw_end_array(w);
}

static void write_days(const struct diff *d, struct json_writer *w)
{
    char date[16];

    jsonw_key(w, "days");
    jsonw_array(w);
    for (size_t i = 0; i < d->day_count; i++) {
        if (d->days[i].goes == 0 && d->days[i].comes == 0) {
            continue;
        }
        istanbul_date(d->first_day + (int64_t)i, date);
        jsonw_object(w);
        jsonw_put(w, "date", date);
        jsonw_put_i64(w, "goes", d->days[i].goes);
        jsonw_put_i64(w, "comes", d->days[i].comes);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
}

static int answer(const struct diff *d, const struct replan_counts *total)
{
    struct json_writer w;

    jsonw_init(&w, d->call->out);
    jsonw_object(&w);
    jsonw_put_i64(&w, "cases", total->cases);
    write_counts(&w, total);
    write_campaigns(d, &w);
    write_span(d, &w, "next_7", WEEK_DAYS);
    write_span(d, &w, "next_30", DIFF_DAYS);
    write_days(d, &w);
    jsonw_end_object(&w);
    return buf_failed(d->call->out);
}

int replan_diff_run(struct desk_call *call, struct err *e)
{
    int64_t days = desk_number(call, "days", 1, DIFF_DAYS_MAX, DIFF_DAYS);
    struct diff *d = calloc(1, sizeof *d);
    struct replan_counts total;
    int rc = desk_check(call, e);

    if (d == NULL) {
        return err_set(e, ERR_NOMEM, "no memory to compare plans");
    }
    d->call = call;
    d->first_day = istanbul_day(call->now_ms);
    d->day_count = (size_t)days;
    rc = rc == 0 ? load_candidate(d, e) : rc;
    rc = rc == 0 ? walk(d, &total, e) : rc;
    rc = rc == 0 ? answer(d, &total) : rc;
    settings_drop(d->candidate);
    free(d);
    return rc;
}
