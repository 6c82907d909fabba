#include "loop/mailin_talk.h"

#include "base/utf8.h"

#include <string.h>

void mailin_talk_begin(struct mailin_talk *t, struct buf *out)
{
    buf_init(&t->message, t->message_max);
    (void)buf_addf(out, "220 %s ESMTP\r\n", t->host);
}

void mailin_talk_finish(struct mailin_talk *t)
{
    buf_finish(&t->message);
}

unsigned mailin_talk_progress(const struct mailin_talk *t)
{
    return t->commands + t->messages;
}

static void reset(struct mailin_talk *t)
{
    t->in_mail = false;
    t->recipient_count = 0;
    t->too_large = false;
    buf_finish(&t->message);
    buf_init(&t->message, t->message_max);
}

/* ---- commands ---- */

static enum mailin_step fail(struct mailin_talk *t, const char *reply, struct buf *out)
{
    if (++t->errors > MAILIN_ERRORS_MAX) {
        (void)buf_adds(out, "421 4.7.0 too many errors\r\n");
        return MAILIN_CLOSE;
    }
    (void)buf_addf(out, "%s\r\n", reply);
    return MAILIN_MORE;
}

static enum mailin_step answer(const char *reply, struct buf *out)
{
    (void)buf_addf(out, "%s\r\n", reply);
    return MAILIN_MORE;
}

static enum mailin_step on_hello(struct mailin_talk *t, struct str rest, struct buf *out)
{
    (void)rest;
    reset(t);
    t->greeted = true;
    (void)buf_addf(out,
                   "250-%s\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
                   "250-ENHANCEDSTATUSCODES\r\n250 SIZE %zu\r\n",
                   t->host, t->message_max);
    return MAILIN_MORE;
}

static enum mailin_step on_ehlo(struct mailin_talk *t, struct str rest, struct buf *out)
{
    t->lmtp = false;
    return on_hello(t, rest, out);
}

static enum mailin_step on_lhlo(struct mailin_talk *t, struct str rest, struct buf *out)
{
    t->lmtp = true;
    return on_hello(t, rest, out);
}

static enum mailin_step on_helo(struct mailin_talk *t, struct str rest, struct buf *out)
{
    (void)rest;
    reset(t);
    t->greeted = true;
    t->lmtp = false;
    (void)buf_addf(out, "250 %s\r\n", t->host);
    return MAILIN_MORE;
}

/* "FROM:<a@b> …" behind its word; false when it is not of that form. */
static bool take_path(struct str rest, const char *word, struct str *ret_address,
                      struct str *ret_parameters)
{
    size_t n = strlen(word);
    const char *close;

    if (rest.len < n || !str_ieq((struct str){rest.ptr, n}, str_of(word))) {
        return false;
    }
    rest = str_trim((struct str){rest.ptr + n, rest.len - n});
    close = rest.len == 0 ? NULL : memchr(rest.ptr, '>', rest.len);
    if (close == NULL || rest.ptr[0] != '<') {
        return false;
    }
    *ret_address = (struct str){rest.ptr + 1, (size_t)(close - rest.ptr - 1)};
    *ret_parameters = (struct str){close + 1, rest.len - (size_t)(close + 1 - rest.ptr)};
    return ret_address->len < MAILIN_ADDRESS_SIZE;
}

/* The number behind " SIZE=" (RFC 1870); 0 when there is none. */
static int64_t announced_size(struct str parameters)
{
    while (parameters.len > 0) {
        struct str rest = str_trim(parameters);
        const char *blank = memchr(rest.ptr, ' ', rest.len);
        struct str word = {rest.ptr, blank == NULL ? rest.len : (size_t)(blank - rest.ptr)};
        int64_t size;

        if (word.len > 5 && str_ieq((struct str){word.ptr, 5}, STR("SIZE=")) &&
            str_i64((struct str){word.ptr + 5, word.len - 5}, &size) == 0) {
            return size;
        }
        parameters = (struct str){rest.ptr + word.len, rest.len - word.len};
    }
    return 0;
}

static enum mailin_step on_mail(struct mailin_talk *t, struct str rest, struct buf *out)
{
    struct str parameters;
    struct str address;

    if (!t->greeted || t->in_mail) {
        return fail(t, "503 5.5.1 not now", out);
    }
    if (!take_path(rest, "FROM:", &address, &parameters)) {
        return fail(t, "501 5.5.4 MAIL FROM:<address>", out);
    }
    if (announced_size(parameters) > (int64_t)t->message_max) {
        return fail(t, "552 5.3.4 too large", out);
    }
    if (t->messages >= MAILIN_MESSAGES_MAX) {
        (void)buf_adds(out, "421 4.7.0 enough for one session\r\n");
        return MAILIN_CLOSE;
    }
    t->in_mail = true;
    return answer("250 2.1.0 ok", out);
}

static enum mailin_step on_rcpt(struct mailin_talk *t, struct str rest, struct buf *out)
{
    struct str parameters;
    struct str address;

    if (!t->in_mail) {
        return fail(t, "503 5.5.1 MAIL first", out);
    }
    if (!take_path(rest, "TO:", &address, &parameters)) {
        return fail(t, "501 5.5.4 RCPT TO:<address>", out);
    }
    if (t->recipient_count == MAILIN_RECIPIENTS_MAX) {
        return fail(t, "452 4.5.3 too many recipients", out);
    }
    if (!utf8_clean_line(address) || !t->accepts(t->ctx, address)) {
        return fail(t, "550 5.1.1 no such address here", out);
    }
    (void)str_copy(t->recipients[t->recipient_count++], MAILIN_ADDRESS_SIZE, address);
    return answer("250 2.1.5 ok", out);
}

static enum mailin_step on_data(struct mailin_talk *t, struct str rest, struct buf *out)
{
    (void)rest;
    if (t->recipient_count == 0) {
        return fail(t, "503 5.5.1 no valid recipients", out);
    }
    t->in_data = true;
    t->line_start = true;
    t->last_cr = false;
    t->dot = MAILIN_DOT_NONE;
    return answer("354 end with a dot on a line of its own", out);
}

static enum mailin_step on_rset(struct mailin_talk *t, struct str rest, struct buf *out)
{
    (void)rest;
    reset(t);
    return answer("250 2.0.0 ok", out);
}

static enum mailin_step on_noop(struct mailin_talk *t, struct str rest, struct buf *out)
{
    (void)t;
    (void)rest;
    return answer("250 2.0.0 ok", out);
}

static enum mailin_step on_vrfy(struct mailin_talk *t, struct str rest, struct buf *out)
{
    (void)t;
    (void)rest;
    return answer("252 2.5.0 send some mail and see", out);
}

static enum mailin_step on_quit(struct mailin_talk *t, struct str rest, struct buf *out)
{
    (void)t;
    (void)rest;
    (void)buf_adds(out, "221 2.0.0 bye\r\n");
    return MAILIN_CLOSE;
}

static const struct {
    const char *word;
    enum mailin_step (*act)(struct mailin_talk *t, struct str rest, struct buf *out);
} commands[] = {{"EHLO", on_ehlo}, {"LHLO", on_lhlo}, {"HELO", on_helo}, {"MAIL", on_mail},
                {"RCPT", on_rcpt}, {"DATA", on_data}, {"RSET", on_rset}, {"NOOP", on_noop},
                {"VRFY", on_vrfy}, {"QUIT", on_quit}};

static enum mailin_step obey(struct mailin_talk *t, struct str line, struct buf *out)
{
    if (++t->commands > MAILIN_COMMANDS_MAX) {
        (void)buf_adds(out, "421 4.7.0 enough for one session\r\n");
        return MAILIN_CLOSE;
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        bool ends = line.len == 4 || (line.len > 4 && line.ptr[4] == ' ');

        if (ends && str_ieq((struct str){line.ptr, 4}, str_of(commands[i].word))) {
            return commands[i].act(t, str_trim((struct str){line.ptr + 4, line.len - 4}), out);
        }
    }
    return fail(t, "500 5.5.1 unknown command", out);
}

static enum mailin_step read_command(struct mailin_talk *t, struct str *bytes, struct buf *out)
{
    const char *end = memchr(bytes->ptr, '\n', bytes->len);
    size_t n = end == NULL ? bytes->len : (size_t)(end + 1 - bytes->ptr);
    size_t len;

    if (t->line_len + n > sizeof t->line) {
        (void)buf_adds(out, "500 5.5.2 the line is too long\r\n");
        return MAILIN_CLOSE;
    }
    memcpy(t->line + t->line_len, bytes->ptr, n);
    t->line_len += n;
    bytes->ptr += n;
    bytes->len -= n;
    if (end == NULL) {
        return MAILIN_MORE;
    }
    len = t->line_len - 1;
    t->line_len = 0;
    if (len > 0 && t->line[len - 1] == '\r') {
        len--;
    }
    return obey(t, (struct str){t->line, len}, out);
}

/* ---- the message ---- */

static void keep(struct mailin_talk *t, char c)
{
    if (t->message.len == t->message_max) {
        t->too_large = true;
    } else {
        (void)buf_addc(&t->message, c);
    }
    t->line_start = c == '\n' && t->last_cr;
    t->last_cr = c == '\r';
}

/* One byte of the message; true when it ended (RFC 5321 §4.1.1.4: CRLF "." CRLF and nothing else).
 */
static bool take_byte(struct mailin_talk *t, char c)
{
    if (t->dot == MAILIN_DOT_CR && c == '\n') {
        return true;
    }
    if (t->dot == MAILIN_DOT_CR) {
        keep(t, '\r');
        t->dot = MAILIN_DOT_NONE;
    } else if (t->dot == MAILIN_DOT_BEGUN) {
        t->dot = c == '\r' ? MAILIN_DOT_CR : MAILIN_DOT_NONE;
        if (c == '\r') {
            return false;
        }
        t->line_start = false;
    }
    if (t->line_start && c == '.') {
        t->dot = MAILIN_DOT_BEGUN;
        return false;
    }
    keep(t, c);
    return false;
}

static enum mailin_step end_message(struct mailin_talk *t, struct buf *out)
{
    t->in_data = false;
    t->messages++;
    if (t->too_large || buf_failed(&t->message) != 0) {
        const char *reply = t->too_large ? "552 5.3.4 too large" : "451 4.3.0 no memory";

        for (size_t i = 0; i < (t->lmtp ? t->recipient_count : 1); i++) {
            (void)answer(reply, out);
        }
        reset(t);
        return MAILIN_MORE;
    }
    t->waiting = true;
    return MAILIN_MESSAGE;
}

static enum mailin_step read_message(struct mailin_talk *t, struct str *bytes, struct buf *out)
{
    while (bytes->len > 0) {
        char c = bytes->ptr[0];

        bytes->ptr++;
        bytes->len--;
        if (take_byte(t, c)) {
            return end_message(t, out);
        }
    }
    return MAILIN_MORE;
}

enum mailin_step mailin_talk_read(struct mailin_talk *t, struct str *bytes, struct buf *out)
{
    enum mailin_step step = t->waiting ? MAILIN_MESSAGE : MAILIN_MORE;

    while (step == MAILIN_MORE && bytes->len > 0) {
        step = t->in_data ? read_message(t, bytes, out) : read_command(t, bytes, out);
    }
    return step;
}

void mailin_talk_verdict(struct mailin_talk *t, enum mailin_verdict verdict, struct buf *out)
{
    static const char *const replies[] = {[MAILIN_TAKEN] = "250 2.0.0 taken",
                                          [MAILIN_LATER] = "451 4.3.0 try again later",
                                          [MAILIN_REFUSED] = "554 5.6.0 not taken"};

    for (size_t i = 0; i < (t->lmtp ? t->recipient_count : 1); i++) {
        (void)answer(replies[verdict], out);
    }
    t->waiting = false;
    reset(t);
}
