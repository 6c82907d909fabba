/* Importing, importing again, taking it back: what cases, messages and records say afterwards. */
#include "flow/audit.h"
#include "flow/person.h"
#include "flow/roster_value.h"
#include "roster_scene.h"

#define TITLES "Ad Soyad;Cep Tel;E-posta;Bitiş Tarihi;Sicil No\n"
#define AYSE   "Ayşe Nur YILMAZ;05320000067;ayse@ornek.test;12.02.2027;1001\n"
#define ISIL   "Işıl ÇİĞDEM;05320000068;isil@ornek.test;01.03.2027;1002\n"

enum { PER_PERSON = 14 }; /* seven marks on two channels */

/* ---- looking ---- */

static int64_t number(struct roster_scene *s, const char *group, const char *key)
{
    const struct json *v = json_root(s->doc);
    int64_t n = -1;

    v = group == NULL ? v : json_get(v, group);
    (void)json_i64(json_get(v, key), &n);
    return n;
}

static const char *word(struct roster_scene *s, const char *key)
{
    return json_str(json_get(json_root(s->doc), key)).ptr;
}

struct counted {
    size_t in_state[MESSAGE_STATE_COUNT];
    size_t undone;
    size_t rows;
};

static int count_message(void *ctx, const struct due_row *row)
{
    struct counted *c = ctx;

    c->rows++;
    c->in_state[row->message.state]++;
    c->undone += str_eqs(row->message.reason, "import_undone");
    return 0;
}

static struct counted messages_of(struct roster_scene *s, const char *certificate)
{
    struct message_filter filter = {.state = -1, .channel = -1, .limit = STORE_LIST_MAX};
    struct counted c = {.rows = 0};
    struct err e = {0};

    filter.certificate = str_of(certificate);
    assert_int_equal(store_message_list(s->store, &filter, count_message, &c, &e), 0);
    return c;
}

static size_t waiting(struct roster_scene *s, const char *certificate)
{
    struct counted c = messages_of(s, certificate);

    return c.in_state[MESSAGE_PLANNED] + c.in_state[MESSAGE_QUEUED];
}

static int find_first(void *ctx, const struct due_row *row)
{
    int64_t *first = ctx;

    if (row->message.due_ms < *first) {
        *first = row->message.due_ms;
    }
    return 0;
}

static int64_t first_due(struct roster_scene *s, const char *certificate)
{
    struct message_filter filter = {
        .state = MESSAGE_PLANNED, .channel = -1, .limit = STORE_LIST_MAX};
    int64_t first = INT64_MAX;
    struct err e = {0};

    filter.certificate = str_of(certificate);
    assert_int_equal(store_message_list(s->store, &filter, find_first, &first, &e), 0);
    return first;
}

static int keep_file(void *ctx, const struct case_row *row)
{
    return case_read(row->facts, ctx);
}

static bool case_of(struct roster_scene *s, const char *certificate, struct case_file *ret)
{
    struct err e = {0};
    int rc = store_case_by_certificate(s->store, str_of(certificate), keep_file, ret, &e);

    assert_true(rc == 0 || rc == ERR_NOT_FOUND);
    return rc == 0;
}

static int64_t end_day(struct roster_scene *s, const char *certificate)
{
    struct case_file file;

    assert_true(case_of(s, certificate, &file));
    return file.known.not_after_ms == 0 ? 0 : istanbul_day(file.known.not_after_ms);
}

/* ---- doing ---- */

static int ask(struct roster_scene *s, const char *operation, const char *name, const char *value,
               const char *file)
{
    struct roster_params params = {.count = 0};
    struct faults faults;
    int rc;

    faults_init(&faults);
    if (name != NULL) {
        roster_param(&params, name, value);
    }
    rc = roster_scene_call(s, operation, &params, str_of(file), &faults);
    if (rc != 0) {
        roster_scene_faults(s, &faults);
    }
    faults_finish(&faults);
    return rc;
}

static void import(struct roster_scene *s, const char *file)
{
    if (ask(s, "import.create", NULL, NULL, file) != 0) {
        fail_msg("%s", buf_cstr(&s->out));
    }
}

static void expect_counts(struct roster_scene *s, int64_t fresh, int64_t changed, int64_t unchanged)
{
    assert_int_equal(number(s, "counts", "new"), fresh);
    assert_int_equal(number(s, "counts", "changed"), changed);
    assert_int_equal(number(s, "counts", "unchanged"), unchanged);
}

static void undo(struct roster_scene *s, const char *id)
{
    if (ask(s, "import.undo", "id", id, "") != 0) {
        fail_msg("%s", buf_cstr(&s->out));
    }
}

/* ---- tests ---- */

static void rows_become_cases_and_messages(void **state)
{
    struct roster_scene s;

    (void)state;
    roster_scene_open(&s, false);
    import(&s, TITLES AYSE ISIL);
    assert_string_equal(word(&s, "result"), "imported");
    assert_string_equal(word(&s, "import"), "000000000001");
    expect_counts(&s, 2, 0, 0);
    assert_int_equal(number(&s, "plan", "gained"), 2 * PER_PERSON);
    assert_int_equal(s.effects & DESK_EVENTS, DESK_EVENTS);
    assert_int_equal(waiting(&s, "list:1001"), PER_PERSON);
    assert_int_equal(waiting(&s, "list:1002"), PER_PERSON);
    roster_scene_close(&s);
}

static void a_look_changes_nothing(void **state)
{
    struct roster_scene s;
    struct case_file file;

    (void)state;
    roster_scene_open(&s, false);
    assert_int_equal(ask(&s, "import.check", NULL, NULL, TITLES AYSE), 0);
    assert_string_equal(word(&s, "result"), "would_import");
    assert_int_equal(ask(&s, "import.create", "dry_run", "true", TITLES AYSE), 0);
    assert_string_equal(word(&s, "result"), "would_import");
    assert_int_equal(store_event_last(s.store), 0);
    assert_false(case_of(&s, "list:1001", &file));
    assert_int_equal(ask(&s, "import.list", NULL, NULL, ""), 0);
    assert_int_equal(json_count(json_get(json_root(s.doc), "items")), 0);
    roster_scene_close(&s);
}

static void the_same_list_again_is_silent(void **state)
{
    struct roster_scene s;

    (void)state;
    roster_scene_open(&s, false);
    import(&s, TITLES AYSE ISIL);
    import(&s, TITLES ISIL AYSE);
    expect_counts(&s, 0, 0, 2);
    assert_int_equal(store_event_last(s.store), 2);
    assert_int_equal(number(&s, "plan", "gained"), 0);
    /* Cells that are empty now tell nothing: they do not erase. */
    import(&s, TITLES "Ayşe Nur YILMAZ;05320000067;;12.02.2027;1001\n");
    expect_counts(&s, 0, 0, 1);
    assert_int_equal(waiting(&s, "list:1001"), PER_PERSON);
    roster_scene_close(&s);
}

static void a_corrected_end_moves_the_series(void **state)
{
    struct roster_scene s;

    (void)state;
    roster_scene_open(&s, false);
    import(&s, TITLES AYSE);
    import(&s, TITLES "Ayşe Nur YILMAZ;05320000067;ayse@ornek.test;22.02.2027;1001\n");
    expect_counts(&s, 0, 1, 0);
    assert_int_equal(number(&s, "plan", "gained"), 0);
    assert_int_equal(number(&s, "plan", "lost"), 0);
    assert_int_equal(number(&s, "plan", "moved"), PER_PERSON);
    assert_int_equal(waiting(&s, "list:1001"), PER_PERSON);
    assert_int_equal(messages_of(&s, "list:1001").rows, PER_PERSON);
    assert_int_equal(first_due(&s, "list:1001"), istanbul_ms(civil_days(2026, 11, 24), 540));
    assert_int_equal(end_day(&s, "list:1001"), civil_days(2027, 2, 22));
    roster_scene_close(&s);
}

static void a_renewed_end_begins_a_new_certificate(void **state)
{
    struct roster_scene s;
    struct case_file file;

    (void)state;
    roster_scene_open(&s, false);
    import(&s, TITLES AYSE);
    s.now_ms += DAY_MS;
    import(&s, TITLES "Ayşe Nur YILMAZ;05320000067;ayse@ornek.test;12.02.2030;1001\n");
    assert_true(case_of(&s, "list:1001", &file));
    assert_true(file.extended);
    assert_int_equal(file.cycle, 1);
    roster_scene_close(&s);
}

static void a_new_address_is_planned_for(void **state)
{
    struct roster_scene s;

    (void)state;
    roster_scene_open(&s, false);
    import(&s, TITLES "Ayşe Nur YILMAZ;05320000067;;12.02.2027;1001\n");
    assert_int_equal(waiting(&s, "list:1001"), PER_PERSON / 2);
    import(&s, TITLES AYSE);
    expect_counts(&s, 0, 1, 0);
    assert_int_equal(number(&s, "plan", "gained"), PER_PERSON / 2);
    assert_int_equal(number(&s, "plan", "lost"), 0);
    assert_int_equal(waiting(&s, "list:1001"), PER_PERSON);
    roster_scene_close(&s);
}

static void states_of_the_list_stop_and_pause(void **state)
{
    static const char titles[] = "Ad Soyad;Cep Tel;Bitiş;Sicil;Durum;Giriş Engelli\n";
    struct roster_scene s;
    struct counted c;
    char list[400];

    (void)state;
    roster_scene_open(&s, false);
    (void)snprintf(list, sizeof list, "%s%s", titles,
                   "Ayşe YILMAZ;05320000067;12.02.2027;1;başvurdu;\n"
                   "Işıl ÇİĞDEM;05320000068;12.02.2027;2;;evet\n");
    import(&s, list);
    c = messages_of(&s, "list:1");
    assert_int_equal(c.in_state[MESSAGE_CANCELLED], PER_PERSON / 2);
    assert_int_equal(c.rows, PER_PERSON / 2 + 1); /* and the notice what comes next */
    assert_int_equal(messages_of(&s, "list:2").in_state[MESSAGE_HELD], PER_PERSON / 2);
    import(&s, list);
    expect_counts(&s, 0, 0, 2);
    (void)snprintf(list, sizeof list, "%s%s", titles,
                   "Işıl ÇİĞDEM;05320000068;12.02.2027;2;;hayır\n");
    import(&s, list);
    expect_counts(&s, 0, 1, 0);
    assert_true(waiting(&s, "list:2") >= PER_PERSON / 2);
    roster_scene_close(&s);
}

/* The card of the certificate at hand; the word stays in the list until somebody changes it. */
static void a_word_left_in_the_list_is_no_new_application(void **state)
{
    static const char applied[] = "Ad Soyad;Cep Tel;Bitiş;Sicil;Durum\n"
                                  "Ayşe YILMAZ;05320000067;12.02.2029;1;başvurdu\n";
    static const char delivered[] = "Ad Soyad;Cep Tel;Bitiş;Sicil;Durum\n"
                                    "Ayşe YILMAZ;05320000067;12.02.2029;1;teslim edildi\n";
    struct roster_scene s;
    struct case_file file;

    (void)state;
    roster_scene_open(&s, false);
    import(&s, applied);
    s.now_ms += DAY_MS;
    import(&s, delivered);
    assert_true(case_of(&s, "list:1", &file));
    assert_int_equal(file.state, CASE_DELIVERED);
    s.now_ms += 700LL * DAY_MS; /* the next application can be made */
    import(&s, delivered);
    expect_counts(&s, 0, 0, 1);
    import(&s, applied);
    expect_counts(&s, 0, 1, 0);
    assert_true(case_of(&s, "list:1", &file));
    assert_int_equal(file.state, CASE_APPLIED);
    import(&s, applied);
    expect_counts(&s, 0, 0, 1);
    roster_scene_close(&s);
}

static void one_bad_row_refuses_the_list_or_is_left_out(void **state)
{
    static const char list[] = TITLES AYSE "Işıl ÇİĞDEM;123;;01.03.2027;1002\n";
    struct roster_scene s;
    struct case_file file;

    (void)state;
    roster_scene_open(&s, false);
    assert_int_equal(ask(&s, "import.create", NULL, NULL, list), ERR_INVALID);
    assert_non_null(strstr(buf_cstr(&s.out), "\"/rows/3\",\"code\":\"phone_too_short\""));
    assert_int_equal(store_event_last(s.store), 0);
    assert_int_equal(ask(&s, "import.list", NULL, NULL, ""), 0);
    assert_int_equal(json_count(json_get(json_root(s.doc), "items")), 0);
    assert_int_equal(ask(&s, "import.create", "mode", "valid_rows", list), 0);
    assert_int_equal(number(&s, "counts", "refused"), 1);
    assert_true(case_of(&s, "list:1001", &file));
    assert_false(case_of(&s, "list:1002", &file));
    assert_int_equal(ask(&s, "import.errors", "id", "000000000001", ""), 0);
    assert_string_equal(
        buf_cstr(&s.out),
        "\xEF\xBB\xBFsatır;sütun;değer;kod;neden;çözüm\r\n"
        "3;\"Cep Tel\";\"***\";\"phone_too_short\";\"Numara 10 haneli olmalı; 3 hane var.\";"
        "\"5 ile başlayan on haneli cep numarası yazınız: 0532 000 00 67.\"\r\n");
    roster_scene_close(&s);
}

static void who_is_gone_is_shown_and_kept(void **state)
{
    struct roster_scene s;
    const struct json *gone;

    (void)state;
    roster_scene_open(&s, false);
    import(&s, TITLES AYSE ISIL);
    assert_int_equal(ask(&s, "import.check", NULL, NULL, TITLES AYSE), 0);
    assert_int_equal(number(&s, NULL, "gone_count"), 1);
    gone = json_first(json_get(json_root(s.doc), "gone"));
    assert_true(str_eqs(json_str(json_get(gone, "certificate")), "list:1002"));
    assert_true(str_eqs(json_str(json_get(gone, "name")), "I*** Ç*****"));
    assert_int_equal(waiting(&s, "list:1002"), PER_PERSON);
    /* Another list of another source: nobody is missed there. */
    assert_int_equal(ask(&s, "import.check", "source", "okullar", TITLES AYSE), 0);
    assert_int_equal(number(&s, NULL, "gone_count"), 0);
    /* A refused row still stands in the list. */
    assert_int_equal(
        ask(&s, "import.check", NULL, NULL, TITLES AYSE "Işıl ÇİĞDEM;1;;01.03.2027;1002\n"), 0);
    assert_int_equal(number(&s, NULL, "gone_count"), 0);
    roster_scene_close(&s);
}

static void an_undone_import_is_forgotten(void **state)
{
    struct roster_scene s;
    struct case_file file;
    struct counted c;

    (void)state;
    roster_scene_open(&s, false);
    import(&s, TITLES AYSE ISIL);
    undo(&s, "000000000001");
    assert_string_equal(word(&s, "result"), "undone");
    assert_int_equal(number(&s, NULL, "restored"), 2);
    assert_int_equal(number(&s, NULL, "messages_stopped"), 2 * PER_PERSON);
    c = messages_of(&s, "list:1001");
    assert_int_equal(c.in_state[MESSAGE_CANCELLED], PER_PERSON);
    assert_int_equal(c.undone, PER_PERSON);
    assert_true(case_of(&s, "list:1001", &file));
    assert_int_equal(file.known.not_after_ms, 0);
    assert_string_equal(file.known.holder.phone, "");
    assert_int_equal(ask(&s, "import.undo", "id", "000000000001", ""), ERR_WRONG_STATE);
    assert_int_equal(ask(&s, "import.undo", "id", "000000000009", ""), ERR_NOT_FOUND);
    roster_scene_close(&s);
}

static void an_import_after_undoing_works(void **state)
{
    struct roster_scene s;
    struct counted c;

    (void)state;
    roster_scene_open(&s, false);
    import(&s, TITLES AYSE);
    undo(&s, "000000000001");
    s.now_ms += 60000;
    import(&s, TITLES AYSE);
    expect_counts(&s, 1, 0, 0);
    assert_int_equal(number(&s, "plan", "gained"), PER_PERSON);
    assert_int_equal(number(&s, NULL, "gone_count"), 0);
    c = messages_of(&s, "list:1001");
    assert_int_equal(c.rows, PER_PERSON); /* the same ones, brought back */
    assert_int_equal(waiting(&s, "list:1001"), PER_PERSON);
    assert_int_equal(end_day(&s, "list:1001"), civil_days(2027, 2, 12));
    undo(&s, "000000000002");
    assert_int_equal(waiting(&s, "list:1001"), 0);
    roster_scene_close(&s);
}

/* A large import goes back step by step, and each step stands alone. */
static void a_large_import_is_undone_in_steps(void **state)
{
    enum { ROWS = ROSTER_UNDO_SLICE + 500, CHANGED = 100 };
    struct roster_scene s;
    struct buf list;
    int64_t restored = 0;
    int steps = 0;

    (void)state;
    roster_scene_open(&s, false);
    buf_init(&list, 1 << 20);
    (void)buf_adds(&list, TITLES);
    for (int i = 0; i < CHANGED; i++) {
        (void)buf_addf(&list, "Can ÖZ;0532%07d;;12.02.2027;%d\n", i, i);
    }
    import(&s, buf_cstr(&list));
    for (int i = 0; i < ROWS; i++) {
        (void)buf_addf(&list, "Can ÖZ;0532%07d;;12.02.2027;%d\n", i + 5000, i + 5000);
    }
    (void)buf_adds(&list, "Can ÖZ;05329999999;;12.02.2027;9999999\n");
    import(&s, buf_cstr(&list));
    expect_counts(&s, ROWS + 1, 0, CHANGED);
    do {
        undo(&s, "000000000002");
        restored += number(&s, NULL, "restored");
        steps++;
    } while (strcmp(word(&s, "result"), "undoing") == 0);
    assert_int_equal(steps, 2);
    assert_int_equal(restored, ROWS + 1);
    assert_int_equal(waiting(&s, "list:9999999"), 0);
    assert_int_equal(waiting(&s, "list:5000"), 0);
    assert_int_equal(waiting(&s, "list:1"), PER_PERSON / 2);
    buf_finish(&list);
    roster_scene_close(&s);
}

static void undoing_a_change_brings_back_what_was(void **state)
{
    struct roster_scene s;
    struct case_file before;
    struct case_file after;
    int64_t due;

    (void)state;
    roster_scene_open(&s, false);
    import(&s, TITLES AYSE);
    assert_true(case_of(&s, "list:1001", &before));
    due = first_due(&s, "list:1001");
    s.now_ms += 60000;
    import(&s, TITLES "Ayşe Nur ÖZ;05320000099;oz@ornek.test;22.02.2027;1001\n");
    s.now_ms += 60000;
    undo(&s, "000000000002");
    assert_int_equal(number(&s, NULL, "restored"), 1);
    assert_int_equal(first_due(&s, "list:1001"), due);
    assert_true(case_of(&s, "list:1001", &after));
    assert_string_equal(after.known.holder.family_name, before.known.holder.family_name);
    assert_string_equal(after.known.holder.phone, before.known.holder.phone);
    assert_int_equal(after.known.not_after_ms, before.known.not_after_ms);
    assert_int_equal(after.cycle, before.cycle);
    assert_int_equal(waiting(&s, "list:1001"), PER_PERSON);
    roster_scene_close(&s);
}

static void what_changed_since_is_left_alone(void **state)
{
    struct roster_scene s;

    (void)state;
    roster_scene_open(&s, false);
    import(&s, TITLES AYSE ISIL);
    import(&s, TITLES "Ayşe Nur YILMAZ;05320000099;ayse@ornek.test;12.02.2027;1001\n");
    undo(&s, "000000000001");
    assert_int_equal(number(&s, NULL, "restored"), 1);
    assert_int_equal(number(&s, NULL, "left_as_is"), 1);
    assert_true(
        str_eqs(json_str(json_get(json_first(json_get(json_root(s.doc), "left")), "certificate")),
                "list:1001"));
    assert_int_equal(waiting(&s, "list:1001"), PER_PERSON);
    assert_int_equal(waiting(&s, "list:1002"), 0);
    roster_scene_close(&s);
}

static void a_certificate_superseded_by_the_list_comes_back(void **state)
{
    static const char titles[] = "Sertifika No;Ad Soyad;Cep Tel;Bitiş;Sicil\n";
    struct roster_scene s;
    struct case_file file;
    char list[300];

    (void)state;
    roster_scene_open(&s, false);
    (void)snprintf(list, sizeof list, "%snes-1;Ayşe YILMAZ;05320000067;12.02.2027;1\n", titles);
    import(&s, list);
    (void)snprintf(list, sizeof list, "%snes-2;Ayşe YILMAZ;05320000067;12.02.2030;1\n", titles);
    import(&s, list);
    assert_int_equal(number(&s, "plan", "lost"), PER_PERSON / 2);
    assert_true(case_of(&s, "nes-1", &file));
    assert_int_equal(file.state, CASE_RENEWED);
    undo(&s, "000000000002");
    assert_true(case_of(&s, "nes-1", &file));
    assert_int_equal(file.state, CASE_WATCHING);
    assert_int_equal(waiting(&s, "nes-1"), PER_PERSON / 2);
    assert_int_equal(waiting(&s, "nes-2"), 0);
    roster_scene_close(&s);
}

/* An event of another system about the person of row AYSE. */
static void tell(struct roster_scene *s, enum event_type type, const char *certificate)
{
    struct event_row row = {.received_ms = s->now_ms, .type = (int)type};
    unsigned char first[SHA256_SIZE];
    struct fact fact;
    struct buf body;
    int64_t seq;
    struct err e = {0};
    char id[64];

    fact_reset(&fact);
    fact.type = type;
    fact.time_ms = s->now_ms;
    (void)str_copy(fact.certificate.ref, FACT_REF_SIZE, str_of(certificate));
    (void)str_copy(fact.holder.ref, FACT_REF_SIZE, STR("1001"));
    if (type == EVENT_CERTIFICATE_EXPIRING) {
        fact.not_after_ms = istanbul_ms(civil_days(2027, 2, 12), 600);
        (void)str_copy(fact.holder.phone, FACT_PHONE_SIZE, STR("+905320000067"));
    }
    (void)snprintf(id, sizeof id, "told-%d-%lld", (int)type, (long long)s->now_ms);
    buf_init(&body, FACT_CANONICAL_MAX);
    assert_int_equal(fact_canonical(&fact, &body), 0);
    row.source = STR("urn:test");
    row.id = str_of(id);
    row.body = (struct str){body.data, body.len};
    fact_digest(row.body, row.digest);
    assert_int_equal(store_begin(s->store, &e), 0);
    assert_int_equal(store_event_append(s->store, &row, &seq, first, &e), 0);
    assert_int_equal(store_commit(s->store, &e), 0);
    buf_finish(&body);
    roster_scene_apply(s);
}

static void a_certificate_known_by_another_name_is_the_same(void **state)
{
    struct roster_scene s;
    struct case_file file;

    (void)state;
    roster_scene_open(&s, false);
    tell(&s, EVENT_CERTIFICATE_EXPIRING, "nes/4a1f09");
    assert_int_equal(waiting(&s, "nes/4a1f09"), PER_PERSON / 2);
    import(&s, TITLES AYSE);
    expect_counts(&s, 0, 1, 0); /* a name and a mailbox are new */
    assert_int_equal(waiting(&s, "nes/4a1f09"), PER_PERSON);
    assert_false(case_of(&s, "list:1001", &file));
    assert_true(case_of(&s, "nes/4a1f09", &file));
    assert_int_equal(file.known.not_after_ms, istanbul_ms(civil_days(2027, 2, 12), 600));
    import(&s, TITLES ISIL);
    assert_int_equal(number(&s, NULL, "gone_count"), 1);
    roster_scene_close(&s);
}

/* Without a column of keys: the mailbox may come later, the spelling of the name may change. */
static void a_person_without_key_is_known_again(void **state)
{
    static const char first[] = "Ad Soyad;Cep Tel;Bitiş\nIşıl ÇİĞDEM;05320000068;12.02.2027\n"
                                "Can ÖZ;05320000069;12.02.2027\n";
    static const char later[] = "Ad Soyad;Cep Tel;E-posta;Bitiş\n"
                                "IŞIL ÇİĞDEM;05320000068;isil@ornek.test;12.02.2027\n"
                                "can öz;05320000069;;12.02.2027\n";
    static const char twice[] = "Ad Soyad;Cep Tel;E-posta;Bitiş\n"
                                "Can ÖZ;05320000069;;12.02.2027\n"
                                "Can ÖZ;05320000069;can@ornek.test;12.02.2027\n";
    struct roster_scene s;

    (void)state;
    roster_scene_open(&s, false);
    import(&s, first);
    expect_counts(&s, 2, 0, 0);
    assert_int_equal(ask(&s, "import.check", NULL, NULL, twice), 0);
    assert_int_equal(number(&s, "counts", "refused"), 1);
    import(&s, later);
    expect_counts(&s, 0, 2, 0);
    assert_int_equal(number(&s, NULL, "gone_count"), 0);
    import(&s, later);
    expect_counts(&s, 0, 0, 2);
    assert_int_equal(number(&s, NULL, "gone_count"), 0);
    roster_scene_close(&s);
}

static void what_was_known_before_any_certificate_stays(void **state)
{
    struct roster_scene s;
    struct case_file file;

    (void)state;
    roster_scene_open(&s, false);
    tell(&s, EVENT_LOGIN_BLOCKED, "");
    s.now_ms += 60000;
    import(&s, TITLES AYSE);
    assert_true(case_of(&s, "list:1001", &file));
    assert_int_equal(file.state, CASE_BLOCKED);
    undo(&s, "000000000001");
    assert_true(case_of(&s, "person:1001", &file));
    assert_int_not_equal(file.seen_ms[EVENT_LOGIN_BLOCKED], 0);
    import(&s, TITLES AYSE);
    assert_true(case_of(&s, "list:1001", &file));
    assert_int_equal(file.state, CASE_BLOCKED);
    roster_scene_close(&s);
}

static void erased_persons_do_not_come_back(void **state)
{
    struct roster_scene s;
    struct case_file file;
    struct person_counts counts;
    struct err e = {0};

    (void)state;
    roster_scene_open(&s, false);
    import(&s, TITLES AYSE ISIL);
    assert_int_equal(store_begin(s.store, &e), 0);
    assert_int_equal(
        person_erase(s.store,
                     &(const struct person_env){
                         .key = s.key, .ids = s.ids, .now_ms = s.now_ms, .actor = "test"},
                     STR("1001"), &counts, &e),
        0);
    assert_int_equal(store_commit(s.store, &e), 0);
    assert_int_equal(ask(&s, "import.create", "mode", "valid_rows", TITLES AYSE ISIL), 0);
    assert_int_equal(number(&s, "counts", "refused"), 1);
    assert_non_null(strstr(buf_cstr(&s.out), "person_erased"));
    assert_false(case_of(&s, "list:1001", &file));
    assert_int_equal(number(&s, NULL, "gone_count"), 0);
    roster_scene_close(&s);
}

static void identity_numbers_become_hashes_where_wanted(void **state)
{
    static const char list[] = "T.C. Kimlik No;Ad Soyad;Cep Tel;Bitiş\n"
                               "10000000146;Ayşe YILMAZ;05320000067;12.02.2027\n";
    struct roster_scene s;

    (void)state;
    roster_scene_open(&s, true);
    import(&s, list);
    expect_counts(&s, 1, 0, 0);
    assert_int_equal(ask(&s, "import.check", NULL, NULL, list), 0);
    expect_counts(&s, 0, 0, 1);
    assert_null(strstr(buf_cstr(&s.out), "10000000146"));
    assert_int_equal(ask(&s, "import.check", NULL, NULL,
                         "T.C. Kimlik No;Ad Soyad;Cep Tel;Bitiş\n"
                         "10000000147;Ayşe YILMAZ;05320000067;12.02.2027\n"),
                     0);
    assert_non_null(strstr(buf_cstr(&s.out), "identity_invalid"));
    roster_scene_close(&s);
}

static void waiting_events_come_first(void **state)
{
    struct roster_scene s;

    (void)state;
    roster_scene_open(&s, false);
    s.applies = false;
    import(&s, TITLES AYSE);
    /* A look cannot apply what waits, and says so; an import does. */
    assert_int_equal(ask(&s, "import.check", NULL, NULL, TITLES AYSE), 0);
    assert_non_null(strstr(buf_cstr(&s.out), "\"events_waiting\""));
    expect_counts(&s, 1, 0, 0);
    assert_int_equal(ask(&s, "import.undo", "id", "000000000001", ""), ERR_BUSY);
    import(&s, TITLES AYSE);
    expect_counts(&s, 0, 0, 1);
    roster_scene_close(&s);
}

/* ---- cells ---- */

static void dates_in_every_spelling(void **state)
{
    static const struct {
        const char *text;
        enum roster_date how;
        const char *end; /* RFC 3339 */
    } cases[] = {
        {"12.02.2027", ROSTER_DATE_OK, "2027-02-12T20:59:59Z"},
        {"12/02/2027", ROSTER_DATE_OK, "2027-02-12T20:59:59Z"},
        {"1.2.2027", ROSTER_DATE_OK, "2027-02-01T20:59:59Z"},
        {"12.2.27", ROSTER_DATE_SHORT_YEAR, "2027-02-12T20:59:59Z"},
        {"2027-02-12", ROSTER_DATE_OK, "2027-02-12T20:59:59Z"},
        {"20270212", ROSTER_DATE_OK, "2027-02-12T20:59:59Z"},
        {"12 Şubat 2027", ROSTER_DATE_OK, "2027-02-12T20:59:59Z"},
        {"3 AĞUSTOS 2027", ROSTER_DATE_OK, "2027-08-03T20:59:59Z"},
        {"12-Feb-27", ROSTER_DATE_SHORT_YEAR, "2027-02-12T20:59:59Z"},
        {"12.02.2027 00:00:00", ROSTER_DATE_OK, "2027-02-12T20:59:59Z"},
        {"12.02.2027 14:30", ROSTER_DATE_OK, "2027-02-12T11:30:00Z"},
        {"2027-02-12T20:59:59Z", ROSTER_DATE_OK, "2027-02-12T20:59:59Z"},
        {"46430", ROSTER_DATE_SERIAL, "2027-02-12T20:59:59Z"},
        {"36526", ROSTER_DATE_SERIAL, "2000-01-01T20:59:59Z"},
        {"73415", ROSTER_DATE_SERIAL, "2100-12-31T20:59:59Z"},
        {"36525", ROSTER_DATE_WRONG, NULL},
        {"73416", ROSTER_DATE_WRONG, NULL},
        {"29.02.2028", ROSTER_DATE_OK, "2028-02-29T20:59:59Z"},
        {"29.02.2027", ROSTER_DATE_WRONG, NULL},
        {"02/13/2027", ROSTER_DATE_MONTH_FIRST, NULL},
        {"32.13.2027", ROSTER_DATE_WRONG, NULL},
        {"12 Şubatı 2027", ROSTER_DATE_WRONG, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t end = 0;
        char text[32];

        assert_int_equal(roster_date(str_of(cases[i].text), &end), cases[i].how);
        rfc3339_format(end, text);
        if (cases[i].end != NULL && strcmp(text, cases[i].end) != 0) {
            fail_msg("%s is %s", cases[i].text, text);
        }
    }
}

static void names_are_taken_apart(void **state)
{
    static const struct {
        const char *whole;
        const char *given;
        const char *family;
    } cases[] = {
        {"Ayşe Nur YILMAZ", "Ayşe Nur", "YILMAZ"},
        {"Ayşe Nur YILMAZ DEMİR", "Ayşe Nur", "YILMAZ DEMİR"},
        {"AYŞE NUR YILMAZ", "AYŞE NUR", "YILMAZ"},
        {"ayşe nur yılmaz", "ayşe nur", "yılmaz"},
        {"Işıl İĞDE-ÖZ", "Işıl", "İĞDE-ÖZ"},
        {"YILMAZ, Ayşe Nur", "Ayşe Nur", "YILMAZ"},
        {"Ayşe", "Ayşe", ""},
        {"", "", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct str given;
        struct str family;

        roster_split_name(str_of(cases[i].whole), &given, &family);
        assert_true(str_eqs(given, cases[i].given));
        assert_true(str_eqs(family, cases[i].family));
    }
}

/* ---- limits, each at its edge ---- */

static int count_row(void *ctx, const struct sheet_row *row)
{
    *(size_t *)ctx = row->number;
    return 0;
}

static int read_rows(struct buf *file, size_t *ret_last, char code[32])
{
    struct sheet_about about;
    struct faults faults;
    struct err e = {0};
    int rc;

    faults_init(&faults);
    rc = sheet_read((struct str){file->data, file->len}, count_row, ret_last, &about, &faults, &e);
    (void)str_copy(code, 32, str_of(faults.count > 0 ? faults.list[0].code : ""));
    faults_finish(&faults);
    return rc;
}

static void a_file_has_so_many_rows(void **state)
{
    struct buf file;
    size_t last = 0;
    char code[32];

    (void)state;
    buf_init(&file, 1 << 22);
    for (size_t i = 0; i + 1 < SHEET_ROWS_MAX; i++) {
        (void)buf_adds(&file, "a;b\n");
    }
    assert_int_equal(read_rows(&file, &last, code), 0);
    assert_int_equal(last, SHEET_ROWS_MAX - 1);
    (void)buf_adds(&file, "a;b\n");
    assert_int_equal(read_rows(&file, &last, code), 0);
    (void)buf_adds(&file, "a;b\n");
    assert_int_equal(read_rows(&file, &last, code), ERR_INVALID);
    assert_string_equal(code, "too_many_rows");
    buf_finish(&file);
}

struct edges {
    size_t rows;
    size_t too_long;
    size_t count;
    size_t extra;
};

static int note_edges(void *ctx, const struct sheet_row *row)
{
    *(struct edges *)ctx = (struct edges){row->number, row->too_long, row->count, row->extra};
    return 0;
}

static struct edges edges_of(size_t cells, size_t bytes)
{
    struct edges edges = {0};
    struct sheet_about about;
    struct faults faults;
    struct buf file;
    struct err e = {0};

    buf_init(&file, 1 << 22);
    faults_init(&faults);
    for (size_t i = 0; i < cells; i++) {
        for (size_t k = 0; k < bytes; k++) {
            (void)buf_addc(&file, 'x');
        }
        (void)buf_addc(&file, i + 1 < cells ? ';' : '\n');
    }
    assert_int_equal(
        sheet_read((struct str){file.data, file.len}, note_edges, &edges, &about, &faults, &e), 0);
    faults_finish(&faults);
    buf_finish(&file);
    return edges;
}

static void a_row_has_so_many_cells_of_so_many_bytes(void **state)
{
    (void)state;
    assert_int_equal(edges_of(2, SHEET_CELL_MAX).too_long, 0);
    assert_int_equal(edges_of(2, SHEET_CELL_MAX + 1).too_long, 1);
    assert_int_equal(edges_of(SHEET_COLUMNS_MAX, 1).extra, 0);
    assert_int_equal(edges_of(SHEET_COLUMNS_MAX, 1).count, SHEET_COLUMNS_MAX);
    assert_int_equal(edges_of(SHEET_COLUMNS_MAX + 1, 1).extra, 1);
    assert_int_equal(edges_of(SHEET_COLUMNS_MAX, SHEET_CELL_MAX).too_long, 0);
}

/* Titles stand in one of the first ten rows. */
static void headings_may_stand_above_the_titles(void **state)
{
    struct roster_scene s;
    char list[600] = "";

    (void)state;
    roster_scene_open(&s, false);
    for (int i = 1; i < ROSTER_HEADER_ROWS; i++) {
        (void)snprintf(list + strlen(list), sizeof list - strlen(list), "Liste %d;;;;\n", i);
    }
    (void)snprintf(list + strlen(list), sizeof list - strlen(list), "%s", TITLES AYSE);
    assert_int_equal(ask(&s, "import.check", NULL, NULL, list), 0);
    expect_counts(&s, 1, 0, 0);
    memmove(list + 8, list, strlen(list) + 1);
    memcpy(list, "Ek;;;;;\n", 8);
    assert_int_equal(ask(&s, "import.check", NULL, NULL, list), ERR_INVALID);
    assert_non_null(strstr(buf_cstr(&s.out), "column_end_missing"));
    roster_scene_close(&s);
}

static void errors_are_counted_beyond_those_listed(void **state)
{
    struct roster_scene s;
    struct buf list;

    (void)state;
    roster_scene_open(&s, false);
    buf_init(&list, 1 << 20);
    (void)buf_adds(&list, TITLES);
    for (int i = 0; i <= ROSTER_PROBLEMS_MAX; i++) {
        (void)buf_addf(&list, "Can ÖZ;1;;12.02.2027;%d\n", i);
    }
    assert_int_equal(ask(&s, "import.create", "mode", "valid_rows", buf_cstr(&list)), 0);
    assert_int_equal(number(&s, NULL, "error_count"), ROSTER_PROBLEMS_MAX + 1);
    assert_int_equal(json_count(json_get(json_root(s.doc), "errors")), ROSTER_PROBLEMS_MAX);
    /* … and kept, in several records. */
    assert_int_equal(ask(&s, "import.errors", "id", "000000000001", ""), 0);
    size_t lines = 0;

    for (size_t i = 0; i < s.out.len; i++) {
        lines += s.out.data[i] == '\n';
    }
    assert_int_equal(lines, ROSTER_PROBLEMS_MAX + 1);
    buf_finish(&list);
    roster_scene_close(&s);
}

static int count_entry(void *ctx, const struct audit_entry *entry)
{
    struct counted *c = ctx;

    c->rows += str_eqs(entry->action, "import.create");
    c->undone += str_eqs(entry->action, "import.undo");
    return 0;
}

static void imports_stand_in_the_audit_log(void **state)
{
    struct roster_scene s;
    struct counted c = {.rows = 0};
    struct err e = {0};

    (void)state;
    roster_scene_open(&s, false);
    import(&s, TITLES AYSE);
    undo(&s, "000000000001");
    assert_int_equal(audit_list(s.store, 0, 10, count_entry, &c, &e), 0);
    assert_int_equal(c.rows, 1);
    assert_int_equal(c.undone, 1);
    roster_scene_close(&s);
}

static void a_cell_without_end_takes_no_memory(void **state)
{
    struct buf file;
    size_t last = 0;
    char code[32];

    (void)state;
    buf_init(&file, 1 << 22);
    (void)buf_adds(&file, "a;\"");
    for (size_t i = 0; i < 1 << 20; i++) {
        (void)buf_addc(&file, i % 100 == 0 ? '\n' : 'x');
    }
    assert_int_equal(read_rows(&file, &last, code), ERR_INVALID);
    assert_string_equal(code, "cell_without_end");
    buf_finish(&file);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(rows_become_cases_and_messages),
    cmocka_unit_test(a_look_changes_nothing),
    cmocka_unit_test(the_same_list_again_is_silent),
    cmocka_unit_test(a_corrected_end_moves_the_series),
    cmocka_unit_test(a_renewed_end_begins_a_new_certificate),
    cmocka_unit_test(a_new_address_is_planned_for),
    cmocka_unit_test(states_of_the_list_stop_and_pause),
    cmocka_unit_test(a_word_left_in_the_list_is_no_new_application),
    cmocka_unit_test(one_bad_row_refuses_the_list_or_is_left_out),
    cmocka_unit_test(who_is_gone_is_shown_and_kept),
    cmocka_unit_test(an_undone_import_is_forgotten),
    cmocka_unit_test(an_import_after_undoing_works),
    cmocka_unit_test(a_large_import_is_undone_in_steps),
    cmocka_unit_test(undoing_a_change_brings_back_what_was),
    cmocka_unit_test(what_changed_since_is_left_alone),
    cmocka_unit_test(a_certificate_superseded_by_the_list_comes_back),
    cmocka_unit_test(a_certificate_known_by_another_name_is_the_same),
    cmocka_unit_test(a_person_without_key_is_known_again),
    cmocka_unit_test(what_was_known_before_any_certificate_stays),
    cmocka_unit_test(erased_persons_do_not_come_back),
    cmocka_unit_test(identity_numbers_become_hashes_where_wanted),
    cmocka_unit_test(waiting_events_come_first),
    cmocka_unit_test(dates_in_every_spelling),
    cmocka_unit_test(names_are_taken_apart),
    cmocka_unit_test(a_file_has_so_many_rows),
    cmocka_unit_test(a_row_has_so_many_cells_of_so_many_bytes),
    cmocka_unit_test(headings_may_stand_above_the_titles),
    cmocka_unit_test(errors_are_counted_beyond_those_listed),
    cmocka_unit_test(imports_stand_in_the_audit_log),
    cmocka_unit_test(a_cell_without_end_takes_no_memory),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
