#include "store/store_sqlite.h"

#include <stdlib.h>

/* The indexes of the files open in this process. */
static pthread_mutex_t registry_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct sq_refs *registry;

/* ---- sharing ---- */

static struct sq_refs *refs_create(const struct sq *s)
{
    struct sq_refs *r = calloc(1, sizeof *r);

    if (r == NULL || pthread_rwlock_init(&r->lock, NULL) != 0) {
        free(r);
        return NULL;
    }
    r->users = 1;
    r->dev = s->dev;
    r->ino = s->ino;
    for (size_t i = 0; i < REF_KIND_COUNT; i++) {
        ref_index_init(&r->index[i]);
    }
    return r;
}

static struct sq_refs *refs_join(const struct sq *s)
{
    struct sq_refs *r = registry;

    while (r != NULL && (r->dev != s->dev || r->ino != s->ino)) {
        r = r->next;
    }
    if (r != NULL) {
        r->users++;
    }
    return r;
}

/* Only the writer publishes its index: it alone sees every row as it comes. */
int sq_refs_attach(struct sq *s, struct err *e)
{
    pthread_mutex_lock(&registry_mutex);
    s->refs = s->base.read_only ? refs_join(s) : NULL;
    s->refs_own = s->refs == NULL;
    if (s->refs == NULL) {
        s->refs = refs_create(s);
        if (s->refs != NULL && !s->base.read_only) {
            s->refs->next = registry;
            registry = s->refs;
        }
    }
    pthread_mutex_unlock(&registry_mutex);
    if (s->refs == NULL) {
        return err_set(e, ERR_NOMEM, "no memory for the reference index");
    }
    return s->base.read_only ? 0 : sq_refs_catch_up(s, e);
}

static void unregister(struct sq_refs *r)
{
    struct sq_refs **at = &registry;

    while (*at != NULL && *at != r) {
        at = &(*at)->next;
    }
    if (*at != NULL) {
        *at = r->next;
    }
}

void sq_refs_detach(struct sq *s)
{
    struct sq_refs *r = s->refs;
    bool last;

    if (r == NULL) {
        return;
    }
    pthread_mutex_lock(&registry_mutex);
    last = --r->users == 0;
    if (s->refs_own) { /* nobody may join an index that is no longer fed */
        unregister(r);
    }
    pthread_mutex_unlock(&registry_mutex);
    s->refs = NULL;
    if (last) {
        for (size_t i = 0; i < REF_KIND_COUNT; i++) {
            ref_index_finish(&r->index[i]);
        }
        pthread_rwlock_destroy(&r->lock);
        free(r);
    }
}

/* ---- tags ---- */

/* 0 stands for "no tag" in a chunk. */
static uint32_t tag_of(struct sq *s, struct str bytes)
{
    const uint32_t tag = (uint32_t)(hash_of(s->hash, bytes) >> 32);

    return tag == 0 ? 1 : tag;
}

uint32_t sq_text_tag(struct sq *s, struct str text)
{
    return text.len == 0 ? 0 : tag_of(s, text);
}

uint32_t sq_event_tag(struct sq *s, struct str source, struct str id)
{
    char both[2 * STORE_REF_MAX + 1];
    const size_t a = source.len <= STORE_REF_MAX ? source.len : STORE_REF_MAX;
    const size_t b = id.len <= STORE_REF_MAX ? id.len : STORE_REF_MAX;

    if (a > 0) {
        memcpy(both, source.ptr, a);
    }
    both[a] = '\0';
    if (b > 0) {
        memcpy(both + a + 1, id.ptr, b);
    }
    return tag_of(s, (struct str){both, a + 1 + b});
}

/* ---- adding ---- */

static int fail(struct sq *s, int code, const char *text, struct err *e)
{
    struct err own;

    (void)err_set(&own, code, "database %s: %s", s->path, text);
    if (e != NULL) {
        *e = own;
    }
    return sq_spoil(s, &own);
}

static int add(struct sq *s, enum ref_kind kind, uint32_t tag, int64_t row, struct err *e)
{
    int rc;

    if (row > UINT32_MAX) {
        return fail(s, ERR_LIMIT, "its tables are full", e);
    }
    if (tag == 0) {
        return 0;
    }
    pthread_rwlock_wrlock(&s->refs->lock);
    rc = ref_index_add(&s->refs->index[kind], tag, (uint32_t)row);
    pthread_rwlock_unlock(&s->refs->lock);
    return rc == 0 ? 0 : fail(s, ERR_NOMEM, "no memory for the reference index", e);
}

static void note_tail(struct sq_refs *r, enum ref_kind kind, uint32_t tag, int64_t row)
{
    struct ref_tail *tail = &r->tail[kind];
    const uint32_t chunk = (uint32_t)((row - 1) / REF_CHUNK);
    const size_t at = (size_t)((row - 1) % REF_CHUNK);

    if (at == 0) {
        tail->chunk = chunk;
        tail->known = true;
    } else if (tail->chunk != chunk) {
        tail->known = false;
    }
    tail->tags[at] = tag;
    r->rows[kind] = row;
}

static uint32_t tag_of_row(struct sq *s, enum ref_kind kind, sqlite3_stmt *stmt)
{
    switch (kind) {
    case REF_EVENT:
        return sq_event_tag(s, sq_str(stmt, 1), sq_str(stmt, 2));
    case REF_CERTIFICATE:
        return sq_text_tag(s, sq_str(stmt, 1));
    default:
        return sq_text_tag(s, sq_str(stmt, 2));
    }
}

static enum sq_id rows_of(enum ref_kind kind)
{
    return kind == REF_EVENT ? SQ_EVENT_REFS : SQ_SUBJECT_REFS;
}

/* After an undo across the start of a chunk its tags are read back from the rows. */
static int rebuild_tail(struct sq *s, enum ref_kind kind, int64_t last, struct err *e)
{
    struct ref_tail *tail = &s->refs->tail[kind];
    const int64_t before = last - REF_CHUNK;
    sqlite3_stmt *stmt;
    int rc = sq_open(s, rows_of(kind), &stmt, e, "ii", before, last);

    if (rc != 0) {
        return rc;
    }
    memset(tail->tags, 0, sizeof tail->tags);
    while ((rc = sq_next(s, stmt, e)) == 1) {
        tail->tags[sqlite3_column_int64(stmt, 0) - before - 1] = tag_of_row(s, kind, stmt);
    }
    sq_done(s, rows_of(kind), stmt);
    return rc;
}

static int64_t chunk_id(enum ref_kind kind, int64_t chunk)
{
    return ((int64_t)kind << 32) + chunk;
}

static int write_chunk(struct sq *s, enum ref_kind kind, int64_t last, struct err *e)
{
    const struct ref_tail *tail = &s->refs->tail[kind];
    unsigned char bytes[REF_CHUNK * 4];
    int rc = tail->known ? 0 : rebuild_tail(s, kind, last, e);

    for (size_t i = 0; rc == 0 && i < REF_CHUNK; i++) {
        for (size_t k = 0; k < 4; k++) {
            bytes[4 * i + k] = (unsigned char)(tail->tags[i] >> (8 * k));
        }
    }
    return rc != 0 ? rc
                   : sq_run(s, SQ_CHUNK_PUT, e, "ib", chunk_id(kind, last / REF_CHUNK - 1),
                            (const void *)bytes, sizeof bytes);
}

int sq_ref_append(struct sq *s, enum ref_kind kind, uint32_t tag, int64_t row, struct err *e)
{
    int rc = add(s, kind, tag, row, e);

    if (rc != 0) {
        return rc;
    }
    note_tail(s->refs, kind, tag, row);
    return row % REF_CHUNK != 0 ? 0 : write_chunk(s, kind, row, e);
}

int sq_ref_also(struct sq *s, enum ref_kind kind, uint32_t tag, int64_t row, struct err *e)
{
    int rc = tag == 0 ? 0 : add(s, kind, tag, row, e);

    return rc != 0 || tag == 0
               ? rc
               : sq_run(s, SQ_EXTRA_PUT, e, "iii", (int64_t)kind, row, (int64_t)tag);
}

/* ---- loading ---- */

/*
 * The chunks of one kind on their way into the index. Filling a large index is work of the memory,
 * not of the file: the kinds are filled side by side, each by a thread of its own.
 */
struct loading {
    struct ref_index *index;
    uint32_t *tags;
    size_t room;
    size_t count;
    bool threaded;
    pthread_t thread;
    int rc;
};

static void *fill_index(void *arg)
{
    struct loading *l = arg;

    l->rc = ref_index_load(l->index, l->tags, l->count, 1);
    return NULL;
}

static int take_chunk(struct sq *s, struct loading *l, struct str bytes, struct err *e)
{
    const unsigned char *p = (const unsigned char *)bytes.ptr;

    if (bytes.len != REF_CHUNK * 4 || l->room - l->count < REF_CHUNK) {
        return err_set(e, ERR_CORRUPT, "database %s: a chunk of the reference index is damaged",
                       s->path);
    }
    for (size_t i = 0; i < REF_CHUNK; i++, p += 4) {
        l->tags[l->count++] =
            (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
    }
    return 0;
}

/* Without a chunk the events in it could come again: a gap is damage. */
static int read_chunks(struct sq *s, enum ref_kind kind, int64_t last, struct loading *l,
                       struct err *e)
{
    sqlite3_stmt *stmt;
    int rc = sq_open(s, SQ_CHUNK_LOAD, &stmt, e, "ii", chunk_id(kind, 0),
                     chunk_id(kind, last / REF_CHUNK));

    if (rc != 0) {
        return rc;
    }
    while ((rc = sq_next(s, stmt, e)) == 1) {
        if (sqlite3_column_int64(stmt, 0) != chunk_id(kind, (int64_t)(l->count / REF_CHUNK))) {
            rc = err_set(e, ERR_CORRUPT, "database %s: a chunk of the reference index is missing",
                         s->path);
            break;
        }
        rc = take_chunk(s, l, sq_str(stmt, 1), e);
        if (rc != 0) {
            break;
        }
    }
    sq_done(s, SQ_CHUNK_LOAD, stmt);
    return rc;
}

/* Begins to fill an index that is empty yet. */
static int begin_loading(struct sq *s, enum ref_kind kind, int64_t last, struct loading *l,
                         struct err *e)
{
    const size_t whole = (size_t)(last / REF_CHUNK) * REF_CHUNK;
    int rc;

    if (s->refs->rows[kind] != 0 || whole == 0) {
        return 0;
    }
    l->index = &s->refs->index[kind];
    l->room = whole;
    l->tags = malloc(whole * sizeof *l->tags);
    if (l->tags == NULL || ref_index_reserve(l->index, (size_t)last) != 0) {
        return err_set(e, ERR_NOMEM, "no memory for the reference index");
    }
    rc = read_chunks(s, kind, last, l, e);
    if (rc == 0) {
        l->threaded = pthread_create(&l->thread, NULL, fill_index, l) == 0;
        if (!l->threaded) {
            (void)fill_index(l);
        }
    }
    return rc;
}

static int end_loading(struct sq *s, enum ref_kind kind, struct loading *l, struct err *e)
{
    if (l->threaded) {
        (void)pthread_join(l->thread, NULL);
    }
    free(l->tags);
    if (l->rc != 0) {
        return err_set(e, l->rc, "no memory for the reference index");
    }
    s->refs->rows[kind] += (int64_t)l->count;
    return 0;
}

static int64_t last_of(const struct sq *s, enum ref_kind kind)
{
    return kind == REF_EVENT ? s->state.event_last : s->state.case_last;
}

static int load_all_chunks(struct sq *s, struct err *e)
{
    struct loading loading[REF_KIND_COUNT] = {0};
    int rc = 0;

    for (enum ref_kind kind = 0; rc == 0 && kind < REF_KIND_COUNT; kind++) {
        rc = begin_loading(s, kind, last_of(s, kind), &loading[kind], e);
    }
    for (enum ref_kind kind = 0; kind < REF_KIND_COUNT; kind++) {
        int ended = end_loading(s, kind, &loading[kind], rc == 0 ? e : NULL);

        rc = rc == 0 ? ended : rc;
    }
    return rc;
}

static int load_rows(struct sq *s, enum ref_kind kind, int64_t last, struct err *e)
{
    sqlite3_stmt *stmt;
    int rc = sq_open(s, rows_of(kind), &stmt, e, "ii", s->refs->rows[kind], last);

    if (rc != 0) {
        return rc;
    }
    while ((rc = sq_next(s, stmt, e)) == 1) {
        const int64_t row = sqlite3_column_int64(stmt, 0);
        const uint32_t tag = tag_of_row(s, kind, stmt);

        rc = add(s, kind, tag, row, e);
        if (rc != 0) {
            break;
        }
        note_tail(s->refs, kind, tag, row);
    }
    sq_done(s, rows_of(kind), stmt);
    return rc;
}

static int load_extra(struct sq *s, struct err *e)
{
    sqlite3_stmt *stmt;
    int rc = sq_open(s, SQ_EXTRA_LOAD, &stmt, e, "i", s->refs->extra);

    if (rc != 0) {
        return rc;
    }
    while ((rc = sq_next(s, stmt, e)) == 1) {
        const int64_t kind = sqlite3_column_int64(stmt, 1);

        rc = kind < 0 || kind >= REF_KIND_COUNT
                 ? err_set(e, ERR_CORRUPT, "database %s: a reference of kind %lld", s->path,
                           (long long)kind)
                 : add(s, (enum ref_kind)kind, (uint32_t)sqlite3_column_int64(stmt, 3),
                       sqlite3_column_int64(stmt, 2), e);
        if (rc != 0) {
            break;
        }
        s->refs->extra = sqlite3_column_int64(stmt, 0);
    }
    sq_done(s, SQ_EXTRA_LOAD, stmt);
    return rc;
}

int sq_refs_catch_up(struct sq *s, struct err *e)
{
    int rc = sq_load_state(s, e);

    rc = rc == 0 ? load_all_chunks(s, e) : rc;
    for (enum ref_kind kind = 0; rc == 0 && kind < REF_KIND_COUNT; kind++) {
        if (s->refs->rows[kind] < last_of(s, kind)) {
            rc = load_rows(s, kind, last_of(s, kind), e);
        }
    }
    if (rc == 0) {
        rc = load_extra(s, e);
    }
    sq_refs_keep(s);
    return rc;
}

/* ---- finding and undoing ---- */

int sq_ref_find(struct sq *s, enum ref_kind kind, uint32_t tag, uint32_t *ret_rows, size_t max,
                size_t *ret_count, struct err *e)
{
    int rc = s->base.read_only && s->refs_own ? sq_refs_catch_up(s, e) : 0;

    *ret_count = 0;
    if (rc == 0 && tag != 0) {
        pthread_rwlock_rdlock(&s->refs->lock);
        *ret_count = ref_index_find(&s->refs->index[kind], tag, ret_rows, max);
        pthread_rwlock_unlock(&s->refs->lock);
    }
    return rc;
}

void sq_refs_mark(struct sq *s, size_t marks[REF_KIND_COUNT])
{
    for (size_t i = 0; i < REF_KIND_COUNT; i++) {
        marks[i] = ref_index_mark(&s->refs->index[i]);
    }
}

void sq_refs_undo(struct sq *s, const size_t marks[REF_KIND_COUNT])
{
    struct sq_refs *r = s->refs;

    pthread_rwlock_wrlock(&r->lock);
    for (size_t i = 0; i < REF_KIND_COUNT; i++) {
        ref_index_undo(&r->index[i], marks[i]);
        r->rows[i] = last_of(s, (enum ref_kind)i);
    }
    pthread_rwlock_unlock(&r->lock);
}

void sq_refs_keep(struct sq *s)
{
    for (size_t i = 0; i < REF_KIND_COUNT; i++) {
        ref_index_keep(&s->refs->index[i]);
    }
}
