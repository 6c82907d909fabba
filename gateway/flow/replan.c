#include "flow/replan.h"

#include "base/json.h"
#include "base/log.h"
#include "config/conf.h"
#include "flow/case_work.h"
#include "flow/settings.h"

#include <stdlib.h>

#define FINGERPRINT_NAME "plan_fingerprint"

/* Counted up when the program itself comes to plan differently. */
#define PLAN_RULES "1"

enum { FINGERPRINT_TEXT_MAX = 4 << 20 };

struct ids {
    int64_t *list;
    size_t count;
    int64_t last;
    int64_t last_end_ms;
    enum case_state only; /* CASE_STATE_COUNT for all */
    size_t seen;
};

static int note(void *ctx, const struct case_row *row)
{
    struct ids *ids = ctx;

    ids->seen++;
    ids->last = row->id;
    ids->last_end_ms = row->not_after_ms;
    if (row->facts.len == 0) {
        return 0; /* what it said has been destroyed */
    }
    if (ids->only == CASE_STATE_COUNT || row->state == (int)ids->only) {
        ids->list[ids->count++] = row->id;
    }
    return 0;
}

static struct case_work *work_create(struct store *s, const struct apply_env *env,
                                     const char *actor, struct err *e)
{
    struct case_work *w = calloc(1, sizeof *w);

    if (w == NULL) {
        (void)err_set(e, ERR_NOMEM, "no memory to look at cases");
        return NULL;
    }
    w->store = s;
    w->env = env;
    w->err = e;
    (void)str_copy(w->actor, sizeof w->actor, str_of(actor));
    return w;
}

/* A case that cannot be read must not stop those behind it. */
static int skip_unreadable(const struct case_work *w, int64_t id, int rc)
{
    if (rc != ERR_CORRUPT) {
        return rc;
    }
    log_error("case_unreadable", LOG_I("case", id), LOG_S("error", w->err->text));
    return 0;
}

/* ---- time ---- */

static int pass_time(struct case_work *w, int64_t id, struct replan_expiry *x)
{
    struct case_change change;
    int rc = store_case_by_id(w->store, id, case_work_load, w, w->err);

    if (rc != 0) {
        return skip_unreadable(w, id, rc);
    }
    case_tick(&w->file, w->env->now_ms, &change);
    if (!change.stored) {
        return 0;
    }
    x->ended += change.to == CASE_EXPIRED;
    x->begun += case_state_reminds(change.to);
    rc = case_work_store(w);
    return rc == 0 ? case_work_follow(w, &change, false) : rc;
}

/* The states that time changes: a case waits for its end, or its application is of long ago. */
static const struct {
    enum case_state state;
    bool applied;
} passing[] = {
    {CASE_WATCHING, false}, {CASE_BLOCKED, false}, {CASE_APPLIED, true},
    {CASE_LETTER, true},    {CASE_APPROVED, true}, {CASE_DELIVERED, true},
};

enum { PASSING = sizeof passing / sizeof passing[0] };

/* Ends of yesterday and before; for applications those that are near, whether past or to come. */
static struct case_range range_of(const struct replan_expiry *x, size_t limit)
{
    const int64_t now = x->env->now_ms;
    const int64_t near = (int64_t)CASE_FRESH_DAYS * DAY_MS;
    const bool applied = passing[x->state].applied;

    return (struct case_range){.state = (int)passing[x->state].state,
                               .from_ms = applied && now > near ? now - near : 1,
                               .to_ms =
                                   applied ? now + near : istanbul_ms(istanbul_day(now), 0) - 1,
                               .after_ms = x->after_ms,
                               .after_id = x->after_id,
                               .limit = limit < REPLAN_BITE ? limit : REPLAN_BITE};
}

static void next_state(struct replan_expiry *x)
{
    do {
        x->state++;
    } while (x->state < PASSING && passing[x->state].applied && !x->applications);
    x->after_ms = 0;
    x->after_id = 0;
}

int replan_expire(struct store *s, struct replan_expiry *x, size_t limit, bool *ret_done,
                  struct err *e)
{
    int64_t list[REPLAN_BITE];
    struct ids ids = {.list = list, .only = CASE_STATE_COUNT};
    struct case_work *w = work_create(s, x->env, "time", e);
    const struct case_range range = range_of(x, limit);
    int rc = w == NULL ? ERR_NOMEM : store_case_by_end(s, &range, note, &ids, e);

    for (size_t i = 0; i < ids.count && rc == 0; i++) {
        rc = pass_time(w, list[i], x);
    }
    x->after_ms = ids.last_end_ms;
    x->after_id = ids.last;
    if (ids.seen < range.limit) {
        next_state(x);
    }
    *ret_done = x->state == PASSING;
    free(w);
    return rc;
}

/* ---- changed settings ---- */

static void tell(const struct replan_walk *walk, const struct series *s,
                 const struct plan_change *c)
{
    const struct plan_row *row = c->kind == CHANGE_ADD ? NULL : &s->rows[c->row];
    const struct plan_wish *wish = c->kind == CHANGE_STOP ? NULL : &s->wishes[c->wish];
    int campaign = c->kind == CHANGE_ADD ? s->wishes[c->wish].campaign : s->rows[c->row].campaign;
    const struct replan_seen seen = {
        .kind = (int)c->kind,
        .campaign = campaign < 0 ? "" : walk->env->campaigns[campaign].name,
        .channel = c->kind == CHANGE_ADD ? s->wishes[c->wish].channel : s->rows[c->row].channel,
        .from_ms = row == NULL || c->kind == CHANGE_REVIVE ? 0 : row->planned_ms,
        .to_ms = wish == NULL ? 0 : wish->at_ms};

    if (walk->seen != NULL) {
        walk->seen(walk->ctx, &seen);
    }
}

static void count(struct replan_walk *walk, const struct series *s)
{
    struct replan_counts *n = &walk->counts;
    int64_t *const numbers[] = {[CHANGE_ADD] = &n->added,
                                [CHANGE_MOVE] = &n->moved,
                                [CHANGE_REVIVE] = &n->returned,
                                [CHANGE_STOP] = &n->stopped};

    n->cases++;
    for (size_t i = 0; i < s->change_count; i++) {
        (*numbers[s->changes[i].kind])++;
        tell(walk, s, &s->changes[i]);
    }
}

static int replan(struct case_work *w, struct replan_walk *walk, int64_t id)
{
    struct series series;
    int rc = store_case_by_id(w->store, id, case_work_load, w, w->err);

    if (rc != 0) {
        return skip_unreadable(w, id, rc);
    }
    if (!case_state_reminds(w->file.state) || w->file.known.not_after_ms == 0) {
        return 0;
    }
    rc = series_compare(w, &series);
    if (rc == 0) {
        count(walk, &series);
        rc = walk->only_look ? 0 : series_execute(w, &series, APPLY_PLAN_CHANGED);
    }
    series_finish(&series);
    return rc;
}

int replan_bite(struct store *s, struct replan_walk *walk, size_t limit, bool *ret_done,
                struct err *e)
{
    int64_t list[REPLAN_BITE];
    struct ids ids = {.list = list, .only = CASE_WATCHING, .last = walk->after};
    struct case_work *w = work_create(s, walk->env, "settings", e);
    size_t bite = limit < REPLAN_BITE ? limit : REPLAN_BITE;
    int rc = w == NULL ? ERR_NOMEM : store_case_scan(s, walk->after, bite, note, &ids, e);

    for (size_t i = 0; i < ids.count && rc == 0; i++) {
        rc = replan(w, walk, list[i]);
    }
    walk->after = ids.last;
    *ret_done = ids.seen < bite;
    free(w);
    return rc;
}

/* ---- telling settings apart ---- */

static void write_campaigns(const struct settings *s, struct json_writer *w)
{
    const struct json *root = json_root(s->conf->doc);
    static const char *const sections[] = {"campaigns", "send_window", "routes"};

    jsonw_array(w);
    jsonw_cstr(w, PLAN_RULES);
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
        const struct json *v = json_get(root, sections[i]);

        if (v == NULL) {
            jsonw_null(w);
        } else {
            jsonw_value(w, v);
        }
    }
    jsonw_end_array(w);
}

int replan_fingerprint(const struct settings *settings, unsigned char ret[SHA256_SIZE])
{
    struct json_writer w;
    struct buf text;
    int rc;

    buf_init(&text, FINGERPRINT_TEXT_MAX);
    jsonw_init(&w, &text);
    write_campaigns(settings, &w);
    calendar_spell(settings->calendar, &text);
    rc = buf_failed(&text);
    if (rc == 0) {
        crypto_sha256((struct str){text.data, text.len}, ret);
    }
    buf_finish(&text);
    return rc;
}

int replan_known(struct store *s, unsigned char ret[SHA256_SIZE], struct err *e)
{
    size_t size = SHA256_SIZE;
    int rc = store_meta_get(s, FINGERPRINT_NAME, ret, &size, e);

    return rc == 0 && size != SHA256_SIZE ? ERR_NOT_FOUND : rc;
}

int replan_remember(struct store *s, const unsigned char fingerprint[SHA256_SIZE], struct err *e)
{
    return store_meta_put(s, FINGERPRINT_NAME, fingerprint, SHA256_SIZE, e);
}
