#include "flow/roster_report.h"

#include "domain/calendar.h"
#include "domain/tckn.h"
#include "text/mask.h"

#include <stdio.h>

enum { PROBLEM_BYTES_MAX = 2048, VALUE_CHARACTERS = 40 };

/* What to do, by the beginning of the fault's code. */
static const struct {
    const char *code;
    const char *tr;
    const char *en;
} remedies[] = {
    {"phone_scientific",
     "Excel'de sütunu Metin biçimine alıp numarayı yeniden yazınız, CSV'yi yeniden kaydediniz.",
     "Format the column as text, type the number again and save the CSV again."},
    {"phone_", "5 ile başlayan on haneli cep numarası yazınız: 0532 000 00 67.",
     "Write a ten-digit mobile number that begins with 5: 0532 000 00 67."},
    {"email_", "Tek bir e-posta adresi yazınız: ad.soyad@kurum.tr.",
     "Write one mail address: name@office.example."},
    {"date_month_first", "Tarihi gün.ay.yıl sırasıyla yazınız: 12.02.2027.",
     "Write the date as day.month.year: 12.02.2027."},
    {"date_in_past", "Yenilenmişse yeni bitiş tarihini yazınız; yoksa satırı çıkarınız.",
     "Write the new end if it was renewed; else take the row out."},
    {"date_", "Tarihi 12.02.2027 ya da 2027-02-12 biçiminde yazınız.",
     "Write the date as 12.02.2027 or 2027-02-12."},
    {"end_missing", "Sertifikanın bitiş tarihini yazınız.", "Write the certificate's end."},
    {"tckn_refused", "T.C. kimlik numarasını siliniz; kişi için başka bir kod kullanınız.",
     "Delete the identity number; use another key for the person."},
    {"identity_", "Numarayı düzeltiniz ya da hücreyi boşaltınız.",
     "Correct the number or empty the cell."},
    {"eonay_", "var, yok ya da bilinmiyor yazınız.", "Write active, absent or unknown."},
    {"blocked_", "evet ya da hayır yazınız.", "Write yes or no."},
    {"status_",
     "Şunlardan birini yazınız: devam, başvurdu, yazı geldi, onaylandı, teslim edildi, yenilendi, "
     "iptal, askıda, görevi bitti, girişi engelli; ya da sütunu okutmayınız (--map Durum=-).",
     "Write one of: active, applied, letter, approved, delivered, renewed, revoked, suspended, "
     "duty-ended, blocked; or leave the column out (--map Status=-)."},
    {"text_garbled", "Listeyi kaynağından \"CSV UTF-8\" olarak yeniden kaydediniz.",
     "Save the list again from its source as \"CSV UTF-8\"."},
    {"text_lost", "Listeyi kaynağından \"CSV UTF-8\" olarak yeniden kaydediniz.",
     "Save the list again from its source as \"CSV UTF-8\"."},
    {"person_twice",
     "Tekrarı siliniz; kişinin iki sertifikası varsa sertifika no sütunu ekleyiniz.",
     "Delete the repetition; add a column of certificate numbers if the person has two."},
    {"person_unknown", "Kişi kodu, sertifika no ya da ad ile telefon/e-posta yazınız.",
     "Write a key of the person, a certificate number, or a name with phone or e-mail."},
    {"person_erased", "Kişi silinmesini istemiş; satırı listeden çıkarınız.",
     "The person asked to be erased; take the row out of the list."},
    {"cells_extra", "Ayraç içeren hücreyi tırnak içine alınız.",
     "Put the cell that holds a separator in quotes."},
    {"cell_too_long", "Hücreyi kısaltınız ya da kapanmayan tırnağı düzeltiniz.",
     "Shorten the cell, or close the quote that is open."},
    {"case_changed", "Kaydı elle denetleyiniz.", "Look at the record yourself."},
    {"", "Hücreyi düzeltiniz.", "Correct the cell."},
};

void roster_report_init(struct roster_report *r, bool turkish)
{
    memset(r, 0, sizeof *r);
    r->turkish = turkish;
    buf_init(&r->gone_list, (size_t)ROSTER_GONE_MAX * 1024);
    buf_init(&r->problem_list, (size_t)ROSTER_PROBLEMS_MAX * PROBLEM_BYTES_MAX);
}

void roster_report_finish(struct roster_report *r)
{
    buf_finish(&r->gone_list);
    buf_finish(&r->problem_list);
}

static const char *remedy_of(const char *code, bool turkish)
{
    size_t i = 0;

    while (!str_starts(str_of(code), remedies[i].code)) {
        i++;
    }
    return turkish ? remedies[i].tr : remedies[i].en;
}

/* ---- values ---- */

static struct str shortened(struct str s)
{
    size_t n = 0;
    size_t characters = 0;

    while (n < s.len && characters < VALUE_CHARACTERS) {
        n++;
        while (n < s.len && ((unsigned char)s.ptr[n] & 0xC0) == 0x80) {
            n++;
        }
        characters++;
    }
    return (struct str){s.ptr, n};
}

static enum roster_field field_of(const struct roster_report *r, int column)
{
    return column < 0 || (size_t)column >= r->columns.count ? ROSTER_IGNORED
                                                            : r->columns.fields[column];
}

static void mask_value(const struct roster_report *r, int column, struct str s, struct buf *out)
{
    size_t at;

    if (tckn_find(s, &at)) {
        (void)buf_adds(out, "***********");
        return;
    }
    s = shortened(s);
    switch (field_of(r, column)) {
    case ROSTER_PHONE:
        (void)mask_phone(s, out);
        break;
    case ROSTER_NAME:
    case ROSTER_GIVEN:
    case ROSTER_FAMILY:
        (void)mask_name(s, out);
        break;
    case ROSTER_IDENTITY:
        (void)mask_tckn(s, out);
        break;
    case ROSTER_EMAIL:
    case ROSTER_INSTITUTION_EMAIL:
        (void)(memchr(s.ptr, '@', s.len) != NULL ? mask_email(s, out) : mask_name(s, out));
        break;
    default:
        (void)mask_text(s, out);
        break;
    }
}

/* ---- what is told ---- */

void roster_refuse(struct roster_report *r, const struct roster_fault *fault)
{
    struct json_writer w;
    struct buf value;
    bool column = fault->column >= 0;

    r->problems++;
    if (r->problems_listed == ROSTER_PROBLEMS_MAX) {
        return;
    }
    buf_init(&value, 1024);
    if (fault->value.len > 0) {
        mask_value(r, fault->column, fault->value, &value);
    }
    if (r->problems_listed++ > 0) {
        (void)buf_addc(&r->problem_list, ',');
    }
    jsonw_init(&w, &r->problem_list);
    jsonw_object(&w);
    jsonw_put_i64(&w, "row", (int64_t)fault->row);
    jsonw_put(&w, "column", column ? r->columns.titles[fault->column] : "");
    jsonw_put(&w, "value", buf_cstr(&value));
    jsonw_put(&w, "code", fault->code);
    jsonw_put(&w, "reason", r->turkish ? fault->tr : fault->en);
    jsonw_put(&w, "remedy", remedy_of(fault->code, r->turkish));
    jsonw_end_object(&w);
    buf_finish(&value);
}

void roster_note(struct roster_report *r, const struct roster_fault *fault)
{
    struct roster_note *note = r->notes;
    size_t i = 0;

    while (i < r->note_count &&
           (r->notes[i].column != fault->column || strcmp(r->notes[i].code, fault->code) != 0)) {
        i++;
    }
    if (i == ROSTER_NOTES_MAX) {
        return;
    }
    note = &r->notes[i];
    if (i == r->note_count) {
        r->note_count++;
        *note = (struct roster_note){.column = fault->column, .first = fault->row};
        (void)str_copy(note->code, sizeof note->code, str_of(fault->code));
        (void)str_copy(note->text, sizeof note->text, str_of(r->turkish ? fault->tr : fault->en));
    }
    note->count++;
}

void roster_report_gone(struct roster_report *r, const char *certificate,
                        const struct case_file *file)
{
    const struct fact *known = &file->known;
    struct json_writer w;
    struct buf name;
    char date[16];

    r->gone++;
    if (r->gone_listed == ROSTER_GONE_MAX) {
        return;
    }
    buf_init(&name, 4096);
    (void)mask_name(str_of(known->holder.given_name), &name);
    (void)buf_addc(&name, ' ');
    (void)mask_name(str_of(known->holder.family_name), &name);
    istanbul_date(istanbul_day(known->not_after_ms), date);
    if (r->gone_listed++ > 0) {
        (void)buf_addc(&r->gone_list, ',');
    }
    jsonw_init(&w, &r->gone_list);
    jsonw_object(&w);
    jsonw_put(&w, "certificate", certificate);
    jsonw_put(&w, "holder", known->holder.ref);
    jsonw_put(&w, "name", buf_cstr(&name));
    jsonw_put(&w, "end", date);
    jsonw_put(&w, "state", case_state_name(file->state));
    jsonw_end_object(&w);
    buf_finish(&name);
}

/* ---- as JSON ---- */

static void file_json(const struct roster_report *r, struct json_writer *w)
{
    const char separator[2] = {r->about.separator, '\0'};

    jsonw_key(w, "file");
    jsonw_object(w);
    jsonw_put(w, "encoding", charset_name(r->about.charset));
    jsonw_put(w, "separator", r->about.separator == '\t' ? "tab" : separator);
    jsonw_put_i64(w, "header_row", (int64_t)r->columns.row);
    jsonw_end_object(w);
}

static void columns_json(const struct roster_report *r, struct json_writer *w)
{
    jsonw_key(w, "columns");
    jsonw_array(w);
    for (size_t i = 0; i < r->columns.count; i++) {
        jsonw_object(w);
        jsonw_put(w, "title", r->columns.titles[i]);
        if (r->columns.fields[i] == ROSTER_IGNORED) {
            jsonw_key(w, "field");
            jsonw_null(w);
        } else {
            jsonw_put(w, "field", roster_field_name(r->columns.fields[i]));
        }
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
}

static void counts_json(const struct roster_report *r, struct json_writer *w)
{
    jsonw_key(w, "counts");
    jsonw_object(w);
    jsonw_put_i64(w, "rows", (int64_t)r->rows);
    jsonw_put_i64(w, "new", (int64_t)r->fresh);
    jsonw_put_i64(w, "changed", (int64_t)r->changed);
    jsonw_put_i64(w, "unchanged", (int64_t)r->unchanged);
    jsonw_put_i64(w, "refused", (int64_t)r->refused);
    jsonw_put_i64(w, "repeated", (int64_t)r->repeated);
    jsonw_end_object(w);
    jsonw_key(w, "plan");
    jsonw_object(w);
    jsonw_put_i64(w, "gained", r->gained);
    jsonw_put_i64(w, "lost", r->lost);
    jsonw_put_i64(w, "moved", r->moved);
    jsonw_end_object(w);
}

static void list_json(struct json_writer *w, const char *key, const struct buf *objects)
{
    jsonw_key(w, key);
    jsonw_raw(w, STR("["));
    (void)buf_add(w->out, objects->data, objects->len);
    (void)buf_addc(w->out, ']');
}

static void notes_json(const struct roster_report *r, struct json_writer *w)
{
    jsonw_key(w, "notes");
    jsonw_array(w);
    for (size_t i = 0; i < r->note_count; i++) {
        const struct roster_note *note = &r->notes[i];

        jsonw_object(w);
        jsonw_put(w, "code", note->code);
        jsonw_put(w, "column", note->column < 0 ? "" : r->columns.titles[note->column]);
        jsonw_put_i64(w, "count", (int64_t)note->count);
        jsonw_put_i64(w, "first_row", (int64_t)note->first);
        jsonw_put(w, "text", note->text);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
}

void roster_report_summary(const struct roster_report *r, struct json_writer *w)
{
    file_json(r, w);
    columns_json(r, w);
    counts_json(r, w);
    jsonw_put_i64(w, "gone_count", (int64_t)r->gone);
    jsonw_put_i64(w, "error_count", (int64_t)r->problems);
    notes_json(r, w);
}

void roster_report_json(const struct roster_report *r, struct json_writer *w)
{
    roster_report_summary(r, w);
    list_json(w, "gone", &r->gone_list);
    list_json(w, "errors", &r->problem_list);
}

void roster_report_faults(const struct roster_report *r, struct faults *faults)
{
    struct json_limits limits = json_default_limits;
    struct json_doc *doc = NULL;
    struct buf text;
    struct err e;

    limits.bytes = SIZE_MAX;
    buf_init(&text, r->problem_list.len + 3);
    (void)buf_addc(&text, '[');
    (void)buf_add(&text, r->problem_list.data, r->problem_list.len);
    (void)buf_addc(&text, ']');
    (void)json_parse((struct str){text.data, text.len}, 0, &limits, &doc, NULL, &e);
    for (const struct json *v = doc == NULL ? NULL : json_first(json_root(doc)); v != NULL;
         v = json_next(v)) {
        struct str reason = json_str(json_get(v, "reason"));
        char pointer[FAULT_POINTER_MAX];
        int64_t row = 0;

        (void)json_i64(json_get(v, "row"), &row);
        (void)snprintf(pointer, sizeof pointer, "/rows/%lld", (long long)row);
        (void)faults_add(faults, pointer, json_str(json_get(v, "code")).ptr, "%lld. satır: %.*s",
                         "row %lld: %.*s", (long long)row, (int)reason.len, reason.ptr);
    }
    json_free(doc);
    buf_finish(&text);
}

/* ---- as CSV ---- */

static bool is_formula(char c)
{
    return c == '=' || c == '+' || c == '-' || c == '@' || c == '\t';
}

static void csv_cell(struct buf *out, struct str s, char end)
{
    (void)buf_addc(out, '"');
    if (s.len > 0 && is_formula(s.ptr[0])) {
        (void)buf_addc(out, '\'');
    }
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '"') {
            (void)buf_addc(out, '"');
        }
        (void)buf_addc(out, s.ptr[i]);
    }
    (void)buf_addc(out, '"');
    (void)buf_addc(out, end);
}

int roster_errors_csv(const struct json *errors, bool turkish, struct buf *out)
{
    (void)buf_adds(out, "\xEF\xBB\xBF");
    (void)buf_adds(out, turkish ? "satır;sütun;değer;kod;neden;çözüm\r\n"
                                : "row;column;value;code;reason;remedy\r\n");
    for (const struct json *v = json_first(errors); v != NULL; v = json_next(v)) {
        int64_t row = 0;

        (void)json_i64(json_get(v, "row"), &row);
        (void)buf_add_int(out, row, 1);
        (void)buf_addc(out, ';');
        csv_cell(out, json_str(json_get(v, "column")), ';');
        csv_cell(out, json_str(json_get(v, "value")), ';');
        csv_cell(out, json_str(json_get(v, "code")), ';');
        csv_cell(out, json_str(json_get(v, "reason")), ';');
        csv_cell(out, json_str(json_get(v, "remedy")), '\r');
        (void)buf_addc(out, '\n');
    }
    return buf_failed(out);
}
