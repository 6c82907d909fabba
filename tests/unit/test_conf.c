#include "config/conf.h"
#include "domain/certificate.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define VECTORS HATIRLAT_SOURCE_DIR "/tests/vectors/config"
#define EXAMPLE HATIRLAT_SOURCE_DIR "/config/hatirlat.jsonc"
#define SCHEMA  HATIRLAT_SOURCE_DIR "/config/hatirlat.schema.json"

struct fake_settings {
    char *user;
    char *sender;
    struct secret password;
    int64_t delay;
};

#define FAKE(member) offsetof(struct fake_settings, member)

static const struct option fake_options[] = {
    {.key = "user", .type = OPTION_STRING, .offset = FAKE(user), .required = true},
    {.key = "sender", .type = OPTION_STRING, .offset = FAKE(sender)},
    {.key = "password", .type = OPTION_SECRET, .offset = FAKE(password)},
    {.key = "delay",
     .type = OPTION_DURATION,
     .offset = FAKE(delay),
     .fallback = "\"1s\"",
     .reloadable = true},
    {0}};

static void fake_check(const void *settings, const char *pointer, struct faults *faults)
{
    const struct fake_settings *s = settings;
    char below[FAULT_POINTER_MAX];

    for (const char *c = s->sender == NULL ? "" : s->sender; *c != '\0'; c++) {
        if ((unsigned char)*c >= 0x80) {
            option_pointer(pointer, "sender", below);
            (void)faults_add(faults, below, "DENEME-1", "harf: %c", "letter: %c", s->sender[0]);
            return;
        }
    }
}

static const struct provider_type fake_sms = {.kind = "deneme-sms",
                                              .channels = 1u << CHANNEL_SMS,
                                              .options = fake_options,
                                              .check = fake_check,
                                              .settings_size = sizeof(struct fake_settings)};
static const struct provider_type fake_mail = {.kind = "deneme-posta",
                                               .channels = 1u << CHANNEL_EMAIL};
static const struct provider_type *const fake_types[] = {&fake_sms, &fake_mail, NULL};

static struct buf read_all(const char *path)
{
    struct buf b;
    FILE *f = fopen(path, "rb");

    if (f == NULL) {
        fail_msg("cannot open %s", path);
    }
    buf_init(&b, 4 * 1024 * 1024);
    for (size_t n = 1; n > 0;) {
        char *at = buf_reserve(&b, 4096);

        assert_non_null(at);
        n = fread(at, 1, 4096, f);
        buf_commit(&b, n);
    }
    (void)fclose(f);
    return b;
}

/* "3:12 CFG-104\n" per fault, as the comments of a vector write it. */
static void list_faults(const struct faults *faults, const char *name, struct buf *out)
{
    for (size_t i = 0; i < faults->count; i++) {
        const struct fault *f = &faults->list[i];

        (void)buf_addf(out, "%d:%d %s%s\n", f->line, f->column, f->code,
                       f->severity == FAULT_WARNING ? " warning" : "");
        if (f->line > 0) {
            assert_string_equal(f->file, name);
        }
        assert_true(f->tr[0] != '\0' && f->en[0] != '\0');
    }
}

static void list_expected(const struct buf *text, struct buf *out)
{
    static const char mark[] = "// expect ";

    for (const char *at = strstr(buf_cstr(text), mark); at != NULL; at = strstr(at, mark)) {
        size_t n;

        at += sizeof mark - 1;
        n = strcspn(at, "\n");
        (void)buf_add(out, at, n);
        (void)buf_addc(out, '\n');
    }
}

static void check_vector(const char *file)
{
    char path[512];
    struct faults faults;
    struct conf *conf;
    struct buf text;
    struct buf wanted;
    struct buf got;
    struct err e = {0};
    int rc;

    (void)snprintf(path, sizeof path, "%s/%s", VECTORS, file);
    text = read_all(path);
    faults_init(&faults);
    buf_init(&wanted, 10000);
    buf_init(&got, 10000);
    rc = conf_load(path, fake_types, &conf, &faults, &e);
    list_expected(&text, &wanted);
    list_faults(&faults, path, &got);
    if (strcmp(buf_cstr(&wanted), buf_cstr(&got)) != 0) {
        fail_msg("%s:\nexpected\n%sgot\n%s", file, buf_cstr(&wanted), buf_cstr(&got));
    }
    assert_int_equal(rc, faults.errors > 0 ? ERR_INVALID : 0);
    assert_int_equal(conf == NULL, rc != 0);
    conf_free(conf);
    faults_finish(&faults);
    buf_finish(&text);
    buf_finish(&wanted);
    buf_finish(&got);
}

static void every_vector_has_exactly_its_faults(void **state)
{
    DIR *d = opendir(VECTORS);
    const struct dirent *entry;
    size_t count = 0;

    (void)state;
    assert_non_null(d);
    (void)unsetenv("HATIRLAT_YOK");
    (void)unsetenv("CREDENTIALS_DIRECTORY");
    while ((entry = readdir(d)) != NULL) {
        if (strstr(entry->d_name, ".jsonc") != NULL) {
            check_vector(entry->d_name);
            count++;
        }
    }
    (void)closedir(d);
    assert_true(count >= 50);
}

static struct conf *good(const char *text, const char *name)
{
    struct faults faults;
    struct conf *conf;
    struct err e = {0};

    faults_init(&faults);
    if (conf_parse(str_of(text), name, fake_types, &conf, &faults, &e) != 0) {
        fail_msg("%s: %s", e.text, faults.count > 0 ? faults.list[0].en : "");
    }
    faults_finish(&faults);
    return conf;
}

#define OFFICE "\"office\":{\"province\":\"Örnekil\",\"guide_url\":\"https://ornekil.meb.gov.tr/\"}"
#define SMALL                                                                                      \
    "{" OFFICE ",\"providers\":{\"s\":{\"kind\":\"deneme-sms\",\"user\":\"u\"}},"                  \
    "\"routes\":{\"sms\":[\"s\"]}"

static void defaults_are_safe(void **state)
{
    struct conf *c = good(SMALL "}", "/etc/hatirlat/hatirlat.jsonc");

    (void)state;
    assert_int_equal(c->lang, CONF_TURKISH);
    assert_string_equal(c->office.name, "Örnekil İl Millî Eğitim Müdürlüğü");
    assert_string_equal(c->mail.from_name, c->office.name);
    assert_string_equal(c->office.portal, "portal.kamusm.gov.tr/bp/meb.go");
    assert_string_equal(c->listen.host, "127.0.0.1");
    assert_int_equal(c->listen.port, 8080);
    assert_null(c->listen.public_url);
    assert_string_equal(c->database, "/var/lib/hatirlat/hatirlat.db");
    assert_int_equal(c->log.level, LOG_LEVEL_INFO);
    assert_int_equal(c->log.format, LOG_FORMAT_AUTO);
    assert_int_equal(c->limits.body_bytes, 1024 * 1024);
    assert_int_equal(c->limits.bulk_body_bytes, 16 * 1024 * 1024);
    assert_int_equal(c->limits.disk_reserve_bytes, 64 * 1024 * 1024);
    assert_int_equal(c->limits.header_timeout_ms, 10000);
    assert_int_equal(c->shutdown_timeout_ms, 30000);
    assert_false(c->has_window);
    assert_int_equal(c->retry[CHANNEL_SMS].backoff.base_ms, 30000);
    assert_int_equal(c->retry[CHANNEL_EMAIL].backoff.cap_ms, 4 * 3600 * 1000);
    assert_int_equal(c->retry[CHANNEL_EMAIL].max_age_ms, 3 * (int64_t)DAY_MS);
    assert_int_equal(c->provider_count, 1);
    assert_int_equal(c->providers[0].pace.count, 0);
    assert_int_equal(c->providers[0].in_flight, 0);
    assert_int_equal(c->providers[0].on_doubt, DOUBT_ASK);
    assert_int_equal(c->providers[0].mode, SMS_TR_SINGLE);
    assert_false(c->providers[0].ascii);
    assert_int_equal(c->providers[0].reserve_chars, 5);
    assert_int_equal(c->providers[0].retry_share, 10);
    assert_int_equal(c->providers[0].breaker.failures, 5);
    assert_int_equal(c->providers[0].breaker.open_ms, 30000);
    assert_int_equal(c->providers[0].breaker.open_cap_ms, 3600000);
    assert_int_equal(c->providers[0].breaker.slow_start, breaker_default.slow_start);
    assert_ptr_equal(c->providers[0].type, &fake_sms);
    assert_int_equal(c->routes[CHANNEL_SMS].count, 1);
    assert_ptr_equal(c->routes[CHANNEL_SMS].list[0], &c->providers[0]);
    assert_int_equal(c->routes[CHANNEL_EMAIL].count, 0);
    assert_int_equal(c->campaign_count, 0);
    conf_free(c);
}

static void values_land_in_the_snapshot(void **state)
{
    struct conf *c = good(
        "{" OFFICE ",\"lang\":\"en\",\"mail\":{\"from\":\"A@Ornekil.EXAMPLE\"},"
        "\"listen\":{\"http\":\"[::1]:0\",\"public_url\":\"https://h.ornekil.example/\"},"
        "\"database\":{\"path\":\"veri/h.db\"},\"send_window\":{\"end\":\"16:30\"},"
        "\"providers\":{\"s\":{\"kind\":\"deneme-sms\",\"user\":\"u\",\"sender\":\"908500000067\","
        "\"pace\":\"240/m\",\"sms_mode\":\"ascii\",\"on_doubt\":\"park\",\"delay\":\"3s\"},"
        "\"p\":{\"kind\":\"deneme-posta\",\"domain_pace\":\"1/s\"}},"
        "\"routes\":{\"sms\":[\"s\"],\"email\":[\"p\"]},"
        "\"campaigns\":[{\"name\":\"e-imza\",\"marks\":[30,7],\"channels\":[\"email\"],"
        "\"urgency\":\"urgent\",\"templates\":{\"email\":\"baska\"}}]}",
        "/etc/hatirlat/hatirlat.jsonc");
    const struct fake_settings *settings = c->providers[0].settings;

    (void)state;
    assert_int_equal(c->lang, CONF_ENGLISH);
    assert_string_equal(c->mail.from, "A@ornekil.example");
    assert_string_equal(c->listen.host, "::1");
    assert_int_equal(c->listen.port, 0);
    assert_string_equal(c->listen.public_url, "https://h.ornekil.example");
    assert_string_equal(c->database, "/etc/hatirlat/veri/h.db");
    assert_true(c->has_window);
    assert_int_equal(c->window.open, 9 * 60);
    assert_int_equal(c->window.close, 16 * 60 + 30);
    assert_int_equal(c->window.half_close, 12 * 60 + 30);
    assert_string_equal(settings->sender, "908500000067");
    assert_int_equal(settings->delay, 3000);
    assert_int_equal(c->providers[0].pace.count, 240);
    assert_int_equal(c->providers[0].on_doubt, DOUBT_PARK);
    assert_true(c->providers[0].ascii);
    assert_int_equal(c->providers[0].mode, SMS_GSM7);
    assert_int_equal(c->providers[1].domain_pace.period_ms, 1000);
    assert_ptr_equal(conf_provider_find(c, STR("p")), &c->providers[1]);
    assert_null(conf_provider_find(c, STR("P")));
    assert_int_equal(c->campaigns[0].rules.mark_count, 2);
    assert_int_equal(c->campaigns[0].rules.marks[1], 7);
    assert_true(c->campaigns[0].rules.has_window);
    assert_int_equal(c->campaigns[0].channels, 1u << CHANNEL_EMAIL);
    assert_int_equal(c->campaigns[0].urgency, URGENCY_URGENT);
    assert_true(str_eqs(c->campaigns[0].templates[CHANNEL_EMAIL], "baska"));
    conf_free(c);
}

static struct conf *load_vector(const char *file)
{
    char path[512];
    struct faults faults;
    struct conf *conf;
    struct err e = {0};

    (void)snprintf(path, sizeof path, "%s/%s", VECTORS, file);
    faults_init(&faults);
    assert_int_equal(conf_load(path, fake_types, &conf, &faults, &e), 0);
    faults_finish(&faults);
    return conf;
}

static void a_campaign_says_who_when_and_how(void **state)
{
    struct conf *c = load_vector("dizi-dolu.jsonc");
    const struct conf_campaign *k = &c->campaigns[0];

    (void)state;
    assert_string_equal(k->who.institutions.items[0], "k-1"); /* sorted */
    assert_int_equal(k->who.series, 1u << SERIES_A | 1u << SERIES_N);
    assert_string_equal(k->who.include.items[0], "sicil-9");
    assert_int_equal(k->channels, 3);
    assert_int_equal(k->rules.mark_count, 3);
    assert_int_equal(k->rules.marks[1], 30);
    assert_int_equal(k->marks[0].channels, 3);
    assert_int_equal(k->marks[1].channels, 1u << CHANNEL_EMAIL);
    assert_true(str_eqs(k->marks[1].templates[CHANNEL_EMAIL], "baska"));
    assert_true(str_eqs(k->marks[1].escalation, "kurum"));
    assert_int_equal(k->marks[0].escalation.len, 0);
    assert_true(str_eqs(k->marks[2].escalation, "ozel"));
    assert_int_equal(k->marks[2].templates[CHANNEL_EMAIL].len, 0);
    assert_true(str_eqs(k->templates[CHANNEL_SMS], "hep"));
    assert_int_equal(k->rules.past_due, PAST_DUE_ASK);
    assert_string_equal(k->category, "yenileme");
    assert_string_equal(k->routes[CHANNEL_SMS].list[0]->name, "yedek");
    assert_int_equal(k->routes[CHANNEL_SMS].count, 2);
    assert_int_equal(k->routes[CHANNEL_EMAIL].count, 0);
    assert_int_equal(k->rules.window.open, 10 * 60);
    assert_int_equal(k->rules.window.half_close, 12 * 60);
    assert_int_equal(k->rules.spread, 90);
    assert_int_equal(k->release, CONF_RELEASE_STANDING);
    assert_int_equal(k->daily_limit, 500);
    assert_int_equal(k->blast_factor, 3);
    conf_free(c);
}

static void a_file_that_is_not_there_is_an_error_of_its_own(void **state)
{
    struct faults faults;
    struct conf *conf;
    struct err e = {0};

    (void)state;
    faults_init(&faults);
    assert_int_equal(conf_load("/yok/yok.jsonc", fake_types, &conf, &faults, &e), ERR_NOT_FOUND);
    assert_null(conf);
    assert_non_null(strstr(e.text, "/yok/yok.jsonc"));
    assert_int_equal(faults.total, 0);
    faults_finish(&faults);
}

static void what_needs_a_restart_is_said_per_setting(void **state)
{
    static const struct {
        const char *text;
        const char *pointers;
    } cases[] = {
        {SMALL "}", ""},
        {SMALL ",\"lang\":\"en\",\"send_window\":{},\"retry\":{\"sms\":{\"base\":\"9s\"}}}", ""},
        {SMALL ",\"campaigns\":[{\"name\":\"a\",\"channels\":[\"sms\"]}]}", ""},
        {SMALL ",\"listen\":{\"http\":\"127.0.0.1:9\"}}", "/listen/http "},
        {SMALL ",\"database\":{\"path\":\"a\"},\"limits\":{\"bulk_lines\":9}}",
         "/database/path /limits/bulk_lines "},
        {"{" OFFICE ",\"providers\":{\"s\":{\"kind\":\"deneme-posta\"}},\"routes\":{}}",
         "/providers/s "},
        {"{" OFFICE ",\"providers\":{\"t\":{\"kind\":\"deneme-posta\"}},\"routes\":{}}",
         "/providers/s /providers/t "},
        {"{" OFFICE ",\"providers\":{\"s\":{\"kind\":\"deneme-sms\",\"user\":\"v\","
         "\"delay\":\"9s\",\"pace\":\"1/s\"}},\"routes\":{\"sms\":[\"s\"]}}",
         "/providers/s/user "},
    };
    struct conf *old = good(SMALL "}", "a");

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct conf *new = good(cases[i].text, "a");
        struct faults faults;
        struct buf got;

        faults_init(&faults);
        buf_init(&got, 1000);
        assert_int_equal(conf_reload_allowed(old, new, &faults), cases[i].pointers[0] == '\0');
        for (size_t k = 0; k < faults.count; k++) {
            (void)buf_addf(&got, "%s ", faults.list[k].pointer);
            assert_non_null(strstr(faults.list[k].en, "needs a restart"));
            assert_non_null(strstr(faults.list[k].tr, faults.list[k].pointer));
        }
        assert_string_equal(buf_cstr(&got), cases[i].pointers);
        buf_finish(&got);
        faults_finish(&faults);
        conf_free(new);
    }
    conf_free(old);
}

static void secrets_outside_the_service_only_warn_when_looking(void **state)
{
    char path[] = "/tmp/hatirlat-test-XXXXXX";
    int fd = mkstemp(path);
    struct faults faults;
    struct conf *conf;
    FILE *f;

    (void)state;
    (void)unsetenv("CREDENTIALS_DIRECTORY");
    assert_true(fd >= 0);
    f = fdopen(fd, "w");
    assert_non_null(f);
    (void)fputs("{" OFFICE ",\"providers\":{\"s\":{\"kind\":\"deneme-sms\",\"user\":\"u\","
                "\"password\":{\"credential\":\"p\"}}},\"routes\":{\"sms\":[\"s\"]}}",
                f);
    (void)fclose(f);
    faults_init(&faults);
    assert_int_equal(conf_load(path, fake_types, &conf, &faults, NULL), ERR_INVALID);
    faults_finish(&faults);
    assert_int_equal(conf_load_to_check(path, fake_types, &conf, &faults, NULL), 0);
    assert_int_equal(faults.errors, 0);
    conf_free(conf);
    faults_finish(&faults);
    (void)unlink(path);
}

static void print_vector(const char *file, bool turkish, struct buf *out)
{
    char path[512];
    struct faults faults;
    struct conf *conf;

    (void)snprintf(path, sizeof path, "%s/%s", VECTORS, file);
    faults_init(&faults);
    (void)conf_load(path, fake_types, &conf, &faults, NULL);
    buf_reset(out);
    conf_print_faults(&faults, turkish, out);
    conf_free(conf);
    faults_finish(&faults);
}

static void faults_are_shown_with_line_and_caret(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, 100000);
    print_vector("saat.jsonc", true, &out);
    assert_string_equal(
        buf_cstr(&out), VECTORS
        "/saat.jsonc:10:51: hata CFG-104: biçim yanlış: \"8 pm\"\n"
        "   10 |   \"send_window\": { /* öğleden sonra */ \"start\": \"8 pm\" },\n"
        "      |                                                 ^^^^^^ beklenen \"SS:DD\", "
        "örnek \"20:00\"\n"
        "1 hata, 0 uyarı.\n");
    print_vector("saat.jsonc", false, &out);
    assert_non_null(strstr(buf_cstr(&out), ": error CFG-104: malformed: \"8 pm\"\n"));
    assert_non_null(strstr(buf_cstr(&out), "^^^^^^ expected \"HH:MM\" such as \"20:00\"\n"));
    assert_non_null(strstr(buf_cstr(&out), "errors: 1, warnings: 0.\n"));
    buf_finish(&out);
}

static void what_may_be_a_secret_is_not_shown(void **state)
{
    static const char *const files[] = {"gizli-acik.jsonc", "gizli-bilinmeyen.jsonc"};
    struct buf out;

    (void)state;
    buf_init(&out, 100000);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        print_vector(files[i], true, &out);
        assert_non_null(strstr(buf_cstr(&out), "hata "));
        assert_null(strstr(buf_cstr(&out), "cokgizli"));
    }
    buf_finish(&out);
}

static void faults_are_printed_for_machines(void **state)
{
    struct faults faults;
    struct json_doc *doc;
    struct conf *conf;
    struct buf out;
    int64_t n;

    (void)state;
    faults_init(&faults);
    buf_init(&out, 100000);
    (void)conf_parse(STR("{\"lang\":\"de\"}"), "a.jsonc", fake_types, &conf, &faults, NULL);
    conf_print_faults_json(&faults, &out);
    assert_int_equal(
        json_parse((struct str){out.data, out.len}, 0, &json_default_limits, &doc, NULL, NULL), 0);
    assert_int_equal(json_i64(json_get(json_root(doc), "errors"), &n), 0);
    assert_int_equal(n, faults.errors);
    assert_int_equal(json_i64(json_at(json_root(doc), "/faults/0/column"), &n), 0);
    assert_int_equal(n, 9);
    assert_true(str_eqs(json_str(json_at(json_root(doc), "/faults/0/pointer")), "/lang"));
    json_free(doc);
    buf_finish(&out);
    faults_finish(&faults);
}

static void the_example_is_good(void **state)
{
    struct faults faults;
    struct conf *conf;
    struct buf out;

    (void)state;
    faults_init(&faults);
    buf_init(&out, 100000);
    if (conf_load(EXAMPLE, provider_types, &conf, &faults, NULL) != 0 || faults.total > 0) {
        conf_print_faults(&faults, false, &out);
        fail_msg("%s", buf_cstr(&out));
    }
    assert_int_equal(conf->campaign_count, 1);
    conf_free(conf);
    buf_finish(&out);
    faults_finish(&faults);
}

/* Regenerated with HATIRLAT_UPDATE=1 in the environment of this test. */
static void the_schema_is_up_to_date(void **state)
{
    struct buf wanted;
    struct buf have;
    bool same;
    FILE *f;

    (void)state;
    buf_init(&wanted, 1024 * 1024);
    conf_schema(provider_types, &wanted);
    assert_int_equal(buf_failed(&wanted), 0);
    if (getenv("HATIRLAT_UPDATE") != NULL) {
        f = fopen(SCHEMA, "w");
        assert_non_null(f);
        assert_int_equal(fwrite(wanted.data, 1, wanted.len, f), wanted.len);
        (void)fclose(f);
    }
    have = read_all(SCHEMA);
    same = strcmp(buf_cstr(&have), buf_cstr(&wanted)) == 0;
    buf_finish(&wanted);
    buf_finish(&have);
    if (!same) {
        fail_msg("config/hatirlat.schema.json is old: run this test with HATIRLAT_UPDATE=1");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_vector_has_exactly_its_faults),
        cmocka_unit_test(defaults_are_safe),
        cmocka_unit_test(values_land_in_the_snapshot),
        cmocka_unit_test(a_campaign_says_who_when_and_how),
        cmocka_unit_test(a_file_that_is_not_there_is_an_error_of_its_own),
        cmocka_unit_test(what_needs_a_restart_is_said_per_setting),
        cmocka_unit_test(secrets_outside_the_service_only_warn_when_looking),
        cmocka_unit_test(faults_are_shown_with_line_and_caret),
        cmocka_unit_test(what_may_be_a_secret_is_not_shown),
        cmocka_unit_test(faults_are_printed_for_machines),
        cmocka_unit_test(the_example_is_good),
        cmocka_unit_test(the_schema_is_up_to_date),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
