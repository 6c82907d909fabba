#include "flow/person_parts.h"

#include "flow/audit.h"
#include "store/store_purge.h"

#include <stdlib.h>

static struct person_work *open_work(struct store *s, const struct person_env *env,
                                     enum person_mode mode, struct err *e)
{
    struct person_work *p = calloc(1, sizeof *p);

    if (p != NULL) {
        p->file = malloc(sizeof *p->file);
        p->fact = malloc(sizeof *p->fact);
    }
    if (p == NULL || p->file == NULL || p->fact == NULL) {
        if (p != NULL) {
            free(p->file);
            free(p->fact);
        }
        free(p);
        (void)err_set(e, ERR_NOMEM, "no memory to look for a person");
        return NULL;
    }
    p->store = s;
    p->env = env;
    p->mode = mode;
    p->err = e;
    return p;
}

static void close_work(struct person_work *p)
{
    free(p->file);
    free(p->fact);
    free(p);
}

/* Messages before cases, which take them with them; the inbox after all messages are known. */
static int look(struct person_work *p, struct str ref)
{
    static int (*const sections[])(struct person_work *) = {
        person_messages, person_own_messages, person_events,       person_inbox,
        person_imports,  person_reports,      person_suppressions, person_cases};
    int rc = person_find(p, ref);

    for (size_t i = 0; rc == 0 && i < sizeof sections / sizeof sections[0]; i++) {
        rc = sections[i](p);
    }
    return rc;
}

static bool is_empty(const struct person_counts *n)
{
    return n->cases + n->messages + n->own_messages + n->digest_rows + n->events + n->inbox +
               n->import_rows + n->reports ==
           0;
}

static int nobody(struct err *e)
{
    return err_set(e, ERR_NOT_FOUND, "nothing is held about this reference");
}

int person_count(struct store *s, const struct person_env *env, struct str ref,
                 struct person_counts *ret, struct err *e)
{
    struct person_work *p = open_work(s, env, PERSON_COUNT, e);
    int rc = p == NULL ? ERR_NOMEM : look(p, ref);

    if (rc == 0) {
        *ret = p->counts;
        rc = is_empty(ret) ? nobody(e) : 0;
    }
    if (p != NULL) {
        close_work(p);
    }
    return rc;
}

int person_export(struct store *s, const struct person_env *env, struct str ref, struct buf *out,
                  struct err *e)
{
    struct person_work *p = open_work(s, env, PERSON_EXPORT, e);
    int rc;

    if (p == NULL) {
        return ERR_NOMEM;
    }
    jsonw_init(&p->w, out);
    jsonw_object(&p->w);
    jsonw_put_i64(&p->w, "v", 1);
    jsonw_put_str(&p->w, "reference", ref);
    jsonw_put_time(&p->w, "exported_at", env->now_ms);
    rc = look(p, ref);
    jsonw_put_i64(&p->w, "digest_rows", p->counts.digest_rows);
    jsonw_end_object(&p->w);
    if (rc == 0 && is_empty(&p->counts)) {
        rc = nobody(e);
    }
    if (rc == 0 && buf_failed(out) != 0) {
        rc = err_set(e, buf_failed(out), "what is held about this person does not fit");
    }
    close_work(p);
    return rc;
}

/* ---- erasing ---- */

static int bury(struct person_work *p)
{
    char of[PERSON_TOMBSTONE_SIZE] = "";
    int rc = 0;

    if (p->known.holder[0] != '\0') {
        rc = person_tombstone_set(p->store, p->env, 'h', str_of(p->known.holder), "", p->err);
        rc = rc == 0 ? person_tombstone_id(p->env->key, 'h', str_of(p->known.holder), of) : rc;
    }
    if (rc == 0 && p->known.case_count == 0) { /* only events told of it: it may be either */
        rc = person_tombstone_set(p->store, p->env, 'c', str_of(p->known.holder), of, p->err);
    }
    for (size_t i = 0; i < p->known.case_count && rc == 0; i++) {
        rc = person_tombstone_set(p->store, p->env, 'c', str_of(p->known.cases[i].certificate), of,
                                  p->err);
    }
    return rc;
}

static int write_audit(struct person_work *p)
{
    const struct person_counts *n = &p->counts;
    char id[PERSON_TOMBSTONE_SIZE] = "";
    struct audit_note note;

    (void)person_tombstone_id(p->env->key, 'h', str_of(p->known.holder), id);
    audit_begin(&note);
    jsonw_put(&note.w, "person", id);
    jsonw_put_i64(&note.w, "cases", n->cases);
    jsonw_put_i64(&note.w, "messages", n->messages + n->own_messages);
    jsonw_put_i64(&note.w, "digest_rows", n->digest_rows);
    jsonw_put_i64(&note.w, "events", n->events);
    jsonw_put_i64(&note.w, "import_rows", n->import_rows);
    return audit_end(&note, p->store, p->env->actor, "person.erase", p->env->now_ms, p->err);
}

int person_erase(struct store *s, const struct person_env *env, struct str ref,
                 struct person_counts *ret, struct err *e)
{
    struct person_work *p = open_work(s, env, PERSON_ERASE, e);
    int rc;

    if (p == NULL) {
        return ERR_NOMEM;
    }
    rc = look(p, ref);
    if (rc == 0 && is_empty(&p->counts)) {
        rc = nobody(e);
    }
    rc = rc == 0 ? bury(p) : rc;
    rc = rc == 0 ? write_audit(p) : rc;
    if (rc == 0) {
        *ret = p->counts;
        store_scrub_soon(s);
    }
    close_work(p);
    return rc;
}
