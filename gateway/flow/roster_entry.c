#include "flow/roster_entry.h"

#include "base/civil.h"
#include "base/codec.h"
#include "domain/tckn.h"
#include "flow/roster_value.h"
#include "text/turkish.h"

#include <stdio.h>

enum {
    PAST_DAYS_MAX = 30,
    FAR_DAYS = 3 * 366 + 60, /* certificates live for three years */
    KEY_DIGEST_BYTES = 12,
    FOLDED_NAME_MAX = 256
};

/* The row at hand. */
struct line {
    struct roster_reading *reading;
    const struct sheet_row *row;
    struct roster_entry *entry;
    size_t problems; /* of the report, before this row */
};

void roster_reading_init(struct roster_reading *r, struct roster_report *report,
                         const struct fact_origin *origin, const unsigned char *key)
{
    memset(r, 0, sizeof *r);
    r->report = report;
    r->origin = *origin;
    r->key = key;
    r->now_ms = origin->now_ms;
    faults_init(&r->faults);
    buf_init(&r->scratch, (size_t)4 * SHEET_CELL_MAX);
}

void roster_reading_finish(struct roster_reading *r)
{
    faults_finish(&r->faults);
    buf_finish(&r->scratch);
}

/* ---- cells and what is wrong with them ---- */

static int column_of(const struct line *l, enum roster_field field)
{
    int column = l->reading->report->columns.at[field];

    return column >= 0 && (size_t)column < l->row->count ? column : -1;
}

static struct str cell(const struct line *l, enum roster_field field)
{
    int column = column_of(l, field);

    return column < 0 ? STR("") : l->row->cells[column];
}

static struct roster_fault fault_at(const struct line *l, enum roster_field field, const char *code,
                                    const char *tr, const char *en)
{
    return (struct roster_fault){
        .row = l->row->number,
        .column = field == ROSTER_IGNORED ? -1 : l->reading->report->columns.at[field],
        .value = field == ROSTER_IGNORED ? STR("") : cell(l, field),
        .code = code,
        .tr = tr,
        .en = en};
}

static void refuse(const struct line *l, enum roster_field field, const char *code, const char *tr,
                   const char *en)
{
    struct roster_fault fault = fault_at(l, field, code, tr, en);

    roster_refuse(l->reading->report, &fault);
}

static void note(const struct line *l, enum roster_field field, const char *code, const char *tr,
                 const char *en)
{
    struct roster_fault fault = fault_at(l, field, code, tr, en);

    roster_note(l->reading->report, &fault);
}

/* What the reader of facts found in one cell. */
static void pass_on(const struct line *l, enum roster_field field)
{
    const struct faults *faults = &l->reading->faults;

    for (size_t i = 0; i < faults->count; i++) {
        const struct fault *f = &faults->list[i];

        if (f->severity == FAULT_ERROR) {
            refuse(l, field, f->code, f->tr, f->en);
        } else {
            note(l, field, f->code, f->tr, f->en);
        }
    }
}

static void put(const struct line *l, enum roster_field field, const char *group, const char *key,
                struct str s)
{
    struct roster_reading *r = l->reading;

    if (s.len == 0) {
        return;
    }
    r->faults.count = 0;
    r->faults.total = 0;
    r->faults.errors = 0;
    (void)fact_put(&l->entry->fact, group, key, s, &r->origin, &r->faults);
    if (r->faults.count > 0) {
        pass_on(l, field);
    }
}

/* ---- single fields ---- */

static void take_end(const struct line *l)
{
    struct str s = cell(l, ROSTER_END);
    int64_t end = 0;
    enum roster_date how = s.len == 0 ? ROSTER_DATE_WRONG : roster_date(s, &end);

    if (s.len == 0) {
        refuse(l, ROSTER_END, "end_missing", "Bitiş tarihi boş.", "The end is empty.");
    } else if (how == ROSTER_DATE_MONTH_FIRST) {
        refuse(l, ROSTER_END, "date_month_first", "Ay ile gün yer değiştirmiş görünüyor.",
               "Day and month seem to have changed places.");
    } else if (how == ROSTER_DATE_WRONG) {
        refuse(l, ROSTER_END, "date_invalid", "Geçerli bir tarih değil.", "This is no date.");
    } else if (end <= 0 || end >= civil_days(2101, 1, 1) * DAY_MS) {
        refuse(l, ROSTER_END, "date_out_of_range", "Bitiş tarihi 1970 ile 2100 arasında olmalı.",
               "The end must lie between 1970 and 2100.");
    } else if (end < l->reading->now_ms - (int64_t)PAST_DAYS_MAX * DAY_MS) {
        refuse(l, ROSTER_END, "date_in_past", "Süresi dolalı 30 günden çok olmuş.",
               "It ended more than 30 days ago.");
    } else {
        l->entry->fact.not_after_ms = end;
    }
    if (how == ROSTER_DATE_SERIAL) {
        note(l, ROSTER_END, "date_serial",
             "Tarih Excel gün sayısı olarak yazılmış; tarihe çevrildi, denetleyiniz.",
             "The date is a spreadsheet's day number; it was turned into a date, check it.");
    } else if (how == ROSTER_DATE_SHORT_YEAR) {
        note(l, ROSTER_END, "date_short_year", "Yıl iki haneli; 20.. olarak okundu.",
             "The year has two digits; it was read as 20...");
    }
    if (l->entry->fact.not_after_ms > l->reading->now_ms + (int64_t)FAR_DAYS * DAY_MS) {
        note(l, ROSTER_END, "date_far", "Bitiş üç yıldan uzak; yılı denetleyiniz.",
             "The end is more than three years away; check the year.");
    }
}

static void take_phone(const struct line *l)
{
    struct str s = cell(l, ROSTER_PHONE);
    struct buf *digits = &l->reading->scratch;
    enum roster_number how;

    if (s.len == 0) {
        return;
    }
    buf_reset(digits);
    how = roster_number(s, digits);
    if (how == ROSTER_NUMBER_LOST) {
        refuse(l, ROSTER_PHONE, "phone_scientific",
               "Excel numarayı üslü yazmış ve son haneleri silmiş; hangi numara olduğu bilinemez.",
               "The spreadsheet wrote a power of ten and lost the last digits.");
        return;
    }
    if (how == ROSTER_NUMBER_RESTORED) {
        note(l, ROSTER_PHONE, "phone_restored",
             "Numara üslü yazılmış ama bütün haneleri duruyor; düzeltildi.",
             "The number is written as a power of ten with all its digits; it was restored.");
    }
    put(l, ROSTER_PHONE, "holder", "phone", (struct str){digits->data, digits->len});
}

/* Names are printed in messages: letters that got lost on the way must not go out. */
static bool is_sound(const struct line *l, enum roster_field field)
{
    struct str s = cell(l, field);

    if (roster_is_garbled(s)) {
        refuse(l, field, "text_garbled", "Türkçe harfler bozulmuş (iki kez kodlanmış).",
               "The letters were encoded twice.");
        return false;
    }
    if (roster_is_lossy(s)) {
        refuse(l, field, "text_lost", "Türkçe harfler kaybolmuş (yerlerinde ? var).",
               "Letters were lost (question marks stand in their place).");
        return false;
    }
    return true;
}

static void take_names(const struct line *l)
{
    struct str given = cell(l, ROSTER_GIVEN);
    struct str family = cell(l, ROSTER_FAMILY);
    bool whole = column_of(l, ROSTER_NAME) >= 0;

    if (whole) {
        roster_split_name(cell(l, ROSTER_NAME), &given, &family);
    }
    if (is_sound(l, whole ? ROSTER_NAME : ROSTER_GIVEN)) {
        put(l, whole ? ROSTER_NAME : ROSTER_GIVEN, "holder", "given_name", given);
    }
    if (whole || is_sound(l, ROSTER_FAMILY)) {
        put(l, whole ? ROSTER_NAME : ROSTER_FAMILY, "holder", "family_name", family);
    }
    if (given.len == 0 && family.len == 0) {
        note(l, whole ? ROSTER_NAME : ROSTER_FAMILY, "name_missing",
             "Ad soyad yok; ileti adsız başlar.", "No name: the message begins without one.");
    }
}

static void take_eonay(const struct line *l)
{
    enum eonay eonay = roster_eonay(cell(l, ROSTER_EONAY));

    if (eonay == EONAY_COUNT) {
        refuse(l, ROSTER_EONAY, "eonay_unknown_word", "e-Onay durumu anlaşılmadı.",
               "The state of e-Onay is not understood.");
    } else {
        l->entry->fact.eonay = eonay;
    }
}

static void tell_also(const struct line *l, enum event_type type)
{
    l->entry->has_also = true;
    l->entry->also = type;
}

static void take_blocked(const struct line *l)
{
    struct str s = cell(l, ROSTER_BLOCKED);
    int yes = s.len == 0 ? -1 : roster_yes(s);

    if (s.len > 0 && yes < 0) {
        refuse(l, ROSTER_BLOCKED, "blocked_unknown_word", "evet ya da hayır olmalı.",
               "This must be yes or no.");
    } else if (yes >= 0) {
        tell_also(l, yes == 1 ? EVENT_LOGIN_BLOCKED : EVENT_LOGIN_UNBLOCKED);
    }
}

static void take_status(const struct line *l)
{
    struct roster_status status = roster_status(cell(l, ROSTER_STATUS));

    if (!status.known) {
        refuse(l, ROSTER_STATUS, "status_unknown_word", "Durum anlaşılmadı.",
               "The state is not understood.");
    } else if (status.tells) {
        tell_also(l, status.event);
    }
}

static void take_plain(const struct line *l)
{
    static const struct {
        enum roster_field field;
        const char *group;
        const char *key;
    } plain[] = {
        {ROSTER_EMAIL, "holder", "email"},
        {ROSTER_LANG, "holder", "lang"},
        {ROSTER_UNIT, "holder", "unit"},
        {ROSTER_CERTIFICATE, "certificate", "ref"},
        {ROSTER_KIND, "certificate", "kind"},
        {ROSTER_INSTITUTION, "institution", "name"},
        {ROSTER_INSTITUTION_CODE, "institution", "ref"},
        {ROSTER_INSTITUTION_EMAIL, "institution", "email"},
        {ROSTER_INSTITUTION_ADDRESS, "institution", "address_form"},
    };

    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        if (plain[i].field != ROSTER_INSTITUTION || is_sound(l, ROSTER_INSTITUTION)) {
            put(l, plain[i].field, plain[i].group, plain[i].key, cell(l, plain[i].field));
        }
    }
}

/* ---- who it is ---- */

/* "k-" and a keyed hash: the same words give the same key, and nothing leads back from it. */
static void keyed(const struct roster_reading *r, const char *prefix, struct str words,
                  char out[FACT_REF_SIZE])
{
    unsigned char digest[SHA256_SIZE];
    struct buf text;

    crypto_hmac_sha256((struct str){(const char *)r->key, HASH_KEY_SIZE}, words, digest);
    buf_init(&text, FACT_REF_SIZE);
    (void)buf_adds(&text, prefix);
    (void)codec_hex(&text, digest, KEY_DIGEST_BYTES);
    (void)str_copy(out, FACT_REF_SIZE, str_of(buf_cstr(&text)));
    buf_finish(&text);
}

static void key_of(const struct line *l, const char *address, char out[FACT_REF_SIZE])
{
    const struct fact *f = &l->entry->fact;
    struct buf *words = &l->reading->scratch;
    char given[FOLDED_NAME_MAX];
    char family[FOLDED_NAME_MAX];

    roster_fold(str_of(f->holder.given_name), given, sizeof given);
    roster_fold(str_of(f->holder.family_name), family, sizeof family);
    buf_reset(words);
    (void)buf_addf(words, "person\n%s%s\n", given, family);
    for (; *address != '\0'; address++) {
        (void)buf_addc(words, ascii_lower(*address));
    }
    keyed(l->reading, "k-", (struct str){words->data, words->len}, out);
}

/*
 * From the name as one would hear it and the mailbox, or the number when there is no mailbox. Whose
 * mailbox comes to be known later was known by the number before.
 */
static void make_person(const struct line *l)
{
    struct fact *f = &l->entry->fact;

    if (f->holder.email[0] != '\0') {
        key_of(l, f->holder.email, f->holder.ref);
    } else if (f->holder.phone[0] != '\0') {
        key_of(l, f->holder.phone, f->holder.ref);
    } else {
        return;
    }
    if (f->holder.email[0] != '\0' && f->holder.phone[0] != '\0') {
        key_of(l, f->holder.phone, l->entry->other_person);
    }
    l->entry->person_made = true;
    note(l, ROSTER_IGNORED, "person_key_made",
         "Listede kişi kodu yok; ad ile e-posta (yoksa telefon) kişiyi tanıtıyor. Bunlar "
         "değişirse kişi yeni sayılır.",
         "The list has no key of persons; name and e-mail (else phone) tell who it is. Whoever "
         "changes them counts as new.");
}

static void take_identity(const struct line *l)
{
    struct str s = cell(l, ROSTER_IDENTITY);

    if (s.len == 0 || l->entry->fact.holder.ref[0] != '\0') {
        return;
    }
    if (tckn_check(s) != TCKN_OK) {
        refuse(l, ROSTER_IDENTITY, "identity_invalid", "Geçerli bir T.C. kimlik numarası değil.",
               "This is no valid identity number.");
        return;
    }
    put(l, ROSTER_IDENTITY, "holder", "ref", s);
}

/* One certificate for each person, unless the list says which. */
static void make_certificate(const struct line *l)
{
    struct fact *f = &l->entry->fact;
    struct buf *words = &l->reading->scratch;

    if (f->certificate.ref[0] != '\0' || f->holder.ref[0] == '\0') {
        return;
    }
    l->entry->certificate_made = true;
    buf_reset(words);
    (void)buf_addf(words, ROSTER_CERTIFICATE_PREFIX "%s", f->holder.ref);
    if (str_copy(f->certificate.ref, sizeof f->certificate.ref,
                 (struct str){words->data, words->len}) != 0) {
        keyed(l->reading, ROSTER_CERTIFICATE_PREFIX, str_of(f->holder.ref), f->certificate.ref);
    }
}

static void take_person(const struct line *l)
{
    struct fact *f = &l->entry->fact;
    bool given = cell(l, ROSTER_PERSON).len > 0 || cell(l, ROSTER_CERTIFICATE).len > 0 ||
                 cell(l, ROSTER_IDENTITY).len > 0;

    put(l, ROSTER_PERSON, "holder", "ref", cell(l, ROSTER_PERSON));
    take_identity(l);
    if (f->holder.ref[0] == '\0' && l->reading->report->problems == l->problems) {
        make_person(l);
    }
    make_certificate(l);
    if (l->reading->report->problems > l->problems) {
        return;
    }
    if (f->certificate.ref[0] == '\0' && !given) {
        refuse(l, ROSTER_IGNORED, "person_unknown", "Bu satırın kime ait olduğu anlaşılmıyor.",
               "Nothing tells whose row this is.");
    } else if (f->holder.phone[0] == '\0' && f->holder.email[0] == '\0') {
        note(l, ROSTER_IGNORED, "contact_missing",
             "Telefon da e-posta da yok; bu kişilere hatırlatma gidemez.",
             "Neither phone nor e-mail: no reminder can reach these persons.");
    }
}

/* ---- the row ---- */

static void check_shape(const struct line *l)
{
    if (l->row->too_long != 0) {
        struct roster_fault fault = {.row = l->row->number,
                                     .column =
                                         l->row->too_long - 1 < l->reading->report->columns.count
                                             ? (int)l->row->too_long - 1
                                             : -1,
                                     .value = STR(""),
                                     .code = "cell_too_long",
                                     .tr = "Hücre 2000 bayttan uzun.",
                                     .en = "The cell is longer than 2000 bytes."};

        roster_refuse(l->reading->report, &fault);
    }
    for (size_t i = l->reading->report->columns.count; i < l->row->count; i++) {
        if (l->row->cells[i].len > 0) {
            refuse(l, ROSTER_IGNORED, "cells_extra", "Satırda başlıktan çok hücre var.",
                   "The row has more cells than there are titles.");
            return;
        }
    }
    if (l->row->extra > 0) {
        refuse(l, ROSTER_IGNORED, "cells_extra", "Satırda 64'ten çok hücre var.",
               "The row has more than 64 cells.");
    }
}

int roster_entry_read(struct roster_reading *r, const struct sheet_row *row,
                      struct roster_entry *ret)
{
    struct line l = {.reading = r, .row = row, .entry = ret, .problems = r->report->problems};

    ret->row = row->number;
    ret->person_made = false;
    ret->certificate_made = false;
    ret->other_person[0] = '\0';
    ret->has_also = false;
    fact_reset(&ret->fact);
    ret->fact.type = EVENT_CERTIFICATE_EXPIRING;
    ret->fact.time_ms = r->now_ms;
    check_shape(&l);
    if (r->report->problems == l.problems) {
        take_end(&l);
        take_names(&l);
        take_phone(&l);
        take_plain(&l);
        take_eonay(&l);
        take_blocked(&l);
        take_status(&l);
        take_person(&l);
    }
    return r->report->problems == l.problems ? 0 : ERR_INVALID;
}

void roster_entry_also(const struct roster_entry *entry, struct fact *ret)
{
    const struct fact *f = &entry->fact;

    fact_reset(ret);
    ret->type = entry->also;
    ret->time_ms = f->time_ms;
    (void)str_copy(ret->holder.ref, sizeof ret->holder.ref, str_of(f->holder.ref));
    if (!event_is_personal(entry->also) || f->holder.ref[0] == '\0') {
        (void)str_copy(ret->certificate.ref, sizeof ret->certificate.ref,
                       str_of(f->certificate.ref));
    }
}
