#include "providers/smtp/smtp_session.h"

#include "providers/smtp/smtp_classify.h"
#include "providers/smtp/smtp_socket.h"
#include "providers/smtp/smtp_tls.h"

#include <auth-client.h>
#include <libesmtp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { QUIT_MS = 2000, OWN_TIMEOUT_SLACK_MS = 2000 };

/* Where the reading of one message stands; libesmtp pulls it. */
struct source {
    struct session *session;
    struct smtp_task *task;
    bool given;
    bool ended;
    bool dot; /* the final dot may have left */
};

struct session {
    struct smtp_batch *batch;
    const struct smtp_plan *plan;
    struct smtp_line line;
    struct smtp_wire wire;
    struct source *sources; /* one per task, in order */
    size_t settled;
    bool no_starttls;
    char library_error[120]; /* why libesmtp could not even begin */
};

/* ---- outcomes ---- */

static void settle(struct session *s, struct source *source, const struct outcome *outcome)
{
    struct smtp_task *task = source->task;

    source->task = NULL;
    s->settled++;
    s->batch->settle(s->batch->ctx, task, outcome);
}

/* Why there is no reply: a word and a sentence. */
static const char *line_problem(const struct session *s, const char **ret_code)
{
    switch (s->line.cut) {
    case SMTP_CUT_TIMEOUT:
        *ret_code = "timeout";
        return "the relay did not answer in time";
    case SMTP_CUT_CANCELLED:
        *ret_code = "cancelled";
        return "ended by the shutdown";
    case SMTP_CUT_GUARD:
        *ret_code = "protocol";
        return smtp_breach_text(s->wire.breach);
    case SMTP_CUT_CLOSED:
    case SMTP_CUT_NONE:
        break;
    }
    *ret_code = "closed";
    return "the relay closed the connection";
}

/* Why no message could be begun. */
static const char *opening_problem(const struct session *s, const char **ret_code)
{
    const char *tls = smtp_tls_problem();

    if (s->line.connect_errno != 0) {
        *ret_code = "connect";
        return strerrordesc_np(s->line.connect_errno);
    }
    if (s->line.fd < 0 && s->library_error[0] != '\0') {
        *ret_code = "resolve";
        return s->library_error;
    }
    if (s->no_starttls) {
        *ret_code = "tls";
        return "the relay does not offer STARTTLS";
    }
    if (s->wire.handshake && s->line.cut == SMTP_CUT_NONE) {
        *ret_code = "tls";
        return tls != NULL ? tls : "the TLS handshake failed";
    }
    return line_problem(s, ret_code);
}

static void opening_outcome(const struct session *s, struct outcome *outcome)
{
    struct smtp_ending ending = {.verb = SMTP_OTHER};

    ending.reply = smtp_wire_refusal(&s->wire, &ending.verb);
    ending.why = opening_problem(s, &ending.why_code);
    if (ending.reply == NULL && s->wire.breach == SMTP_BREACH_NO_LOGIN) {
        outcome_set(outcome, OUTCOME_ACCOUNT, "login", "the relay offers no login we can use");
        return;
    }
    smtp_classify(&ending, outcome);
    if (ending.reply == NULL) {
        outcome_set(outcome, OUTCOME_DOWN, ending.why_code, "%s: %s",
                    s->wire.tls ? "after STARTTLS" : "opening the connection", ending.why);
    }
}

/* The message in its transaction: what a reply or the end of the line makes of it. */
static void present_outcome(const struct session *s, const struct source *source,
                            struct outcome *outcome)
{
    struct smtp_ending ending = {.served = s->settled > 0};
    char why[160];

    ending.reply = smtp_wire_verdict(&s->wire, &ending.verb);
    ending.dot_sent = source->dot;
    (void)snprintf(why, sizeof why, "%s (%s)", line_problem(s, &ending.why_code),
                   smtp_verb_name(s->wire.step));
    ending.why = why;
    smtp_classify(&ending, outcome);
}

static struct source *present(const struct session *s)
{
    struct source *source = NULL;

    if (s->wire.mails > 0 && s->wire.mails <= s->batch->count) {
        source = &s->sources[s->wire.mails - 1];
    }
    return source != NULL && source->task != NULL ? source : NULL;
}

/* Everything that got no outcome while the session ran. */
static void settle_rest(struct session *s)
{
    struct source *source = present(s);
    struct outcome outcome;

    if (source != NULL) {
        present_outcome(s, source, &outcome);
        settle(s, source, &outcome);
    }
    if (s->wire.mails == 0) {
        opening_outcome(s, &outcome);
    } else {
        outcome_set(&outcome, OUTCOME_UNTOUCHED, "", "the session ended before this message");
    }
    if (atomic_load(s->batch->finish) || atomic_load(s->batch->cancel)) {
        outcome_set(&outcome, OUTCOME_UNTOUCHED, "", "the gateway is shutting down");
    }
    for (size_t i = 0; i < s->batch->count; i++) {
        if (s->sources[i].task != NULL) {
            settle(s, &s->sources[i], &outcome);
        }
    }
}

/* ---- what libesmtp calls ---- */

/*
 * libesmtp pulls the message. The whole of it at once, then its end; between the two it is checked
 * once more whether the dot may follow.
 */
static const char *on_pull(void **ctx, int *len, void *arg)
{
    struct source *source = arg;
    struct session *s = source->session;

    (void)ctx;
    if (len == NULL) {
        source->given = false;
        return NULL;
    }
    *len = 0;
    if (!source->given) {
        source->given = true;
        if (!s->batch->advance(s->batch->ctx, source->task, SMTP_SENDING)) {
            smtp_line_cut(&s->line, SMTP_CUT_CANCELLED);
        }
        *len = (int)source->task->mail_len;
        return source->task->mail;
    }
    if (!source->ended) {
        source->ended = true;
        if (smtp_line_hung_up(&s->line)) {
            smtp_line_cut(&s->line, SMTP_CUT_CLOSED);
        }
        /* Once the line is cut before the dot, no dot can leave. */
        source->dot = s->line.cut == SMTP_CUT_NONE &&
                      s->batch->advance(s->batch->ctx, source->task, SMTP_DOT);
        if (!source->dot) {
            smtp_line_cut(&s->line, SMTP_CUT_CANCELLED);
        }
        smtp_wire_body_sent(&s->wire);
        smtp_line_allow(&s->line, s->plan->timeouts.final);
    }
    return NULL;
}

static int64_t step_limit(const struct session *s)
{
    const struct smtp_timeouts *t = &s->plan->timeouts;

    switch (s->wire.step) {
    case SMTP_DATA:
        return t->data;
    case SMTP_BODY:
        return t->transfer;
    case SMTP_QUIT:
        return t->envelope < QUIT_MS ? t->envelope : QUIT_MS;
    default:
        return t->envelope;
    }
}

/* Before a flush: the last moment to keep bytes from leaving. */
static void on_write(struct session *s, const char *bytes, size_t len)
{
    unsigned mails = s->wire.mails;

    if (smtp_wire_wrote(&s->wire, bytes, len) != SMTP_BREACH_NONE) {
        smtp_line_cut(&s->line, SMTP_CUT_GUARD);
    } else if (s->wire.mails > mails && s->wire.closing) {
        smtp_line_cut(&s->line, SMTP_CUT_CLOSED);
    } else if (s->wire.mails > mails && atomic_load(s->batch->finish)) {
        smtp_line_cut(&s->line, SMTP_CUT_CANCELLED);
    }
    if (s->line.cut != SMTP_CUT_NONE) {
        s->wire.mails = mails; /* what was named now does not leave */
    }
    smtp_line_allow(&s->line, step_limit(s));
}

/* After a read, before libesmtp parses; on a breach it must find nothing it could take. */
static void on_read(struct session *s, char *bytes, size_t len)
{
    unsigned answers = s->wire.answers;

    if (smtp_wire_read(&s->wire, bytes, len) != SMTP_BREACH_NONE) {
        memset(bytes, 'X', len);
        smtp_line_cut(&s->line, SMTP_CUT_GUARD);
        return;
    }
    if (s->wire.answers > answers) { /* a part of an answer buys no time */
        smtp_line_allow(&s->line, step_limit(s));
    }
}

/* bytes are libesmtp's own buffer on its way to the parser; the cast is what lets us guard it. */
static void on_monitor(const char *bytes, int len, int writing, void *arg)
{
    struct session *s = arg;

    if (writing == SMTP_CB_READING) {
        on_read(s, (char *)(uintptr_t)bytes, (size_t)len);
    } else if (writing == SMTP_CB_WRITING) {
        on_write(s, bytes, (size_t)len);
    }
}

/* Our own transcript decides; libesmtp's word is needed on top before anything counts as sent. */
static void on_answered(struct session *s, const smtp_status_t *status)
{
    struct source *source = present(s);
    struct outcome outcome;

    if (source == NULL || s->line.cut != SMTP_CUT_NONE) {
        return; /* settle_rest() will know more */
    }
    present_outcome(s, source, &outcome);
    if (outcome.class == OUTCOME_SENT && (status == NULL || status->code / 100 != 2)) {
        outcome.class = OUTCOME_UNKNOWN;
    }
    settle(s, source, &outcome);
}

static void on_secured(struct session *s, SSL *ssl)
{
    smtp_wire_secured(&s->wire);
    smtp_tls_lend_certificate(ssl);
    smtp_line_allow(&s->line, s->plan->timeouts.envelope);
}

static void on_connected(struct session *s)
{
    smtp_wire_reset(&s->wire, s->plan->tls != NULL, s->plan->user != NULL);
    smtp_line_allow(&s->line, s->plan->timeouts.greeting);
}

static void on_event(smtp_session_t session, int event, void *arg, ...)
{
    struct session *s = arg;
    va_list ap;

    (void)session;
    va_start(ap, arg);
    if (event == SMTP_EV_CONNECT) {
        on_connected(s);
    } else if (event == SMTP_EV_STARTTLS_OK) {
        on_secured(s, va_arg(ap, SSL *));
    } else if (event == SMTP_EV_EXTNA_STARTTLS) {
        s->no_starttls = true;
    } else if (event == SMTP_EV_MAILSTATUS) {
        if (s->wire.replies[SMTP_MAIL].code >= 300) {
            on_answered(s, NULL);
        }
    } else if (event == SMTP_EV_MESSAGESENT) {
        on_answered(s, smtp_message_transfer_status(va_arg(ap, smtp_message_t)));
    } else if (event == SMTP_EV_WRONG_PEER_CERTIFICATE) {
        int *ok = va_arg(ap, int *);

        /* Its own comparison is with the DNS's canonical name; the handshake has checked ours. */
        (void)va_arg(ap, char *);
        *ok = smtp_tls_verified(va_arg(ap, SSL *));
    }
    va_end(ap);
}

static int on_login(auth_client_request_t request, char **result, int fields, void *arg)
{
    const struct smtp_plan *plan = arg;

    for (int i = 0; i < fields; i++) {
        if ((request[i].flags & AUTH_USER) != 0) {
            result[i] = plan->user;
        } else if ((request[i].flags & AUTH_PASS) != 0) {
            result[i] = plan->password;
        } else {
            return 0;
        }
    }
    return 1;
}

/* ---- setting up ---- */

/* Ours are absolute and come first; libesmtp's only back them up. */
static void set_timeouts(smtp_session_t session, const struct smtp_timeouts *t)
{
    const struct {
        int which;
        int64_t ms;
    } list[] = {{Timeout_GREETING, t->greeting},
                {Timeout_ENVELOPE, t->envelope},
                {Timeout_DATA, t->data},
                {Timeout_TRANSFER, t->transfer},
                {Timeout_DATA2, t->final}};

    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        (void)smtp_set_timeout(session, list[i].which | Timeout_OVERRIDE_RFC2822_MINIMUM,
                               (long)list[i].ms + OWN_TIMEOUT_SLACK_MS);
    }
}

/*
 * What comes back shall name the attempt and bring no more than headers (RFC 3461). libesmtp says
 * it only to relays that offer it.
 */
static bool ask_for_reports(smtp_message_t message, smtp_recipient_t recipient,
                            const struct smtp_task *task)
{
    return smtp_dsn_set_ret(message, Ret_HDRS) != 0 &&
           (task->ref[0] == '\0' || smtp_dsn_set_envid(message, task->ref) != 0) &&
           smtp_dsn_set_notify(recipient, Notify_FAILURE | Notify_DELAY) != 0 &&
           smtp_dsn_set_orcpt(recipient, "rfc822", task->to) != 0;
}

static bool add_message(smtp_session_t session, struct source *source)
{
    const struct smtp_task *task = source->task;
    smtp_message_t message = smtp_add_message(session);
    smtp_recipient_t recipient = NULL;

    if (message != NULL && smtp_set_reverse_path(message, task->from) != 0) {
        recipient = smtp_add_recipient(message, task->to);
    }
    return recipient != NULL && ask_for_reports(message, recipient, task) &&
           smtp_set_messagecb(message, on_pull, source) != 0 &&
           smtp_size_set_estimate(message, task->mail_len) != 0 &&
           (!task->eight_bit || smtp_8bitmime_set_body(message, E8bitmime_8BITMIME) != 0);
}

static bool set_up(struct session *s, smtp_session_t session, auth_context_t *auth)
{
    const struct smtp_plan *plan = s->plan;

    if (session == NULL || smtp_set_server(session, plan->server) == 0 ||
        (plan->helo != NULL && smtp_set_hostname(session, plan->helo) == 0)) {
        return false;
    }
    if (plan->tls != NULL) {
        (void)smtp_starttls_set_ctx(session, plan->tls);
        (void)smtp_starttls_enable(session, Starttls_REQUIRED);
    }
    if (plan->user != NULL) {
        *auth = auth_create_context();
        if (*auth == NULL) {
            return false;
        }
        (void)auth_set_mechanism_flags(*auth, AUTH_PLUGIN_PLAIN, 0);
        (void)auth_set_interact_cb(*auth, on_login, (void *)(uintptr_t)plan);
        (void)smtp_auth_set_context(session, *auth);
    }
    (void)smtp_set_eventcb(session, on_event, s);
    (void)smtp_set_monitorcb(session, on_monitor, s, 0);
    set_timeouts(session, &plan->timeouts);
    for (size_t i = 0; i < s->batch->count; i++) {
        if (!add_message(session, &s->sources[i])) {
            return false;
        }
    }
    return true;
}

static void run(struct session *s)
{
    smtp_session_t session = smtp_create_session();
    auth_context_t auth = NULL;

    if (!set_up(s, session, &auth)) {
        (void)snprintf(s->library_error, sizeof s->library_error, "no memory for a session");
    } else {
        smtp_tls_forget();
        smtp_line_adopt(&s->line);
        /* Success means nothing here, and the error number is an old one unless this fails. */
        if (smtp_start_session(session) == 0 && s->line.fd < 0) {
            (void)smtp_strerror(smtp_errno(), s->library_error, sizeof s->library_error);
        }
        smtp_line_adopt(NULL);
    }
    settle_rest(s);
    if (session != NULL) {
        (void)smtp_destroy_session(session);
    }
    if (auth != NULL) {
        (void)auth_destroy_context(auth);
    }
}

void smtp_session_run(struct smtp_batch *batch)
{
    struct session *s = calloc(1, sizeof *s);
    struct outcome outcome;

    if (s != NULL) {
        s->sources = calloc(batch->count, sizeof *s->sources);
    }
    if (s == NULL || s->sources == NULL) {
        outcome_set(&outcome, OUTCOME_DOWN, "memory", "no memory for a session");
        for (size_t i = 0; i < batch->count; i++) {
            batch->settle(batch->ctx, batch->tasks[i], &outcome);
        }
        free(s);
        return;
    }
    s->batch = batch;
    s->plan = batch->plan;
    s->line = (struct smtp_line){.fd = -1,
                                 .deadline_ms = INT64_MAX,
                                 .connect_ms = batch->plan->timeouts.connect,
                                 .cancel = batch->cancel};
    for (size_t i = 0; i < batch->count; i++) {
        s->sources[i] = (struct source){.session = s, .task = batch->tasks[i]};
    }
    run(s);
    free(s->sources);
    free(s);
}
