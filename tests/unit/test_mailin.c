/* The mail server's dialogue, byte by byte and at its limits. */
#include "loop/mailin_talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MESSAGE_MAX = 100 };

struct scene {
    struct mailin_talk talk;
    struct buf out;
    struct buf messages; /* every message, then a bar */
    bool closed;
};

static bool accepts(void *ctx, struct str recipient)
{
    (void)ctx;
    return str_starts(recipient, "iade");
}

static void begin(struct scene *s)
{
    memset(s, 0, sizeof *s);
    s->talk = (struct mailin_talk){
        .host = "ornekil.example", .accepts = accepts, .message_max = MESSAGE_MAX};
    buf_init(&s->out, 1 << 20);
    buf_init(&s->messages, 1 << 20);
    mailin_talk_begin(&s->talk, &s->out);
}

/* Says text in pieces of so many bytes; every message is taken. */
static void say(struct scene *s, struct str text, size_t piece)
{
    while (text.len > 0 && !s->closed) {
        struct str part = {text.ptr, piece < text.len ? piece : text.len};
        size_t n = part.len;

        while (part.len > 0 && !s->closed) {
            enum mailin_step step = mailin_talk_read(&s->talk, &part, &s->out);

            s->closed = step == MAILIN_CLOSE;
            if (step == MAILIN_MESSAGE) {
                (void)buf_add(&s->messages, s->talk.message.data, s->talk.message.len);
                (void)buf_addc(&s->messages, '|');
                mailin_talk_verdict(&s->talk, MAILIN_TAKEN, &s->out);
            }
        }
        text.ptr += n;
        text.len -= n;
    }
}

static void end(struct scene *s)
{
    mailin_talk_finish(&s->talk);
    buf_finish(&s->out);
    buf_finish(&s->messages);
}

#define HELLO                                                                                      \
    "250-ornekil.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"                    \
    "250-ENHANCEDSTATUSCODES\r\n250 SIZE 100\r\n"
#define MAIL "MAIL FROM:<>\r\n"
#define RCPT "RCPT TO:<iade@ornekil.example>\r\n"
#define UPTO "EHLO x\r\n" MAIL RCPT "DATA\r\n"
#define UPTO_REPLIES                                                                               \
    HELLO "250 2.1.0 ok\r\n250 2.1.5 ok\r\n354 end with a dot on a line of its own\r\n"
#define TAKEN "250 2.0.0 taken\r\n"

static const struct {
    const char *said;
    const char *replies; /* behind the greeting */
    const char *messages;
    bool closed;
} cases[] = {
    {"QUIT\r\n", "221 2.0.0 bye\r\n", "", true},
    {"ehlo x\n", HELLO, "", false},
    {"HELO x\r\n", "250 ornekil.example\r\n", "", false},
    {"MAIL FROM:<a@b>\r\n", "503 5.5.1 not now\r\n", "", false},
    {"EHLO\r\nRCPT TO:<iade@x>\r\n", HELLO "503 5.5.1 MAIL first\r\n", "", false},
    {"EHLO x\r\n" MAIL MAIL, HELLO "250 2.1.0 ok\r\n503 5.5.1 not now\r\n", "", false},
    {"EHLO x\r\n" MAIL "DATA\r\n", HELLO "250 2.1.0 ok\r\n503 5.5.1 no valid recipients\r\n", "",
     false},
    {"EHLO x\r\nMAIL FROM:<> SIZE=100\r\n", HELLO "250 2.1.0 ok\r\n", "", false},
    {"EHLO x\r\nMAIL FROM:<> BODY=8BITMIME SIZE=101\r\n", HELLO "552 5.3.4 too large\r\n", "",
     false},
    {"EHLO x\r\nMAIL FROM: a@b\r\n", HELLO "501 5.5.4 MAIL FROM:<address>\r\n", "", false},
    {"EHLO x\r\n" MAIL "RCPT TO:<baska@x>\r\n",
     HELLO "250 2.1.0 ok\r\n550 5.1.1 no such address here\r\n", "", false},
    {"EHLO x\r\n" MAIL "RCPT TO:<iade\x01@x>\r\n",
     HELLO "250 2.1.0 ok\r\n550 5.1.1 no such address here\r\n", "", false},
    {"NOOP\r\nNOOPE\r\nVRFY a\r\nRSET\r\n",
     "250 2.0.0 ok\r\n500 5.5.1 unknown command\r\n252 2.5.0 send some mail and see\r\n"
     "250 2.0.0 ok\r\n",
     "", false},
    {UPTO "a\r\n.\r\n", UPTO_REPLIES TAKEN, "a\r\n|", false},
    {UPTO ".\r\n", UPTO_REPLIES TAKEN, "|", false},
    {UPTO "..a\r\n...\r\n.b\r\n.\r\n", UPTO_REPLIES TAKEN, ".a\r\n..\r\nb\r\n|", false},
    /* Nothing but CRLF "." CRLF ends a message. */
    {UPTO "a\n.\r\n.\nb\r.\r\n.\rc\r\n.\r\n", UPTO_REPLIES TAKEN, "a\n.\r\n\nb\r.\r\n\rc\r\n|",
     false},
    {UPTO "a\r\n.\r\nQUIT\r\n", UPTO_REPLIES TAKEN "221 2.0.0 bye\r\n", "a\r\n|", true},
    {UPTO "a\r\n.\r\n" MAIL RCPT "DATA\r\nb\r\n.\r\n",
     UPTO_REPLIES TAKEN
     "250 2.1.0 ok\r\n250 2.1.5 ok\r\n354 end with a dot on a line of its own\r\n" TAKEN,
     "a\r\n|b\r\n|", false},
    {"LHLO x\r\n" MAIL RCPT RCPT "DATA\r\na\r\n.\r\n",
     HELLO "250 2.1.0 ok\r\n250 2.1.5 ok\r\n250 2.1.5 ok\r\n"
           "354 end with a dot on a line of its own\r\n" TAKEN TAKEN,
     "a\r\n|", false},
};

static void test_dialogues(void **state)
{
    const char *greeting = "220 ornekil.example ESMTP\r\n";
    struct scene s;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t piece = 1; piece < 40; piece++) {
            begin(&s);
            say(&s, str_of(cases[i].said), piece);
            assert_string_equal(buf_cstr(&s.out) + strlen(greeting), cases[i].replies);
            assert_string_equal(buf_cstr(&s.messages), cases[i].messages);
            assert_int_equal(s.closed, cases[i].closed);
            end(&s);
        }
    }
}

static void test_a_message_at_the_limit(void **state)
{
    (void)state;
    for (int over = 0; over <= 1; over++) {
        struct scene s;
        char text[200];

        begin(&s);
        (void)snprintf(text, sizeof text, UPTO "%0*d\r\n.\r\n", MESSAGE_MAX - 2 + over, 0);
        say(&s, str_of(text), 7);
        assert_int_equal(s.messages.len, over ? 0 : MESSAGE_MAX + 1);
        assert_non_null(strstr(buf_cstr(&s.out), over ? "552 5.3.4 too large" : "250 2.0.0 taken"));
        say(&s, STR(MAIL), 7); /* the session goes on */
        assert_string_equal(buf_cstr(&s.out) + s.out.len - 14, "250 2.1.0 ok\r\n");
        end(&s);
    }
}

static void test_a_line_at_the_limit(void **state)
{
    (void)state;
    for (int over = 0; over <= 1; over++) {
        char line[MAILIN_LINE_MAX + 2];
        struct scene s;

        begin(&s);
        (void)snprintf(line, sizeof line, "NOOP %0*d\r\n", MAILIN_LINE_MAX - 7 + over, 0);
        say(&s, str_of(line), 100);
        assert_int_equal(s.closed, over);
        assert_non_null(strstr(buf_cstr(&s.out), over ? "500 5.5.2" : "250 2.0.0"));
        end(&s);
    }
}

static void repeat(struct scene *s, const char *line, int times)
{
    for (int i = 0; i < times && !s->closed; i++) {
        say(s, str_of(line), 1000);
    }
}

static void test_counts_at_their_limits(void **state)
{
    struct scene s;

    (void)state;
    begin(&s);
    repeat(&s, "NONSENSE\r\n", MAILIN_ERRORS_MAX);
    assert_false(s.closed);
    repeat(&s, "NONSENSE\r\n", 1);
    assert_true(s.closed);
    end(&s);

    begin(&s);
    repeat(&s, "NOOP\r\n", MAILIN_COMMANDS_MAX);
    assert_false(s.closed);
    repeat(&s, "NOOP\r\n", 1);
    assert_true(s.closed);
    end(&s);

    begin(&s);
    say(&s, STR("EHLO x\r\n" MAIL), 100);
    repeat(&s, RCPT, MAILIN_RECIPIENTS_MAX);
    assert_null(strstr(buf_cstr(&s.out), "452"));
    repeat(&s, RCPT, 1);
    assert_non_null(strstr(buf_cstr(&s.out), "452 4.5.3"));
    end(&s);

    begin(&s);
    say(&s, STR("EHLO x\r\n"), 100);
    repeat(&s, MAIL RCPT "DATA\r\n.\r\n", MAILIN_MESSAGES_MAX);
    assert_false(s.closed);
    repeat(&s, MAIL, 1);
    assert_true(s.closed);
    end(&s);
}

static void test_verdicts(void **state)
{
    static const struct {
        enum mailin_verdict verdict;
        const char *reply;
    } rows[] = {{MAILIN_TAKEN, "250 "}, {MAILIN_LATER, "451 "}, {MAILIN_REFUSED, "554 "}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct str text = STR("a\r\n.\r\nNOOP\r\n");
        struct scene s;

        begin(&s);
        say(&s, STR(UPTO), 100);
        assert_int_equal(mailin_talk_read(&s.talk, &text, &s.out), MAILIN_MESSAGE);
        assert_int_equal(text.len, 6);
        assert_int_equal(mailin_talk_read(&s.talk, &text, &s.out), MAILIN_MESSAGE);
        assert_int_equal(text.len, 6); /* nothing goes on without a verdict */
        buf_reset(&s.out);
        mailin_talk_verdict(&s.talk, rows[i].verdict, &s.out);
        assert_int_equal(strncmp(buf_cstr(&s.out), rows[i].reply, 4), 0);
        end(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dialogues),
        cmocka_unit_test(test_a_message_at_the_limit),
        cmocka_unit_test(test_a_line_at_the_limit),
        cmocka_unit_test(test_counts_at_their_limits),
        cmocka_unit_test(test_verdicts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
