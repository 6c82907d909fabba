#include "flow/suppress.h"

#include "base/buf.h"
#include "base/codec.h"
#include "base/json.h"
#include "base/utf8.h"
#include "config/conf.h"
#include "domain/email.h"
#include "domain/phone.h"
#include "text/mask.h"

#include <stdio.h>
#include <stdlib.h>

enum { HASH_BYTES = 16, BODY_MAX = 4096 };

static const struct {
    const char *name;
    const char *message; /* reason of a suppressed message */
    const char *tr;
    const char *en;
} reasons[SUPPRESS_REASON_COUNT] = {
    [SUPPRESS_MANUAL] = {"manual", "suppressed_manual", "Müdürlük bu adrese gönderimi durdurdu.",
                         "The office has stopped sending to this address."},
    [SUPPRESS_REQUEST] = {"request", "suppressed_request",
                          "Kişi ileti almak istemediğini bildirdi.",
                          "The person asked not to be written to."},
    [SUPPRESS_NOT_IN_USE] = {"not_in_use", "suppressed_not_in_use",
                             "İşletmeci bu numaranın kullanılmadığını bildirdi.",
                             "The operator says that the number is not in use."},
    [SUPPRESS_BOUNCE] = {"bounce", "suppressed_bounce",
                         "Posta sunucusu böyle bir adres olmadığını bildirdi.",
                         "The mail system says that there is no such mailbox."},
    [SUPPRESS_COMPLAINT] = {"complaint", "suppressed_complaint",
                            "Alıcı iletiyi istenmeyen olarak bildirdi.",
                            "The recipient called a message unwanted."},
};

const char *suppress_reason_name(enum suppress_reason r)
{
    return r < SUPPRESS_REASON_COUNT ? reasons[r].name : "?";
}

const char *suppress_reason_sentence(enum suppress_reason r, bool turkish)
{
    if (r >= SUPPRESS_REASON_COUNT) {
        return "?";
    }
    return turkish ? reasons[r].tr : reasons[r].en;
}

const char *suppress_message_reason(enum suppress_reason r)
{
    return r < SUPPRESS_REASON_COUNT ? reasons[r].message : "suppressed";
}

enum suppress_reason suppress_reason_parse(struct str s)
{
    enum suppress_reason r = SUPPRESS_MANUAL;

    while (r < SUPPRESS_REASON_COUNT && !str_eqs(s, reasons[r].name)) {
        r++;
    }
    return r;
}

enum suppress_reason suppress_reason_of(enum channel channel)
{
    return channel == CHANNEL_SMS ? SUPPRESS_NOT_IN_USE : SUPPRESS_BOUNCE;
}

/* ---- addresses ---- */

/* Mailboxes that differ in letter case alone are one to every mail system there is. */
static int normal_form(enum channel channel, struct str address, char out[EMAIL_MAX + 1])
{
    struct phone phone;
    struct email email;

    if (channel == CHANNEL_SMS) {
        (void)phone_parse(address, &phone);
        return phone.reason == PHONE_OK ? str_copy(out, EMAIL_MAX + 1, str_of(phone.e164))
                                        : ERR_INVALID;
    }
    if (channel != CHANNEL_EMAIL || email_parse(address, &email) != EMAIL_OK) {
        return ERR_INVALID;
    }
    (void)str_copy(out, EMAIL_MAX + 1, str_of(email.address));
    for (char *p = out; *p != '\0'; p++) {
        *p = ascii_lower(*p);
    }
    return 0;
}

/* The channel is part of what is hashed and "suppress" keeps the hash apart from others made with
 * the same key. */
static int format_id(const unsigned char *key, enum channel channel, const char *normal,
                     char ret_id[SUPPRESS_ID_SIZE])
{
    unsigned char mac[SHA256_SIZE];
    char room[EMAIL_MAX + 32];
    struct buf hex;
    int n = snprintf(room, sizeof room, "suppress:%s:%s", channel_name(channel), normal);

    crypto_hmac_sha256((struct str){(const char *)key, HASH_KEY_SIZE},
                       (struct str){room, (size_t)n}, mac);
    buf_init(&hex, 2 * HASH_BYTES);
    (void)codec_hex(&hex, mac, HASH_BYTES);
    (void)snprintf(ret_id, SUPPRESS_ID_SIZE, "%s:%s", channel_name(channel), buf_cstr(&hex));
    n = buf_failed(&hex);
    buf_finish(&hex);
    return n;
}

int suppress_id(const unsigned char key[HASH_KEY_SIZE], enum channel channel, struct str address,
                char ret_id[SUPPRESS_ID_SIZE])
{
    char normal[EMAIL_MAX + 1];
    int rc = normal_form(channel, address, normal);

    return rc == 0 ? format_id(key, channel, normal, ret_id) : rc;
}

static void show(enum channel channel, struct str address, char out[SUPPRESS_SHOWN_SIZE])
{
    struct buf masked;

    buf_init(&masked, SUPPRESS_SHOWN_SIZE - 1);
    (void)(channel == CHANNEL_SMS ? mask_phone(address, &masked) : mask_email(address, &masked));
    (void)str_copy(out, SUPPRESS_SHOWN_SIZE, str_of(buf_cstr(&masked)));
    buf_finish(&masked);
}

/* ---- the record ---- */

static int write_entry(struct store *s, const struct suppress_entry *entry, struct err *e)
{
    struct json_writer w;
    struct buf body;
    int rc;

    buf_init(&body, BODY_MAX);
    jsonw_init(&w, &body);
    jsonw_object(&w);
    jsonw_put(&w, "channel", channel_name(entry->channel));
    jsonw_put(&w, "shown", entry->shown);
    jsonw_put(&w, "reason", suppress_reason_name(entry->reason));
    jsonw_put_i64(&w, "since", entry->since_ms);
    jsonw_put_i64(&w, "expires", entry->expires_ms);
    jsonw_put_i64(&w, "stopped", entry->stopped);
    jsonw_put_i64(&w, "last", entry->last_ms);
    jsonw_put(&w, "actor", entry->actor);
    jsonw_put(&w, "note", entry->note);
    jsonw_end_object(&w);
    rc = store_record_put_buf(s, RECORD_SUPPRESSION, str_of(entry->id), &body, "a suppression", e);
    buf_finish(&body);
    return rc;
}

static void read_text(const struct json *object, const char *key, char *out, size_t size)
{
    (void)str_copy(out, size, json_str(json_get(object, key)));
}

/* Record callback: ctx is the entry to fill. */
static int read_entry(void *ctx, const struct record_row *row)
{
    struct suppress_entry *entry = ctx;
    struct json_doc *doc;
    const struct json *root;
    int rc = json_parse(row->body, 0, &json_default_limits, &doc, NULL, NULL);

    if (rc != 0) {
        return ERR_CORRUPT;
    }
    root = json_root(doc);
    memset(entry, 0, sizeof *entry);
    (void)str_copy(entry->id, sizeof entry->id, row->key);
    entry->channel = channel_parse(json_str(json_get(root, "channel")));
    read_text(root, "shown", entry->shown, sizeof entry->shown);
    entry->reason = suppress_reason_parse(json_str(json_get(root, "reason")));
    entry->since_ms = json_get_i64(root, "since", 0);
    entry->expires_ms = json_get_i64(root, "expires", 0);
    entry->stopped = json_get_i64(root, "stopped", 0);
    entry->last_ms = json_get_i64(root, "last", 0);
    read_text(root, "actor", entry->actor, sizeof entry->actor);
    read_text(root, "note", entry->note, sizeof entry->note);
    json_free(doc);
    return 0;
}

int suppress_get(struct store *s, struct str id, struct suppress_entry *ret, struct err *e)
{
    return store_record_get(s, RECORD_SUPPRESSION, id, read_entry, ret, e);
}

static bool by_hand(enum suppress_reason r)
{
    return r == SUPPRESS_MANUAL || r == SUPPRESS_REQUEST;
}

static bool in_force(const struct suppress_entry *entry, int64_t now_ms)
{
    return entry->expires_ms == 0 || entry->expires_ms > now_ms;
}

int suppress_add(struct store *s, const unsigned char key[HASH_KEY_SIZE],
                 const struct suppress_new *entry, char ret_id[SUPPRESS_ID_SIZE], struct err *e)
{
    struct suppress_entry now = {.channel = entry->channel};
    char normal[EMAIL_MAX + 1];
    char id[SUPPRESS_ID_SIZE];
    int rc = normal_form(entry->channel, entry->address, normal);

    if (rc == 0) {
        rc = format_id(key, entry->channel, normal, now.id);
    }
    if (rc != 0) {
        return err_set(e, rc, "this is no address to be suppressed");
    }
    if (ret_id != NULL) {
        memcpy(ret_id, now.id, SUPPRESS_ID_SIZE);
    }
    memcpy(id, now.id, sizeof id);
    rc = suppress_get(s, str_of(id), &now, e);
    if (rc != 0 && rc != ERR_NOT_FOUND) {
        return rc;
    }
    if (rc == 0 && in_force(&now, entry->now_ms) && by_hand(now.reason) &&
        !by_hand(entry->reason)) {
        return 0;
    }
    show(entry->channel, str_of(normal), now.shown);
    now.channel = entry->channel;
    now.reason = entry->reason;
    now.since_ms = entry->now_ms;
    now.expires_ms = entry->expires_ms;
    utf8_copy(now.actor, sizeof now.actor, str_of(entry->actor));
    utf8_copy(now.note, sizeof now.note, str_of(entry->note));
    return write_entry(s, &now, e);
}

int suppress_remove(struct store *s, struct str id, struct suppress_entry *ret, struct err *e)
{
    int rc = suppress_get(s, id, ret, e);

    return rc == 0 ? store_record_remove(s, RECORD_SUPPRESSION, id, e) : rc;
}

static int note_any(void *ctx, const struct record_row *row)
{
    (void)row;
    *(bool *)ctx = true;
    return 0;
}

int suppress_any(struct store *s, enum channel channel, bool *ret_any, struct err *e)
{
    char prefix[SUPPRESS_ID_SIZE];
    int n = snprintf(prefix, sizeof prefix, "%s:", channel_name(channel));

    *ret_any = false;
    return store_record_list(s,
                             &(struct record_range){.kind = RECORD_SUPPRESSION,
                                                    .prefix = {prefix, (size_t)n},
                                                    .after = STR(""),
                                                    .limit = 1},
                             note_any, ret_any, e);
}

int suppress_check(struct store *s, const unsigned char key[HASH_KEY_SIZE], enum channel channel,
                   struct str address, int64_t now_ms, struct suppress_entry *ret, bool *ret_found,
                   struct err *e)
{
    char id[SUPPRESS_ID_SIZE];
    int rc;

    *ret_found = false;
    if (suppress_id(key, channel, address, id) != 0) {
        return 0; /* no address: whoever sends says so better */
    }
    rc = suppress_get(s, str_of(id), ret, e);
    if (rc == 0) {
        *ret_found = in_force(ret, now_ms);
    }
    return rc == ERR_NOT_FOUND ? 0 : rc;
}

int suppress_count(struct store *s, const struct suppress_entry *entry, int64_t now_ms,
                   struct err *e)
{
    struct suppress_entry counted = *entry;

    counted.stopped++;
    counted.last_ms = now_ms;
    return write_entry(s, &counted, e);
}

/* ---- the list ---- */

struct lister {
    int (*fn)(void *ctx, const struct suppress_entry *entry);
    void *ctx;
};

static int list_one(void *ctx, const struct record_row *row)
{
    const struct lister *l = ctx;
    struct suppress_entry entry;
    int rc = read_entry(&entry, row);

    return rc == 0 ? l->fn(l->ctx, &entry) : rc;
}

int suppress_list(struct store *s, struct str after, size_t limit,
                  int (*fn)(void *ctx, const struct suppress_entry *entry), void *ctx,
                  struct err *e)
{
    struct lister l = {fn, ctx};
    struct record_range range = {
        .kind = RECORD_SUPPRESSION, .prefix = STR(""), .after = after, .limit = limit};

    return store_record_list(s, &range, list_one, &l, e);
}

struct expiry {
    int64_t now_ms;
    char (*ids)[SUPPRESS_ID_SIZE];
    size_t count;
    size_t limit;
    char last[SUPPRESS_ID_SIZE];
    size_t seen;
};

static int note_expired(void *ctx, const struct suppress_entry *entry)
{
    struct expiry *x = ctx;

    x->seen++;
    memcpy(x->last, entry->id, sizeof x->last);
    if (!in_force(entry, x->now_ms) && x->count < x->limit) {
        memcpy(x->ids[x->count++], entry->id, SUPPRESS_ID_SIZE);
    }
    return 0;
}

int suppress_expire(struct store *s, int64_t now_ms, size_t limit, size_t *ret_count, struct err *e)
{
    struct expiry x = {.now_ms = now_ms, .limit = limit};
    int rc = 0;

    x.ids = calloc(limit, sizeof *x.ids);
    if (x.ids == NULL) {
        return err_set(e, ERR_NOMEM, "no memory to look at the suppression list");
    }
    do {
        x.seen = 0;
        rc = suppress_list(s, str_of(x.last), STORE_LIST_MAX, note_expired, &x, e);
    } while (rc == 0 && x.seen == STORE_LIST_MAX && x.count < limit);
    for (size_t i = 0; i < x.count && rc == 0; i++) {
        rc = store_record_remove(s, RECORD_SUPPRESSION, str_of(x.ids[i]), e);
    }
    free(x.ids);
    if (ret_count != NULL) {
        *ret_count = x.count;
    }
    return rc;
}

/* ---- the rule ---- */

static bool ends_with_word(struct str code, struct str word)
{
    char before;

    if (code.len <= word.len) {
        return str_eq(code, word);
    }
    before = code.ptr[code.len - word.len - 1];
    return (before == ' ' || before == '/') &&
           memcmp(code.ptr + code.len - word.len, word.ptr, word.len) == 0;
}

bool suppress_rule_fits(const struct conf_suppression *rule, const char *provider, const char *code)
{
    struct str said = str_of(code);

    for (size_t i = 0; i < rule->codes.count && said.len > 0; i++) {
        struct str wanted = str_of(rule->codes.items[i]);
        const char *colon = memchr(wanted.ptr, ':', wanted.len);
        struct str scope = {wanted.ptr, colon == NULL ? 0 : (size_t)(colon - wanted.ptr)};

        if (colon != NULL) {
            wanted = (struct str){colon + 1, wanted.len - scope.len - 1};
        }
        if (wanted.len > 0 && (colon == NULL || str_eqs(scope, provider)) &&
            ends_with_word(said, wanted)) {
            return true;
        }
    }
    return false;
}

int suppress_on_code(struct store *s, const unsigned char key[HASH_KEY_SIZE],
                     const struct conf_suppression *rule, const struct suppress_found *found,
                     struct err *e)
{
    const struct suppress_new entry = {.channel = found->channel,
                                       .address = found->address,
                                       .reason = suppress_reason_of(found->channel),
                                       .now_ms = found->now_ms,
                                       .expires_ms = found->now_ms + rule->keep_ms,
                                       .actor = found->provider,
                                       .note = found->code};
    int rc;

    if (!suppress_rule_fits(rule, found->provider, found->code)) {
        return 0;
    }
    rc = suppress_add(s, key, &entry, NULL, e);
    return rc == ERR_INVALID ? 0 : rc; /* no address: nothing can be sent to it anyway */
}
