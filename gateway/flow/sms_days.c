#include "flow/sms_days.h"

#include "base/buf.h"
#include "store/store_record.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    KEY_MAX = 40,
    FIRST_SLOTS = 256,
    HEX_DIGITS = 16,
    ENTRY_MAX = HEX_DIGITS + 1 + 19 + 1 /* "recipient:message " */
};

_Static_assert(SMS_DAYS_TAKE_MAX *ENTRY_MAX <= STORE_RECORD_BODY_MAX, "one record takes them");

struct slot {
    uint64_t recipient;
    int64_t message_id; /* 0: free */
};

struct sms_days {
    int64_t day;
    struct slot *slots; /* open addressing; cap is a power of two */
    size_t cap;
    size_t used;
    bool loaded;
    bool open;          /* a transaction has begun and was not seen to commit */
    int64_t next;       /* number of the next record of the day */
    struct buf entries; /* taken in this transaction, as they are stored */
};

struct sms_days *sms_days_create(void)
{
    struct sms_days *d = calloc(1, sizeof *d);

    if (d != NULL) {
        buf_init(&d->entries, STORE_RECORD_BODY_MAX);
    }
    return d;
}

void sms_days_free(struct sms_days *d)
{
    if (d != NULL) {
        buf_finish(&d->entries);
        free(d->slots);
        free(d);
    }
}

/* ---- memory ---- */

/* The recipient's slot, or the free one where it belongs. The hash is keyed: nobody aims at it. */
static struct slot *slot_of(struct slot *slots, size_t cap, uint64_t recipient)
{
    size_t at = recipient & (cap - 1);

    while (slots[at].message_id != 0 && slots[at].recipient != recipient) {
        at = (at + 1) & (cap - 1);
    }
    return &slots[at];
}

static int make_room(struct sms_days *d, struct err *e)
{
    const size_t cap = d->cap == 0 ? FIRST_SLOTS : d->cap * 2;
    struct slot *bigger;

    if (4 * (d->used + 1) <= 3 * d->cap) {
        return 0;
    }
    bigger = calloc(cap, sizeof *bigger);
    if (bigger == NULL) {
        return err_set(e, ERR_NOMEM, "no memory for the recipients of a day");
    }
    for (size_t i = 0; i < d->cap; i++) {
        if (d->slots[i].message_id != 0) {
            *slot_of(bigger, cap, d->slots[i].recipient) = d->slots[i];
        }
    }
    free(d->slots);
    d->slots = bigger;
    d->cap = cap;
    return 0;
}

/* The first message that comes keeps the day. */
static int remember(struct sms_days *d, uint64_t recipient, int64_t message_id, int64_t *ret_holder,
                    struct err *e)
{
    struct slot *slot;

    if (make_room(d, e) != 0) {
        return e->code;
    }
    slot = slot_of(d->slots, d->cap, recipient);
    *ret_holder = slot->message_id;
    if (slot->message_id == 0) {
        *slot = (struct slot){recipient, message_id};
        d->used++;
    }
    return 0;
}

/* ---- from the store ---- */

struct loading {
    struct sms_days *days;
    struct err *err;
    char last[KEY_MAX];
    size_t rows;
};

/* One "recipient:message " from the front of the text; false when it is something else. */
static bool read_entry(struct str *text, uint64_t *ret_recipient, int64_t *ret_message)
{
    const char *end = memchr(text->ptr, ' ', text->len);
    size_t len = end == NULL ? 0 : (size_t)(end - text->ptr);
    char digits[HEX_DIGITS + 1];
    char *stop;

    if (len <= HEX_DIGITS + 1 || text->ptr[HEX_DIGITS] != ':') {
        return false;
    }
    memcpy(digits, text->ptr, HEX_DIGITS);
    digits[HEX_DIGITS] = '\0';
    *ret_recipient = strtoull(digits, &stop, 16);
    if (stop != digits + HEX_DIGITS ||
        str_i64((struct str){text->ptr + HEX_DIGITS + 1, len - HEX_DIGITS - 1}, ret_message) != 0 ||
        *ret_message <= 0) {
        return false;
    }
    text->ptr += len + 1;
    text->len -= len + 1;
    return true;
}

static int load_record(void *ctx, const struct record_row *row)
{
    struct loading *l = ctx;
    struct str rest = row->body;
    int rc = str_copy(l->last, sizeof l->last, row->key);

    l->rows++;
    while (rc == 0 && rest.len > 0) {
        uint64_t recipient;
        int64_t message_id;
        int64_t holder;

        if (!read_entry(&rest, &recipient, &message_id)) {
            return err_set(l->err, ERR_CORRUPT, "the record %s of a day's SMS cannot be read",
                           l->last);
        }
        rc = remember(l->days, recipient, message_id, &holder, l->err);
    }
    return rc;
}

static int number_after(const char *last, int64_t *ret_next)
{
    const char *slash = strchr(last, '/');
    int rc = slash == NULL ? 0 : str_i64(str_of(slash + 1), ret_next);

    *ret_next += 1;
    return rc;
}

static int load(struct sms_days *d, struct store *s, int64_t day, struct err *e)
{
    struct loading l = {.days = d, .err = e};
    struct record_range range = {.kind = RECORD_SMS_DAY, .limit = STORE_LIST_MAX};
    char prefix[KEY_MAX];
    int rc = 0;

    d->loaded = false;
    d->used = 0;
    d->next = 0;
    if (d->cap > 0) {
        memset(d->slots, 0, d->cap * sizeof d->slots[0]);
    }
    (void)snprintf(prefix, sizeof prefix, "%" PRId64 "/", day);
    range.prefix = str_of(prefix);
    do {
        char after[KEY_MAX];

        (void)str_copy(after, sizeof after, str_of(l.last));
        range.after = str_of(after);
        l.rows = 0;
        rc = store_record_list(s, &range, load_record, &l, e);
    } while (rc == 0 && l.rows == STORE_LIST_MAX);
    rc = rc == 0 ? number_after(l.last, &d->next) : rc;
    d->day = day;
    d->loaded = rc == 0;
    return rc;
}

/* ---- a transaction ---- */

int sms_days_begin(struct sms_days *d, struct store *s, int64_t day, struct err *e)
{
    const bool known = d->loaded && !d->open && d->day == day;

    d->open = true;
    buf_reset(&d->entries);
    return known ? 0 : load(d, s, day, e);
}

bool sms_days_taken(const struct sms_days *d, uint64_t recipient, int64_t message_id)
{
    const int64_t holder = d->cap == 0 ? 0 : slot_of(d->slots, d->cap, recipient)->message_id;

    return holder != 0 && holder != message_id;
}

int sms_days_take(struct sms_days *d, uint64_t recipient, int64_t message_id, struct err *e)
{
    int64_t holder = 0;
    int rc = remember(d, recipient, message_id, &holder, e);

    if (rc == 0 && holder == 0) {
        rc = buf_addf(&d->entries, "%016" PRIx64 ":%" PRId64 " ", recipient, message_id);
    }
    return rc;
}

int sms_days_store(struct sms_days *d, struct store *s, struct err *e)
{
    struct record_row row = {.kind = RECORD_SMS_DAY};
    char key[KEY_MAX];

    if (d->entries.len == 0) {
        return 0;
    }
    (void)snprintf(key, sizeof key, "%" PRId64 "/%016" PRId64, d->day, d->next);
    d->next++;
    row.key = str_of(key);
    row.body = (struct str){d->entries.data, d->entries.len};
    return store_record_put(s, &row, e);
}

void sms_days_kept(struct sms_days *d)
{
    d->open = false;
}

/* ---- what is remembered of days gone by ---- */

struct forgetting {
    struct str yesterday; /* keys below it may go */
    char keys[SMS_DAYS_FORGET_MAX][KEY_MAX];
    size_t count;
};

static int note_old(void *ctx, const struct record_row *row)
{
    struct forgetting *f = ctx;

    if (row->key.len >= f->yesterday.len &&
        memcmp(row->key.ptr, f->yesterday.ptr, f->yesterday.len) < 0) {
        (void)str_copy(f->keys[f->count++], sizeof f->keys[0], row->key);
    }
    return 0;
}

int sms_days_forget(struct store *s, int64_t today, struct err *e)
{
    char yesterday[24];
    struct forgetting f = {.count = 0};
    const struct record_range range = {.kind = RECORD_SMS_DAY, .limit = SMS_DAYS_FORGET_MAX};
    int rc;

    (void)snprintf(yesterday, sizeof yesterday, "%" PRId64 "/", today - 1);
    f.yesterday = str_of(yesterday);
    rc = store_record_list(s, &range, note_old, &f, e);
    for (size_t i = 0; i < f.count && rc == 0; i++) {
        rc = store_record_remove(s, RECORD_SMS_DAY, str_of(f.keys[i]), e);
    }
    return rc;
}
