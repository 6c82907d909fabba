#include "providers/smtp/smtp_wire.h"

#include "base/str.h"
#include "base/utf8.h"

#include <string.h>

static const struct {
    const char *word;
    enum smtp_verb verb;
    const char *name;
} verbs[] = {
    {"EHLO", SMTP_EHLO, "EHLO"},
    {"HELO", SMTP_EHLO, "HELO"},
    {"STARTTLS", SMTP_STARTTLS, "STARTTLS"},
    {"AUTH", SMTP_AUTH, "AUTH"},
    {"MAIL", SMTP_MAIL, "MAIL FROM"},
    {"RCPT", SMTP_RCPT, "RCPT TO"},
    {"DATA", SMTP_DATA, "DATA"},
    {"RSET", SMTP_RSET, "RSET"},
    {"QUIT", SMTP_QUIT, "QUIT"},
};

/*
 * CHUNKING: after its first BDAT libesmtp never calls the monitor again, and takes the answer to a
 * first chunk for the message's. XUSR: a round trip for nothing. NTLM: needs a realm we do not
 * have.
 */
static const char *const defaced[] = {"CHUNKING", "XUSR", "NTLM"};

static const char *const breaches[] = {
    [SMTP_BREACH_NONE] = "",
    [SMTP_BREACH_UNASKED] = "the relay answered what it was not asked",
    [SMTP_BREACH_INJECTED] = "plaintext came behind the relay's answer to STARTTLS",
    [SMTP_BREACH_GARBLED] = "the relay's answer is not SMTP",
    [SMTP_BREACH_TOO_LONG] = "the relay's answer is too long",
    [SMTP_BREACH_CLEARTEXT] = "the connection is not encrypted",
    [SMTP_BREACH_NO_LOGIN] = "the relay let us in without a login",
    [SMTP_BREACH_CLOSING] = "the relay is closing the connection",
};

const char *smtp_verb_name(enum smtp_verb verb)
{
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (verbs[i].verb == verb) {
            return verbs[i].name;
        }
    }
    return verb == SMTP_GREETING ? "the greeting" : verb == SMTP_BODY ? "the message" : "a command";
}

const char *smtp_breach_text(enum smtp_breach breach)
{
    return breaches[breach];
}

static enum smtp_breach breach(struct smtp_wire *w, enum smtp_breach what)
{
    if (w->breach == SMTP_BREACH_NONE) {
        w->breach = what;
    }
    return w->breach;
}

static void push(struct smtp_wire *w, enum smtp_verb verb)
{
    w->step = verb;
    if (w->pending_count == SMTP_PENDING) {
        (void)breach(w, SMTP_BREACH_UNASKED);
        return;
    }
    w->pending[w->pending_count++] = verb;
}

static enum smtp_verb pop(struct smtp_wire *w)
{
    enum smtp_verb verb = w->pending[0];

    w->pending_count--;
    memmove(w->pending, w->pending + 1, w->pending_count * sizeof w->pending[0]);
    return verb;
}

void smtp_wire_reset(struct smtp_wire *w, bool want_tls, bool want_login)
{
    *w = (struct smtp_wire){.want_tls = want_tls, .want_login = want_login};
    push(w, SMTP_GREETING);
}

void smtp_wire_secured(struct smtp_wire *w)
{
    w->handshake = false;
    w->tls = true;
}

void smtp_wire_body_sent(struct smtp_wire *w)
{
    w->body_done = true;
}

/* ---- what we write ---- */

static enum smtp_verb verb_of(const char *word)
{
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(verbs[i].word, word) == 0) {
            return verbs[i].verb;
        }
    }
    return SMTP_OTHER;
}

/* A command's first word is complete. */
static void begin_command(struct smtp_wire *w)
{
    enum smtp_verb verb;

    w->word[w->word_len] = '\0';
    verb = verb_of(w->word);
    if ((verb == SMTP_AUTH || verb == SMTP_MAIL) && w->want_tls && !w->tls) {
        (void)breach(w, SMTP_BREACH_CLEARTEXT);
    }
    if (verb == SMTP_MAIL && w->want_login && !w->logged_in) {
        (void)breach(w, SMTP_BREACH_NO_LOGIN);
    }
    if (verb == SMTP_MAIL) {
        memset(&w->replies[SMTP_MAIL], 0, sizeof w->replies[0] * (SMTP_BODY - SMTP_MAIL + 1));
        w->mails++;
    }
    push(w, verb);
}

static void write_byte(struct smtp_wire *w, char c)
{
    bool ends = c == ' ' || c == ':' || c == '\r' || c == '\n';

    if (!w->in_line) {
        w->in_line = true;
        w->word_done = w->challenge; /* a response may be a password: it is not looked at */
        w->word_len = 0;
        if (w->challenge) {
            w->challenge = false;
            push(w, SMTP_AUTH);
        }
    }
    if (!w->word_done && (ends || w->word_len == sizeof w->word - 1)) {
        w->word_done = true;
        begin_command(w);
    } else if (!w->word_done) {
        w->word[w->word_len++] = c;
    }
    if (c == '\n') {
        w->in_line = false;
    }
}

enum smtp_breach smtp_wire_wrote(struct smtp_wire *w, const char *bytes, size_t len)
{
    if (w->in_body) {
        w->body_done = true; /* libesmtp shows no message; this is the dot of an empty one */
        return w->breach;
    }
    for (size_t i = 0; i < len; i++) {
        write_byte(w, bytes[i]);
    }
    return w->breach;
}

/* ---- what we read ---- */

/* Defaces words of an EHLO answer by their last letter; they may come in pieces. */
static char deface(struct smtp_wire *w, char c)
{
    if (c == ' ' || c == '-' || c == '=' || c == '\r' || c == '\n') {
        w->mask_len = 0;
        return c;
    }
    if (w->mask_len < sizeof w->mask - 1) {
        w->mask[w->mask_len] = ascii_upper(c);
    }
    w->mask_len++;
    for (size_t i = 0; i < sizeof defaced / sizeof defaced[0]; i++) {
        size_t n = strlen(defaced[i]);

        if (w->mask_len == n && memcmp(w->mask, defaced[i], n) == 0) {
            return '_';
        }
    }
    return c;
}

static void complete(struct smtp_wire *w)
{
    enum smtp_verb verb = pop(w);
    int code = w->reply.code;

    w->answers++;
    w->replies[verb] = w->reply;
    w->closing = w->closing || code == 421;
    if (verb == SMTP_STARTTLS && code == 220) {
        w->handshake = true;
    } else if (verb == SMTP_AUTH) {
        w->challenge = code == 334;
        w->logged_in = w->logged_in || code == 235;
    } else if (verb == SMTP_DATA && code == 354) {
        w->in_body = true;
        w->body_done = false;
        push(w, SMTP_BODY);
    } else if (verb == SMTP_BODY) {
        w->in_body = false;
        if (!w->body_done && code < 400) {
            memset(&w->replies[SMTP_BODY], 0, sizeof w->replies[0]);
            (void)breach(w, SMTP_BREACH_UNASKED);
        }
    }
}

/* "5.1.1" at the start of text; its length, or 0. */
static size_t enhanced_length(const char *text, size_t len)
{
    size_t n = 0;

    for (int part = 0; part < 3; part++) {
        size_t digits = 0;

        if (part > 0 && (n == len || text[n++] != '.')) {
            return 0;
        }
        while (n < len && ascii_digit(text[n]) && digits < 3) {
            n++;
            digits++;
        }
        if (digits == 0) {
            return 0;
        }
    }
    return n == len || text[n] == ' ' ? n : 0;
}

static void add_text(struct smtp_reply *r, const char *text, size_t len)
{
    size_t at = strlen(r->text);
    size_t n = enhanced_length(text, len);

    if (n > 0 && n < sizeof r->enhanced) {
        memcpy(r->enhanced, text, n);
        r->enhanced[n] = '\0';
        text += n;
        len -= n;
    }
    while (at == 0 && len > 0 && *text == ' ') {
        text++;
        len--;
    }
    if (at > 0 && len > 0 && *text != ' ' && at < sizeof r->text - 1) {
        r->text[at++] = ' ';
    }
    utf8_copy_clean(r->text + at, sizeof r->text - at, (struct str){text, len});
}

/* The code of a reply line, 0 when it is none. len is without the line end. */
static int code_of(const char *line, size_t len)
{
    if (len < 3 || line[0] < '2' || line[0] > '5' || !ascii_digit(line[1]) ||
        !ascii_digit(line[2]) || (len > 3 && line[3] != ' ' && line[3] != '-')) {
        return 0;
    }
    return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

static void end_line(struct smtp_wire *w)
{
    size_t len = w->line_len;
    int code;

    while (len > 0 && (w->line[len - 1] == '\r' || w->line[len - 1] == '\n')) {
        len--;
    }
    w->line_len = 0;
    code = code_of(w->line, len);
    if (code == 0 || (w->reply.code != 0 && w->reply.code != code)) {
        (void)breach(w, SMTP_BREACH_GARBLED);
        return;
    }
    w->reply.code = code;
    add_text(&w->reply, w->line + (len > 3 ? 4 : 3), len > 3 ? len - 4 : 0);
    if (len > 3 && w->line[3] == '-') {
        return;
    }
    complete(w);
    w->reply = (struct smtp_reply){0};
    w->reply_size = 0;
}

static void speak_out_of_turn(struct smtp_wire *w, const char *bytes, size_t len)
{
    if (len >= 3 && memcmp(bytes, "421", 3) == 0) {
        w->closing = true;
        (void)breach(w, SMTP_BREACH_CLOSING);
    } else {
        (void)breach(w, w->handshake ? SMTP_BREACH_INJECTED : SMTP_BREACH_UNASKED);
    }
}

enum smtp_breach smtp_wire_read(struct smtp_wire *w, char *bytes, size_t len)
{
    for (size_t i = 0; i < len && w->breach == SMTP_BREACH_NONE; i++) {
        if (w->pending_count == 0) {
            speak_out_of_turn(w, bytes + i, len - i);
            break;
        }
        if (w->line_len == sizeof w->line || ++w->reply_size > SMTP_REPLY_MAX) {
            return breach(w, SMTP_BREACH_TOO_LONG);
        }
        if (w->pending[0] == SMTP_EHLO) {
            bytes[i] = deface(w, bytes[i]);
        }
        w->line[w->line_len++] = bytes[i];
        if (bytes[i] == '\n') {
            end_line(w);
        }
    }
    return w->breach;
}

/* ---- what it comes to ---- */

const struct smtp_reply *smtp_wire_verdict(const struct smtp_wire *w, enum smtp_verb *ret_verb)
{
    const struct smtp_reply *replies = w->replies;
    enum smtp_verb verb = SMTP_BODY;

    if (replies[SMTP_MAIL].code >= 300) {
        verb = SMTP_MAIL;
    } else if (replies[SMTP_RCPT].code >= 300) {
        verb = SMTP_RCPT; /* whatever came to DATA: some relays take a message for nobody */
    } else if (replies[SMTP_DATA].code != 0 && replies[SMTP_DATA].code != 354) {
        verb = SMTP_DATA;
    }
    *ret_verb = verb;
    return replies[verb].code == 0 ? NULL : &replies[verb];
}

const struct smtp_reply *smtp_wire_refusal(const struct smtp_wire *w, enum smtp_verb *ret_verb)
{
    static const enum smtp_verb order[] = {SMTP_AUTH, SMTP_STARTTLS, SMTP_EHLO, SMTP_GREETING};

    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        if (w->replies[order[i]].code >= 400) {
            *ret_verb = order[i];
            return &w->replies[order[i]];
        }
    }
    return NULL;
}
