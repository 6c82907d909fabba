#include "flow/reports_kept.h"

#include "base/buf.h"
#include "base/codec.h"
#include "base/crypto.h"
#include "base/json.h"

enum { BODY_MAX = 4096, NUMBER_BYTES = 8, NUMBERS_MAX = 128 };

static const char *const states[] = {[REPORT_DELIVERED] = "delivered",
                                     [REPORT_UNDELIVERED] = "undelivered",
                                     [REPORT_EXPIRED] = "expired",
                                     [REPORT_PENDING] = "pending"};

/* "provider/its id/": one id may stand for a batch, and then has a record per number behind it. */
static void add_prefix(struct buf *out, struct str provider, struct str provider_ref)
{
    (void)buf_add(out, provider.ptr, provider.len);
    (void)buf_addc(out, '/');
    (void)buf_add(out, provider_ref.ptr, provider_ref.len);
    (void)buf_addc(out, '/');
}

static void add_number(struct buf *out, struct str to)
{
    unsigned char digest[SHA256_SIZE];

    crypto_sha256(to, digest);
    (void)codec_hex(out, digest, NUMBER_BYTES);
}

static void write_body(const struct kept_report *r, struct buf *out)
{
    struct json_writer w;

    jsonw_init(&w, out);
    jsonw_object(&w);
    jsonw_put_i64(&w, "received_ms", r->received_ms);
    jsonw_put_i64(&w, "at_ms", r->at_ms);
    jsonw_put(&w, "state", states[r->state]);
    jsonw_put_bool(&w, "repeat", r->repeat);
    jsonw_put_str(&w, "provider", r->provider);
    jsonw_put_str(&w, "provider_ref", r->provider_ref);
    jsonw_put_str(&w, "to", r->to);
    jsonw_put_str(&w, "code", r->code);
    jsonw_put_str(&w, "detail", r->detail);
    jsonw_end_object(&w);
}

/* ---- reading back ---- */

struct showing {
    struct store *store;
    int (*fn)(void *ctx, const struct kept_report *report);
    void *ctx;
    struct err *err;
};

static int show(const struct json *v, const struct showing *showing)
{
    struct kept_report r = {.provider = json_str(json_get(v, "provider")),
                            .provider_ref = json_str(json_get(v, "provider_ref")),
                            .to = json_str(json_get(v, "to")),
                            .code = json_str(json_get(v, "code")),
                            .detail = json_str(json_get(v, "detail")),
                            .repeat = json_bool(json_get(v, "repeat"), false),
                            .state = REPORT_DELIVERED};

    (void)json_i64(json_get(v, "at_ms"), &r.at_ms);
    (void)json_i64(json_get(v, "received_ms"), &r.received_ms);
    while (r.state < REPORT_PENDING && !str_eqs(json_str(json_get(v, "state")), states[r.state])) {
        r.state++;
    }
    return showing->fn(showing->ctx, &r);
}

static int take(void *ctx, const struct record_row *row)
{
    const struct showing *showing = ctx;
    struct json_doc *doc;
    int rc = json_parse(row->body, 0, &json_default_limits, &doc, NULL, showing->err);

    if (rc != 0) {
        return rc;
    }
    rc = show(json_root(doc), showing);
    json_free(doc);
    return rc == 0 ? store_record_remove(showing->store, row->kind, row->key, showing->err) : rc;
}

static int note_delivered(void *ctx, const struct kept_report *report)
{
    *(bool *)ctx = report->state == REPORT_DELIVERED;
    return 0;
}

static int look(void *ctx, const struct record_row *row)
{
    const struct showing *showing = ctx;
    struct json_doc *doc;

    if (json_parse(row->body, 0, &json_default_limits, &doc, NULL, NULL) != 0) {
        return 0;
    }
    (void)show(json_root(doc), showing);
    json_free(doc);
    return 0;
}

/* ---- the three things one does with it ---- */

static int put(struct store *s, struct str key, const struct kept_report *report, struct err *e)
{
    struct buf body;
    int rc;

    buf_init(&body, BODY_MAX);
    write_body(report, &body);
    rc = store_record_put_buf(s, RECORD_REPORT, key, &body, "a report", e);
    buf_finish(&body);
    return rc;
}

int reports_keep(struct store *s, const struct kept_report *report, bool *ret_new, struct err *e)
{
    bool delivered = false;
    const struct showing showing = {s, note_delivered, &delivered, e};
    struct buf key;
    int rc;

    buf_init(&key, STORE_RECORD_KEY_MAX);
    add_prefix(&key, report->provider, report->provider_ref);
    add_number(&key, report->to);
    rc = store_record_get(s, RECORD_REPORT, (struct str){key.data, key.len}, look,
                          (void *)(uintptr_t)&showing, e);
    *ret_new = rc == ERR_NOT_FOUND;
    if (rc == ERR_NOT_FOUND || (rc == 0 && !delivered)) {
        rc = put(s, (struct str){key.data, key.len}, report, e);
    }
    buf_finish(&key);
    return rc;
}

static int list_below(struct store *s, struct str prefix, size_t limit, store_record_fn *fn,
                      void *ctx, struct err *e)
{
    return store_record_list(
        s,
        &(struct record_range){
            .kind = RECORD_REPORT, .prefix = prefix, .after = STR(""), .limit = limit},
        fn, ctx, e);
}

static int list(struct store *s, struct str provider, struct str provider_ref, size_t limit,
                store_record_fn *fn, void *ctx, struct err *e)
{
    struct buf prefix;
    int rc;

    buf_init(&prefix, STORE_RECORD_KEY_MAX);
    add_prefix(&prefix, provider, provider_ref);
    rc = list_below(s, (struct str){prefix.data, prefix.len}, limit, fn, ctx, e);
    buf_finish(&prefix);
    return rc;
}

static int note_one(void *ctx, const struct record_row *row)
{
    (void)row;
    *(bool *)ctx = true;
    return 0;
}

int reports_any_kept(struct store *s, bool *ret_any, struct err *e)
{
    *ret_any = false;
    return list_below(s, STR(""), 1, note_one, ret_any, e);
}

int reports_are_kept(struct store *s, struct str provider, struct str provider_ref, bool *ret_kept,
                     struct err *e)
{
    *ret_kept = false;
    return list(s, provider, provider_ref, 1, note_one, ret_kept, e);
}

int reports_take_kept(struct store *s, struct str provider, struct str provider_ref,
                      int (*fn)(void *ctx, const struct kept_report *report), void *ctx,
                      struct err *e)
{
    struct showing showing = {s, fn, ctx, e};

    return list(s, provider, provider_ref, NUMBERS_MAX, take, &showing, e);
}
