/* Events in, facts out: the three forms, every fault, and the canonical bytes. */
#include "base/err.h"
#include "domain/fact.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const char whole_event[] =
    "{\"specversion\":\"1.0\",\"id\":\"2026-11-22/000481\",\"source\":\"urn:il:sertifika-takip\","
    "\"type\":\"tr.eimza.certificate.expiring.v1\",\"subject\":\"nes/4a1f09\","
    "\"time\":\"2026-11-22T06:00:00Z\",\"datacontenttype\":\"application/json\",\"trace1\":\"x\","
    "\"data\":{\"certificate\":{\"serial\":\"4a1f09\",\"kind\":\"nes\","
    "\"not_after\":\"2027-02-20T20:59:59Z\",\"replaces\":null},"
    "\"holder\":{\"ref\":\"sicil-10233\",\"name\":\"Şükran Işık\",\"phone\":\"0532 000 00 67\","
    "\"email\":\"sukran.isik@ornek.test\",\"lang\":\"tr\",\"unit\":\"bilgi-islem\"}}}";

/* The same without an identity of its own. */
#define BARE_HEAD                                                                                  \
    "{\"type\":\"certificate.expiring\",\"certificate\":{\"ref\":\"c1\",\"not_after\":\"2027-02-"  \
    "20\"}"

static const struct fact_origin origin = {
    .now_ms = 1795327200000, /* 2026-11-22T06:00:00Z */
    .source = "urn:hatirlat:test",
    .pointer = "",
};

static struct json_doc *parse(const char *text)
{
    struct json_doc *doc = NULL;
    struct err e = {0};

    if (json_parse(str_of(text), 0, &json_default_limits, &doc, NULL, &e) != 0) {
        fail_msg("%s: %s", e.text, text);
    }
    return doc;
}

static int read_fact(const char *text, struct fact *ret, struct faults *faults)
{
    struct json_doc *doc = parse(text);
    int rc = fact_from_json(json_root(doc), FACT_ANY, &origin, ret, faults);

    json_free(doc);
    return rc;
}

static void canonical_of(const struct fact *f, struct buf *out)
{
    buf_reset(out);
    assert_int_equal(fact_canonical(f, out), 0);
}

static void a_cloud_event_is_read_whole(void **state)
{
    struct faults faults;
    struct fact f;

    (void)state;
    faults_init(&faults);
    assert_int_equal(read_fact(whole_event, &f, &faults), 0);
    assert_int_equal(faults.total, 0);
    assert_int_equal(f.type, EVENT_CERTIFICATE_EXPIRING);
    assert_string_equal(f.id, "2026-11-22/000481");
    assert_string_equal(f.source, "urn:il:sertifika-takip");
    assert_string_equal(f.subject, "nes/4a1f09");
    assert_int_equal(f.time_ms, 1795327200000);
    assert_string_equal(f.certificate.ref, "4a1f09");
    assert_string_equal(f.certificate.kind, "nes");
    assert_string_equal(f.certificate.replaces, "");
    assert_int_equal(f.not_after_ms, 1803157199000);
    assert_string_equal(f.holder.ref, "sicil-10233");
    assert_string_equal(f.holder.given_name, "Şükran");
    assert_string_equal(f.holder.family_name, "Işık");
    assert_string_equal(f.holder.phone, "+905320000067");
    assert_string_equal(f.holder.email, "sukran.isik@ornek.test");
    assert_string_equal(f.holder.lang, "tr");
    assert_int_equal(f.eonay, EONAY_UNKNOWN);
    faults_finish(&faults);
}

static void canonical_bytes_are_fixed_and_read_back(void **state)
{
    static const char expected[] =
        "{\"type\":\"certificate.expiring\",\"time\":1795327200000,\"subject\":\"nes/4a1f09\","
        "\"certificate\":{\"ref\":\"4a1f09\",\"kind\":\"nes\",\"not_after\":1803157199000},"
        "\"holder\":{\"ref\":\"sicil-10233\",\"given_name\":\"Şükran\",\"family_name\":\"Işık\","
        "\"phone\":\"+905320000067\",\"email\":\"sukran.isik@ornek.test\",\"lang\":\"tr\","
        "\"unit\":\"bilgi-islem\"}}";
    struct faults faults;
    struct fact f;
    struct fact again;
    struct buf text;

    (void)state;
    faults_init(&faults);
    buf_init(&text, FACT_CANONICAL_MAX);
    assert_int_equal(read_fact(whole_event, &f, &faults), 0);
    canonical_of(&f, &text);
    assert_string_equal(text.data, expected);
    assert_int_equal(fact_read_canonical((struct str){text.data, text.len}, &again), 0);
    canonical_of(&again, &text);
    assert_string_equal(text.data, expected);
    assert_string_equal(again.id, "");
    for (size_t cut = 0; cut < sizeof expected - 1; cut++) {
        assert_int_equal(fact_read_canonical((struct str){expected, cut}, &again), ERR_CORRUPT);
    }
    buf_finish(&text);
    faults_finish(&faults);
}

static void quotes_and_backslashes_survive(void **state)
{
    struct fact f;
    struct fact again;
    struct buf text;

    (void)state;
    buf_init(&text, FACT_CANONICAL_MAX);
    fact_reset(&f);
    f.type = EVENT_DUTY_ENDED;
    f.eonay = EONAY_ABSENT;
    (void)str_copy(f.holder.ref, sizeof f.holder.ref, STR("a\"b\\c\\\""));
    canonical_of(&f, &text);
    assert_string_equal(text.data, "{\"type\":\"duty.ended\",\"holder\":{\"ref\":\"a\\\"b\\\\c\\\\"
                                   "\\\"\"},\"eonay\":\"absent\"}");
    assert_int_equal(fact_read_canonical((struct str){text.data, text.len}, &again), 0);
    assert_string_equal(again.holder.ref, f.holder.ref);
    assert_int_equal(again.eonay, EONAY_ABSENT);
    buf_finish(&text);
}

/* The longest fact there can be, all of it in need of escapes, still fits. */
static void the_largest_fact_fits(void **state)
{
    struct fact f;
    struct fact again;
    struct buf text;

    (void)state;
    buf_init(&text, FACT_CANONICAL_MAX);
    fact_reset(&f);
    memset(f.subject, '"', sizeof f.subject - 1);
    memset(&f.certificate, '"', sizeof f.certificate);
    memset(&f.holder, '"', sizeof f.holder);
    memset(&f.institution, '"', sizeof f.institution);
    f.subject[sizeof f.subject - 1] = '\0';
    f.certificate.ref[sizeof f.certificate.ref - 1] = '\0';
    f.certificate.kind[sizeof f.certificate.kind - 1] = '\0';
    f.certificate.replaces[sizeof f.certificate.replaces - 1] = '\0';
    f.holder.ref[sizeof f.holder.ref - 1] = '\0';
    f.holder.given_name[sizeof f.holder.given_name - 1] = '\0';
    f.holder.family_name[sizeof f.holder.family_name - 1] = '\0';
    f.holder.phone[sizeof f.holder.phone - 1] = '\0';
    f.holder.email[sizeof f.holder.email - 1] = '\0';
    f.holder.lang[sizeof f.holder.lang - 1] = '\0';
    f.holder.unit[sizeof f.holder.unit - 1] = '\0';
    f.institution.ref[sizeof f.institution.ref - 1] = '\0';
    f.institution.name[sizeof f.institution.name - 1] = '\0';
    f.institution.address_form[sizeof f.institution.address_form - 1] = '\0';
    f.institution.email[sizeof f.institution.email - 1] = '\0';
    f.time_ms = INT64_MAX;
    f.not_after_ms = INT64_MAX;
    f.eonay = EONAY_ACTIVE;
    canonical_of(&f, &text);
    assert_int_equal(fact_read_canonical((struct str){text.data, text.len}, &again), 0);
    assert_string_equal(again.institution.email, f.institution.email);
    buf_finish(&text);
}

static void a_bare_fact_gets_its_identity_from_its_content(void **state)
{
    struct faults faults;
    struct fact a;
    struct fact b;
    struct fact c;

    (void)state;
    faults_init(&faults);
    assert_int_equal(read_fact(BARE_HEAD ",\"holder\":{\"phone\":\"05320000067\",\"given_name\":"
                                         "\"Ada\"}}",
                               &a, &faults),
                     0);
    assert_int_equal(read_fact("{\"holder\":{\"given_name\":\" Ada \",\"phone\":\"+90 532 000 00 "
                               "67\"},\"certificate\":{\"not_after\":\"2027-02-20T20:59:59Z\","
                               "\"ref\":\"c1\"},\"type\":\"certificate.expiring\"}",
                               &b, &faults),
                     0);
    assert_int_equal(read_fact(BARE_HEAD ",\"holder\":{\"phone\":\"05320000068\",\"given_name\":"
                                         "\"Ada\"}}",
                               &c, &faults),
                     0);
    assert_string_equal(a.source, "urn:hatirlat:test");
    assert_string_equal(a.id, b.id);
    assert_string_not_equal(a.id, c.id);
    assert_int_equal(strlen(a.id), 7 + 32);
    assert_int_equal(faults.total, 0);
    faults_finish(&faults);
}

/* One fault each; pointer and code. */
static void faults_have_a_place_and_a_code(void **state)
{
#define CE                                                                                         \
    "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\",\"type\":\"certificate.expiring\","
#define HOLDER "\"holder\":{\"name\":\"Ada Su\",\"phone\":\"05320000067\"}"
    static const struct {
        const char *text;
        const char *pointer;
        const char *code;
    } table[] = {
        {"[]", "", "not_an_event"},
        {"\"x\"", "", "not_an_event"},
        {"{\"specversion\":\"0.3\",\"id\":\"1\",\"source\":\"s\",\"type\":\"duty.ended\",\"data\":"
         "{\"holder\":{\"ref\":\"h\"}}}",
         "/specversion", "specversion_unsupported"},
        {"{\"specversion\":\"1.0\",\"source\":\"s\",\"type\":\"duty.ended\",\"data\":{\"holder\":{"
         "\"ref\":\"h\"}}}",
         "/id", "attribute_missing"},
        {"{\"specversion\":\"1.0\",\"id\":\"\",\"source\":\"s\",\"type\":\"duty.ended\",\"data\":{"
         "\"holder\":{\"ref\":\"h\"}}}",
         "/id", "attribute_missing"},
        {CE "\"data\":[]}", "/data", "data_missing"},
        {CE "\"x\":1}", "/data", "data_missing"},
        {CE "\"Extension\":1,\"data\":{\"certificate\":{\"ref\":\"c\",\"not_after\":\"2027-02-20\"}"
            "," HOLDER "}}",
         "/Extension", "unknown_key"},
        {CE "\"ext\":{},\"data\":{\"certificate\":{\"ref\":\"c\",\"not_after\":\"2027-02-20\"}"
            "," HOLDER "}}",
         "/ext", "wrong_type"},
        {CE "\"data_base64\":\"AA\",\"data\":{\"certificate\":{\"ref\":\"c\",\"not_after\":\"2027-"
            "02-20\"}," HOLDER "}}",
         "/data_base64", "data_base64_unsupported"},
        {CE "\"datacontenttype\":\"text/xml\",\"data\":{\"certificate\":{\"ref\":\"c\",\"not_after"
            "\":\"2027-02-20\"}," HOLDER "}}",
         "/datacontenttype", "datacontenttype_unsupported"},
        {CE "\"time\":\"2026-11-22\",\"data\":{\"certificate\":{\"ref\":\"c\",\"not_after\":\"2027"
            "-02-20\"}," HOLDER "}}",
         "/time", "time_invalid"},
        {CE "\"time\":\"2026-11-25T00:00:00Z\",\"data\":{\"certificate\":{\"ref\":\"c\","
            "\"not_after\":\"2027-02-20\"}," HOLDER "}}",
         "/time", "time_in_future"},
        {CE "\"data\":{\"certificate\":{\"not_after\":\"2027-02-20\"}," HOLDER "}}",
         "/data/certificate/ref", "reference_missing"},
        {CE "\"data\":{\"certificate\":{\"ref\":\"c\"}," HOLDER "}}", "/data/certificate/not_after",
         "not_after_missing"},
        {CE "\"data\":{\"certificate\":{\"ref\":\"c\",\"not_after\":\"2027-02-30\"}," HOLDER "}}",
         "/data/certificate/not_after", "date_invalid"},
        {CE "\"data\":{\"certificate\":{\"ref\":\"c\",\"not_after\":1803157199}," HOLDER "}}",
         "/data/certificate/not_after", "wrong_type"},
        {CE "\"data\":{\"certificate\":{\"ref\":\"c\",\"not_after\":\"2020-02-20\"}," HOLDER "}}",
         "/data/certificate/not_after", "date_in_past"},
        {CE "\"data\":{\"certificate\":{\"ref\":\"c\",\"not_after\":\"2101-01-01\"}," HOLDER "}}",
         "/data/certificate/not_after", "date_out_of_range"},
        {CE "\"data\":{\"certificate\":{\"ref\":\"c\",\"serial\":\"d\",\"not_after\":\"2027-02-20"
            "\"}," HOLDER "}}",
         "/data/certificate/serial", "given_twice"},
        {CE "\"data\":{\"certificate\":{\"ref\":\"c\",\"replaces\":\"c\",\"not_after\":\"2027-02-"
            "20\"}," HOLDER "}}",
         "/data/certificate/replaces", "replaces_itself"},
        {CE "\"data\":{\"certificate\":{\"ref\":\"c\",\"not_aftr\":1,\"not_after\":\"2027-02-20\"}"
            "," HOLDER "}}",
         "/data/certificate/not_aftr", "unknown_key"},
        {CE
         "\"data\":{\"certificate\":{\"ref\":\"c\",\"not_after\":\"2027-02-20\"},\"a/b~\":1," HOLDER
         "}}",
         "/data/a~1b~0", "unknown_key"},
        {BARE_HEAD ",\"holder\":{\"name\":\"A B\",\"phone\":\"0532 000 00 6\"}}", "/holder/phone",
         "phone_too_short"},
        {BARE_HEAD ",\"holder\":{\"name\":\"A B\",\"email\":\"a.ornek.test\"}}", "/holder/email",
         "email_no_at"},
        {BARE_HEAD
         ",\"holder\":{\"name\":\"A B\",\"given_name\":\"A\",\"email\":\"a@ornek.test\"}}",
         "/holder/name", "given_twice"},
        {BARE_HEAD ",\"holder\":{\"name\":\"A 10000000146\",\"email\":\"a@ornek.test\"}}",
         "/holder/name", "tckn_refused"},
        {BARE_HEAD ",\"holder\":{\"name\":\"A\\nB\",\"email\":\"a@ornek.test\"}}", "/holder/name",
         "bad_text"},
        {BARE_HEAD ",\"holder\":{\"name\":7,\"email\":\"a@ornek.test\"}}", "/holder/name",
         "wrong_type"},
        {BARE_HEAD ",\"holder\":{\"name\":\"A B\",\"lang\":\"türkçe\",\"email\":\"a@ornek.test\"}}",
         "/holder/lang", "lang_invalid"},
        {BARE_HEAD ",\"holder\":[]}", "/holder", "wrong_type"},
        {BARE_HEAD ",\"eonay\":\"maybe\"," HOLDER "}", "/eonay", "eonay_invalid"},
        {BARE_HEAD ",\"hodler\":{}}", "/hodler", "unknown_key"},
        {"{\"type\":\"certificate.expirng\",\"certificate\":{\"ref\":\"c\"}}", "/type",
         "unknown_type"},
        {"{\"type\":\"duty.ended\"}", "/certificate/ref", "reference_missing"},
        {"{\"holder\":{\"ref\":\"h\"}}", "/type", "attribute_missing"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct faults faults;
        struct fact f;

        faults_init(&faults);
        assert_int_equal(read_fact(table[i].text, &f, &faults), ERR_INVALID);
        if (faults.errors != 1 || strcmp(faults.list[0].pointer, table[i].pointer) != 0 ||
            strcmp(faults.list[0].code, table[i].code) != 0) {
            fail_msg("%s\n  %zu faults, the first %s %s (%s)", table[i].text, faults.errors,
                     faults.list[0].pointer, faults.list[0].code, faults.list[0].en);
        }
        assert_true(faults.list[0].tr[0] != '\0' && faults.list[0].en[0] != '\0');
        faults_finish(&faults);
    }
}

static void all_faults_come_at_once_and_masked(void **state)
{
    struct fact_origin third = origin;
    struct json_doc *doc = parse("{\"type\":\"certificate.expiring\",\"certificate\":{\"ref\":\"c\""
                                 ",\"not_after\":\"2020-02-20\"},\"holder\":{\"phone\":\"0532 000 "
                                 "00 6\",\"email\":\"gizli@@ornek.test\",\"nmae\":\"x\"}}");
    struct faults faults;
    struct fact f;

    (void)state;
    faults_init(&faults);
    third.pointer = "/3";
    assert_int_equal(fact_from_json(json_root(doc), FACT_ANY, &third, &f, &faults), ERR_INVALID);
    assert_int_equal(faults.errors, 4);
    assert_string_equal(faults.list[0].pointer, "/3/holder/phone");
    for (size_t i = 0; i < faults.count; i++) {
        assert_null(strstr(faults.list[i].tr, "000"));
        assert_null(strstr(faults.list[i].en, "gizli"));
    }
    assert_non_null(strstr(faults.list[2].en, "\"name\""));
    json_free(doc);
    faults_finish(&faults);
}

static void what_only_deserves_a_warning_passes(void **state)
{
    static const struct {
        const char *text;
        const char *code;
    } table[] = {
        {BARE_HEAD ",\"holder\":{\"name\":\"A B\"}}", "contact_missing"},
        {BARE_HEAD ",\"holder\":{\"email\":\"a@ornek.test\"}}", "name_missing"},
        {BARE_HEAD ",\"holder\":{\"name\":\"A B\",\"phone\":\"05990000067\"}}",
         "phone_unknown_prefix"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct faults faults;
        struct fact f;

        faults_init(&faults);
        assert_int_equal(read_fact(table[i].text, &f, &faults), 0);
        assert_int_equal(faults.errors, 0);
        assert_int_equal(faults.total, 1);
        assert_string_equal(faults.list[0].code, table[i].code);
        faults_finish(&faults);
    }
}

static void lengths_are_judged_at_their_edges(void **state)
{
    static const struct {
        const char *key;
        const char *unit; /* one character */
        size_t limit;
    } table[] = {{"ref", "r", 128}, {"ref", "ş", 64}, {"given_name", "ş", 100}, {"unit", "u", 40}};

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        for (size_t over = 0; over < 2; over++) {
            struct faults faults;
            struct buf text;
            struct fact f;

            faults_init(&faults);
            buf_init(&text, 4096);
            (void)buf_addf(&text, "%s,\"holder\":{\"email\":\"a@ornek.test\",\"family_name\":\"B\"",
                           BARE_HEAD);
            (void)buf_addf(&text, ",\"%s\":\"", table[i].key);
            for (size_t n = 0; n < table[i].limit + over; n++) {
                (void)buf_adds(&text, table[i].unit);
            }
            (void)buf_adds(&text, "\"}}");
            assert_int_equal(read_fact(text.data, &f, &faults) == 0, over == 0);
            assert_int_equal(faults.errors, over);
            if (over) {
                assert_string_equal(faults.list[0].code, "too_long");
            }
            buf_finish(&text);
            faults_finish(&faults);
        }
    }
}

static void events_of_every_type_are_read(void **state)
{
    (void)state;
    for (enum event_type t = EVENT_CERTIFICATE_EXPIRING; t < EVENT_TYPE_COUNT; t++) {
        for (int form = 0; form < 4; form++) {
            char name[64];
            char text[300];
            struct faults faults;
            struct fact f;

            faults_init(&faults);
            (void)snprintf(name, sizeof name, "%s%s%s", form & 1 ? "tr.eimza." : "", event_name(t),
                           form & 2 ? ".v1" : "");
            (void)snprintf(text, sizeof text,
                           "{\"type\":\"%s\",\"certificate\":{\"ref\":\"c\",\"not_after\":\"2027-"
                           "02-20\"},\"holder\":{\"ref\":\"h\"}}",
                           name);
            assert_int_equal(read_fact(text, &f, &faults), 0);
            assert_int_equal(f.type, t);
            faults_finish(&faults);
        }
        assert_true(event_sentence(t, true)[0] != '\0' && event_sentence(t, false)[0] != '\0');
    }
    assert_int_equal(event_parse(STR("tr.eimza..v1")), EVENT_TYPE_COUNT);
    assert_int_equal(event_parse(STR("")), EVENT_TYPE_COUNT);
}

static int read_binary(const struct fact_header *headers, size_t count, struct fact *f,
                       struct faults *faults)
{
    struct json_doc *doc = parse("{\"holder\":{\"ref\":\"h\"}}");
    int rc = fact_from_binary(headers, count, json_root(doc), &origin, f, faults);

    json_free(doc);
    return rc;
}

#define HEADER(n, v)                                                                               \
    {                                                                                              \
        {n, sizeof n - 1},                                                                         \
        {                                                                                          \
            v, sizeof v - 1                                                                        \
        }                                                                                          \
    }

static void binary_mode_reads_the_headers(void **state)
{
    static const struct fact_header headers[] = {
        HEADER("Content-Type", "application/json"),
        HEADER("CE-SpecVersion", "1.0"),
        HEADER("ce-id", "\"a\\\"%C5%9F\""),
        HEADER("ce-source", "urn:x"),
        HEADER("ce-type", "eonay.activated"),
        HEADER("ce-time", "2026-11-21T06:00:00Z"),
        HEADER("ce-subject", "nes%2F1"),
        HEADER("ce-other", "whatever"),
    };
    struct faults faults;
    struct fact f;

    (void)state;
    faults_init(&faults);
    assert_int_equal(read_binary(headers, 8, &f, &faults), 0);
    assert_string_equal(f.id, "a\"ş");
    assert_string_equal(f.certificate.ref, "nes/1");
    assert_int_equal(f.type, EVENT_EONAY_ACTIVATED);
    faults_finish(&faults);
}

static void binary_mode_refuses_bad_headers(void **state)
{
    static const struct {
        struct fact_header header; /* after specversion, id, source, type */
        const char *code;
    } table[] = {
        {HEADER("ce-subject", "%C5"), "attribute_encoding"},
        {HEADER("ce-subject", "%C0%AF"), "attribute_encoding"},
        {HEADER("ce-subject", "%zz"), "attribute_encoding"},
        {HEADER("ce-subject", "a%0Ab"), "bad_text"},
        {HEADER("ce-id", "twice"), "attribute_refused"},
        {HEADER("ce-datacontenttype", "application/json"), "attribute_refused"},
    };
    struct fact_header headers[5] = {HEADER("ce-specversion", "1.0"), HEADER("ce-id", "1"),
                                     HEADER("ce-source", "s"), HEADER("ce-type", "duty.ended")};

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct faults faults;
        struct fact f;

        faults_init(&faults);
        headers[4] = table[i].header;
        assert_int_equal(read_binary(headers, 5, &f, &faults), ERR_INVALID);
        assert_int_equal(faults.errors, 1);
        assert_string_equal(faults.list[0].code, table[i].code);
        faults_finish(&faults);
        faults_init(&faults);
        assert_int_equal(read_binary(headers, 3, &f, &faults), ERR_INVALID);
        assert_string_equal(faults.list[0].pointer, "/type");
        faults_finish(&faults);
    }
}

static void merging_keeps_what_news_do_not_tell(void **state)
{
    struct fact known;
    struct fact news;

    (void)state;
    fact_reset(&known);
    fact_reset(&news);
    (void)str_copy(known.holder.phone, sizeof known.holder.phone, STR("+905320000067"));
    (void)str_copy(news.holder.phone, sizeof news.holder.phone, STR("+905320000068"));
    (void)str_copy(news.holder.email, sizeof news.holder.email, STR("a@ornek.test"));
    fact_merge(&known, &news, false);
    assert_string_equal(known.holder.phone, "+905320000067");
    assert_string_equal(known.holder.email, "a@ornek.test");
    fact_merge(&known, &news, true);
    assert_string_equal(known.holder.phone, "+905320000068");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cloud_event_is_read_whole),
        cmocka_unit_test(canonical_bytes_are_fixed_and_read_back),
        cmocka_unit_test(quotes_and_backslashes_survive),
        cmocka_unit_test(the_largest_fact_fits),
        cmocka_unit_test(a_bare_fact_gets_its_identity_from_its_content),
        cmocka_unit_test(faults_have_a_place_and_a_code),
        cmocka_unit_test(all_faults_come_at_once_and_masked),
        cmocka_unit_test(what_only_deserves_a_warning_passes),
        cmocka_unit_test(lengths_are_judged_at_their_edges),
        cmocka_unit_test(events_of_every_type_are_read),
        cmocka_unit_test(binary_mode_reads_the_headers),
        cmocka_unit_test(binary_mode_refuses_bad_headers),
        cmocka_unit_test(merging_keeps_what_news_do_not_tell),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
