#include "base/json.h"
#include "base/utf8.h"
#include "cli/template_files.h"
#include "text/sms.h"

#include <stdlib.h>

enum { PHONE_COLUMNS = 34 };

static void line(struct cli *cli, struct str s)
{
    size_t width = utf8_count(s);

    fprintf(cli->out, "  │ %.*s%*s │\n", (int)s.len, s.ptr,
            width < PHONE_COLUMNS ? (int)(PHONE_COLUMNS - width) : 0, "");
}

static void edge(struct cli *cli, const char *left, const char *right)
{
    fprintf(cli->out, "  %s", left);
    for (int i = 0; i < PHONE_COLUMNS + 2; i++) {
        fputs("─", cli->out);
    }
    fprintf(cli->out, "%s\n", right);
}

/* Bytes of s that fit on one line of the phone: whole words where possible. */
static size_t fitting(struct str s)
{
    size_t at = 0;
    size_t blank = 0;
    uint32_t cp;

    for (int column = 0; column < PHONE_COLUMNS && at < s.len; column++) {
        size_t n = utf8_decode((struct str){s.ptr + at, s.len - at}, &cp);
        if (cp == ' ') {
            blank = at + 1;
        }
        at += n == 0 ? 1 : n;
    }
    return at == s.len || s.ptr[at] == ' ' || blank == 0 ? at : blank;
}

static void bubble(struct cli *cli, struct str s)
{
    edge(cli, "┌", "┐");
    while (s.len > 0) {
        size_t n = fitting(s);
        line(cli, str_trim((struct str){s.ptr, n}));
        while (n < s.len && s.ptr[n] == ' ') {
            n++;
        }
        s = (struct str){s.ptr + n, s.len - n};
    }
    edge(cli, "└", "┘");
}

/* Bytes before the character with this number. */
static size_t offset_of(struct str s, size_t chars)
{
    size_t at = 0;
    uint32_t cp;

    for (; chars > 0 && at < s.len; chars--) {
        size_t n = utf8_decode((struct str){s.ptr + at, s.len - at}, &cp);
        at += n == 0 ? 1 : n;
    }
    return at;
}

static void show_parts(struct cli *cli, struct str text, enum sms_mode mode,
                       const struct sms_measure *m)
{
    fprintf(cli->out,
            cli_tr(cli, "SMS  %s, %u birim, %u parça\n", "SMS  %s, %u units, %u segments\n"),
            sms_mode_label(mode, cli->turkish), m->units, m->segments);
    for (unsigned i = 0; i < m->segments && i < SMS_SEGMENTS_MAX; i++) {
        size_t from = offset_of(text, m->start[i]);
        size_t to = i + 1 < m->segments ? offset_of(text, m->start[i + 1]) : text.len;
        bubble(cli, (struct str){text.ptr + from, to - from});
        fprintf(cli->out, "    %u/%u  %u/%u\n", i + 1, m->segments, m->fill[i], m->capacity);
    }
}

static void sms_json(struct cli *cli, struct str text, enum sms_mode mode,
                     const struct sms_measure *m)
{
    struct buf out;
    struct json_writer w;

    buf_init(&out, 1024 * 1024);
    jsonw_init(&w, &out);
    jsonw_object(&w);
    jsonw_put(&w, "channel", "sms");
    jsonw_put_str(&w, "text", text);
    jsonw_put(&w, "mode", sms_mode_name(mode));
    jsonw_put_i64(&w, "units", m->units);
    jsonw_put_i64(&w, "segments", m->segments);
    jsonw_end_object(&w);
    fprintf(cli->out, "%s\n", buf_cstr(&out));
    buf_finish(&out);
}

static int preview_sms(struct cli *cli, const struct message_set *set, struct str name,
                       const struct render_values *values, struct err *e)
{
    struct sms_options options = {.reserve = SMS_RESERVE_TR};
    struct sms_measure *m = calloc(1, sizeof *m);
    enum sms_mode mode = SMS_GSM7;
    struct buf raw;
    struct buf text;
    int rc;

    buf_init(&raw, RENDER_SMS_MAX);
    buf_init(&text, SMS_TEXT_MAX);
    rc = m == NULL ? ERR_NOMEM : render_sms(set, name, values, &raw, e);
    rc = rc == 0 ? sms_tidy((struct str){buf_cstr(&raw), raw.len}, 0, &text, e) : rc;
    struct str tidy = {buf_cstr(&text), text.len};
    rc = rc == 0 ? sms_choose(tidy, 1u << SMS_GSM7 | 1u << SMS_TR_SINGLE, &options, &mode, m, e)
                 : rc;
    if (rc == 0 && cli->json) {
        sms_json(cli, tidy, mode, m);
    } else if (rc == 0) {
        show_parts(cli, tidy, mode, m);
    }
    buf_finish(&raw);
    buf_finish(&text);
    free(m);
    return rc;
}

static void mail_json(struct cli *cli, const struct render_mail *mail)
{
    struct buf out;
    struct json_writer w;

    buf_init(&out, 4 * 1024 * 1024);
    jsonw_init(&w, &out);
    jsonw_object(&w);
    jsonw_put(&w, "channel", "email");
    jsonw_put(&w, "subject", buf_cstr(&mail->subject));
    jsonw_put(&w, "text", buf_cstr(&mail->text));
    jsonw_put(&w, "html", buf_cstr(&mail->html));
    jsonw_end_object(&w);
    fprintf(cli->out, "%s\n", buf_cstr(&out));
    buf_finish(&out);
}

static int preview_mail(struct cli *cli, const struct message_set *set, struct str name,
                        const struct render_values *values, struct err *e)
{
    struct render_mail mail;
    int rc;

    render_mail_init(&mail);
    rc = render_mail(set, name, values, &mail, e);
    if (rc == 0 && cli->json) {
        mail_json(cli, &mail);
    } else if (rc == 0 && cli_flag(cli, "html")) {
        fputs(buf_cstr(&mail.html), cli->out);
    } else if (rc == 0) {
        fprintf(cli->out, "%s\n%s: %s\n\n%s\n", cli_tr(cli, "E-POSTA", "E-MAIL"),
                cli_tr(cli, "Konu", "Subject"), buf_cstr(&mail.subject), buf_cstr(&mail.text));
    }
    render_mail_finish(&mail);
    return rc;
}

int template_preview(struct cli *cli, const struct message_set *set, enum channel channel,
                     struct str name, const struct render_values *values)
{
    struct err e = {0};
    int rc;

    if (channel == CHANNEL_SMS && cli_flag(cli, "html")) {
        return CLI_OK;
    }
    rc = channel == CHANNEL_SMS ? preview_sms(cli, set, name, values, &e)
                                : preview_mail(cli, set, name, values, &e);
    if (rc != 0) {
        cli_error(cli, "%s", e.text);
    }
    return rc == 0 ? CLI_OK : cli_exit_of(rc);
}
