#include "text/render_values.h"

#include "base/civil.h"
#include "base/err.h"
#include "text/turkish.h"

#include <stdlib.h>

enum {
    VALUES_TEXT_MAX = 4 * 1024 * 1024,
    ROW_FIELDS = NAME_ROWS_WAITING - NAME_ROWS_INSTITUTION + 1
};

/* The maps of the name table: members from first to last. */
static const struct {
    const char *name;
    enum text_name first;
    enum text_name last;
} maps[VALUES_MAPS] = {
    {"holder", NAME_HOLDER_GIVEN_NAME, NAME_HOLDER_FULL_NAME},
    {"certificate", NAME_CERTIFICATE_END_SHORT, NAME_CERTIFICATE_END_SINCE},
    {"office", NAME_OFFICE_NAME, NAME_OFFICE_PHONE},
    {"institution", NAME_INSTITUTION_NAME, NAME_INSTITUTION_ADDRESS_FORM},
    {"summary", NAME_SUMMARY_LETTERS, NAME_SUMMARY_UNDELIVERED},
    {"layout", NAME_LAYOUT_SUBJECT, NAME_LAYOUT_BOX},
};

/* What a leaf is called within its map. */
static struct str short_name(enum text_name n)
{
    const char *dot = strrchr(text_names[n].name, '.');
    return str_of(dot == NULL ? text_names[n].name : dot + 1);
}

static void shape(struct render_values *v)
{
    for (int i = 0; i < TEXT_NAME_COUNT; i++)
        v->leaf[i] = (struct template_value){.name = short_name((enum text_name)i),
                                             .kind = text_names[i].kind};
    for (int i = 0; i < VALUES_MAPS; i++)
        v->map[i] = (struct template_value){.name = str_of(maps[i].name),
                                            .kind = TEMPLATE_MAP,
                                            .items = &v->leaf[maps[i].first],
                                            .count = maps[i].last - maps[i].first + 1};
}

struct render_values *render_values_create(void)
{
    struct render_values *v = calloc(1, sizeof(*v));
    if (v == NULL)
        return NULL;
    buf_init(&v->text, VALUES_TEXT_MAX);
    shape(v);
    return v;
}

void render_values_free(struct render_values *v)
{
    if (v == NULL)
        return;
    buf_finish(&v->text);
    free(v->rows);
    free(v->cells);
    free(v);
}

/* Texts are gathered in one buffer that may move: a leaf first keeps only its offset. */
static void keep(struct render_values *v, struct template_value *leaf, size_t from)
{
    leaf->text = (struct str){NULL, v->text.len - from};
    leaf->count = from;
}

static void settle(struct render_values *v, struct template_value *leaf)
{
    if (leaf->text.ptr == NULL && leaf->text.len > 0)
        leaf->text.ptr = v->text.data + leaf->count;
    leaf->count = 0;
}

static void set(struct render_values *v, enum text_name name, struct str text)
{
    v->leaf[name].text = text.len == 0 ? STR("") : text;
}

static void set_number(struct render_values *v, struct template_value *leaf, int64_t n)
{
    size_t from = v->text.len;
    (void)buf_add_int(&v->text, n, 1);
    keep(v, leaf, from);
}

static void set_date(struct render_values *v, struct template_value *leaf, int64_t ms)
{
    size_t from = v->text.len;
    if (ms != 0)
        (void)date_short(istanbul_days(ms), v->lang == LANG_TR, &v->text);
    keep(v, leaf, from);
}

static void set_holder(struct render_values *v, const struct render_facts *f)
{
    size_t from = v->text.len;
    (void)tr_given_name(f->given_name, &v->text);
    keep(v, &v->leaf[NAME_HOLDER_GIVEN_NAME], from);
    if (v->text.len > from && f->family_name.len > 0)
        (void)buf_adds(&v->text, " ");
    size_t family = v->text.len;
    (void)tr_family_name(f->family_name, &v->text);
    keep(v, &v->leaf[NAME_HOLDER_FAMILY_NAME], family);
    keep(v, &v->leaf[NAME_HOLDER_FULL_NAME], from);
}

/* The long form without its weekday: the first three words, in English the last three. */
static struct str without_weekday(struct str s, bool turkish)
{
    const char *blank = turkish ? memrchr(s.ptr, ' ', s.len) : memchr(s.ptr, ' ', s.len);
    if (blank == NULL)
        return s;
    size_t n = (size_t)(blank - s.ptr);
    return turkish ? (struct str){s.ptr, n} : (struct str){blank + 1, s.len - n - 1};
}

static int year_of(struct str date)
{
    int64_t year = 0;
    struct str digits = {date.ptr + date.len - 4, 4};
    return date.len < 4 || str_i64(digits, &year) != 0 ? 0 : (int)year;
}

/* "12 Şubat 2027'de", "on 12 February 2027". */
static void set_suffixed(struct render_values *v, enum text_name name, struct str date,
                         enum tr_case c, const char *english)
{
    size_t from = v->text.len;
    if (v->lang == LANG_EN) {
        (void)buf_adds(&v->text, english);
        (void)buf_add(&v->text, date.ptr, date.len);
    } else {
        (void)buf_add(&v->text, date.ptr, date.len - 4);
        (void)tr_number_suffixed(year_of(date), c, &v->text);
    }
    keep(v, &v->leaf[name], from);
}

static void set_end(struct render_values *v, const struct render_facts *f)
{
    char copy[64];
    bool turkish = v->lang == LANG_TR;
    int64_t day = istanbul_days(f->end_ms);
    int64_t left = day - istanbul_days(f->now_ms);
    set_date(v, &v->leaf[NAME_CERTIFICATE_END_SHORT], f->end_ms);
    size_t from = v->text.len;
    (void)date_long(day, turkish, &v->text);
    keep(v, &v->leaf[NAME_CERTIFICATE_END_LONG], from);
    struct str all = {buf_cstr(&v->text) + from, v->text.len - from};
    struct str date = without_weekday(all, turkish);
    size_t at = from + (size_t)(date.ptr - all.ptr);
    if (buf_failed(&v->text) != 0 || date.len < 4 || str_copy(copy, sizeof(copy), date) != 0)
        return;
    keep(v, &v->leaf[NAME_CERTIFICATE_END_DATE], at);
    v->leaf[NAME_CERTIFICATE_END_DATE].text.len = date.len;
    set_suffixed(v, NAME_CERTIFICATE_END_ON, str_of(copy), TR_LOCATIVE, "on ");
    set_suffixed(v, NAME_CERTIFICATE_END_UNTIL, str_of(copy), TR_DATIVE, "until ");
    set_suffixed(v, NAME_CERTIFICATE_END_SINCE, str_of(copy), TR_ABLATIVE, "since ");
    set_number(v, &v->leaf[NAME_DAYS_LEFT], left);
    from = v->text.len;
    (void)date_relative(left, turkish, &v->text);
    keep(v, &v->leaf[NAME_REMAINING], from);
    v->leaf[NAME_KALAN].text = v->leaf[NAME_REMAINING].text;
    v->leaf[NAME_KALAN].count = from;
}

enum { GUIDE_CHARS = 25 }; /* what a short SMS has room for */

struct str render_short_guide(const struct render_office *o)
{
    struct str guide = o->guide.len > 0 ? o->guide : o->guide_url;
    if (str_starts(guide, "https://"))
        guide = (struct str){guide.ptr + 8, guide.len - 8};
    return o->guide.len == 0 && guide.len > GUIDE_CHARS ? STR("") : guide;
}

static void add_province_in(enum lang lang, struct str province, struct buf *out)
{
    if (lang == LANG_EN) {
        (void)buf_adds(out, "in ");
        (void)buf_add(out, province.ptr, province.len);
    } else {
        (void)tr_name_suffixed(province, TR_LOCATIVE, out);
    }
}

static void set_province_in(struct render_values *v, struct str province)
{
    size_t from = v->text.len;
    if (str_eqs(province, v->province) && province.len > 0) {
        set(v, NAME_OFFICE_PROVINCE_IN, str_of(v->province_in[v->lang]));
        return;
    }
    add_province_in(v->lang, province, &v->text);
    keep(v, &v->leaf[NAME_OFFICE_PROVINCE_IN], from);
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        char *room = v->province_in[lang];
        struct buf b = {.data = room, .cap = sizeof(v->province_in[lang])};
        b.max = b.cap - 1;
        add_province_in((enum lang)lang, province, &b);
        if (buf_failed(&b) != 0 || str_copy(v->province, sizeof(v->province), province) != 0)
            v->province[0] = '\0';
    }
}

static void set_office(struct render_values *v, const struct render_office *o)
{
    set(v, NAME_OFFICE_NAME, o->name);
    set(v, NAME_OFFICE_UNIT, o->unit);
    set(v, NAME_OFFICE_PROVINCE, o->province);
    set(v, NAME_OFFICE_PHONE, o->phone);
    set(v, NAME_PORTAL, o->portal);
    set(v, NAME_PORTAL_URL, o->portal_url);
    set(v, NAME_GUIDE, render_short_guide(o));
    set(v, NAME_GUIDE_URL, o->guide_url);
    set(v, NAME_STOP_NOTE, o->stop_note);
    set(v, NAME_PRIVACY_URL, o->privacy_url);
    set_province_in(v, o->province);
}

static void set_row(struct render_values *v, size_t i, const struct render_facts *f)
{
    const struct render_row *row = &f->rows[i];
    struct template_value *cell = &v->cells[i * ROW_FIELDS];
    for (int k = 0; k < ROW_FIELDS; k++)
        cell[k] =
            (struct template_value){.name = short_name((enum text_name)(NAME_ROWS_INSTITUTION + k)),
                                    .kind = TEMPLATE_TEXT,
                                    .text = STR("")};
    cell[NAME_ROWS_INSTITUTION - NAME_ROWS_INSTITUTION].text = row->institution;
    cell[NAME_ROWS_NAME - NAME_ROWS_INSTITUTION].text = row->name;
    cell[NAME_ROWS_STATUS - NAME_ROWS_INSTITUTION].text = row->status;
    set_date(v, &cell[NAME_ROWS_END - NAME_ROWS_INSTITUTION], row->end_ms);
    set_date(v, &cell[NAME_ROWS_APPLIED - NAME_ROWS_INSTITUTION], row->applied_ms);
    int64_t left = istanbul_days(row->end_ms) - istanbul_days(f->now_ms);
    if (row->end_ms != 0 && left >= 0)
        set_number(v, &cell[NAME_ROWS_DAYS_LEFT - NAME_ROWS_INSTITUTION], left);
    if (row->waiting_days >= 0)
        set_number(v, &cell[NAME_ROWS_WAITING - NAME_ROWS_INSTITUTION], row->waiting_days);
    v->rows[i] = (struct template_value){.kind = TEMPLATE_MAP, .items = cell, .count = ROW_FIELDS};
}

static int make_rows(struct render_values *v, const struct render_facts *f)
{
    if (f->row_count > RENDER_ROWS_MAX)
        return ERR_LIMIT;
    if (f->row_count > v->row_cap) {
        struct template_value *rows = realloc(v->rows, f->row_count * sizeof(*rows));
        if (rows == NULL)
            return ERR_NOMEM;
        v->rows = rows;
        rows = realloc(v->cells, f->row_count * ROW_FIELDS * sizeof(*rows));
        if (rows == NULL)
            return ERR_NOMEM;
        v->cells = rows;
        v->row_cap = f->row_count;
    }
    for (size_t i = 0; i < f->row_count; i++)
        set_row(v, i, f);
    return 0;
}

static void settle_all(struct render_values *v, size_t rows)
{
    for (int i = 0; i < TEXT_NAME_COUNT; i++)
        settle(v, &v->leaf[i]);
    for (size_t i = 0; i < rows * ROW_FIELDS; i++)
        settle(v, &v->cells[i]);
    v->leaf[NAME_ROWS].items = v->rows;
    v->leaf[NAME_ROWS].count = rows;
}

int render_values_set(struct render_values *v, enum lang lang, const struct render_facts *facts)
{
    static const enum text_name summary[] = {NAME_SUMMARY_LETTERS, NAME_SUMMARY_AWAITED,
                                             NAME_SUMMARY_URGENT, NAME_SUMMARY_BLOCKED,
                                             NAME_SUMMARY_UNDELIVERED};
    buf_reset(&v->text);
    v->lang = lang;
    for (int i = 0; i < TEXT_NAME_COUNT; i++)
        v->leaf[i].text = STR("");
    set_office(v, facts->office);
    if (facts->given_name.len + facts->family_name.len > 0)
        set_holder(v, facts);
    if (facts->end_ms != 0)
        set_end(v, facts);
    set(v, NAME_INSTITUTION_NAME, facts->institution_name);
    set(v, NAME_INSTITUTION_ADDRESS_FORM, facts->institution_address_form);
    set_date(v, &v->leaf[NAME_TODAY], facts->now_ms);
    set_number(v, &v->leaf[NAME_PERSONS], facts->count);
    set_number(v, &v->leaf[NAME_WINDOW_DAYS], facts->window_days);
    for (size_t i = 0; i < sizeof(summary) / sizeof(summary[0]); i++)
        set_number(v, &v->leaf[summary[i]], facts->summary[i]);
    int rc = make_rows(v, facts);
    settle_all(v, rc == 0 ? facts->row_count : 0);
    return rc != 0 ? rc : buf_failed(&v->text);
}

int render_values_override(struct render_values *v, struct str name, struct str text)
{
    enum text_name n = text_name_find(name);
    bool in_row = n >= NAME_ROWS_INSTITUTION && n <= NAME_ROWS_WAITING;
    if (n >= MESSAGE_NAME_COUNT || text_names[n].kind != TEMPLATE_TEXT || in_row)
        return ERR_NOT_FOUND;
    set(v, n, text);
    if (n == NAME_REMAINING)
        set(v, NAME_KALAN, text);
    return 0;
}

struct str render_values_get(const struct render_values *v, enum text_name name)
{
    return v->leaf[name].text;
}

/* The office, person and dates that the examples of the name table tell of. */
#define LIT(text)                                                                                  \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }
#define SAMPLE_OFFICE(stop)                                                                        \
    {                                                                                              \
        .name = LIT("Örnekil İl Millî Eğitim Müdürlüğü"),                                          \
        .unit = LIT("Bilgi İşlem Şube Müdürlüğü"), .province = LIT("Örnekil"),                     \
        .phone = LIT("0312 000 00 67"), .portal = LIT("portal.kamusm.gov.tr/bp/meb.go"),           \
        .portal_url = LIT("https://portal.kamusm.gov.tr/bp/meb.go"),                               \
        .guide = LIT("kilavuz.example/e-onay"),                                                    \
        .guide_url = LIT("https://kilavuz.example/e-onay"),                                        \
        .privacy_url = LIT("https://ornek.test/aydinlatma"), .stop_note = LIT(stop)                \
    }

static const struct render_office sample_offices[LANG_COUNT] = {
    [LANG_TR] = SAMPLE_OFFICE("bilgi@ornek.test adresine e-posta"),
    [LANG_EN] = SAMPLE_OFFICE("an e-mail to bilgi@ornek.test")};

#define DAYS(n)    ((n) * (int64_t)DAY_MS)
#define SAMPLE_END (DAYS(20862) - ISTANBUL_OFFSET_MS - 1000) /* 2027-02-12 23:59:59 */

static const struct render_row sample_rows[] = {
    {LIT("Örnek Ortaokulu"), LIT("Işıl ÇİĞDEM"), SAMPLE_END, SAMPLE_END - DAYS(38),
     LIT("talep yazısı bekleniyor"), 8},
    {LIT("Deneme Lisesi"), LIT("İlker ISIRGAN"), SAMPLE_END + DAYS(5), 0, LIT("başvurmadı"), 0},
};

struct render_facts render_sample_facts(enum lang lang)
{
    return (struct render_facts){
        .office = &sample_offices[lang],
        .now_ms = SAMPLE_END - DAYS(30),
        .given_name = STR("Işıl"),
        .family_name = STR("Çiğdem"),
        .end_ms = SAMPLE_END,
        .institution_name = STR("Örnek Ortaokulu"),
        .institution_address_form = STR("Örnek Ortaokulu Müdürlüğüne"),
        .count = 4,
        .window_days = 30,
        .summary = {2, 3, 4, 1, 0},
        .rows = sample_rows,
        .row_count = sizeof(sample_rows) / sizeof(sample_rows[0]),
    };
}

void render_values_sample(struct render_values *v, enum lang lang)
{
    struct render_facts facts = render_sample_facts(lang);
    (void)render_values_set(v, lang, &facts);
}

void render_values_longest(struct render_values *v, enum lang lang)
{
    render_values_sample(v, lang);
    for (int i = 0; i < MESSAGE_NAME_COUNT; i++)
        if (text_names[i].longest[0] != '\0' && lang == LANG_TR)
            (void)render_values_override(v, str_of(text_names[i].name),
                                         str_of(text_names[i].longest));
    if (lang == LANG_EN) {
        (void)render_values_override(v, STR("remaining"), STR("in 90 days"));
        (void)render_values_override(v, STR("certificate.end_short"), STR("30 Sept 2028"));
        (void)render_values_override(v, STR("guide"), STR("kilavuz.example/e-onay-27"));
    }
}
