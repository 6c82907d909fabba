/* Who was erased: keyed hashes of references, and what was refused because of them. */
#include "base/codec.h"
#include "base/log.h"
#include "flow/person_parts.h"
#include "store/store_purge.h"

#include <stdatomic.h>
#include <stdio.h>

enum { HASH_BYTES = 16, BODY_MAX = 1024, READMIT_MAX = 2 * PERSON_CASES_MAX };

static atomic_uint_fast64_t refused_total;

uint64_t person_refused_total(void)
{
    return atomic_load(&refused_total);
}

int person_tombstone_id(const unsigned char key[HASH_KEY_SIZE], char kind, struct str ref,
                        char ret_id[PERSON_TOMBSTONE_SIZE])
{
    unsigned char mac[SHA256_SIZE];
    char room[STORE_REF_MAX + 32];
    struct buf hex;
    int n;

    if (ref.len > STORE_REF_MAX) {
        return ERR_LIMIT;
    }
    n = snprintf(room, sizeof room, "tombstone:%c:%.*s", kind, (int)ref.len, ref.ptr);
    crypto_hmac_sha256((struct str){(const char *)key, HASH_KEY_SIZE},
                       (struct str){room, (size_t)n}, mac);
    buf_init(&hex, 2 * HASH_BYTES);
    (void)codec_hex(&hex, mac, HASH_BYTES);
    (void)snprintf(ret_id, PERSON_TOMBSTONE_SIZE, "%c:%s", kind, buf_cstr(&hex));
    n = buf_failed(&hex);
    buf_finish(&hex);
    return n;
}

/* ---- the record ---- */

static int write_stone(struct store *s, const struct person_tombstone *stone, struct err *e)
{
    struct json_writer w;
    struct buf body;
    int rc;

    buf_init(&body, BODY_MAX);
    jsonw_init(&w, &body);
    jsonw_object(&w);
    jsonw_put(&w, "of", stone->of);
    jsonw_put_i64(&w, "erased", stone->erased_ms);
    jsonw_put_i64(&w, "refused", stone->refused);
    jsonw_put_i64(&w, "last", stone->last_ms);
    jsonw_put(&w, "actor", stone->actor);
    jsonw_end_object(&w);
    rc = store_record_put_buf(s, RECORD_TOMBSTONE, str_of(stone->id), &body, "a tombstone", e);
    buf_finish(&body);
    return rc;
}

static int read_stone(void *ctx, const struct record_row *row)
{
    struct person_tombstone *stone = ctx;
    struct json_doc *doc;
    const struct json *root;

    if (json_parse(row->body, 0, &json_default_limits, &doc, NULL, NULL) != 0) {
        return ERR_CORRUPT;
    }
    root = json_root(doc);
    *stone = (struct person_tombstone){.erased_ms = json_get_i64(root, "erased", 0),
                                       .refused = json_get_i64(root, "refused", 0),
                                       .last_ms = json_get_i64(root, "last", 0)};
    (void)str_copy(stone->id, sizeof stone->id, row->key);
    (void)str_copy(stone->of, sizeof stone->of, json_str(json_get(root, "of")));
    (void)str_copy(stone->actor, sizeof stone->actor, json_str(json_get(root, "actor")));
    json_free(doc);
    return 0;
}

/* ERR_NOT_FOUND when there is none, or no reference. */
static int find_stone(struct store *s, const unsigned char *key, char kind, struct str ref,
                      struct person_tombstone *ret, struct err *e)
{
    char id[PERSON_TOMBSTONE_SIZE];

    if (ref.len == 0 || person_tombstone_id(key, kind, ref, id) != 0) {
        return ERR_NOT_FOUND;
    }
    return store_record_get(s, RECORD_TOMBSTONE, str_of(id), read_stone, ret, e);
}

static int find_either(struct store *s, const unsigned char *key, struct str holder,
                       struct str certificate, struct person_tombstone *ret, struct err *e)
{
    int rc = find_stone(s, key, 'h', holder, ret, e);

    return rc == ERR_NOT_FOUND ? find_stone(s, key, 'c', certificate, ret, e) : rc;
}

int person_is_erased(struct store *s, const unsigned char key[HASH_KEY_SIZE], struct str holder,
                     struct str certificate, bool *ret_erased, struct err *e)
{
    struct person_tombstone stone;
    int rc = find_either(s, key, holder, certificate, &stone, e);

    *ret_erased = rc == 0;
    return rc == ERR_NOT_FOUND ? 0 : rc;
}

int person_count_refused(struct store *s, const unsigned char key[HASH_KEY_SIZE], struct str holder,
                         struct str certificate, int64_t now_ms, struct err *e)
{
    struct person_tombstone stone;
    int rc = find_either(s, key, holder, certificate, &stone, e);

    if (rc != 0) {
        return rc == ERR_NOT_FOUND ? 0 : rc;
    }
    stone.refused++;
    stone.last_ms = now_ms;
    (void)atomic_fetch_add(&refused_total, 1);
    return write_stone(s, &stone, e);
}

static int note_any(void *ctx, const struct record_row *row)
{
    (void)row;
    *(bool *)ctx = true;
    return 0;
}

/* Where nobody was ever erased, facts need not be hashed to learn that. */
static int has_tombstones(struct store *s, bool *ret_any, struct err *e)
{
    const struct record_range first = {
        .kind = RECORD_TOMBSTONE, .prefix = STR(""), .after = STR(""), .limit = 1};

    *ret_any = false;
    return store_record_list(s, &first, note_any, ret_any, e);
}

static int is_erased_fact(struct store *s, const unsigned char *key, const struct fact *fact,
                          bool *ret_erased, struct err *e)
{
    struct str holder = str_of(fact->holder.ref);
    bool any;
    int rc = has_tombstones(s, &any, e);

    *ret_erased = false;
    if (rc != 0 || !any) {
        return rc;
    }
    rc = person_is_erased(s, key, holder, str_of(fact->certificate.ref), ret_erased, e);
    if (rc == 0 && !*ret_erased) {
        rc = person_is_erased(s, key, STR(""), str_of(fact->certificate.replaces), ret_erased, e);
    }
    return rc;
}

int person_refuse_event(struct store *s, const unsigned char *key, const struct event_row *row,
                        const struct fact *fact, int64_t now_ms, bool *ret_refused, struct err *e)
{
    struct str certificate = str_of(fact->certificate.ref);
    int rc;

    *ret_refused = false;
    rc = key == NULL ? 0 : is_erased_fact(s, key, fact, ret_refused, e);
    if (rc != 0 || !*ret_refused) {
        return rc;
    }
    if (fact->certificate.replaces[0] != '\0') {
        certificate = str_of(fact->certificate.replaces);
    }
    log_warning("event_of_erased_person", LOG_I("event", row->seq),
                LOG_S("type", event_name(fact->type)));
    rc = person_count_refused(s, key, str_of(fact->holder.ref), certificate, now_ms, e);
    return rc == 0 ? store_event_blank(s, row->seq, e) : rc;
}

/* ---- setting and taking away ---- */

int person_tombstone_set(struct store *s, const struct person_env *env, char kind, struct str ref,
                         const char *of, struct err *e)
{
    struct person_tombstone stone = {.erased_ms = env->now_ms};
    int rc = person_tombstone_id(env->key, kind, ref, stone.id);

    if (rc != 0) {
        return err_set(e, rc, "the reference is too long");
    }
    (void)str_copy(stone.of, sizeof stone.of, str_of(of[0] == '\0' ? stone.id : of));
    (void)str_copy(stone.actor, sizeof stone.actor, str_of(env->actor));
    return write_stone(s, &stone, e);
}

struct family {
    const char *of;
    char ids[READMIT_MAX][PERSON_TOMBSTONE_SIZE];
    size_t count;
    size_t seen;
    char last[PERSON_TOMBSTONE_SIZE];
};

static int note_family(void *ctx, const struct record_row *row)
{
    struct family *f = ctx;
    struct person_tombstone stone;
    int rc = read_stone(&stone, row);

    f->seen++;
    (void)str_copy(f->last, sizeof f->last, row->key);
    if (rc == 0 && strcmp(stone.of, f->of) == 0 && f->count < READMIT_MAX) {
        memcpy(f->ids[f->count++], stone.id, PERSON_TOMBSTONE_SIZE);
    }
    return rc;
}

static int remove_family(struct store *s, const char *of, struct err *e)
{
    struct family f = {.of = of};
    int rc = 0;

    do {
        struct record_range range = {.kind = RECORD_TOMBSTONE,
                                     .prefix = STR(""),
                                     .after = str_of(f.last),
                                     .limit = STORE_LIST_MAX};

        f.seen = 0;
        rc = store_record_list(s, &range, note_family, &f, e);
    } while (rc == 0 && f.seen == STORE_LIST_MAX);
    for (size_t i = 0; rc == 0 && i < f.count; i++) {
        rc = store_record_remove(s, RECORD_TOMBSTONE, str_of(f.ids[i]), e);
    }
    return rc;
}

int person_readmit(struct store *s, const unsigned char key[HASH_KEY_SIZE], struct str ref,
                   struct person_tombstone *ret, struct err *e)
{
    char of[PERSON_TOMBSTONE_SIZE];
    int rc = find_either(s, key, ref, ref, ret, e);

    if (rc != 0) {
        return rc == ERR_NOT_FOUND ? err_set(e, rc, "nobody with this reference was erased") : rc;
    }
    memcpy(of, ret->of, sizeof of);
    rc = store_record_get(s, RECORD_TOMBSTONE, str_of(of), read_stone, ret, e);
    return rc == 0 || rc == ERR_NOT_FOUND ? remove_family(s, of, e) : rc;
}
