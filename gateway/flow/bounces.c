#include "flow/bounces.h"

#include "base/log.h"
#include "domain/return_path.h"
#include "flow/dispatch_state.h"
#include "flow/reports.h"
#include "loop/maildir.h"
#include "loop/mailin.h"
#include "text/dsn.h"

#include <stdlib.h>

enum { LOOK_MS = 5000 };

struct bounces {
    struct gateway *gateway;
    struct settings *settings; /* held: the addresses do not change while we run */
    struct mailin *mailin;
    struct maildir *maildir;
    size_t parts; /* of the two, still open */
    void (*closed)(void *ctx);
    void *closed_ctx;
};

/* One mail being stored; exactly one of the two. */
struct returned {
    struct mailin_mail *mail;
    struct maildir_file *file;
};

static const struct conf_bounces *conf_of(const struct bounces *b)
{
    return &b->settings->conf->mail.bounces;
}

/*
 * Reports name no provider: they count for the first that sends e-mail. Campaigns alone may have
 * the routes to it. lane_count when there is none.
 */
static size_t mail_lane(const struct dispatch *d)
{
    size_t i = 0;

    if (d->route_count[CHANNEL_EMAIL] > 0) {
        return d->route[CHANNEL_EMAIL][0];
    }
    while (i < d->lane_count && (d->lanes[i].conf->type->channels & 1u << CHANNEL_EMAIL) == 0) {
        i++;
    }
    return i;
}

static struct stats_provider *stats_of(const struct bounces *b)
{
    return &b->gateway->stats.providers[mail_lane(b->gateway->dispatch)];
}

/* ---- which message ---- */

static bool by_address(const struct bounces *b, const char *address, char ref[IDS_TEXT_SIZE])
{
    return return_path_parse(b->gateway->ids, conf_of(b)->address, str_of(address), ref) ==
           RETURN_PATH_ATTEMPT;
}

static bool by_name(const struct bounces *b, const char *name, char ref[IDS_TEXT_SIZE])
{
    struct str text = {name, strcspn(name, "@")};
    int64_t row;
    int attempt;

    return (ids_attempt_parse(b->gateway->ids, text, &row, &attempt) == 0 ||
            ids_message_parse(b->gateway->ids, text, &row) == 0) &&
           str_copy(ref, IDS_TEXT_SIZE, text) == 0;
}

/* The envelope is believed before what the mail says about itself. */
static bool find_ref(const struct bounces *b, const struct mailin_mail *mail, const struct dsn *d,
                     char ref[IDS_TEXT_SIZE])
{
    size_t envelopes = mail == NULL ? 0 : mailin_recipient_count(mail);

    for (size_t i = 0; i < envelopes; i++) {
        if (by_address(b, mailin_recipient(mail, i), ref)) {
            return true;
        }
    }
    for (size_t i = 0; i < d->address_count; i++) {
        if (by_address(b, d->addresses[i], ref)) {
            return true;
        }
    }
    return by_name(b, d->envelope_id, ref) || by_name(b, d->message_id, ref);
}

/* ---- what it says ---- */

static void answer(const struct returned *r, bool stored)
{
    if (r->mail != NULL) {
        mailin_answer(r->mail, stored ? MAILIN_TAKEN : MAILIN_LATER);
    } else {
        maildir_done(r->file, stored);
    }
}

static void on_stored(void *ctx, int status)
{
    struct returned *r = ctx;

    answer(r, status == 0);
    free(r);
}

/* A delay changes nothing, and a hand-over to a system that is silent neither. */
static bool is_final(const struct dsn_recipient *verdict)
{
    return verdict->action == DSN_FAILED || verdict->action == DSN_DELIVERED;
}

static void store(struct bounces *b, const struct returned *r, const char *ref,
                  const struct dsn_recipient *verdict)
{
    struct gateway *g = b->gateway;
    struct returned *copy = malloc(sizeof *copy);
    struct provider_report report = {.ref = ref,
                                     .state = verdict->action == DSN_DELIVERED ? REPORT_DELIVERED
                                                                               : REPORT_UNDELIVERED,
                                     .code = verdict->code,
                                     .detail = verdict->detail};

    if (copy == NULL) {
        answer(r, false);
        return;
    }
    *copy = *r;
    reports_take_then(g, mail_lane(b->gateway->dispatch), &report, 1, on_stored, copy);
}

static void judge(struct bounces *b, const struct returned *r, const struct dsn *d)
{
    const struct dsn_recipient *verdict = dsn_verdict(d);
    char ref[IDS_TEXT_SIZE];

    if (!find_ref(b, r->mail, d, ref)) {
        stats_of(b)->reports[STATS_REPORT_UNKNOWN]++;
        log_info("returned_mail_unknown", LOG_S("says", verdict == NULL ? "" : verdict->code));
    } else if (verdict == NULL) {
        log_info("returned_mail_no_report", LOG_S("attempt", ref));
    } else if (!is_final(verdict)) {
        log_info("mail_not_there_yet", LOG_S("attempt", ref),
                 LOG_S("action", dsn_action_name(verdict->action)), LOG_S("code", verdict->code),
                 LOG_S("detail", verdict->detail));
    } else {
        store(b, r, ref, verdict);
        return;
    }
    answer(r, true);
}

static void take(struct bounces *b, const struct returned *r, struct str bytes)
{
    struct dsn *d = malloc(sizeof *d);

    if (d == NULL || dsn_read(bytes, d) != 0) {
        log_error("returned_mail_not_read", LOG_S("error", "no memory"));
        answer(r, false);
    } else {
        judge(b, r, d);
    }
    free(d);
}

static void on_mail(void *ctx, struct mailin_mail *mail)
{
    take(ctx, &(struct returned){.mail = mail}, mailin_bytes(mail));
}

static void on_file(void *ctx, struct maildir_file *file)
{
    take(ctx, &(struct returned){.file = file}, maildir_bytes(file));
}

/* Ours alone: a message that does not exist has no return address. */
static bool accepts(void *ctx, struct str recipient)
{
    const struct bounces *b = ctx;
    char ref[IDS_TEXT_SIZE];

    return return_path_parse(b->gateway->ids, conf_of(b)->address, recipient, ref) !=
           RETURN_PATH_FOREIGN;
}

/* ---- life ---- */

static int start_parts(struct bounces *b, struct err *e)
{
    const struct conf_bounces *conf = conf_of(b);
    struct mailin_options listen = {.host = conf->host,
                                    .port = conf->port,
                                    .name = strchr(conf->address, '@') + 1,
                                    .accepts = accepts,
                                    .deliver = on_mail,
                                    .ctx = b};
    struct maildir_options watch = {
        .path = conf->maildir, .period_ms = LOOK_MS, .found = on_file, .ctx = b};
    int rc = 0;

    if (conf->listen != NULL) {
        rc = mailin_create(b->gateway->loop, &listen, &b->mailin, e);
        b->parts += rc == 0;
    }
    if (rc == 0 && conf->maildir != NULL) {
        rc = maildir_watch(b->gateway->loop, &watch, &b->maildir, e);
        b->parts += rc == 0;
    }
    return rc == 0 ? 0 : err_prefix(e, "mail.bounces");
}

int bounces_port(const struct bounces *b)
{
    return b == NULL || b->mailin == NULL ? 0 : mailin_port(b->mailin);
}

int bounces_create(struct gateway *g, struct bounces **ret, struct err *e)
{
    const struct conf_bounces *conf = &g->settings->conf->mail.bounces;
    struct bounces *b;
    int rc;

    *ret = NULL;
    if (conf->address == NULL || mail_lane(g->dispatch) == g->dispatch->lane_count) {
        return 0;
    }
    b = calloc(1, sizeof *b);
    if (b == NULL) {
        return err_set(e, ERR_NOMEM, "no memory to read returned mail");
    }
    b->gateway = g;
    b->settings = settings_hold(g->settings);
    rc = start_parts(b, e);
    if (rc != 0) {
        bounces_stop(b, NULL, NULL);
        return rc;
    }
    log_info("returned_mail_awaited", LOG_S("address", conf->address),
             LOG_I("port", bounces_port(b)),
             LOG_S("maildir", conf->maildir == NULL ? "" : conf->maildir));
    *ret = b;
    return 0;
}

static void finish(struct bounces *b)
{
    void (*closed)(void *) = b->closed;
    void *ctx = b->closed_ctx;

    settings_drop(b->settings);
    free(b);
    if (closed != NULL) {
        closed(ctx);
    }
}

static void on_part_closed(void *ctx)
{
    struct bounces *b = ctx;

    if (--b->parts == 0) {
        finish(b);
    }
}

void bounces_stop(struct bounces *b, void (*closed)(void *ctx), void *ctx)
{
    if (b == NULL) {
        if (closed != NULL) {
            closed(ctx);
        }
        return;
    }
    b->closed = closed;
    b->closed_ctx = ctx;
    if (b->parts == 0) {
        finish(b);
        return;
    }
    if (b->mailin != NULL) {
        mailin_stop(b->mailin, on_part_closed, b);
    }
    if (b->maildir != NULL) {
        maildir_stop(b->maildir, on_part_closed, b);
    }
}
