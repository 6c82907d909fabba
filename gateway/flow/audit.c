#include "flow/audit.h"

#include "base/civil.h"
#include "base/codec.h"
#include "base/json.h"

#include <stdio.h>

enum { KEY_DIGITS = 12, TAIL_LEN = 9 + AUDIT_HASH_HEX + 2 /* ,"hash":"…"} */ };

static const char head_name[] = "audit_head"; /* the newest entry */
static const char base_name[] = "audit_base"; /* the newest one that was forgotten */

static const struct {
    const char *name;
    const char *tr;
    const char *en;
} faults[AUDIT_FAULT_COUNT] = {
    [AUDIT_WHOLE] = {"whole", "Zincir sağlam.", "The chain is whole."},
    [AUDIT_ALTERED] = {"altered", "Kaydın içeriği özetine uymuyor: sonradan değiştirilmiş.",
                       "The entry does not match its digest: it was changed later."},
    [AUDIT_UNLINKED] = {"unlinked", "Kayıt kendinden öncekine bağlı değil.",
                        "The entry is not linked to the one before it."},
    [AUDIT_MISSING] = {"missing", "Bu sıradaki kayıt yok: silinmiş.",
                       "The entry with this number is not there: it was removed."},
    [AUDIT_CUT_OFF] = {"cut_off", "Bu sıradan sonraki kayıtlar yok: silinmiş.",
                       "The entries from this number on are not there: they were removed."},
    [AUDIT_UNREADABLE] = {"unreadable", "Kayıt okunamıyor.", "The entry cannot be read."},
};

const char *audit_fault_name(enum audit_fault f)
{
    return f < AUDIT_FAULT_COUNT ? faults[f].name : "?";
}

const char *audit_fault_sentence(enum audit_fault f, bool turkish)
{
    if (f >= AUDIT_FAULT_COUNT) {
        return "?";
    }
    return turkish ? faults[f].tr : faults[f].en;
}

/* ---- ends of the chain: "<seq> <hash>" among the settings kept with the data ---- */

struct chain_end {
    int64_t seq;
    char hash[AUDIT_HASH_HEX + 1];
};

static void no_entry(struct chain_end *end)
{
    end->seq = 0;
    memset(end->hash, '0', AUDIT_HASH_HEX);
    end->hash[AUDIT_HASH_HEX] = '\0';
}

static int read_end(struct store *s, const char *name, struct chain_end *ret, struct err *e)
{
    char text[STORE_META_MAX];
    size_t size = sizeof text;
    int rc = store_meta_get(s, name, text, &size, e);
    const char *blank = rc == 0 ? memchr(text, ' ', size) : NULL;

    no_entry(ret);
    if (rc == ERR_NOT_FOUND) {
        return 0;
    }
    if (rc == 0 &&
        (blank == NULL || str_i64((struct str){text, (size_t)(blank - text)}, &ret->seq) != 0 ||
         str_copy(ret->hash, sizeof ret->hash,
                  (struct str){blank + 1, size - (size_t)(blank + 1 - text)}) != 0)) {
        rc = err_set(e, ERR_CORRUPT, "%s cannot be read", name);
    }
    return rc;
}

static int write_end(struct store *s, const char *name, const struct chain_end *end, struct err *e)
{
    char text[STORE_META_MAX];
    int len = snprintf(text, sizeof text, "%lld %s", (long long)end->seq, end->hash);

    return store_meta_put(s, name, text, (size_t)len, e);
}

/* ---- one entry ---- */

static struct str key_of(int64_t seq, char key[32])
{
    (void)snprintf(key, 32, "%0*lld", KEY_DIGITS, (long long)seq);
    return str_of(key);
}

static void digest(struct str open, struct chain_end *ret)
{
    unsigned char sum[SHA256_SIZE];
    struct buf hex;

    crypto_sha256(open, sum);
    buf_init(&hex, AUDIT_HASH_HEX);
    (void)codec_hex(&hex, sum, sizeof sum);
    (void)str_copy(ret->hash, sizeof ret->hash, str_of(buf_cstr(&hex)));
    buf_finish(&hex);
}

static void write_entry(struct buf *out, int64_t seq, const struct chain_end *prev,
                        const char *actor, const char *action, struct str detail, int64_t now_ms)
{
    struct json_writer w;

    jsonw_init(&w, out);
    jsonw_object(&w);
    jsonw_put_i64(&w, "seq", seq);
    jsonw_put_time(&w, "at", now_ms);
    jsonw_put(&w, "actor", actor);
    jsonw_put(&w, "action", action);
    if (detail.len > 0) {
        jsonw_key(&w, "detail");
        jsonw_raw(&w, detail);
    }
    jsonw_put(&w, "prev", prev->hash);
    jsonw_end_object(&w);
}

/* The digest goes over the closed object; then it takes the place of the closing brace. */
static int seal(struct buf *out, struct chain_end *ret, struct err *e)
{
    if (buf_failed(out) == 0) {
        digest((struct str){out->data, out->len}, ret);
        buf_truncate(out, out->len - 1);
        (void)buf_addf(out, ",\"hash\":\"%s\"}", ret->hash);
    }
    return buf_failed(out) == 0 ? 0 : err_set(e, buf_failed(out), "the audit entry is too long");
}

static int check_detail(struct str detail, struct err *e)
{
    const struct json_limits limits = {.bytes = AUDIT_DETAIL_MAX, .depth = 8, .keys = 64};
    struct json_doc *doc;
    int rc;

    if (detail.len == 0) {
        return 0;
    }
    rc = json_parse(detail, 0, &limits, &doc, NULL, e);
    if (rc != 0) {
        return err_prefix(e, "detail of the audit entry");
    }
    if (json_type(json_root(doc)) != JSON_OBJECT) {
        rc = err_set(e, ERR_INVALID, "the detail of an audit entry is an object");
    }
    json_free(doc);
    return rc;
}

int audit_add(struct store *s, const char *actor, const char *action, struct str detail,
              int64_t now_ms, struct err *e)
{
    struct chain_end prev;
    struct chain_end next;
    struct buf body;
    char key[32];
    int rc = check_detail(detail, e);

    if (rc == 0 && (strlen(actor) > AUDIT_ACTOR_MAX || strlen(action) > AUDIT_ACTION_MAX)) {
        rc = err_set(e, ERR_LIMIT, "actor or action of the audit entry is too long");
    }
    rc = rc == 0 ? read_end(s, head_name, &prev, e) : rc;
    if (rc != 0) {
        return rc;
    }
    next.seq = prev.seq + 1;
    buf_init(&body, STORE_RECORD_BODY_MAX);
    write_entry(&body, next.seq, &prev, actor, action, detail, now_ms);
    rc = seal(&body, &next, e);
    if (rc == 0) {
        const struct record_row row = {RECORD_AUDIT, key_of(next.seq, key), {body.data, body.len}};

        rc = store_record_put(s, &row, e);
    }
    buf_finish(&body);
    return rc == 0 ? write_end(s, head_name, &next, e) : rc;
}

void audit_begin(struct audit_note *n)
{
    buf_init(&n->detail, AUDIT_DETAIL_MAX);
    jsonw_init(&n->w, &n->detail);
    jsonw_object(&n->w);
}

int audit_end(struct audit_note *n, struct store *s, const char *actor, const char *action,
              int64_t now_ms, struct err *e)
{
    int rc;

    jsonw_end_object(&n->w);
    rc = buf_failed(&n->detail);
    rc = rc != 0
             ? err_set(e, rc, "the audit entry of %s does not fit", action)
             : audit_add(s, actor, action, (struct str){n->detail.data, n->detail.len}, now_ms, e);
    buf_finish(&n->detail);
    return rc;
}

/* ---- reading ---- */

/* Strings of ret live as long as the document. */
static int read_entry(struct str body, struct audit_entry *ret, struct json_doc **ret_doc)
{
    const struct json *root;

    if (json_parse(body, 0, &json_default_limits, ret_doc, NULL, NULL) != 0) {
        return ERR_CORRUPT;
    }
    root = json_root(*ret_doc);
    *ret = (struct audit_entry){.actor = json_str(json_get(root, "actor")),
                                .action = json_str(json_get(root, "action")),
                                .body = body};
    if (json_i64(json_get(root, "seq"), &ret->seq) != 0 ||
        rfc3339_parse(json_str(json_get(root, "at")), &ret->at_ms) != 0) {
        json_free(*ret_doc);
        return ERR_CORRUPT;
    }
    return 0;
}

struct list_walk {
    audit_fn *fn;
    void *ctx;
};

/* What cannot be read is left to audit_verify(). */
static int list_one(void *ctx, const struct record_row *row)
{
    const struct list_walk *w = ctx;
    struct audit_entry entry;
    struct json_doc *doc;
    int rc;

    if (read_entry(row->body, &entry, &doc) != 0) {
        return 0;
    }
    rc = w->fn(w->ctx, &entry);
    json_free(doc);
    return rc;
}

int audit_list(struct store *s, int64_t before, size_t limit, audit_fn *fn, void *ctx,
               struct err *e)
{
    char key[32];
    struct list_walk walk = {.fn = fn, .ctx = ctx};
    const struct record_range range = {.kind = RECORD_AUDIT,
                                       .after =
                                           before > 0 ? key_of(before, key) : (struct str){"", 0},
                                       .backwards = true,
                                       .limit = limit};

    return store_record_list(s, &range, list_one, &walk, e);
}

/* ---- verifying ---- */

enum { STOP_WALK = -1000 };

struct verify_walk {
    struct audit_verdict *verdict;
    struct chain_end last;
    size_t rows;
    char key[32];
};

static int broken(struct verify_walk *w, enum audit_fault fault)
{
    w->verdict->fault = fault;
    w->verdict->seq = w->last.seq + 1;
    return STOP_WALK;
}

/* The bytes as they were before the digest took the place of the closing brace. */
static void digest_again(struct str body, struct chain_end *ret)
{
    struct buf open;

    buf_init(&open, STORE_RECORD_BODY_MAX);
    (void)buf_add(&open, body.ptr, body.len - TAIL_LEN);
    (void)buf_addc(&open, '}');
    digest((struct str){open.data, open.len}, ret);
    buf_finish(&open);
}

static enum audit_fault judge(const struct verify_walk *w, const struct record_row *row,
                              struct chain_end *ret)
{
    struct audit_entry entry;
    struct json_doc *doc;
    struct str prev;
    struct str hash;
    char expected[32];
    enum audit_fault fault = AUDIT_WHOLE;

    if (!str_eq(row->key, key_of(w->last.seq + 1, expected))) {
        return AUDIT_MISSING;
    }
    if (row->body.len <= TAIL_LEN || read_entry(row->body, &entry, &doc) != 0) {
        return AUDIT_UNREADABLE;
    }
    prev = json_str(json_get(json_root(doc), "prev"));
    hash = json_str(json_get(json_root(doc), "hash"));
    ret->seq = w->last.seq + 1;
    digest_again(row->body, ret);
    if (!str_eqs(hash, ret->hash) || entry.seq != ret->seq) {
        fault = AUDIT_ALTERED;
    } else if (!str_eqs(prev, w->last.hash)) {
        fault = AUDIT_UNLINKED;
    }
    json_free(doc);
    return fault;
}

static int verify_one(void *ctx, const struct record_row *row)
{
    struct verify_walk *w = ctx;
    struct chain_end found;
    enum audit_fault fault = judge(w, row, &found);

    if (fault != AUDIT_WHOLE) {
        return broken(w, fault);
    }
    if (w->verdict->first == 0) {
        w->verdict->first = found.seq;
    }
    w->last = found;
    w->verdict->checked++;
    w->rows++;
    (void)str_copy(w->key, sizeof w->key, row->key);
    return 0;
}

static int walk_all(struct store *s, struct verify_walk *w, struct err *e)
{
    int rc = 0;

    do {
        const struct record_range range = {
            .kind = RECORD_AUDIT, .after = str_of(w->key), .limit = STORE_LIST_MAX};

        w->rows = 0;
        rc = store_record_list(s, &range, verify_one, w, e);
    } while (rc == 0 && w->rows == STORE_LIST_MAX);
    return rc;
}

int audit_verify(struct store *s, struct audit_verdict *ret, struct err *e)
{
    struct verify_walk walk = {.verdict = ret};
    struct chain_end head;
    int rc;

    *ret = (struct audit_verdict){.fault = AUDIT_WHOLE};
    rc = read_end(s, head_name, &head, e);
    rc = rc == 0 ? read_end(s, base_name, &walk.last, e) : rc;
    rc = rc == 0 ? walk_all(s, &walk, e) : rc;
    if (rc == 0 && (walk.last.seq < head.seq || strcmp(walk.last.hash, head.hash) != 0)) {
        rc = broken(&walk, walk.last.seq < head.seq ? AUDIT_CUT_OFF : AUDIT_UNLINKED);
    }
    ret->last = head.seq;
    (void)str_copy(ret->head, sizeof ret->head, str_of(head.hash));
    return rc == STOP_WALK ? 0 : rc;
}

/* ---- forgetting ---- */

struct forget_walk {
    struct store *store;
    struct err *err;
    int64_t before_ms;
    struct chain_end base;
    size_t count;
};

static int forget_one(void *ctx, const struct record_row *row)
{
    struct forget_walk *w = ctx;
    struct audit_entry entry;
    struct json_doc *doc;
    char key[32];
    int rc = read_entry(row->body, &entry, &doc);

    if (rc != 0) {
        return STOP_WALK; /* a broken log keeps what it has for whoever looks into it */
    }
    if (entry.at_ms >= w->before_ms) {
        rc = STOP_WALK;
    } else {
        w->base.seq = entry.seq;
        rc =
            str_copy(w->base.hash, sizeof w->base.hash, json_str(json_get(json_root(doc), "hash")));
        rc = rc == 0 ? store_record_remove(w->store, RECORD_AUDIT, key_of(entry.seq, key), w->err)
                     : rc;
        w->count += rc == 0;
    }
    json_free(doc);
    return rc;
}

int audit_forget(struct store *s, int64_t before_ms, size_t limit, size_t *ret_count, struct err *e)
{
    struct forget_walk walk = {.store = s, .err = e, .before_ms = before_ms};
    const struct record_range range = {.kind = RECORD_AUDIT, .limit = limit};
    int rc = read_end(s, base_name, &walk.base, e);

    rc = rc == 0 ? store_record_list(s, &range, forget_one, &walk, e) : rc;
    if (rc == STOP_WALK) {
        rc = 0;
    }
    if (rc == 0 && walk.count > 0) {
        rc = write_end(s, base_name, &walk.base, e);
    }
    if (ret_count != NULL) {
        *ret_count = walk.count;
    }
    return rc;
}
