/* One connection: its messages one after the other, its end. */
#include "providers/smtp/smtp_mail.h"
#include "providers/smtp_curl/smtp_curl_parts.h"

#include <stdio.h>

enum {
    LEAVE_MS = 2000,
    IDLE_MS = 4000,
    WHOLE_MAX = 16384, /* one TLS record: nothing can be learned between its parts */
    TEXT_MAX = 64 << 20
};

/* ---- time ---- */

static void on_timeout(uv_timer_t *timer);

void lane_allow(struct lane *lane, int64_t ms)
{
    (void)uv_timer_start(&lane->timer, on_timeout, (uint64_t)ms, 0);
}

static const struct smtp_timeouts *times(const struct lane *lane)
{
    return &lane->p->settings->relay.timeouts;
}

static int64_t step_limit(const struct lane *lane)
{
    switch (lane->step) {
    case LANE_DATA:
        return times(lane)->data;
    case LANE_READY:
        return IDLE_MS;
    case LANE_LEAVING:
        return LEAVE_MS;
    default:
        return times(lane)->envelope;
    }
}

/* ---- the end of a connection ---- */

/* The final dot may have left: all but the last line end of it has been handed over. */
static bool dot_may_have_left(const struct lane *lane)
{
    return lane->dot_given && curlmux_stream_waiting(lane->stream) <= 2;
}

static void close_lane(struct lane *lane)
{
    (void)uv_timer_stop(&lane->timer);
    curlmux_stream_close(lane->stream);
    lane->stream = NULL;
    lane->step = LANE_CLOSED;
    smtp_curl_lane_changed(lane->p);
}

void lane_fail_opening(struct lane *lane, const struct outcome *outcome)
{
    (void)uv_timer_stop(&lane->timer);
    curlmux_stream_close(lane->stream);
    lane->stream = NULL;
    lane->step = LANE_CLOSED;
    smtp_curl_lane_failed(lane->p, outcome);
    smtp_curl_lane_changed(lane->p);
}

static void settle(struct lane *lane, const struct outcome *outcome)
{
    struct provider_job *job = lane->job;

    lane->job = NULL;
    if (outcome->class == OUTCOME_UNTOUCHED && !lane->p->draining) {
        smtp_curl_again(lane->p, job);
    } else {
        smtp_curl_settle(lane->p, job, outcome);
    }
}

/* Nothing but an envelope went out, on a connection that had worked before: it was stale. */
static bool is_stale(const struct lane *lane)
{
    return lane->carried > 1 && lane->wire.breach == SMTP_BREACH_NONE &&
           lane->wire.replies[SMTP_MAIL].code == 0;
}

/* The connection ends before the present message had its verdict. */
static void break_off(struct lane *lane, const char *code, const char *why)
{
    struct smtp_ending ending = {.dot_sent = dot_may_have_left(lane), .why_code = code};
    struct outcome outcome;
    char text[160];

    ending.reply = smtp_wire_verdict(&lane->wire, &ending.verb);
    ending.served = lane->carried > 1;
    (void)snprintf(text, sizeof text, "%s (%s)", why, smtp_verb_name(lane->wire.step));
    ending.why = text;
    smtp_classify(&ending, &outcome);
    settle(lane, &outcome);
}

static void end_lane(struct lane *lane, const char *code, const char *why)
{
    struct outcome outcome;

    if (lane->step == LANE_OPENING) {
        outcome_set(&outcome, OUTCOME_DOWN, code, "opening the connection: %s", why);
        lane_fail_opening(lane, &outcome);
        return;
    }
    if (lane->job != NULL && is_stale(lane) && strcmp(code, "closed") == 0) {
        smtp_curl_again(lane->p, lane->job);
        lane->job = NULL;
    } else if (lane->job != NULL) {
        break_off(lane, code, why);
    }
    close_lane(lane);
}

static void on_timeout(uv_timer_t *timer)
{
    struct lane *lane = timer->data;
    bool opening = lane->step == LANE_OPENING;

    if (lane->step == LANE_READY) {
        lane_leave(lane);
    } else if (opening && lane->wire.answers == 0 && !curlmux_stream_connected(lane->stream)) {
        end_lane(lane, "connect", "Connection timed out");
    } else if (opening && lane->wire.answers == 0 && !lane->greeting_due) {
        lane->greeting_due = true;
        curlmux_stream_wait(lane->stream);
        lane_allow(lane, times(lane)->greeting);
    } else {
        end_lane(lane, "timeout", "the relay did not answer in time");
    }
}

void lane_cancel(struct lane *lane)
{
    struct outcome outcome;

    if (lane->step == LANE_CLOSED) {
        return;
    }
    if (lane->step == LANE_OPENING) {
        outcome_set(&outcome, OUTCOME_UNTOUCHED, "", "the gateway is shutting down");
        lane_fail_opening(lane, &outcome);
        return;
    }
    if (lane->job != NULL && dot_may_have_left(lane)) {
        break_off(lane, "cancelled", "ended by the shutdown");
    } else if (lane->job != NULL) {
        outcome_set(&outcome, OUTCOME_UNTOUCHED, "", "the gateway is shutting down");
        settle(lane, &outcome);
    }
    close_lane(lane);
}

/* ---- speaking ---- */

/* A command; false when the lane ended instead. */
static bool say(struct lane *lane, struct str bytes)
{
    struct err e = {0};

    if (smtp_wire_wrote(&lane->wire, bytes.ptr, bytes.len) != SMTP_BREACH_NONE) {
        end_lane(lane, "protocol", smtp_breach_text(lane->wire.breach));
        return false;
    }
    if (curlmux_stream_write(lane->stream, bytes.ptr, bytes.len, &e) != 0) {
        end_lane(lane, "memory", e.text);
        return false;
    }
    lane_allow(lane, step_limit(lane));
    return true;
}

void lane_rest(struct lane *lane)
{
    lane->step = LANE_READY;
    if (lane->carried >= (unsigned)lane->p->settings->relay.batch) {
        lane_leave(lane);
        return;
    }
    lane_allow(lane, IDLE_MS);
    smtp_curl_lane_changed(lane->p);
}

void lane_leave(struct lane *lane)
{
    lane->step = LANE_LEAVING;
    (void)say(lane, STR("QUIT\r\n"));
}

/* After a refusal the transaction has to be cleared, or the next MAIL is one too many. */
static void clear_transaction(struct lane *lane)
{
    lane->step = LANE_CLEARING;
    (void)say(lane, STR("RSET\r\n"));
}

static bool add_xtext(struct buf *b, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '+' || *text == '=' || *text <= ' ' || *text > '~') {
            (void)buf_addf(b, "+%02X", (unsigned)(unsigned char)*text);
        } else {
            (void)buf_addc(b, *text);
        }
    }
    return buf_failed(b) == 0;
}

static void write_mail(struct lane *lane, const char *from, bool utf8)
{
    const struct provider_job *job = lane->job;
    struct buf *b = &lane->text;

    (void)buf_addf(b, "MAIL FROM:<%s>", from);
    if (lane->offers.size) {
        (void)buf_addf(b, " SIZE=%zu", job->mail_len);
    }
    if (smtp_mail_8bit((struct str){job->mail, job->mail_len})) {
        (void)buf_adds(b, " BODY=8BITMIME");
    }
    (void)buf_adds(b, utf8 ? " SMTPUTF8" : "");
    if (lane->offers.dsn) {
        (void)buf_adds(b, " RET=HDRS ENVID=");
        (void)add_xtext(b, job->ref);
    }
    (void)buf_adds(b, "\r\n");
}

static void write_rcpt(struct lane *lane)
{
    struct buf *b = &lane->text;

    (void)buf_addf(b, "RCPT TO:<%s>", lane->job->to);
    if (lane->offers.dsn && !smtp_beyond_ascii(lane->job->to)) {
        (void)buf_adds(b, " NOTIFY=FAILURE,DELAY ORCPT=rfc822;");
        (void)add_xtext(b, lane->job->to);
    }
    (void)buf_adds(b, "\r\n");
    lane->rcpt_asked = true;
}

/* What this relay cannot be asked for is the message's fault: another relay may do it. */
static const char *unable(const struct lane *lane, bool utf8)
{
    const struct provider_job *job = lane->job;

    if (utf8 && !lane->offers.utf8) {
        return "the relay takes no addresses beyond ASCII (SMTPUTF8)";
    }
    if (!lane->offers.eight_bit && smtp_mail_8bit((struct str){job->mail, job->mail_len})) {
        return "the relay takes no bytes beyond ASCII (8BITMIME)";
    }
    return NULL;
}

void lane_send(struct lane *lane, struct provider_job *job)
{
    const char *own = job->mail_from;
    const char *from = own != NULL && own[0] != '\0' ? own : lane->p->settings->relay.envelope_from;
    bool utf8 = smtp_beyond_ascii(job->to) || smtp_beyond_ascii(from);
    struct outcome outcome;
    const char *fault;

    lane->job = job;
    lane->carried++;
    fault = unable(lane, utf8);
    if (fault != NULL) {
        outcome_set(&outcome, OUTCOME_REJECTED, "local", "%s", fault);
        settle(lane, &outcome);
        return;
    }
    lane->step = LANE_ENVELOPE;
    lane->dot_given = false;
    lane->rcpt_asked = false;
    buf_reset(&lane->text);
    write_mail(lane, from, utf8);
    lane->data_asked = lane->offers.pipelining;
    if (lane->offers.pipelining) {
        write_rcpt(lane);
        (void)buf_adds(&lane->text, "DATA\r\n");
    }
    (void)say(lane, (struct str){lane->text.data, lane->text.len});
}

static void send_rcpt(struct lane *lane)
{
    buf_reset(&lane->text);
    write_rcpt(lane);
    (void)say(lane, (struct str){lane->text.data, lane->text.len});
}

/* The message with its leading dots doubled (RFC 5321 §4.5.2); every line was checked. */
static void stuff(struct buf *out, struct str mail)
{
    buf_reset(out);
    while (mail.len > 0) {
        const char *end = memchr(mail.ptr, '\n', mail.len);
        size_t n = end == NULL ? mail.len : (size_t)(end + 1 - mail.ptr);

        if (mail.ptr[0] == '.') {
            (void)buf_addc(out, '.');
        }
        (void)buf_add(out, mail.ptr, n);
        mail.ptr += n;
        mail.len -= n;
    }
    if (out->len > 0 && out->data[out->len - 1] != '\n') {
        (void)buf_adds(out, "\r\n");
    }
}

/* A short message leaves with its dot; the dot of a longer one waits until the rest has left. */
static void send_body(struct lane *lane)
{
    struct err e = {0};

    lane->step = LANE_BODY;
    stuff(&lane->text, (struct str){lane->job->mail, lane->job->mail_len});
    lane->has_rest = lane->text.len > WHOLE_MAX;
    if (!lane->has_rest) {
        (void)buf_adds(&lane->text, ".\r\n");
    }
    if (buf_failed(&lane->text) != 0 ||
        curlmux_stream_write(lane->stream, lane->text.data, lane->text.len, &e) != 0) {
        end_lane(lane, "memory", "no memory for the message");
        return;
    }
    lane->dot_given = !lane->has_rest;
    lane_allow(lane, times(lane)->transfer);
}

void lane_written(void *ctx)
{
    struct lane *lane = ctx;
    struct err e = {0};

    if (lane->step != LANE_BODY) {
        return;
    }
    if (lane->has_rest) {
        lane->has_rest = false;
        if (curlmux_stream_write(lane->stream, ".\r\n", 3, &e) != 0) {
            end_lane(lane, "memory", e.text);
            return;
        }
        lane->dot_given = true;
        return;
    }
    smtp_wire_body_sent(&lane->wire);
    lane_allow(lane, times(lane)->final);
}

/* ---- listening ---- */

static void conclude(struct lane *lane)
{
    struct smtp_ending ending = {.dot_sent = lane->step == LANE_BODY, .served = lane->carried > 1};
    bool half = lane->step == LANE_BODY && !lane->wire.body_done;
    bool open = lane->step != LANE_BODY && lane->step != LANE_VOID; /* the transaction */
    struct outcome outcome;

    ending.reply = smtp_wire_verdict(&lane->wire, &ending.verb);
    smtp_classify(&ending, &outcome);
    settle(lane, &outcome);
    if (half || lane->wire.closing || (ending.verb == SMTP_DATA && ending.reply->code < 400)) {
        close_lane(lane);
    } else if (open && ending.verb != SMTP_MAIL) {
        clear_transaction(lane);
    } else {
        lane_rest(lane);
    }
}

/* MAIL or RCPT was refused, and yet the relay awaits a text: nobody gets an empty one. */
static void send_void(struct lane *lane)
{
    struct err e = {0};

    lane->step = LANE_VOID;
    if (curlmux_stream_write(lane->stream, ".\r\n", 3, &e) != 0) {
        end_lane(lane, "memory", e.text);
        return;
    }
    smtp_wire_body_sent(&lane->wire);
    lane_allow(lane, times(lane)->final);
}

/* MAIL, RCPT and DATA went together: what DATA comes to is known last. */
static void group_answered(struct lane *lane, bool refused)
{
    const struct smtp_reply *replies = lane->wire.replies;

    if (replies[SMTP_DATA].code == 0) {
        lane_allow(lane, replies[SMTP_RCPT].code != 0 ? times(lane)->data : times(lane)->envelope);
    } else if (replies[SMTP_DATA].code != 354) {
        conclude(lane);
    } else if (refused) {
        send_void(lane);
    } else {
        send_body(lane);
    }
}

static void envelope_answered(struct lane *lane)
{
    const struct smtp_reply *replies = lane->wire.replies;
    bool refused = replies[SMTP_MAIL].code >= 300 || replies[SMTP_RCPT].code >= 300;

    if (lane->wire.closing) {
        conclude(lane);
    } else if (lane->data_asked) {
        group_answered(lane, refused);
    } else if (refused) {
        conclude(lane);
    } else if (!lane->rcpt_asked) {
        send_rcpt(lane);
    } else {
        lane->step = LANE_DATA;
        (void)say(lane, STR("DATA\r\n"));
    }
}

static void answered(struct lane *lane)
{
    switch (lane->step) {
    case LANE_ENVELOPE:
        envelope_answered(lane);
        break;
    case LANE_DATA:
        if (lane->wire.replies[SMTP_DATA].code == 354) {
            send_body(lane);
        } else {
            conclude(lane);
        }
        break;
    case LANE_BODY:
    case LANE_VOID:
        conclude(lane);
        break;
    case LANE_CLEARING:
        if (lane->wire.closing || lane->wire.replies[SMTP_RSET].code >= 300) {
            close_lane(lane);
        } else {
            lane_rest(lane);
        }
        break;
    case LANE_LEAVING:
        close_lane(lane);
        break;
    default:
        break;
    }
}

void lane_received(void *ctx, char *bytes, size_t len)
{
    struct lane *lane = ctx;
    unsigned answers = lane->wire.answers;

    if (smtp_wire_read(&lane->wire, bytes, len) != SMTP_BREACH_NONE) {
        end_lane(lane, lane->wire.breach == SMTP_BREACH_CLOSING ? "closed" : "protocol",
                 smtp_breach_text(lane->wire.breach));
    } else if (lane->wire.answers > answers) {
        answered(lane);
    }
}

void lane_ended(void *ctx)
{
    end_lane(ctx, "closed", "the relay closed the connection");
}

void lane_init(struct lane *lane, struct provider *p)
{
    lane->p = p;
    (void)uv_timer_init(p->host.loop, &lane->timer);
    lane->timer.data = lane;
    buf_init(&lane->text, TEXT_MAX);
}
