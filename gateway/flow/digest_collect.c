/* Who is in a digest: rows from the store, in their order. */
#include "domain/calendar.h"
#include "flow/digest.h"
#include "store/store.h"
#include "text/turkish.h"

#include <stdlib.h>

struct collector {
    struct store *store;
    struct digest_rows *rows;
    const struct digest_clock *clock;
    enum digest_kind kind;
    int64_t now_ms;
    int64_t since_ms;
    struct case_file *file;
    int unreached;
    struct err *err;
};

void digest_rows_finish(struct digest_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        free(rows->list[i].group);
    }
    free(rows->list);
    *rows = (struct digest_rows){0};
}

/* ---- one row ---- */

static enum event_type awaited_since(enum case_state state)
{
    switch (state) {
    case CASE_BLOCKED:
        return EVENT_LOGIN_BLOCKED;
    case CASE_APPLIED:
        return EVENT_APPLICATION_SUBMITTED;
    case CASE_LETTER:
        return EVENT_LETTER_RECEIVED;
    case CASE_APPROVED:
        return EVENT_APPROVAL_GIVEN;
    default:
        return EVENT_TYPE_COUNT;
    }
}

static int64_t since_of(const struct case_file *file)
{
    enum event_type type = awaited_since(file->state);

    if (type == EVENT_TYPE_COUNT) {
        return file->state == CASE_EXPIRED ? file->known.not_after_ms : 0;
    }
    return file->seen_ms[type];
}

/* The strings one after the other in one block. */
static int copy_texts(const struct fact *known, struct digest_row *row)
{
    const char *group =
        known->institution.ref[0] != '\0' ? known->institution.ref : known->institution.name;
    const char *const texts[] = {group,
                                 known->institution.name,
                                 known->institution.address_form,
                                 known->institution.email,
                                 known->holder.given_name,
                                 known->holder.family_name};
    char **const places[] = {&row->group,   &row->institution, &row->address_form,
                             &row->mailbox, &row->given_name,  &row->family_name};
    size_t total = 0;
    char *at;

    for (size_t i = 0; i < 6; i++) {
        total += strlen(texts[i]) + 1;
    }
    at = malloc(total);
    for (size_t i = 0; at != NULL && i < 6; i++) {
        size_t n = strlen(texts[i]) + 1;

        memcpy(at, texts[i], n);
        *places[i] = at;
        at += n;
    }
    return at == NULL ? ERR_NOMEM : 0;
}

static int grow(struct digest_rows *rows)
{
    const size_t cap = rows->cap == 0 ? 256 : rows->cap * 2;
    struct digest_row *bigger;

    if (rows->count == DIGEST_ROWS_MAX) {
        return ERR_LIMIT;
    }
    bigger = realloc(rows->list, cap * sizeof *bigger);
    if (bigger == NULL) {
        return ERR_NOMEM;
    }
    rows->list = bigger;
    rows->cap = cap;
    return 0;
}

static int add_row(struct collector *c, const struct case_row *stored)
{
    struct digest_row row = {.case_id = stored->id,
                             .state = c->file->state,
                             .eonay = c->file->known.eonay,
                             .end_ms = c->file->known.not_after_ms,
                             .since_ms = since_of(c->file),
                             .told_ms = stored->fact_ms,
                             .unreached = c->unreached};
    int rc = c->rows->count == c->rows->cap ? grow(c->rows) : 0;

    rc = rc == 0 ? copy_texts(&c->file->known, &row) : rc;
    if (rc != 0) {
        return err_set(c->err, rc, "no room for the rows of a digest");
    }
    c->rows->list[c->rows->count++] = row;
    return 0;
}

/* Without a certificate there is only a rumour of a person. */
static int take_case(void *ctx, const struct case_row *row)
{
    struct collector *c = ctx;

    if (row->not_after_ms == 0 || case_read(row->facts, c->file) != 0) {
        return 0;
    }
    return add_row(c, row);
}

/* Only those whose letter is late. */
static int take_awaited(void *ctx, const struct case_row *row)
{
    struct collector *c = ctx;
    int64_t day;

    if (row->not_after_ms == 0 || case_read(row->facts, c->file) != 0) {
        return 0;
    }
    day = istanbul_day(since_of(c->file));
    day = digest_working_days_after(c->clock->calendar, day, DIGEST_LETTER_DAYS);
    return day > istanbul_day(c->now_ms) ? 0 : add_row(c, row);
}

/* ---- walks ---- */

struct page {
    struct collector *collector;
    int (*fn)(void *ctx, const struct case_row *row);
    int64_t last_ms;
    int64_t last_id;
    size_t seen;
};

static int take_paged(void *ctx, const struct case_row *row)
{
    struct page *p = ctx;

    p->last_ms = row->not_after_ms;
    p->last_id = row->id;
    p->seen++;
    return p->fn(p->collector, row);
}

static int walk(struct collector *c, enum case_state state, int64_t from_ms, int64_t to_ms,
                int (*fn)(void *ctx, const struct case_row *row))
{
    struct page p = {.collector = c, .fn = fn};
    int rc = 0;

    do {
        struct case_range range = {.state = (int)state,
                                   .from_ms = from_ms,
                                   .to_ms = to_ms,
                                   .after_ms = p.last_ms,
                                   .after_id = p.last_id,
                                   .limit = STORE_LIST_MAX};

        p.seen = 0;
        rc = store_case_by_end(c->store, &range, take_paged, &p, c->err);
    } while (rc == 0 && p.seen == STORE_LIST_MAX);
    return rc;
}

static int collect_k1(struct collector *c, int64_t days)
{
    static const enum case_state states[] = {CASE_WATCHING, CASE_BLOCKED,  CASE_APPLIED,
                                             CASE_LETTER,   CASE_APPROVED, CASE_EXPIRED};
    const int64_t today = istanbul_day(c->now_ms);
    const int64_t from = istanbul_ms(today - DIGEST_EXPIRED_DAYS, 0);
    const int64_t to = istanbul_ms(today + days + 1, 0) - 1;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < sizeof states / sizeof states[0]; i++) {
        rc = walk(c, states[i], from, to, take_case);
    }
    return rc;
}

/* A message that did not arrive, newest first: the person has to be reached in another way. */
static int take_unreached(void *ctx, const struct due_row *row)
{
    struct collector *c = ctx;
    const struct message_row *m = &row->message;
    bool gone =
        str_eqs(m->reason, "suppressed_bounce") || str_eqs(m->reason, "suppressed_not_in_use");

    if (m->updated_ms < c->since_ms || m->case_id == 0 ||
        (m->state == MESSAGE_SUPPRESSED && !gone)) {
        return 0;
    }
    c->unreached = (int)m->channel;
    return take_case(c, &row->subject);
}

static int collect_unreached(struct collector *c)
{
    static const enum message_state states[] = {MESSAGE_UNDELIVERED, MESSAGE_FAILED,
                                                MESSAGE_SUPPRESSED};
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < sizeof states / sizeof states[0]; i++) {
        const struct message_filter filter = {.state = (int)states[i],
                                              .channel = -1,
                                              .since_ms = c->since_ms - 7LL * DAY_MS,
                                              .limit = STORE_LIST_MAX};

        rc = store_message_list(c->store, &filter, take_unreached, c, c->err);
    }
    c->unreached = -1;
    return rc;
}

/* In the order of the table: what waits for the office itself comes first. */
static int collect_bi(struct collector *c)
{
    const int64_t today = istanbul_day(c->now_ms);
    const int64_t urgent = istanbul_ms(today + DIGEST_URGENT_DAYS + 1, 0) - 1;
    const int64_t ended = istanbul_ms(today - DIGEST_EXPIRED_DAYS, 0);
    int rc = walk(c, CASE_LETTER, 1, INT64_MAX, take_case);

    rc = rc == 0 ? walk(c, CASE_APPLIED, 1, INT64_MAX, take_case) : rc;
    rc = rc == 0 ? walk(c, CASE_BLOCKED, 1, INT64_MAX, take_case) : rc;
    rc = rc == 0 ? walk(c, CASE_WATCHING, ended, urgent, take_case) : rc;
    rc = rc == 0 ? walk(c, CASE_EXPIRED, ended, c->now_ms, take_case) : rc;
    return rc == 0 ? collect_unreached(c) : rc;
}

/* ---- order ---- */

static int by_name(const struct digest_row *x, const struct digest_row *y)
{
    int order = tr_collate(str_of(x->family_name), str_of(y->family_name));

    order = order != 0 ? order : tr_collate(str_of(x->given_name), str_of(y->given_name));
    return order != 0 ? order : (x->case_id > y->case_id) - (x->case_id < y->case_id);
}

static int by_group(const void *a, const void *b)
{
    const struct digest_row *x = a;
    const struct digest_row *y = b;
    const int64_t end_x = istanbul_day(x->end_ms);
    const int64_t end_y = istanbul_day(y->end_ms);
    int order = strcmp(x->group, y->group);

    if (order == 0 && end_x != end_y) {
        order = end_x < end_y ? -1 : 1;
    }
    return order != 0 ? order : by_name(x, y);
}

int digest_collect(struct store *s, enum digest_kind kind, const struct digest_clock *clock,
                   int64_t days, int64_t since_ms, int64_t now_ms, struct digest_rows *ret,
                   struct err *e)
{
    struct collector c = {.store = s,
                          .rows = ret,
                          .clock = clock,
                          .kind = kind,
                          .now_ms = now_ms,
                          .since_ms = since_ms,
                          .unreached = -1,
                          .err = e};
    int rc;

    *ret = (struct digest_rows){0};
    c.file = malloc(sizeof *c.file);
    if (c.file == NULL) {
        return err_set(e, ERR_NOMEM, "no memory for a digest");
    }
    if (kind == DIGEST_BI) {
        rc = collect_bi(&c);
    } else {
        rc = kind == DIGEST_K1 ? collect_k1(&c, days)
                               : walk(&c, CASE_APPLIED, 1, INT64_MAX, take_awaited);
        if (ret->count > 1) {
            qsort(ret->list, ret->count, sizeof ret->list[0], by_group);
        }
    }
    free(c.file);
    if (rc != 0) {
        digest_rows_finish(ret);
    }
    return rc;
}

const char *digest_status(enum digest_kind kind, const struct digest_row *row, int64_t now_ms)
{
    if (row->unreached >= 0) {
        return row->unreached == CHANNEL_SMS ? "SMS ulaştırılamadı" : "e-posta ulaştırılamadı";
    }
    switch (row->state) {
    case CASE_BLOCKED:
        return "giriş engelli";
    case CASE_APPLIED:
        return "talep yazısı bekleniyor";
    case CASE_LETTER:
        return kind == DIGEST_BI ? "onay bekliyor" : "başvurdu";
    case CASE_APPROVED:
        return "başvurdu";
    default:
        if (row->state == CASE_EXPIRED || row->end_ms < now_ms) {
            return "süresi dolmuş";
        }
        return row->eonay == EONAY_ABSENT ? "e-Onay yok" : "başvurmadı";
    }
}
