/* Delivery reports as systems write them (tests/vectors/dsn), and as nobody should. */
#include "base/buf.h"
#include "text/dsn.h"
#include "text/mime_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define OWN_ID "m_7k-9abcdefg@ornekil.example"

static const struct {
    const char *file;
    enum dsn_kind kind;
    enum dsn_action action;
    const char *code;
    const char *envelope_id;
    const char *message_id;
    const char *said; /* part of the detail */
} cases[] = {
    {"postfix-unknown-user", DSN_REPORT, DSN_FAILED, "550 5.1.1", "m_7k-3vq8w2xz-1", OWN_ID,
     "User unknown in virtual"},
    {"crlf", DSN_REPORT, DSN_FAILED, "550 5.1.1", "m_7k-3vq8w2xz-1", OWN_ID, "User unknown"},
    {"postfix-delayed", DSN_REPORT, DSN_DELAYED, "4.4.1", "m_7k-3vq8w2xz-1", OWN_ID, "timed out"},
    {"postfix-expired", DSN_REPORT, DSN_FAILED, "4.4.1", "m_7k-3vq8w2xz-1", OWN_ID, "timed out"},
    {"success", DSN_REPORT, DSN_DELIVERED, "250 2.0.0", "m_7k-3vq8w2xz-1", OWN_ID, "kabul"},
    {"relayed", DSN_REPORT, DSN_RELAYED, "2.0.0", "", OWN_ID, ""},
    {"mailbox-full", DSN_REPORT, DSN_FAILED, "552 5.2.2", "m_7k-3vq8w2xz-1", OWN_ID, "full"},
    {"exim", DSN_REPORT, DSN_FAILED, "550 5.1.10", "", OWN_ID, "not found"},
    {"no-empty-line", DSN_REPORT, DSN_FAILED, "5.1.2", "", OWN_ID, ""},
    {"two-recipients-run-together", DSN_REPORT, DSN_FAILED, "5.2.1", "", OWN_ID, ""},
    {"no-action", DSN_REPORT, DSN_FAILED, "5.1.1", "", OWN_ID, ""},
    {"no-status", DSN_REPORT, DSN_FAILED, "554", "", OWN_ID, "no such account"},
    {"contradiction", DSN_REPORT, DSN_FAILED, "5.0.0", "", OWN_ID, "try later"},
    {"base64", DSN_REPORT, DSN_FAILED, "550 5.1.1", "m_7k-3vq8w2xz-1", OWN_ID, "User unknown"},
    {"quoted-printable", DSN_REPORT, DSN_FAILED, "550 5.1.1", "m_7k-3vq8w2xz-1", OWN_ID,
     "User unknown"},
    {"cut-off", DSN_REPORT, DSN_FAILED, "5.1.1", "", "", ""},
    {"global", DSN_REPORT, DSN_FAILED, "550 5.1.1", "m_7k-3vq8w2xz-1", OWN_ID,
     "böyle bir kullanıcı yok"},
    {"passed-on", DSN_REPORT, DSN_FAILED, "550 5.1.1", "m_7k-3vq8w2xz-1", OWN_ID, "User unknown"},
    {"qmail", DSN_GUESSED, DSN_FAILED, "550 5.1.1", "", "", "no such mailbox"},
    {"old-words", DSN_GUESSED, DSN_FAILED, "553", "", "", "sorry"},
    {"only-a-warning", DSN_GUESSED, DSN_DELAYED, "451 4.7.1", "", "", "Greylisting"},
    {"absence", DSN_NONE, 0, NULL, "", "", ""},
    {"letter", DSN_NONE, 0, NULL, "", "", ""},
};

static struct buf read_file(const char *name)
{
    char path[300];
    struct buf text;
    FILE *f;
    size_t n;

    (void)snprintf(path, sizeof path, HATIRLAT_SOURCE_DIR "/tests/vectors/dsn/%s.eml", name);
    f = fopen(path, "rb");
    if (f == NULL) {
        fail_msg("%s", path);
    }
    buf_init(&text, 1 << 20);
    while ((n = fread(buf_reserve(&text, 4096), 1, 4096, f)) > 0) {
        buf_commit(&text, n);
    }
    (void)fclose(f);
    return text;
}

static void test_reports(void **state)
{
    struct dsn *d = malloc(sizeof *d);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf text = read_file(cases[i].file);
        const struct dsn_recipient *verdict;

        print_message("%s\n", cases[i].file);
        assert_int_equal(dsn_read((struct str){text.data, text.len}, d), 0);
        assert_int_equal(d->kind, cases[i].kind);
        assert_string_equal(d->envelope_id, cases[i].envelope_id);
        assert_string_equal(d->message_id, cases[i].message_id);
        verdict = dsn_verdict(d);
        if (cases[i].code == NULL) {
            assert_null(verdict);
        } else {
            assert_string_equal(verdict->code, cases[i].code);
            assert_string_equal(dsn_action_name(verdict->action), dsn_action_name(cases[i].action));
            assert_non_null(strstr(verdict->detail, cases[i].said));
            assert_null(strstr(verdict->detail, "gulsen")); /* personal data */
        }
        buf_finish(&text);
    }
    free(d);
}

static void test_whom_it_was_sent_to(void **state)
{
    struct buf text = read_file("postfix-unknown-user");
    struct dsn *d = malloc(sizeof *d);

    (void)state;
    assert_int_equal(dsn_read((struct str){text.data, text.len}, d), 0);
    assert_int_equal(d->address_count, 2);
    assert_string_equal(d->addresses[0], "iade+m_7k-3vq8w2xz-1@ornekil.example");
    assert_string_equal(d->addresses[1], d->addresses[0]);
    assert_string_equal(dsn_verdict(d)->address, "gulsen@okul.ornek.test");
    buf_finish(&text);
    free(d);
}

/* A report may be cut anywhere: it is read or not, and never more than what is there. */
static void test_cut_anywhere(void **state)
{
    struct dsn *d = malloc(sizeof *d);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf text = read_file(cases[i].file);

        for (size_t n = 0; n < text.len; n++) {
            char *exact = malloc(n + 1);

            memcpy(exact, text.data, n);
            exact = realloc(exact, n == 0 ? 1 : n);
            assert_int_equal(dsn_read((struct str){exact, n}, d), 0);
            free(exact);
        }
        buf_finish(&text);
    }
    free(d);
}

/* At the edge of every bound. */
static void test_bounds(void **state)
{
    struct dsn *d = malloc(sizeof *d);
    struct buf text;

    (void)state;
    for (int count = DSN_RECIPIENTS_MAX - 1; count <= DSN_RECIPIENTS_MAX + 1; count++) {
        buf_init(&text, 1 << 20);
        (void)buf_adds(&text, "Content-Type: message/delivery-status\n\n");
        for (int i = 0; i < count; i++) {
            (void)buf_addf(&text, "Action: failed\nStatus: 5.1.%d\n\n", i);
        }
        assert_int_equal(dsn_read((struct str){text.data, text.len}, d), 0);
        assert_int_equal(d->count, count < DSN_RECIPIENTS_MAX ? count : DSN_RECIPIENTS_MAX);
        buf_finish(&text);
    }
    for (int depth = DSN_DEPTH_MAX - 1; depth <= DSN_DEPTH_MAX + 1; depth++) {
        buf_init(&text, 1 << 20);
        for (int i = 0; i < depth; i++) {
            (void)buf_addf(&text, "Content-Type: multipart/mixed; boundary=\"b%d\"\n\n--b%d\n", i,
                           i);
        }
        (void)buf_adds(&text, "Content-Type: message/delivery-status\n\nStatus: 5.1.1\n");
        assert_int_equal(dsn_read((struct str){text.data, text.len}, d), 0);
        assert_int_equal(d->count, depth <= DSN_DEPTH_MAX ? 1 : 0);
        buf_finish(&text);
    }
    for (int parts = DSN_PARTS_MAX - 1; parts <= DSN_PARTS_MAX + 1; parts++) {
        buf_init(&text, 1 << 20);
        (void)buf_adds(&text, "Content-Type: multipart/mixed; boundary=b\n\n");
        for (int i = 1; i < parts; i++) {
            (void)buf_adds(&text, "--b\n\nx\n");
        }
        (void)buf_adds(&text, "--b\nContent-Type: message/delivery-status\n\nStatus: 5.1.1\n");
        assert_int_equal(dsn_read((struct str){text.data, text.len}, d), 0);
        assert_int_equal(d->count, parts <= DSN_PARTS_MAX ? 1 : 0);
        buf_finish(&text);
    }
    free(d);
}

static void test_fields(void **state)
{
    static const struct {
        const char *head;
        size_t n;
        const char *value; /* null: none */
    } rows[] = {
        {"A: b\n", 0, "b"},
        {"a :  b \n", 0, "b"},
        {"A: b\n  c\r\n\td\n", 0, "b  c d"},
        {"A: b\nA: c\n", 1, "c"},
        {"A: b\nA: c\n", 2, NULL},
        {"AB: c\n", 0, NULL},
        {"X: y\n A: b\n", 0, NULL},
        {"A:\n", 0, ""},
        {"A: b\x01"
         "c\x7f\n",
         0, "b c"},
        {"A", 0, NULL},
        {"A: 0123456789abcdefghij", 0, "0123456789abcde"},
    };
    char value[16];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool found = mime_field(str_of(rows[i].head), "A", rows[i].n, value, sizeof value);

        assert_int_equal(found, rows[i].value != NULL);
        assert_string_equal(value, found ? rows[i].value : "");
    }
}

static void test_types(void **state)
{
    static const struct {
        const char *head;
        const char *name;
        const char *boundary;
    } rows[] = {
        {"", "text/plain", ""},
        {"Content-Type: Multipart/Report; boundary=abc\n", "multipart/report", "abc"},
        {"Content-Type: multipart/report;\n\treport-type=x;\n boundary = \"a;b \\\"c\"\n",
         "multipart/report", "a;b \"c"},
        {"Content-Type: multipart/report; boundary\n", "multipart/report", ""},
        {"Content-Type: ;;;=\n", "", ""},
        {"Content-Type: multipart/x; boundary=\"unended\n", "multipart/x", "unended"},
    };
    struct mime_type type;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        mime_type_of(str_of(rows[i].head), &type);
        assert_string_equal(type.name, rows[i].name);
        assert_string_equal(type.boundary, rows[i].boundary);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reports),      cmocka_unit_test(test_whom_it_was_sent_to),
        cmocka_unit_test(test_cut_anywhere), cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_fields),       cmocka_unit_test(test_types),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
