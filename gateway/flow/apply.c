#include "flow/apply.h"

#include "base/log.h"
#include "flow/case_work.h"
#include "flow/person.h"

#include <stdio.h>
#include <stdlib.h>

/* An event at work. */
struct work {
    struct case_work now; /* first: the case at hand */
    struct fact fact;
    bool met;                  /* the fact told whose a case is that was known before: */
    struct case_file newcomer; /* what it brings to the holder's other cases */
};

int apply_step(int mark, int cycle)
{
    return campaign_step(mark, cycle, false);
}

int apply_step_mark(int step)
{
    return campaign_step_mark(step);
}

/* The cases of a holder, oldest first. */
struct siblings {
    int64_t *ids;
    size_t count;
    size_t cap;
};

static int collect_sibling(void *ctx, const struct case_row *row)
{
    struct siblings *list = ctx;

    if (list->count == list->cap) {
        size_t cap = list->cap == 0 ? 8 : list->cap * 2;
        int64_t *ids = realloc(list->ids, cap * sizeof *ids);

        if (ids == NULL) {
            return ERR_NOMEM;
        }
        list->ids = ids;
        list->cap = cap;
    }
    list->ids[list->count++] = row->id;
    return 0;
}

/* ret->ids is to be freed whatever it returns. */
static int find_siblings(struct work *w, const char *holder, struct siblings *ret)
{
    *ret = (struct siblings){.ids = NULL};
    if (holder[0] == '\0') {
        return 0;
    }
    return store_case_by_holder(w->now.store, str_of(holder), collect_sibling, ret, w->now.err);
}

/* The case at hand hears what is known in another case of its holder. */
static int meet(struct work *w, const struct case_file *other)
{
    struct case_work *c = &w->now;
    struct case_change change;
    int rc;

    case_meet(&c->file, other, c->env->now_ms, &change);
    if (!change.stored) {
        return 0;
    }
    rc = case_work_store(c);
    return rc == 0 ? case_work_follow(c, &change, false) : rc;
}

/* What is known of the holder from other certificates holds for this one too. */
static int inherit(struct work *w)
{
    struct case_work *other = malloc(sizeof *other);
    struct siblings others = {.ids = NULL};
    int rc = other == NULL ? ERR_NOMEM : find_siblings(w, w->fact.holder.ref, &others);

    for (size_t i = 0; i < others.count && rc == 0; i++) {
        rc = store_case_by_id(w->now.store, others.ids[i], case_work_load, other, w->now.err);
        if (rc == 0 && w->now.id != 0) {
            rc = meet(w, &other->file);
        } else if (rc == 0) {
            case_inherit(&w->now.file, &other->file);
        }
    }
    free(others.ids);
    free(other);
    return rc;
}

/* A case that came before anybody said whose it is. */
static int learn_holder(struct work *w)
{
    const char *holder = w->fact.holder.ref;

    if (w->now.id == 0 || holder[0] == '\0' || w->now.file.known.holder.ref[0] != '\0') {
        return 0;
    }
    w->met = true;
    return inherit(w);
}

static int apply_to_case(struct work *w, enum case_role role)
{
    struct case_work *c = &w->now;
    struct case_change change;
    bool again;
    int rc = role == CASE_SELF ? learn_holder(w) : 0;

    if (rc != 0) {
        return rc;
    }
    case_apply(&c->file, role, &w->fact, c->env->now_ms, &change);
    again = role == CASE_SELF && change.stored; /* an address, an institution may be new */
    if ((change.actions & CASE_RESUME) != 0) {
        rc = notice_withdraw_blocked(c, change.reason);
    }
    if (rc == 0 && (change.stored || c->id == 0)) {
        rc = case_work_store(c);
    }
    return rc == 0 ? case_work_follow(c, &change, again) : rc;
}

static int begin_case(struct work *w, const char *certificate)
{
    struct case_work *c = &w->now;

    c->id = 0;
    case_init(&c->file);
    (void)str_copy(c->certificate, sizeof c->certificate, str_of(certificate));
    if (w->fact.certificate.ref[0] != '\0') {
        (void)str_copy(c->file.known.certificate.ref, FACT_REF_SIZE, str_of(certificate));
    }
    return inherit(w);
}

static int open_certificate(struct work *w, const char *certificate)
{
    int rc = store_case_by_certificate(w->now.store, str_of(certificate), case_work_load, &w->now,
                                       w->now.err);

    if (rc == 0 && w->now.seq_before == 0) {
        return inherit(w); /* an empty one, which undoing an import has left */
    }
    return rc == ERR_NOT_FOUND ? begin_case(w, certificate) : rc;
}

static int apply_to_siblings(struct work *w, enum case_role role)
{
    struct siblings others;
    int rc = find_siblings(w, w->fact.holder.ref, &others);

    for (size_t i = 0; i < others.count && rc == 0; i++) {
        rc = store_case_by_id(w->now.store, others.ids[i], case_work_load, &w->now, w->now.err);
        if (rc != 0 || strcmp(w->now.certificate, w->fact.certificate.ref) == 0 ||
            strcmp(w->now.certificate, w->fact.certificate.replaces) == 0) {
            continue;
        }
        rc = w->met ? meet(w, &w->newcomer) : 0;
        rc = rc == 0 ? apply_to_case(w, role) : rc;
    }
    free(others.ids);
    return rc;
}

/*
 * A fact about a person may come before any of their certificates is known. It is kept in a case
 * without an end, from which a later certificate of theirs inherits (begin_case).
 */
static int remember_person(struct work *w)
{
    const char *holder = w->fact.holder.ref;
    char name[FACT_REF_SIZE];
    struct siblings others;
    int rc = find_siblings(w, holder, &others);

    free(others.ids);
    if (rc != 0 || others.count > 0 || holder[0] == '\0' ||
        snprintf(name, sizeof name, "person:%s", holder) >= (int)sizeof name) {
        return rc;
    }
    rc = open_certificate(w, name);
    return rc == 0 ? apply_to_case(w, CASE_SELF) : rc;
}

/*
 * The certificate that was replaced is of the same holder: when that is news, the new one hears
 * what was known there.
 */
static int replace(struct work *w, const char *certificate, const char *replaces)
{
    const char *holder = w->fact.holder.ref;
    struct fact *known = &w->now.file.known;
    bool named = false;
    int rc = open_certificate(w, replaces);

    if (rc == 0 && holder[0] != '\0' && known->holder.ref[0] == '\0') {
        named = w->now.id != 0;
        rc = named ? inherit(w) : 0;
        (void)str_copy(known->holder.ref, sizeof known->holder.ref, str_of(holder));
    }
    rc = rc == 0 ? apply_to_case(w, CASE_REPLACED) : rc;
    if (rc == 0 && named) {
        memcpy(&w->newcomer, &w->now.file, sizeof w->newcomer);
        w->met = true;
        rc = open_certificate(w, certificate);
        rc = rc == 0 ? meet(w, &w->newcomer) : rc;
    }
    return rc;
}

static int apply_fact(struct work *w)
{
    const char *certificate = w->fact.certificate.ref;
    const char *replaces = w->fact.certificate.replaces;
    char *holder = w->fact.holder.ref;
    int rc = 0;

    if (certificate[0] != '\0') {
        rc = open_certificate(w, certificate);
        rc = rc == 0 ? apply_to_case(w, CASE_SELF) : rc;
        memcpy(&w->newcomer, &w->now.file, sizeof w->newcomer);
        if (rc == 0 && holder[0] == '\0') { /* it is about them, though it does not say so */
            (void)str_copy(holder, FACT_REF_SIZE, str_of(w->now.file.known.holder.ref));
        }
    }
    if (rc == 0 && replaces[0] != '\0') {
        rc = replace(w, certificate, replaces);
    }
    if (rc == 0) {
        rc = apply_to_siblings(w, certificate[0] == '\0' ? CASE_SELF : CASE_RELATED);
    }
    return rc == 0 && certificate[0] == '\0' ? remember_person(w) : rc;
}

int apply_event(struct store *s, const struct event_row *row, const struct apply_env *env,
                struct err *e)
{
    struct work *w;
    bool refused;
    int rc;

    if (row->body.len == 0) {
        return 0; /* what it said has been erased */
    }
    w = calloc(1, sizeof *w);
    if (w == NULL) {
        return err_set(e, ERR_NOMEM, "no memory to apply an event");
    }
    w->now.store = s;
    w->now.env = env;
    w->now.err = e;
    w->now.event_seq = row->seq;
    (void)snprintf(w->now.actor, sizeof w->now.actor, "event %lld", (long long)row->seq);
    rc = fact_read_canonical(row->body, &w->fact);
    if (rc != 0) {
        rc = err_set(e, ERR_CORRUPT, "event %lld cannot be read back", (long long)row->seq);
    } else {
        if (w->fact.time_ms == 0) {
            w->fact.time_ms = row->received_ms;
        }
        w->now.fact_ms = w->fact.time_ms;
        rc = person_refuse_event(s, env->key, row, &w->fact, env->now_ms, &refused, e);
        rc = rc == 0 && !refused ? apply_fact(w) : rc;
    }
    free(w);
    return rc;
}

/* ---- the backlog ---- */

struct backlog {
    struct store *store;
    const struct apply_env *env;
    struct err *err;
    int64_t applied;
};

static int apply_scanned(void *ctx, const struct event_row *row)
{
    struct backlog *b = ctx;
    int rc = apply_event(b->store, row, b->env, b->err);

    if (rc == ERR_CORRUPT) {
        /* One unreadable event must not stop those behind it; it stays in the log. */
        log_error("event_unreadable", LOG_I("event", row->seq), LOG_S("error", b->err->text));
        rc = 0;
    }
    if (rc == 0) {
        b->applied = row->seq;
    }
    return rc;
}

int apply_backlog(struct store *s, const struct apply_env *env, size_t limit, struct err *e)
{
    int64_t before = store_applied(s);
    struct backlog b = {.store = s, .env = env, .err = e, .applied = before};
    int rc = store_event_scan(s, before, limit, apply_scanned, &b, e);

    if (rc == 0 && b.applied != before) {
        rc = store_set_applied(s, b.applied, e);
    }
    return rc;
}
