/* Digests: when, to whom, who is in them, and that none is made twice. */
#include "flow_scene.h"

#include "config/conf.h"
#include "domain/calendar.h"
#include "flow/digest.h"
#include "flow/retention.h"
#include "flow/upkeep.h"
#include "store/store_record.h"
#include "text/turkish.h"

/* 2026-11-23 is a Monday. */
enum { MONDAY = 20780, WINDOW_OPEN = 9 * 60 };

static int64_t at(int64_t day, int minute)
{
    return istanbul_ms(day, minute);
}

/* ---- pure rules ---- */

static void periods_begin_when_they_should(void **state)
{
    static const struct {
        const char *what;
        enum digest_kind kind;
        int64_t last;
        int64_t day;
        int minute;
        int64_t period; /* 0: not due */
    } cases[] = {
        {"before the window", DIGEST_K1, MONDAY - 7, MONDAY, WINDOW_OPEN - 1, 0},
        {"at its opening", DIGEST_K1, MONDAY - 7, MONDAY, WINDOW_OPEN, MONDAY},
        {"not twice", DIGEST_K1, MONDAY, MONDAY, WINDOW_OPEN + 60, 0},
        {"late in the week", DIGEST_K1, MONDAY - 7, MONDAY + 3, WINDOW_OPEN, MONDAY},
        {"a missed week is skipped", DIGEST_K1, MONDAY - 21, MONDAY + 1, WINDOW_OPEN, MONDAY},
        {"the first begins on its day", DIGEST_K1, 0, MONDAY + 2, WINDOW_OPEN, 0},
        {"and then it does", DIGEST_K1, 0, MONDAY, WINDOW_OPEN, MONDAY},
        {"not on a weekend", DIGEST_K1, MONDAY - 14, MONDAY - 1, WINDOW_OPEN, 0},
        {"daily", DIGEST_BI, MONDAY - 3, MONDAY, WINDOW_OPEN, MONDAY},
        {"once a day", DIGEST_BI, MONDAY, MONDAY, 16 * 60, 0},
        {"not after the window", DIGEST_BI, MONDAY - 3, MONDAY, 17 * 60, 0},
        {"not on Sunday", DIGEST_BI, MONDAY - 3, MONDAY - 1, WINDOW_OPEN, 0},
        {"missed days are skipped", DIGEST_BI, MONDAY - 30, MONDAY + 1, WINDOW_OPEN, MONDAY + 1},
        {"letters every day", DIGEST_K2, MONDAY - 1, MONDAY, WINDOW_OPEN, MONDAY},
    };
    const struct digest_clock clock = {NULL, &send_window_default, 0, false};
    struct calendar *calendar = NULL;
    struct digest_clock real = clock;
    struct faults faults;

    (void)state;
    faults_init(&faults);
    assert_int_equal(calendar_load(STR("{\"days\":[]}"), "x", &calendar, &faults), 0);
    real.calendar = calendar;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t period = 0;
        bool due = digest_is_due(cases[i].kind, &real, cases[i].last,
                                 at(cases[i].day, cases[i].minute), &period);

        if (due != (cases[i].period != 0) || (due && period != cases[i].period)) {
            fail_msg("%s: %d %lld", cases[i].what, due, (long long)period);
        }
    }
    real.trial = true; /* a trial has no night and does not wait for Monday */
    for (enum digest_kind kind = DIGEST_K1; kind < DIGEST_KIND_COUNT; kind++) {
        int64_t period = 0;

        assert_true(digest_is_due(kind, &real, 0, at(MONDAY - 1, 60), &period));
        assert_false(digest_is_due(kind, &real, period, at(MONDAY - 1, 61), &period));
    }
    calendar_destroy(calendar);
    faults_finish(&faults);
}

static void the_first_week_waits_for_a_holiday_to_pass(void **state)
{
    struct calendar *calendar = NULL;
    struct faults faults;
    int64_t period;

    (void)state;
    faults_init(&faults);
    assert_int_equal(
        calendar_load(
            STR("{\"days\":[{\"date\":\"2026-11-23\",\"name\":\"x\",\"portion\":\"full\"}]}"), "x",
            &calendar, &faults),
        0);

    const struct digest_clock clock = {calendar, &send_window_default, 0, false};

    assert_false(digest_is_due(DIGEST_K1, &clock, 0, at(MONDAY, WINDOW_OPEN), &period));
    assert_true(digest_is_due(DIGEST_K1, &clock, 0, at(MONDAY + 1, WINDOW_OPEN), &period));
    assert_int_equal(period, MONDAY);
    assert_int_equal(digest_working_days_after(calendar, MONDAY - 3, 2), MONDAY + 2);
    calendar_destroy(calendar);
    faults_finish(&faults);
}

static void private_mailboxes_are_refused(void **state)
{
    static char a[] = "meb.k12.tr";
    static char b[] = "*.meb.k12.tr";
    static char c[] = "*.gov.tr";
    static char *list[] = {a, b, c};
    static const struct option_strings domains = {list, 3};
    static const struct {
        const char *mailbox;
        bool allowed;
    } cases[] = {
        {"123456@meb.k12.tr", true},         {"okul@123456.meb.k12.tr", true},
        {"mudur@ornekil.meb.GOV.TR", true},  {"mudur@gov.tr", false},
        {"mudur@gmail.example", false},      {"mudur@xmeb.k12.tr", false},
        {"mudur@meb.k12.tr.example", false}, {"", false},
        {"a@gov.tr@gmail.example", false},   {"mudur", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (digest_mailbox_allowed(&domains, str_of(cases[i].mailbox)) != cases[i].allowed) {
            fail_msg("%s", cases[i].mailbox);
        }
    }
    assert_false(digest_mailbox_allowed(&(struct option_strings){NULL, 0}, STR("a@gov.tr")));
}

/* ---- over a store ---- */

static const unsigned char KEY[HASH_KEY_SIZE] = "0123456789abcde";

struct world {
    struct store *s;
    struct settings *settings;
    struct err e;
    bool memory;
    char dir[64];
    char path[96];
};

static void choose(struct settings *settings, const char *kinds)
{
    struct option_strings *list = &settings->conf->digests.kinds;

    free(list->items);
    list->items = calloc(3, sizeof *list->items);
    for (size_t i = 0; i < 3; i++) {
        list->items[list->count++] = strndup(kinds + 3 * i, 2);
    }
    settings->conf->trial = false;
    settings->conf->digests.to = strdup("birim@ornekil.meb.gov.tr");
}

static int make_world(void **state, bool memory)
{
    struct world *w = calloc(1, sizeof *w);

    w->memory = memory;
    w->settings = scene_settings("{\"s\":{\"kind\":\"sink\"},\"m\":{\"kind\":\"sink\"}}");
    choose(w->settings, "k1 k2 bi");
    (void)snprintf(w->dir, sizeof w->dir, "/tmp/hatirlat-digest-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    (void)snprintf(w->path, sizeof w->path, "%s/t.db", w->dir);
    assert_int_equal(memory ? store_memory_open(&w->s, &w->e)
                            : store_sqlite_open(w->path, STORE_CREATE, &w->s, &w->e),
                     0);
    assert_int_equal(store_begin(w->s, &w->e), 0);
    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_JSON);
    *state = w;
    return 0;
}

static int on_disk(void **state)
{
    return make_world(state, false);
}

static int in_memory(void **state)
{
    return make_world(state, true);
}

static int end_world(void **state)
{
    struct world *w = *state;
    static const char *const ends[] = {"", "-wal", "-shm", ".lock"};

    store_close(w->s);
    settings_drop(w->settings);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        char path[128];

        (void)snprintf(path, sizeof path, "%s%s", w->path, ends[i]);
        (void)unlink(path);
    }
    (void)rmdir(w->dir);
    free(w);
    return 0;
}

/* A person of an institution: what happened `ago` days before Monday at nine. */
static int certificates;

static int64_t person(struct world *w, const char *name, const char *institution,
                      enum case_state case_state, int days_left, int ago)
{
    struct case_file *file = calloc(1, sizeof *file);
    struct case_row row = {.state = (int)case_state, .event_seq = 1};
    char certificate[64];
    struct buf text;
    int64_t id;

    case_init(file);
    file->state = case_state;
    file->known.not_after_ms = at(MONDAY + days_left, 23 * 60 + 59);
    for (int i = 0; i < EVENT_TYPE_COUNT; i++) {
        file->seen_ms[i] = at(MONDAY - ago, WINDOW_OPEN);
    }
    (void)str_copy(file->known.holder.given_name, FACT_NAME_SIZE, STR("Işıl"));
    (void)str_copy(file->known.holder.family_name, FACT_NAME_SIZE, str_of(name));
    (void)str_copy(file->known.institution.ref, FACT_REF_SIZE, str_of(institution));
    (void)str_copy(file->known.institution.name, FACT_NAME_SIZE, str_of(institution));
    if (institution[0] != '-' && institution[0] != '\0') {
        (void)snprintf(file->known.institution.email, FACT_EMAIL_SIZE, "%s@%s", institution,
                       institution[0] == 'P' ? "gmail.example" : "meb.k12.tr");
    }
    (void)snprintf(certificate, sizeof certificate, "c-%d", ++certificates);
    (void)str_copy(file->known.certificate.ref, FACT_REF_SIZE, str_of(certificate));
    row.certificate = str_of(certificate);
    row.holder = (struct str){name, strnlen(name, STORE_REF_MAX)};
    row.not_after_ms = file->known.not_after_ms;
    row.fact_ms = 1;
    buf_init(&text, STORE_BODY_MAX);
    assert_int_equal(case_write(file, &text), 0);
    row.facts = (struct str){text.data, text.len};
    assert_int_equal(store_case_put(w->s, &row, &id, &w->e), 0);
    buf_finish(&text);
    free(file);
    return id;
}

static struct digest_result make(struct world *w, enum digest_kind kind, int64_t now_ms)
{
    const struct digest_env env = {w->settings, KEY, now_ms};
    struct digest_result result;

    if (digest_run(w->s, &env, kind, &result, &w->e) != 0) {
        fail_msg("%s", w->e.text);
    }
    return result;
}

struct told {
    char text[4096];
};

static int tell_digest(void *ctx, const struct digest_draft *d)
{
    struct told *told = ctx;
    size_t n = strlen(told->text);

    n += (size_t)snprintf(told->text + n, sizeof told->text - n, "[%s %s", d->mailbox,
                          d->kind == DIGEST_BI ? "" : d->rows->group);
    for (size_t i = 0; i < d->count; i++) {
        n += (size_t)snprintf(told->text + n, sizeof told->text - n, " %s:%s",
                              d->rows[i].family_name,
                              digest_status(d->kind, &d->rows[i], at(MONDAY, 540)));
    }
    (void)snprintf(told->text + n, sizeof told->text - n, "]");
    return 0;
}

static void preview(struct world *w, enum digest_kind kind, const char *only, const char *expected)
{
    const struct digest_env env = {w->settings, KEY, at(MONDAY, WINDOW_OPEN)};
    struct told told = {.text = ""};

    assert_int_equal(digest_preview(w->s, &env, kind, str_of(only), tell_digest, &told, &w->e), 0);
    assert_string_equal(told.text, expected);
}

static void persons_come_in_turkish_order_and_drop_out_by_rule(void **state)
{
    struct world *w = *state;

    (void)person(w, "Zeybek", "Okul", CASE_WATCHING, 10, 1);
    (void)person(w, "Çelik", "Okul", CASE_WATCHING, 20, 1);
    (void)person(w, "Ilgaz", "Okul", CASE_WATCHING, 20, 1);
    (void)person(w, "Işık", "Okul", CASE_APPLIED, 20, 1);
    (void)person(w, "İnce", "Okul", CASE_LETTER, 20, 1);
    (void)person(w, "Cebeci", "Okul", CASE_BLOCKED, 20, 1);
    (void)person(w, "Ada", "Okul", CASE_EXPIRED, -28, 1);
    (void)person(w, "Bay", "Okul", CASE_EXPIRED, -29, 1);
    (void)person(w, "Eren", "Okul", CASE_WATCHING, 30, 1);
    (void)person(w, "Fidan", "Okul", CASE_WATCHING, 31, 1);
    (void)person(w, "Teslim", "Okul", CASE_DELIVERED, 20, 1);
    (void)person(w, "Yeni", "Okul", CASE_RENEWED, 20, 1);
    (void)person(w, "Giden", "Okul", CASE_DUTY_ENDED, 20, 1);
    (void)person(w, "İptal", "Okul", CASE_REVOKED, 20, 1);
    (void)person(w, "Askı", "Okul", CASE_SUSPENDED, 20, 1);
    (void)person(w, "Başka", "Lise", CASE_APPROVED, 5, 1);
    preview(w, DIGEST_K1, "",
            "[Lise@meb.k12.tr Lise Başka:başvurdu]"
            "[Okul@meb.k12.tr Okul Ada:süresi dolmuş Zeybek:başvurmadı Cebeci:giriş engelli "
            "Çelik:başvurmadı Ilgaz:başvurmadı Işık:talep yazısı bekleniyor İnce:başvurdu "
            "Eren:başvurmadı]");
    preview(w, DIGEST_K1, "Lise", "[Lise@meb.k12.tr Lise Başka:başvurdu]");
    preview(w, DIGEST_K1, "Yok", "");
}

static void a_digest_is_made_once_for_each_institution_that_has_a_mailbox(void **state)
{
    struct world *w = *state;
    struct digest_result r;
    int64_t when;
    int64_t period;

    (void)person(w, "Zeybek", "Okul", CASE_WATCHING, 10, 1);
    (void)person(w, "Çelik", "Lise", CASE_WATCHING, 20, 1);
    (void)person(w, "Ilgaz", "Lise", CASE_WATCHING, 20, 1);
    (void)person(w, "Kara", "Postasız", CASE_WATCHING, 20, 1);
    (void)person(w, "Ak", "-yok", CASE_WATCHING, 20, 1);
    (void)person(w, "Kimsesiz", "", CASE_WATCHING, 20, 1);
    r = make(w, DIGEST_K1, at(MONDAY, WINDOW_OPEN - 1));
    assert_false(r.ran);
    r = make(w, DIGEST_K1, at(MONDAY, WINDOW_OPEN));
    assert_true(r.ran);
    assert_int_equal(r.messages, 2);
    assert_int_equal(r.persons, 3);
    assert_int_equal(r.refused, 1);
    assert_int_equal(r.missing, 1);
    r = make(w, DIGEST_K1, at(MONDAY, WINDOW_OPEN + 1));
    assert_false(r.ran);
    assert_int_equal(digest_last_run(w->s, DIGEST_K1, &when, &period, &w->e), 0);
    assert_int_equal(when, at(MONDAY, WINDOW_OPEN));
    assert_int_equal(period, MONDAY);
    r = make(w, DIGEST_K1, at(MONDAY + 8, WINDOW_OPEN));
    assert_int_equal(r.messages, 2);
}

static int forget(void *ctx, const struct record_row *row)
{
    struct world *w = ctx;

    return str_starts(row->key, "run/") ? store_record_remove(w->s, RECORD_DIGEST, row->key, &w->e)
                                        : 0;
}

/* The run was not finished: its own record is missing, those of the institutions are there. */
static void an_interrupted_run_goes_on_where_it_was(void **state)
{
    struct world *w = *state;
    const struct record_range all = {RECORD_DIGEST, STR(""), STR(""), false, 100};

    (void)person(w, "Zeybek", "Okul", CASE_WATCHING, 10, 1);
    assert_int_equal(make(w, DIGEST_K1, at(MONDAY, WINDOW_OPEN)).messages, 1);
    assert_int_equal(store_record_list(w->s, &all, forget, w, &w->e), 0);
    (void)person(w, "Çelik", "Lise", CASE_WATCHING, 20, 1);
    assert_int_equal(make(w, DIGEST_K1, at(MONDAY, WINDOW_OPEN + 5)).messages, 1);
}

static void nothing_to_say_is_a_run_too(void **state)
{
    struct world *w = *state;
    struct digest_result r = make(w, DIGEST_K1, at(MONDAY, WINDOW_OPEN));
    int64_t when;
    int64_t period;

    assert_true(r.ran);
    assert_int_equal(r.messages, 0);
    assert_int_equal(digest_last_run(w->s, DIGEST_K1, &when, &period, &w->e), 0);
    assert_int_equal(when, at(MONDAY, WINDOW_OPEN));
}

static void letters_are_asked_for_after_two_working_days_and_weekly(void **state)
{
    struct world *w = *state;

    (void)person(w, "Zeybek", "Okul", CASE_APPLIED, 10, 4); /* Thursday: Monday is its day */
    assert_int_equal(make(w, DIGEST_K2, at(MONDAY, WINDOW_OPEN)).messages, 1);
    assert_int_equal(make(w, DIGEST_K2, at(MONDAY + 1, WINDOW_OPEN)).messages, 0);
    (void)person(w, "Çelik", "Okul", CASE_APPLIED, 10, 0); /* Monday: Wednesday is its day */
    preview(w, DIGEST_K2, "", "[Okul@meb.k12.tr Okul Zeybek:talep yazısı bekleniyor]");
    assert_int_equal(make(w, DIGEST_K2, at(MONDAY + 2, WINDOW_OPEN)).persons, 2);
    assert_int_equal(make(w, DIGEST_K2, at(MONDAY + 8, WINDOW_OPEN)).messages, 0);
    assert_int_equal(make(w, DIGEST_K2, at(MONDAY + 9, WINDOW_OPEN)).messages, 1);
}

struct found_message {
    char facts[STORE_BODY_MAX + 1];
    int64_t id;
    struct message_row row;
};

static int note_facts(void *ctx, const struct due_row *row)
{
    struct found_message *m = ctx;

    m->id = row->message.id;
    m->row = row->message;
    return str_copy(m->facts, sizeof m->facts, row->message.facts);
}

static void newest(struct world *w, struct found_message *ret)
{
    const struct message_filter filter = {
        .state = -1, .channel = -1, .campaign = STR(DIGEST_CAMPAIGN), .limit = 1};

    assert_int_equal(store_message_list(w->s, &filter, note_facts, ret, &w->e), 0);
}

static void the_units_digest_counts_and_lists(void **state)
{
    struct world *w = *state;
    struct found_message *m = calloc(1, sizeof *m);

    (void)person(w, "Zeybek", "Okul", CASE_LETTER, 40, 3);
    (void)person(w, "Çelik", "Okul", CASE_APPLIED, 100, 4);
    (void)person(w, "Ilgaz", "Okul", CASE_APPLIED, 100, 4);
    (void)person(w, "Kara", "Okul", CASE_BLOCKED, 100, 2);
    (void)person(w, "Ak", "Okul", CASE_WATCHING, 15, 2);
    (void)person(w, "Uzak", "Okul", CASE_WATCHING, 16, 2);
    (void)person(w, "Geç", "Okul", CASE_EXPIRED, -2, 2);
    preview(w, DIGEST_BI, "",
            "[birim@ornekil.meb.gov.tr  Zeybek:onay bekliyor Çelik:talep yazısı bekleniyor "
            "Ilgaz:talep yazısı bekleniyor Kara:giriş engelli Ak:başvurmadı Geç:süresi dolmuş]");
    assert_int_equal(make(w, DIGEST_BI, at(MONDAY, WINDOW_OPEN)).messages, 1);
    newest(w, m);
    assert_non_null(strstr(m->facts, "\"summary\":[1,2,1,1,0]"));
    assert_non_null(strstr(m->facts, "\"count\":6"));
    assert_non_null(strstr(m->facts, "\"status\":\"onay bekliyor\",\"waiting\":3"));
    assert_int_equal(m->row.deadline_ms, at(MONDAY + 1, 0) - 1);
    assert_int_equal(m->row.case_id, 0);
    free(m);
}

static void what_did_not_arrive_is_told_to_the_unit(void **state)
{
    struct world *w = *state;
    const struct message_row row = {.case_id = person(w, "Zeybek", "Okul", CASE_WATCHING, 60, 1),
                                    .campaign = STR("bitis"),
                                    .channel = CHANNEL_EMAIL,
                                    .state = MESSAGE_FAILED,
                                    .created_ms = at(MONDAY - 1, 0),
                                    .updated_ms = at(MONDAY, 0)};
    struct message_row old = row;
    int64_t id;

    old.step = 1;
    old.updated_ms = at(MONDAY - 1, 0);
    assert_int_equal(store_message_add(w->s, &row, &id, &w->e), 0);
    assert_int_equal(store_message_add(w->s, &old, &id, &w->e), 0);
    preview(w, DIGEST_BI, "", "[birim@ornekil.meb.gov.tr  Zeybek:e-posta ulaştırılamadı]");
}

static void long_lists_say_how_many_more(void **state)
{
    struct world *w = *state;
    struct found_message *m = calloc(1, sizeof *m);
    struct json_doc *doc;
    struct render_facts facts = {0};
    static struct render_row rows[DIGEST_RENDER_MAX];

    w->settings->conf->digests.rows = 5;
    for (int i = 0; i < 7; i++) {
        char name[16];

        (void)snprintf(name, sizeof name, "A%d", i);
        (void)person(w, name, "Okul", CASE_WATCHING, 10, 1);
    }
    (void)make(w, DIGEST_K1, at(MONDAY, WINDOW_OPEN));
    newest(w, m);
    assert_int_equal(json_parse(str_of(m->facts), 0, &json_default_limits, &doc, NULL, NULL), 0);
    digest_read(json_get(json_root(doc), "digest"), rows, &facts);
    assert_int_equal(facts.row_count, 6);
    assert_int_equal(facts.count, 7);
    assert_int_equal(facts.window_days, 30);
    assert_true(str_eqs(rows[5].name, "…ve 2 kişi daha"));
    assert_true(str_eqs(rows[0].name, "Işıl A0"));
    assert_int_equal(rows[5].end_ms, 0);
    json_free(doc);
    free(m);
}

static void huge_names_do_not_burst_the_message(void **state)
{
    struct world *w = *state;
    struct found_message *m = calloc(1, sizeof *m);
    char name[360];

    w->settings->conf->digests.rows = CONF_DIGEST_ROWS_MAX;
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    for (int i = 0; i < CONF_DIGEST_ROWS_MAX; i++) {
        (void)person(w, name, "Okul", CASE_WATCHING, 10, 1);
    }
    assert_int_equal(make(w, DIGEST_K1, at(MONDAY, WINDOW_OPEN)).messages, 1);
    newest(w, m);
    assert_true(strlen(m->facts) > STORE_BODY_MAX - 4096);
    assert_non_null(strstr(m->facts, "kişi daha"));
    free(m);
}

static void a_person_can_be_taken_out_of_a_digest(void **state)
{
    struct world *w = *state;
    struct found_message *m = calloc(1, sizeof *m);
    int64_t gone = person(w, "Zeybek", "Okul", CASE_WATCHING, 10, 1);
    struct buf out;
    size_t count;

    (void)person(w, "Çelik", "Okul", CASE_WATCHING, 20, 1);
    (void)make(w, DIGEST_K1, at(MONDAY, WINDOW_OPEN));
    newest(w, m);
    buf_init(&out, STORE_BODY_MAX);
    assert_int_equal(digest_without_case(str_of(m->facts), gone, &out, &count), 0);
    assert_int_equal(count, 1);
    assert_null(strstr(buf_cstr(&out), "ZEYBEK"));
    assert_non_null(strstr(buf_cstr(&out), "ÇELİK"));
    assert_non_null(strstr(buf_cstr(&out), "\"vars\":{}"));
    buf_reset(&out);
    assert_int_equal(digest_without_case(str_of(m->facts), 999, &out, &count), 0);
    assert_int_equal(count, 0);
    assert_string_equal(buf_cstr(&out), m->facts);
    buf_finish(&out);
    free(m);
}

static void what_is_not_configured_is_not_made(void **state)
{
    struct world *w = *state;

    w->settings->conf->digests.kinds.items[0][1] = 'x';
    (void)person(w, "Zeybek", "Okul", CASE_WATCHING, 10, 1);
    assert_false(make(w, DIGEST_K1, at(MONDAY, WINDOW_OPEN)).ran);
    assert_true(make(w, DIGEST_BI, at(MONDAY, WINDOW_OPEN)).ran);
}

/* ---- on its way ---- */

static int read_mail(void *ctx, const struct inbox_row *row)
{
    struct told *told = ctx;

    (void)str_copy(told->text, sizeof told->text, row->to);
    return 0;
}

struct errand {
    struct store_job job;
    struct scene *scene;
    struct told told;
    char content[STORE_BODY_MAX];
    bool done;
};

static void take_content(void *ctx, const struct attempt_row *row)
{
    struct errand *errand = ctx;

    (void)str_copy(errand->content, sizeof errand->content, row->content);
}

static int make_work(struct store_job *job, struct store *s, struct err *e)
{
    struct errand *errand = (struct errand *)job;
    struct world w = {.s = s, .settings = errand->scene->gateway.settings};

    (void)e;
    (void)person(&w, "Zeybek", "Okul", CASE_WATCHING, 10, 1);
    (void)person(&w, "Çelik", "Okul", CASE_APPLIED, 20, 1);
    w.settings->conf->digests.rows = 1;
    return make(&w, DIGEST_K1, at(MONDAY, WINDOW_OPEN)).messages == 1 ? 0 : ERR_INVALID;
}

static int read_work(struct store_job *job, struct store *s, struct err *e)
{
    struct errand *errand = (struct errand *)job;
    const struct timeline_sink sink = {.ctx = errand, .attempt = take_content};
    int rc = store_inbox_list(s, 0, 10, read_mail, &errand->told, e);

    return rc == 0 ? store_timeline(s, 1, &sink, e) : rc;
}

static void errand_done(struct store_job *job, int status, const struct err *e)
{
    if (status != 0) {
        fail_msg("%s", e->text);
    }
    ((struct errand *)job)->done = true;
}

static void run_errand(struct errand *errand,
                       int (*work)(struct store_job *job, struct store *s, struct err *e))
{
    errand->job = (struct store_job){.work = work, .done = errand_done};
    errand->done = false;
    store_thread_submit(errand->scene->gateway.writer, &errand->job);
    while (!errand->done) {
        (void)uv_run(&errand->scene->loop, UV_RUN_ONCE);
    }
}

static void a_digest_arrives_as_a_table(void **state)
{
    static struct scene s;
    struct errand *errand = calloc(1, sizeof *errand);

    (void)state;
    s.wall_shift_ms = at(MONDAY, WINDOW_OPEN) - clock_wall_ms(clock_system());
    scene_open(&s, "{\"s\":{\"kind\":\"sink\"},\"m\":{\"kind\":\"sink\"}}");
    choose(s.gateway.settings, "k1 k2 bi");
    errand->scene = &s;
    run_errand(errand, make_work);
    dispatch_kick(s.gateway.dispatch, CHANNEL_EMAIL);
    scene_until(&s, MESSAGE_ACCEPTED, 1);
    run_errand(errand, read_work);
    assert_string_equal(errand->told.text, "Okul@meb.k12.tr");
    assert_non_null(strstr(errand->content, "dolacak personeliniz: 2 kişi (23.11.2026)"));
    assert_non_null(strstr(errand->content, "Işıl ZEYBEK"));
    assert_non_null(strstr(errand->content, "03.12.2026"));
    assert_non_null(strstr(errand->content, "…ve 1 kişi daha"));
    assert_null(strstr(errand->content, "01.01.1970"));
    scene_close(&s);
    scene_remove(&s);
    free(errand);
}

static int persons_work(struct store_job *job, struct store *s, struct err *e)
{
    struct world w = {.s = s};

    (void)job;
    (void)e;
    (void)person(&w, "Zeybek", "Okul", CASE_WATCHING, 10, 1);
    (void)person(&w, "Çelik", "Lise", CASE_WATCHING, 10, 1);
    return 0;
}

static void the_service_makes_them_and_works_at_night_by_itself(void **state)
{
    static struct scene s;
    struct errand *errand = calloc(1, sizeof *errand);
    struct upkeep *upkeep;

    (void)state;
    memset(&s, 0, sizeof s);
    s.wall_shift_ms = at(MONDAY, WINDOW_OPEN) - clock_wall_ms(clock_system());
    scene_open(&s, "{\"s\":{\"kind\":\"sink\"},\"m\":{\"kind\":\"sink\"}}");
    choose(s.gateway.settings, "k1 xx xx");
    errand->scene = &s;
    run_errand(errand, persons_work);
    upkeep = upkeep_create(&s.gateway);
    upkeep_start(upkeep);
    scene_until(&s, MESSAGE_ACCEPTED, 2);
    scene_wait(&s, 1500); /* the night's bites, with pauses between them */
    assert_true(s.gateway.stats.digest_ms[DIGEST_K1] >= at(MONDAY, WINDOW_OPEN));
    assert_int_equal(s.gateway.stats.digest_ms[DIGEST_BI], 0);
    assert_int_equal(s.gateway.stats.retention_day, MONDAY);
    upkeep_destroy(upkeep);
    scene_close(&s);
    scene_open(&s, "{\"s\":{\"kind\":\"sink\"},\"m\":{\"kind\":\"sink\"}}");
    choose(s.gateway.settings, "k1 xx xx");
    upkeep = upkeep_create(&s.gateway);
    upkeep_start(upkeep);
    scene_wait(&s, 300);
    scene_refresh(&s);
    assert_int_equal(s.count, 2); /* not again after a restart, and the heartbeat is known */
    assert_true(s.gateway.stats.digest_ms[DIGEST_K1] >= at(MONDAY, WINDOW_OPEN));
    assert_int_equal(s.gateway.stats.retention_day, MONDAY);
    upkeep_destroy(upkeep);
    scene_close(&s);
    scene_remove(&s);
    free(errand);
}

/* Yesterday's run was cut off: tonight's comes after what is left of it. */
static int cut_off_work(struct store_job *job, struct store *s, struct err *e)
{
    const struct errand *errand = (struct errand *)job;
    struct retention_walk walk;
    char record[RETENTION_KEY_SIZE];
    int rc = retention_step(s, &errand->scene->gateway.settings->conf->retention,
                            at(MONDAY - 1, WINDOW_OPEN), "nightly", &walk, record, e);

    assert_false(walk.finished);
    return rc;
}

static void wait_for_night(struct scene *s, int64_t day)
{
    for (int i = 0; i < 100 && s->gateway.stats.retention_day != day; i++) {
        scene_wait(s, 100);
    }
    assert_int_equal(s->gateway.stats.retention_day, day);
}

static void a_night_that_was_cut_off_takes_no_other_nights_place(void **state)
{
    static struct scene s;
    struct errand *errand = calloc(1, sizeof *errand);
    struct upkeep *upkeep;

    (void)state;
    memset(&s, 0, sizeof s);
    s.wall_shift_ms = at(MONDAY, WINDOW_OPEN) - clock_wall_ms(clock_system());
    scene_open(&s, "{\"s\":{\"kind\":\"sink\"},\"m\":{\"kind\":\"sink\"}}");
    errand->scene = &s;
    run_errand(errand, cut_off_work);
    upkeep = upkeep_create(&s.gateway);
    upkeep_start(upkeep);
    wait_for_night(&s, MONDAY - 1);
    upkeep_reloaded(upkeep); /* looks again at once */
    scene_wait(&s, 300);
    assert_int_equal(s.gateway.stats.retention_day, MONDAY - 1); /* as it is kept; under way */
    wait_for_night(&s, MONDAY);
    upkeep_destroy(upkeep);
    scene_close(&s);
    scene_remove(&s);
    free(errand);
}

#define BOTH(name)                                                                                 \
    cmocka_unit_test_setup_teardown(name, on_disk, end_world),                                     \
        cmocka_unit_test_setup_teardown(name, in_memory, end_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(periods_begin_when_they_should),
        cmocka_unit_test(the_first_week_waits_for_a_holiday_to_pass),
        cmocka_unit_test(private_mailboxes_are_refused),
        BOTH(persons_come_in_turkish_order_and_drop_out_by_rule),
        BOTH(a_digest_is_made_once_for_each_institution_that_has_a_mailbox),
        BOTH(an_interrupted_run_goes_on_where_it_was),
        BOTH(nothing_to_say_is_a_run_too),
        BOTH(letters_are_asked_for_after_two_working_days_and_weekly),
        BOTH(the_units_digest_counts_and_lists),
        BOTH(what_did_not_arrive_is_told_to_the_unit),
        BOTH(long_lists_say_how_many_more),
        BOTH(huge_names_do_not_burst_the_message),
        BOTH(a_person_can_be_taken_out_of_a_digest),
        BOTH(what_is_not_configured_is_not_made),
        cmocka_unit_test(a_digest_arrives_as_a_table),
        cmocka_unit_test(the_service_makes_them_and_works_at_night_by_itself),
        cmocka_unit_test(a_night_that_was_cut_off_takes_no_other_nights_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
