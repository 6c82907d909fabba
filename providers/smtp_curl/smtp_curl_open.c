/* How a connection of smtp-curl begins: libcurl does it, and the dialogue is listened to. */
#include "base/crypto.h"
#include "providers/smtp_curl/smtp_curl_parts.h"

enum { TOKEN_CAP = 8200 };

static void on_spoke(void *ctx, const char *bytes, size_t len)
{
    struct lane *lane = ctx;

    if (lane->wire.handshake) {
        smtp_wire_secured(&lane->wire); /* libcurl says nothing before TLS stands */
    }
    (void)smtp_wire_wrote(&lane->wire, bytes, len);
    if (lane->wire.step == SMTP_EHLO) {
        lane->offers = (struct lane_offers){0};
    }
}

static bool offers(const char *line, size_t len, const char *word)
{
    size_t n = strlen(word);

    return len >= 4 + n && str_ieq((struct str){line + 4, n}, str_of(word)) &&
           (len == 4 + n || line[4 + n] == ' ' || line[4 + n] == '\r' || line[4 + n] == '\n');
}

static void note_offer(struct lane_offers *o, const char *line, size_t len)
{
    o->pipelining |= offers(line, len, "PIPELINING");
    o->size |= offers(line, len, "SIZE");
    o->eight_bit |= offers(line, len, "8BITMIME");
    o->utf8 |= offers(line, len, "SMTPUTF8");
    o->dsn |= offers(line, len, "DSN");
}

static bool on_heard(void *ctx, const char *bytes, size_t len)
{
    struct lane *lane = ctx;
    unsigned answers = lane->wire.answers;

    if (lane->wire.step == SMTP_EHLO) {
        note_offer(&lane->offers, bytes, len);
    }
    /* Defaced in place, as libesmtp's: libcurl then does not see what must not be used. */
    if (smtp_wire_read(&lane->wire, (char *)(uintptr_t)bytes, len) != SMTP_BREACH_NONE) {
        return false;
    }
    if (lane->wire.answers > answers) {
        lane_allow(lane, lane->p->settings->relay.timeouts.envelope);
    }
    return true;
}

static const char *opening_code(enum curlmux_opening how)
{
    static const char *const codes[] = {
        [CURLMUX_OPENED] = "",        [CURLMUX_NO_NAME] = "resolve",
        [CURLMUX_NO_TLS] = "tls",     [CURLMUX_NO_CONNECTION] = "connect",
        [CURLMUX_NO_LOGIN] = "login", [CURLMUX_NO_SENSE] = "protocol",
        [CURLMUX_NO_MORE] = "closed",
    };

    return codes[how];
}

static void opening_outcome(const struct lane *lane, enum curlmux_opening how, const char *error,
                            struct outcome *outcome)
{
    struct smtp_ending ending = {.verb = SMTP_OTHER};

    ending.reply = smtp_wire_refusal(&lane->wire, &ending.verb);
    if (ending.reply != NULL) {
        smtp_classify(&ending, outcome);
    } else if (how == CURLMUX_OPENED || how == CURLMUX_NO_LOGIN) {
        outcome_set(outcome, OUTCOME_ACCOUNT, "login", "the relay offers no login we can use");
    } else {
        bool broken = lane->wire.breach != SMTP_BREACH_NONE;

        outcome_set(outcome, OUTCOME_DOWN, broken ? "protocol" : opening_code(how), "%s: %s",
                    lane->wire.tls ? "inside TLS" : "opening the connection",
                    broken ? smtp_breach_text(lane->wire.breach) : error);
    }
}

static void on_opened(void *ctx, enum curlmux_opening how, const char *error)
{
    struct lane *lane = ctx;
    struct outcome outcome;

    if (how == CURLMUX_OPENED && (!lane->wire.want_login || lane->wire.logged_in) &&
        lane->wire.breach == SMTP_BREACH_NONE) {
        lane->wire.closing = false; /* a 421 to EHLO, and yet it took HELO */
        lane_rest(lane);
        return;
    }
    opening_outcome(lane, how, error, &outcome);
    lane_fail_opening(lane, &outcome);
}

static const struct curlmux_stream_events events = {.spoke = on_spoke,
                                                    .heard = on_heard,
                                                    .opened = on_opened,
                                                    .received = lane_received,
                                                    .written = lane_written,
                                                    .ended = lane_ended};

/* The token lives only as long as this call; libcurl has its own copy. */
static int open_stream(struct lane *lane, struct curlmux_stream_request *r, struct err *e)
{
    const struct smtp_curl_settings *s = lane->p->settings;
    char token[TOKEN_CAP];
    int rc = 0;

    if (s->token_file != NULL) {
        rc = smtp_curl_read_token(s->token_file, token, sizeof token, e);
        if (rc != 0) {
            e->code = ERR_DENIED;
            return ERR_DENIED;
        }
        r->secret = token;
    }
    rc = curlmux_stream_open(lane->p->host.curl, r, &events, lane, &lane->stream, e);
    crypto_wipe(token, sizeof token);
    return rc;
}

int lane_open(struct lane *lane, struct err *e)
{
    const struct smtp_curl_settings *s = lane->p->settings;
    struct curlmux_stream_request r = {.host = s->relay.host,
                                       .port = (int)s->relay.port,
                                       .tls = smtp_curl_tls_of(s),
                                       .tls_13 = s->tls_min == SMTP_CURL_TLS_13,
                                       .helo = s->relay.helo,
                                       .ca_file = s->relay.ca_file,
                                       .user = s->relay.user,
                                       .secret = s->relay.password.value,
                                       .auth = (enum curlmux_auth)s->auth,
                                       .connect_ms = s->relay.timeouts.connect};
    int rc;

    smtp_wire_reset(&lane->wire, r.tls != CURLMUX_TLS_NONE, s->relay.user != NULL);
    if (r.tls == CURLMUX_TLS_IMPLICIT) {
        smtp_wire_secured(&lane->wire);
    }
    lane->offers = (struct lane_offers){0};
    lane->carried = 0;
    lane->greeting_due = false;
    rc = open_stream(lane, &r, e);
    if (rc == 0) {
        lane->step = LANE_OPENING;
        lane_allow(lane, lane->p->settings->relay.timeouts.connect);
    }
    return rc;
}
