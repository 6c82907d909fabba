/* The pure parts of the SMTP provider: the border, the dialogue, the verdicts. */
#include "base/utf8.h"
#include "providers/smtp/smtp_classify.h"
#include "providers/smtp/smtp_mail.h"
#include "providers/smtp/smtp_socket.h"
#include "providers/smtp/smtp_wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void test_mailboxes(void **state)
{
    static const struct {
        const char *mailbox;
        bool ok;
    } cases[] = {
        {"ad.soyad@ornek.test", true},
        {"a+b=c@ornek.test", true},
        {"a'b@ornek.test", true},
        {"a@b", true},
        {"", false},
        {"@ornek.test", false},
        {"a@", false},
        {"a", false},
        {"a@b@c", false},
        {"a b@ornek.test", false},
        {"a\t@ornek.test", false},
        {"a\r\n@ornek.test", false},
        {"<a@ornek.test>", false},
        {"\"a b\"@ornek.test", false},
        {"a@ornek.test,b@c", false},
        {"\xc4\x9f@ornek.test", false},
        {"a\x7f@ornek.test", false},
        {"a@[127.0.0.1]", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (smtp_mailbox_ok(cases[i].mailbox) != cases[i].ok) {
            fail_msg("mailbox %s", cases[i].mailbox);
        }
    }
}

static void test_mail_border(void **state)
{
    static const struct {
        struct str mail;
        bool ok;
    } cases[] = {
        {{"A: b\r\n\r\nc\r\n", 11}, true}, {{"A: b\r\n\r\nc", 9}, true}, {{"", 0}, false},
        {{"a\nb\r\n", 5}, false},          {{"a\rb\r\n", 5}, false},     {{"a\r", 2}, false},
        {{"a\r\r\nb", 5}, false},          {{"a\0b\r\n", 5}, false},     {{"\n", 1}, false},
        {{"a\r\n\nb", 5}, false},
    };
    char line[SMTP_LINE_MAX + 4];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if ((smtp_mail_fault(cases[i].mail) == NULL) != cases[i].ok) {
            fail_msg("mail %zu", i);
        }
    }
    memset(line, 'x', sizeof line);
    memcpy(line + SMTP_LINE_MAX, "\r\n", 2);
    assert_null(smtp_mail_fault((struct str){line, SMTP_LINE_MAX + 2}));
    memcpy(line + SMTP_LINE_MAX, "x\r\n", 3);
    assert_non_null(smtp_mail_fault((struct str){line, SMTP_LINE_MAX + 3}));
    assert_true(smtp_mail_8bit(STR("\xc3\xa7")));
    assert_false(smtp_mail_8bit(STR("c")));
}

#define D OUTCOME_DOWN
#define A OUTCOME_ACCOUNT
#define T OUTCOME_RETRY
#define H OUTCOME_THROTTLED
#define R OUTCOME_REJECTED
#define U OUTCOME_UNKNOWN

static void test_verdicts(void **state)
{
    static const struct {
        enum smtp_verb verb;
        int code;
        const char *enhanced;
        enum outcome_class class;
    } cases[] = {
        {SMTP_GREETING, 421, "", D},
        {SMTP_GREETING, 554, "", D},
        {SMTP_EHLO, 421, "", D},
        {SMTP_EHLO, 550, "5.7.1", D},
        {SMTP_STARTTLS, 454, "4.7.0", D},
        {SMTP_STARTTLS, 501, "", D},
        {SMTP_AUTH, 421, "", D},
        {SMTP_AUTH, 454, "4.7.0", D},
        {SMTP_AUTH, 530, "", A},
        {SMTP_AUTH, 534, "5.7.9", A},
        {SMTP_AUTH, 535, "5.7.8", A},
        {SMTP_AUTH, 538, "5.7.11", A},
        {SMTP_MAIL, 421, "4.3.2", D},
        {SMTP_MAIL, 450, "", T},
        {SMTP_MAIL, 450, "4.7.1", H},
        {SMTP_MAIL, 421, "4.7.0", H},
        {SMTP_MAIL, 451, "", T},
        {SMTP_MAIL, 452, "4.3.1", T},
        {SMTP_MAIL, 501, "5.1.7", A},
        {SMTP_MAIL, 503, "5.5.1", A},
        {SMTP_MAIL, 530, "5.7.0", A},
        {SMTP_MAIL, 550, "5.7.1", A},
        {SMTP_MAIL, 553, "5.1.8", A},
        {SMTP_MAIL, 552, "", R},
        {SMTP_MAIL, 554, "5.3.4", R},
        {SMTP_RCPT, 421, "", T},
        {SMTP_RCPT, 450, "4.2.1", T},
        {SMTP_RCPT, 451, "4.7.1", T},
        {SMTP_RCPT, 452, "4.5.3", T},
        {SMTP_RCPT, 530, "5.7.0", A},
        {SMTP_RCPT, 550, "5.1.1", R},
        {SMTP_RCPT, 551, "", R},
        {SMTP_RCPT, 552, "5.2.2", T}, /* a full mailbox */
        {SMTP_RCPT, 553, "5.1.7", A}, /* our sender, judged late */
        {SMTP_RCPT, 550, "5.1.8", A},
        {SMTP_RCPT, 550, "5.1.10", R},
        {SMTP_RCPT, 421, "4.7.0", H},
        {SMTP_RCPT, 550, "5.7.25", A},
        {SMTP_RCPT, 554, "5.7.1", R},
        {SMTP_DATA, 250, "", D},
        {SMTP_DATA, 451, "", T},
        {SMTP_DATA, 554, "5.5.1", R},
        {SMTP_BODY, 250, "2.0.0", OUTCOME_SENT},
        {SMTP_BODY, 200, "", OUTCOME_SENT},
        {SMTP_BODY, 299, "", OUTCOME_SENT},
        {SMTP_BODY, 354, "", D},
        {SMTP_BODY, 421, "4.3.2", T},
        {SMTP_BODY, 451, "", T},
        {SMTP_BODY, 550, "5.7.1", R},
        {SMTP_BODY, 552, "5.2.2", T},
        {SMTP_BODY, 421, "4.7.28", H},
        {SMTP_BODY, 451, "4.7.1", T}, /* greylisting is this recipient's */
        {SMTP_BODY, 550, "5.7.26", A},
        {SMTP_BODY, 550, "5.7.2", R},
        {SMTP_BODY, 554, "5.7.", R},
        {SMTP_BODY, 554, "", R},
        {SMTP_BODY, 535, "5.7.8", A},
        {SMTP_BODY, 0, "", D},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct smtp_reply reply = {.code = cases[i].code};
        struct smtp_ending ending = {
            .verb = cases[i].verb, .reply = &reply, .why = "w", .why_code = "c"};
        struct outcome o;

        (void)snprintf(reply.enhanced, sizeof reply.enhanced, "%s", cases[i].enhanced);
        smtp_classify(&ending, &o);
        if (o.class != cases[i].class) {
            fail_msg("%d %s to %s: %s", cases[i].code, cases[i].enhanced,
                     smtp_verb_name(cases[i].verb), outcome_name(o.class));
        }
    }
}

/* Every code at every step of a message: 2xx to the body and nothing else is sent. */
static void test_only_a_verdict_is_sent(void **state)
{
    (void)state;
    for (int verb = SMTP_GREETING; verb < SMTP_VERB_COUNT; verb++) {
        for (int code = 0; code < 1000; code++) {
            struct smtp_reply reply = {.code = code};
            struct smtp_ending ending = {.verb = (enum smtp_verb)verb,
                                         .reply = &reply,
                                         .dot_sent = verb == SMTP_BODY,
                                         .why = "w",
                                         .why_code = "c"};
            struct outcome o;
            bool taken = verb == SMTP_BODY && code >= 200 && code <= 299;
            bool answered = code >= 400 && code <= 599;

            smtp_classify(&ending, &o);
            assert_int_equal(o.class == OUTCOME_SENT, taken);
            if (verb == SMTP_BODY && !taken && !answered) {
                assert_int_equal(o.class, U);
            }
        }
    }
}

static void test_silence(void **state)
{
    struct smtp_ending ending = {.verb = SMTP_BODY, .why = "no answer", .why_code = "timeout"};
    struct outcome o;

    (void)state;
    smtp_classify(&ending, &o);
    assert_int_equal(o.class, D);
    ending.dot_sent = true;
    smtp_classify(&ending, &o);
    assert_int_equal(o.class, U);
    assert_string_equal(o.code, "timeout");
    assert_string_equal(o.detail, "no answer");
}

/* Relays speak their own language; what is no UTF-8 becomes "?", and a cut is between characters.
 */
static void test_words_beyond_ascii(void **state)
{
    static const struct {
        const char *reply;
        const char *text;
    } rows[] = {
        {"550 5.1.1 böyle bir kullanıcı yok\r\n", "böyle bir kullanıcı yok"},
        {"550-5.1.1  İlk\r\n550 5.1.1 ğ\r\n", "İlk ğ"},
        {"550 5.1.1 a\tb\x7f\xC2\x85 kullan\xFD"
         "c\xFD\xC4\r\n",
         "a?b?? kullan?c??"},
    };
    char line[400];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct smtp_wire w;

        (void)snprintf(line, sizeof line, "%s", rows[i].reply);
        smtp_wire_reset(&w, false, false);
        assert_int_equal(smtp_wire_read(&w, line, strlen(line)), SMTP_BREACH_NONE);
        assert_string_equal(w.replies[SMTP_GREETING].text, rows[i].text);
    }
    for (int lead = 0; lead < 2; lead++) {
        struct smtp_wire w;
        size_t n = (size_t)snprintf(line, sizeof line, "550 %s", lead == 0 ? "" : "a");
        const char *text = w.replies[SMTP_GREETING].text;
        struct smtp_ending ending = {.verb = SMTP_RCPT, .reply = &w.replies[SMTP_GREETING]};
        struct outcome o;

        while (n < 300) {
            n += (size_t)snprintf(line + n, sizeof line - n, "%s",
                                  n == 20 + (size_t)lead ? " @ " : "ş");
        }
        (void)snprintf(line + n, sizeof line - n, "\r\n");
        smtp_wire_reset(&w, false, false);
        assert_int_equal(smtp_wire_read(&w, line, n + 2), SMTP_BREACH_NONE);
        assert_true(utf8_clean_line(str_of(text)));
        assert_in_range(strlen(text), SMTP_REPLY_TEXT - 2, SMTP_REPLY_TEXT - 1);
        smtp_classify(&ending, &o); /* "<...>" is longer than what it stands for */
        assert_true(utf8_clean_line(str_of(o.detail)));
    }
}

static void test_421_after_others(void **state)
{
    struct smtp_reply reply = {.code = 421, .text = "too many"};
    struct smtp_ending ending = {.verb = SMTP_MAIL, .reply = &reply, .served = true};
    struct outcome o;

    (void)state;
    smtp_classify(&ending, &o);
    assert_int_equal(o.class, OUTCOME_UNTOUCHED);
}

static void test_personal_data_is_masked(void **state)
{
    struct smtp_reply reply = {
        .code = 550, .enhanced = "5.1.1", .text = "<ad.soyad@ornek.test>: no such user x@y"};
    struct smtp_ending ending = {.verb = SMTP_RCPT, .reply = &reply};
    struct outcome o;

    (void)state;
    smtp_classify(&ending, &o);
    assert_string_equal(o.code, "550 5.1.1");
    assert_string_equal(o.detail, "RCPT TO: <...> no such user <...>");
}

/* ---- dialogues: "C:" what we write, "S:" what the relay says, in turn; "~" ends the body ---- */

static enum smtp_breach play(struct smtp_wire *w, bool tls, bool login, const char *const *lines)
{
    enum smtp_breach breach = SMTP_BREACH_NONE;

    smtp_wire_reset(w, tls, login);
    for (; *lines != NULL && breach == SMTP_BREACH_NONE; lines++) {
        char bytes[400];

        (void)snprintf(bytes, sizeof bytes, "%s", *lines + 2);
        if (**lines == 'C') {
            breach = smtp_wire_wrote(w, bytes, strlen(bytes));
        } else if (**lines == 'S') {
            breach = smtp_wire_read(w, bytes, strlen(bytes));
        } else if (**lines == '~') {
            smtp_wire_body_sent(w);
        } else {
            smtp_wire_secured(w);
        }
    }
    return breach;
}

#define OPEN "S:220 x\r\n", "C:EHLO a\r\n", "S:250-x\r\n250 PIPELINING\r\n"
#define ONE  "C:MAIL FROM:<a@b>\r\n", "S:250 ok\r\n", "C:RCPT TO:<c@d>\r\nDATA\r\n"

static void test_dialogues(void **state)
{
    static const struct {
        bool tls;
        bool login;
        enum smtp_breach breach;
        const char *lines[16];
    } cases[] = {
        {false,
         false,
         SMTP_BREACH_NONE,
         {OPEN, ONE, "S:250 ok\r\n354 go\r\n", "~ ", "S:250 taken\r\n", "C:QUIT\r\n",
          "S:221 bye\r\n"}},
        {false,
         false,
         SMTP_BREACH_NONE,
         {"S:2", "S:20 x\r", "S:\n", "C:EH", "C:LO a\r\n", "S:250 x\r\n"}},
        {false, false, SMTP_BREACH_UNASKED, {"S:220 x\r\n250 hm\r\n"}},
        {false, false, SMTP_BREACH_UNASKED, {"S:220 x\r\n", "S:250 hm\r\n"}},
        {false, false, SMTP_BREACH_CLOSING, {OPEN, "S:421 timeout\r\n"}},
        {false, false, SMTP_BREACH_GARBLED, {"S:hello\r\n"}},
        {false, false, SMTP_BREACH_GARBLED, {"S:220-a\r\n250 b\r\n"}},
        {false, false, SMTP_BREACH_GARBLED, {"S:2200 a\r\n"}},
        {false, false, SMTP_BREACH_UNASKED, {OPEN, ONE, "S:250 ok\r\n354 go\r\n250 taken\r\n"}},
        {false, false, SMTP_BREACH_NONE, {OPEN, ONE, "S:250 ok\r\n354 go\r\n552 too big\r\n"}},
        {true, false, SMTP_BREACH_CLEARTEXT, {OPEN, "C:MAIL FROM:<a@b>\r\n"}},
        {true, false, SMTP_BREACH_CLEARTEXT, {OPEN, "C:RSET\r\nMAIL FROM:<a@b>\r\n"}},
        {true, true, SMTP_BREACH_CLEARTEXT, {OPEN, "C:AUTH PLAIN AGEAYg==\r\n"}},
        {true,
         false,
         SMTP_BREACH_NONE,
         {OPEN, "C:STARTTLS\r\n", "S:220 go\r\n", "T ", "C:EHLO a\r\n", "S:250 x\r\n", ONE}},
        {true,
         false,
         SMTP_BREACH_UNASKED,
         {OPEN, "C:STARTTLS\r\n", "S:220 go\r\n", "T ", "S:250 evil\r\n"}},
        {true, false, SMTP_BREACH_INJECTED, {OPEN, "C:STARTTLS\r\n", "S:220 go\r\n250 evil\r\n"}},
        {true, false, SMTP_BREACH_INJECTED, {OPEN, "C:STARTTLS\r\n", "S:220 go\r\n", "S:2"}},
        {false, true, SMTP_BREACH_NO_LOGIN, {OPEN, "C:MAIL FROM:<a@b>\r\n"}},
        {false,
         true,
         SMTP_BREACH_NO_LOGIN,
         {OPEN, "C:AUTH PLAIN AGEAYg==\r\n", "S:535 no\r\n", "C:MAIL FROM:<a@b>\r\n"}},
        {false,
         true,
         SMTP_BREACH_NONE,
         {OPEN, "C:AUTH LOGIN\r\n", "S:334 VXNlcg==\r\n", "C:MAIL\r\n", "S:334 UGFzcw==\r\n",
          "C:DATA\r\n", "S:235 ok\r\n", ONE}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct smtp_wire w;
        enum smtp_breach breach = play(&w, cases[i].tls, cases[i].login, cases[i].lines);

        if (breach != cases[i].breach) {
            fail_msg("dialogue %zu: %s", i, smtp_breach_text(breach));
        }
    }
}

static void test_the_transcript_keeps_the_transaction(void **state)
{
    static const char *const lines[] = {
        OPEN,
        "C:MAIL FROM:<a@b>\r\n",
        "S:250 2.1.0 ok\r\n",
        "C:RCPT TO:<c@d>\r\nDATA\r\n",
        "S:550-5.1.1 no such\r\n550 5.1.1 user\r\n554 5.5.1 none\r\n",
        NULL};
    static const char *const next[] = {"C:RSET\r\nMAIL FROM:<a@b>\r\n", NULL};
    struct smtp_wire w;

    (void)state;
    assert_int_equal(play(&w, false, false, lines), SMTP_BREACH_NONE);
    assert_int_equal(w.replies[SMTP_RCPT].code, 550);
    assert_string_equal(w.replies[SMTP_RCPT].enhanced, "5.1.1");
    assert_string_equal(w.replies[SMTP_RCPT].text, "no such user");
    assert_int_equal(w.replies[SMTP_DATA].code, 554);
    assert_int_equal(smtp_wire_wrote(&w, next[0] + 2, strlen(next[0]) - 2), SMTP_BREACH_NONE);
    assert_int_equal(w.replies[SMTP_RCPT].code, 0);
    assert_int_equal(w.mails, 2);
}

static void test_extensions_are_defaced(void **state)
{
    static const char offer[] = "250-x\r\n250-CHUNKING\r\n250-chunking\r\n250-8BITMIME\r\n"
                                "250-AUTH NTLM PLAIN\r\n250 XUSR\r\n";
    static const char greeting[] = "220 CHUNKING NTLM\r\n";
    static const char seen[] = "250-x\r\n250-CHUNKIN_\r\n250-chunkin_\r\n250-8BITMIME\r\n"
                               "250-AUTH NTL_ PLAIN\r\n250 XUS_\r\n";

    (void)state;
    for (size_t piece = 1; piece < sizeof offer; piece++) { /* however it is cut up */
        struct smtp_wire w;
        char bytes[sizeof offer];
        char hello[sizeof greeting];

        memcpy(bytes, offer, sizeof offer);
        memcpy(hello, greeting, sizeof greeting);
        smtp_wire_reset(&w, false, false);
        (void)smtp_wire_read(&w, hello, strlen(hello));
        (void)smtp_wire_wrote(&w, "EHLO a\r\n", 8);
        for (size_t at = 0; at + 1 < sizeof offer; at += piece) {
            size_t left = sizeof offer - 1 - at;

            (void)smtp_wire_read(&w, bytes + at, left < piece ? left : piece);
        }
        assert_int_equal(w.breach, SMTP_BREACH_NONE);
        assert_string_equal(hello, greeting);
        assert_string_equal(bytes, seen);
    }
}

static void test_replies_are_bounded(void **state)
{
    struct smtp_wire w;
    char line[SMTP_REPLY_LINE + 1];
    char more[] = "220-a\r\n";
    size_t lines = 0;

    (void)state;
    memset(line, '2', sizeof line);
    smtp_wire_reset(&w, false, false);
    assert_int_equal(smtp_wire_read(&w, line, sizeof line), SMTP_BREACH_TOO_LONG);
    smtp_wire_reset(&w, false, false);
    while (smtp_wire_read(&w, more, sizeof more - 1) == SMTP_BREACH_NONE && lines < 100000) {
        lines++;
    }
    assert_int_equal(w.breach, SMTP_BREACH_TOO_LONG);
    assert_in_range(lines, 1000, SMTP_REPLY_MAX / 7 + 1);
}

static void test_libesmtp_finds_our_functions(void **state)
{
    struct err e;

    (void)state;
    assert_int_equal(smtp_socket_check(&e), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mailboxes),
        cmocka_unit_test(test_mail_border),
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_only_a_verdict_is_sent),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_421_after_others),
        cmocka_unit_test(test_words_beyond_ascii),
        cmocka_unit_test(test_personal_data_is_masked),
        cmocka_unit_test(test_dialogues),
        cmocka_unit_test(test_the_transcript_keeps_the_transaction),
        cmocka_unit_test(test_extensions_are_defaced),
        cmocka_unit_test(test_replies_are_bounded),
        cmocka_unit_test(test_libesmtp_finds_our_functions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
