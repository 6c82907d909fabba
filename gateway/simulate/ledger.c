#include "simulate/ledger.h"

#include <stdlib.h>

enum { BUCKETS = 16384 };

struct slot {
    struct slot *next;
    struct sim_message *first;
    const char *key;
};

struct ledger {
    struct sim_message **list;
    size_t count;
    size_t cap;
    struct slot *buckets[BUCKETS];
};

/* FNV-1a. */
static size_t bucket_of(struct str s)
{
    uint32_t h = 2166136261u;

    for (size_t i = 0; i < s.len; i++) {
        h = (h ^ (unsigned char)s.ptr[i]) * 16777619u;
    }
    return h % BUCKETS;
}

static struct slot *find_slot(const struct ledger *l, struct str key)
{
    for (struct slot *s = l->buckets[bucket_of(key)]; s != NULL; s = s->next) {
        if (str_eqs(key, s->key)) {
            return s;
        }
    }
    return NULL;
}

struct ledger *ledger_create(void)
{
    return calloc(1, sizeof(struct ledger));
}

static void message_free(struct sim_message *m)
{
    free(m->text);
    free(m->sender);
    free(m->ref);
    free(m->job_ref);
    free(m->callback);
    free(m);
}

void ledger_clear(struct ledger *l)
{
    for (size_t i = 0; i < l->count; i++) {
        list_remove(&l->list[i]->due);
        message_free(l->list[i]);
    }
    for (size_t i = 0; i < BUCKETS; i++) {
        while (l->buckets[i] != NULL) {
            struct slot *s = l->buckets[i];

            l->buckets[i] = s->next;
            free(s);
        }
    }
    l->count = 0;
}

void ledger_free(struct ledger *l)
{
    if (l != NULL) {
        ledger_clear(l);
        free(l->list);
        free(l);
    }
}

static bool copy(char **to, const char *from)
{
    *to = from == NULL ? NULL : str_dup(str_of(from));
    return from == NULL || *to != NULL;
}

static bool copy_strings(struct sim_message *m, const struct sim_message *from)
{
    /* All five are set whatever fails, so that message_free() can run. */
    bool fine = copy(&m->text, from->text);

    fine = copy(&m->sender, from->sender) && fine;
    fine = copy(&m->ref, from->ref) && fine;
    fine = copy(&m->job_ref, from->job_ref) && fine;
    return copy(&m->callback, from->callback) && fine;
}

static bool make_room(struct ledger *l)
{
    size_t cap = l->cap == 0 ? 256 : l->cap * 2;
    struct sim_message **list;

    if (l->count < l->cap) {
        return true;
    }
    list = realloc(l->list, cap * sizeof(*list));
    if (list == NULL) {
        return false;
    }
    l->list = list;
    l->cap = cap;
    return true;
}

/* Hangs m under its key; messages of one job make a chain in their order. */
static bool index_message(struct ledger *l, struct sim_message *m, const char *key)
{
    struct slot *s = find_slot(l, str_of(key));
    struct slot **bucket = &l->buckets[bucket_of(str_of(key))];

    if (s != NULL) {
        struct sim_message *last = s->first;

        while (last->next_same_job != NULL) {
            last = last->next_same_job;
        }
        if (last != m) {
            last->next_same_job = m;
        }
        return true;
    }
    s = calloc(1, sizeof(*s));
    if (s == NULL) {
        return false;
    }
    s->key = key;
    s->first = m;
    s->next = *bucket;
    *bucket = s;
    return true;
}

int ledger_add(struct ledger *l, const struct sim_message *from, struct sim_message **ret)
{
    struct sim_message *m;

    if (l->count == LEDGER_MAX) {
        return ERR_LIMIT;
    }
    m = malloc(sizeof(*m));
    if (m == NULL || !make_room(l)) {
        free(m);
        return ERR_NOMEM;
    }
    *m = *from;
    m->next_same_job = NULL;
    list_init(&m->due);
    if (!copy_strings(m, from) || !index_message(l, m, m->job) || !index_message(l, m, m->id)) {
        message_free(m);
        return ERR_NOMEM;
    }
    l->list[l->count++] = m;
    m->number = l->count;
    *ret = m;
    return 0;
}

size_t ledger_count(const struct ledger *l)
{
    return l->count;
}

struct sim_message *ledger_at(const struct ledger *l, size_t index)
{
    return index < l->count ? l->list[index] : NULL;
}

struct sim_message *ledger_find(const struct ledger *l, struct str id)
{
    const struct slot *s = id.len == 0 ? NULL : find_slot(l, id);

    return s == NULL ? NULL : s->first;
}

struct sim_message *ledger_repeat(const struct ledger *l, const char *to, struct str text,
                                  int64_t since)
{
    for (size_t i = l->count; i-- > 0 && l->list[i]->at_ms >= since;) {
        if (strcmp(l->list[i]->to, to) == 0 && str_eqs(text, l->list[i]->text)) {
            return l->list[i];
        }
    }
    return NULL;
}
