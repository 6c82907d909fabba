/* The data of a fact: a strict object of certificate, holder, institution and e-Onay. */
#include "domain/calendar.h"
#include "domain/fact_read.h"

enum { PAST_DAYS_MAX = 30, FUTURE_MS_MAX = DAY_MS };

/* Alias of certificate.ref, because many systems call it so. */
static const char serial_key[] = "serial";
static const char not_after_key[] = "not_after";
static const char name_key[] = "name";

static void take_end(struct reading *r, const struct json *v)
{
    static const char range_tr[] = "Bitiş tarihi 1970 ile 2100 arasında olmalı.";
    static const char range_en[] = "The end must lie between 1970 and 2100.";
    struct str s;
    int64_t end;

    r->has_end = json_type(v) != JSON_NULL;
    if (!reading_string(r, v, &s)) {
        return;
    }
    if (istanbul_parse_end(s, &end) != 0) {
        (void)faults_add(r->faults, reading_here(r), "date_invalid",
                         "Bitiş tarihi \"2027-02-20\" ya da \"2027-02-20T20:59:59Z\" biçiminde "
                         "geçerli bir tarih olmalı.",
                         "The end must be a real date like \"2027-02-20\" or "
                         "\"2027-02-20T20:59:59Z\".");
    } else if (end <= 0 || end >= civil_days(2101, 1, 1) * DAY_MS) {
        (void)faults_add(r->faults, reading_here(r), "date_out_of_range", range_tr, range_en);
    } else {
        r->fact->not_after_ms = end;
    }
}

static const struct fact_field *find_field(enum fact_group group, const char *key)
{
    const struct fact_field *field = fact_groups[group].list;

    while (field->key != NULL && strcmp(field->key, key) != 0) {
        field++;
    }
    return field->key == NULL ? NULL : field;
}

static void unknown_member(struct reading *r, enum fact_group group, const char *key)
{
    const char *names[12];
    size_t count = 0;

    for (const struct fact_field *field = fact_groups[group].list; field->key != NULL; field++) {
        names[count++] = field->key;
    }
    if (group == GROUP_CERTIFICATE) {
        names[count++] = serial_key;
        names[count++] = not_after_key;
    } else if (group == GROUP_HOLDER) {
        names[count++] = name_key;
    }
    reading_unknown(r, str_of(key), names, count);
}

static void take_group_member(struct reading *r, enum fact_group group, const struct json *member)
{
    const char *key = json_key(member);
    const struct fact_field *field = find_field(group, key);
    struct reading_target target = {KIND_NAME, r->holder_name, sizeof r->holder_name};
    struct str s;

    reading_go_data(r, fact_groups[group].key, key);
    if (group == GROUP_CERTIFICATE && strcmp(key, not_after_key) == 0) {
        take_end(r, member);
        return;
    }
    if (group == GROUP_CERTIFICATE && strcmp(key, serial_key) == 0) {
        field = &fact_groups[group].list[0];
    }
    if (field != NULL) {
        target = (struct reading_target){field->kind, fact_text(r->fact, field), field->size};
    } else if (group != GROUP_HOLDER || strcmp(key, name_key) != 0) {
        unknown_member(r, group, key);
        return;
    }
    if (reading_string(r, member, &s)) {
        reading_text(r, &target, s);
    }
}

static void take_group(struct reading *r, enum fact_group group, const struct json *object)
{
    if (json_type(object) == JSON_NULL) {
        return;
    }
    if (json_type(object) != JSON_OBJECT) {
        (void)faults_add(r->faults, reading_data_at(r, fact_groups[group].key, NULL), "wrong_type",
                         "Burada bir nesne ({…}) olmalı.", "This must be an object.");
        return;
    }
    for (const struct json *v = json_first(object); v != NULL; v = json_next(v)) {
        take_group_member(r, group, v);
    }
}

static void take_eonay(struct reading *r, const struct json *v)
{
    struct str s;
    enum eonay eonay;

    reading_go_data(r, "eonay", NULL);
    if (!reading_string(r, v, &s) || s.len == 0) {
        return;
    }
    eonay = eonay_parse(s);
    if (eonay == EONAY_COUNT) {
        (void)faults_add(r->faults, reading_here(r), "eonay_invalid",
                         "e-Onay durumu \"active\", \"absent\" ya da \"unknown\" olmalı.",
                         "e-Onay must be \"active\", \"absent\" or \"unknown\".");
        return;
    }
    r->fact->eonay = eonay;
}

bool reading_data_member(struct reading *r, const struct json *member)
{
    const char *key = json_key(member);

    for (enum fact_group group = GROUP_CERTIFICATE; group < GROUP_COUNT; group++) {
        if (strcmp(key, fact_groups[group].key) == 0) {
            take_group(r, group, member);
            return true;
        }
    }
    if (strcmp(key, "eonay") == 0) {
        take_eonay(r, member);
        return true;
    }
    return false;
}

void reading_data(struct reading *r, const struct json *object)
{
    static const char *const names[] = {"certificate", "holder", "institution", "eonay"};

    if (json_type(object) != JSON_OBJECT) {
        (void)faults_add(r->faults, reading_data_at(r, NULL, NULL), "data_missing",
                         "\"data\" bir nesne ({…}) olmalı.", "\"data\" must be an object.");
        return;
    }
    r->has_data = true;
    for (const struct json *v = json_first(object); v != NULL; v = json_next(v)) {
        if (!reading_data_member(r, v)) {
            reading_go_data(r, json_key(v), NULL);
            reading_unknown(r, str_of(json_key(v)), names, sizeof names / sizeof names[0]);
        }
    }
}

/* "Şükran Su Işık": the last word is the family name. */
static void split_name(struct reading *r)
{
    struct fact *f = r->fact;
    const char *space = strrchr(r->holder_name, ' ');
    struct str name = str_of(r->holder_name);

    if (name.len == 0) {
        return;
    }
    if (f->holder.given_name[0] != '\0' || f->holder.family_name[0] != '\0') {
        (void)faults_add(r->faults, reading_data_at(r, "holder", name_key), "given_twice",
                         "Ad soyad ya birlikte (name) ya ayrı ayrı verilmeli.",
                         "Give the name either whole or in parts, not both.");
        return;
    }
    if (space == NULL) {
        (void)str_copy(f->holder.given_name, sizeof f->holder.given_name, name);
        return;
    }
    (void)str_copy(f->holder.family_name, sizeof f->holder.family_name, str_of(space + 1));
    name.len = (size_t)(space - r->holder_name);
    (void)str_copy(f->holder.given_name, sizeof f->holder.given_name, str_trim(name));
}

/* A reference that was given and refused is not missing too. */
static bool faulted(const struct reading *r, const char *pointer)
{
    for (size_t i = 0; i < r->faults->count; i++) {
        if (strcmp(r->faults->list[i].pointer, pointer) == 0) {
            return true;
        }
    }
    return false;
}

static void check_references(struct reading *r)
{
    struct fact *f = r->fact;

    if (f->certificate.ref[0] == '\0') {
        (void)str_copy(f->certificate.ref, sizeof f->certificate.ref, str_of(f->subject));
    }
    if (strcmp(f->subject, f->certificate.ref) == 0) {
        f->subject[0] = '\0';
    }
    if (f->certificate.ref[0] == '\0' &&
        (event_needs_certificate(f->type) || f->holder.ref[0] == '\0') &&
        !faulted(r, reading_data_at(r, "certificate", "ref"))) {
        (void)faults_add(r->faults, reading_data_at(r, "certificate", "ref"), "reference_missing",
                         "Sertifikanın (ya da kişinin) başvuru kodu gerekli.",
                         "A reference of the certificate (or of the person) is required.");
    }
    if (f->certificate.replaces[0] != '\0' &&
        strcmp(f->certificate.replaces, f->certificate.ref) == 0) {
        (void)faults_add(r->faults, reading_data_at(r, "certificate", "replaces"),
                         "replaces_itself", "Sertifika kendisinin yerine geçemez.",
                         "A certificate cannot replace itself.");
    }
}

static void check_end(struct reading *r)
{
    const struct fact *f = r->fact;
    char date[16];

    if (!r->has_end) {
        (void)faults_add(r->faults, reading_data_at(r, "certificate", not_after_key),
                         "not_after_missing", "Sertifikanın bitiş tarihi gerekli.",
                         "The certificate's end is required.");
    } else if (f->not_after_ms != 0 &&
               f->not_after_ms < r->origin->now_ms - (int64_t)PAST_DAYS_MAX * DAY_MS) {
        istanbul_date(istanbul_day(f->not_after_ms), date);
        (void)faults_add(r->faults, reading_data_at(r, "certificate", not_after_key),
                         "date_in_past", "Bitiş tarihi geçmişte: %s.",
                         "The end lies in the past: %s.", date);
    }
}

/* Accepted, but somebody should know that no reminder can reach this person. */
static void warn_unreachable(struct reading *r)
{
    const struct fact *f = r->fact;

    if (f->holder.phone[0] == '\0' && f->holder.email[0] == '\0') {
        fault_warning(r->faults,
                      faults_add(r->faults, reading_data_at(r, "holder", NULL), "contact_missing",
                                 "Telefon da e-posta da yok; bu kişiye hatırlatma gidemez.",
                                 "Neither phone nor e-mail: no reminder can reach this person."));
    }
    if (f->holder.given_name[0] == '\0' && f->holder.family_name[0] == '\0') {
        fault_warning(r->faults, faults_add(r->faults, reading_data_at(r, "holder", "name"),
                                            "name_missing", "Ad soyad yok; ileti adsız başlar.",
                                            "No name: the message begins without one."));
    }
}

static void check_time(struct reading *r)
{
    if (r->fact->time_ms > r->origin->now_ms + FUTURE_MS_MAX) {
        (void)faults_add(r->faults, reading_at(r, "time", NULL), "time_in_future",
                         "Olay zamanı gelecekte olamaz.", "The event's time lies in the future.");
    }
}

void reading_complete(struct reading *r)
{
    split_name(r);
    check_time(r);
    if (!r->has_type || !r->has_data) {
        return;
    }
    check_references(r);
    if (r->fact->type != EVENT_CERTIFICATE_EXPIRING) {
        return;
    }
    check_end(r);
    if (r->faults->errors == r->errors) {
        warn_unreachable(r);
    }
}
