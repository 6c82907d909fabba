/* Reports that somebody pushes: confirmed when they are on stable storage. */
#include "flow/reports_push.h"

#include "base/codec.h"
#include "base/log.h"
#include "config/conf.h"
#include "flow/dispatch_state.h"
#include "flow/reports.h"

#include <stdlib.h>

enum { TELL_EVERY_MS = 60000 };

void reports_push_part(struct report_push *push, int status)
{
    push->status = push->status == 0 ? status : push->status;
    if (--push->waiting > 0) {
        return;
    }
    if (push->done != NULL) {
        push->done(push->ctx, push->status);
    }
    free(push);
}

void reports_take_then(struct gateway *g, size_t provider_index, const struct provider_report *list,
                       size_t count, void (*done)(void *ctx, int status), void *ctx)
{
    struct report_push *push = calloc(1, sizeof *push);

    if (push == NULL) {
        done(ctx, ERR_NOMEM);
        return;
    }
    push->waiting = 1;
    push->done = done;
    push->ctx = ctx;
    g->push = push;
    reports_take(g, provider_index, list, count);
    g->push = NULL;
    reports_push_part(push, 0);
}

/* Anybody may knock: one line a minute says enough. */
static void tell_refusal(struct gateway *g, struct lane *lane, int code, const char *reason)
{
    const char *public_url = g->settings->conf->listen.public_url;
    const int64_t now = clock_mono_ms(g->clock);

    g->stats.providers[lane->index].reports[STATS_REPORT_REFUSED]++;
    lane->refused_untold++;
    if (lane->refused_told_ms != 0 && now - lane->refused_told_ms < TELL_EVERY_MS) {
        return;
    }
    log_warning("report_refused", LOG_S("provider", lane->conf->name), LOG_S("error", reason),
                LOG_I("count", lane->refused_untold),
                LOG_S("public_url", public_url == NULL ? "" : public_url),
                LOG_S("remedy", code == ERR_DENIED
                                    ? "forged; or listen.public_url is not the address that the "
                                      "vendor calls (a proxy?), or its secret is another"
                                    : "compare the vendor's report settings with its recipe"));
    lane->refused_told_ms = now;
    lane->refused_untold = 0;
}

int reports_hook(struct gateway *g, struct str provider, struct str secret,
                 const struct provider_hook *hook, void (*done)(void *ctx, int status), void *ctx,
                 struct err *e)
{
    struct lane *lane = g->dispatch == NULL ? NULL : back_end_lane(g->dispatch, provider);
    char expected[REPORT_SECRET_SIZE];
    struct report_push *push;
    int rc;

    if (lane == NULL || lane->back_end == NULL || lane->conf->type->parse_hook == NULL) {
        return err_set(e, ERR_NOT_FOUND, "no provider takes reports here");
    }
    reports_secret(g, lane->conf->name, expected);
    if (secret.len != strlen(expected) || !crypto_equal(secret.ptr, expected, secret.len)) {
        return err_set(e, ERR_NOT_FOUND, "no provider takes reports here");
    }
    push = calloc(1, sizeof *push);
    if (push == NULL) {
        return err_set(e, ERR_NOMEM, "no memory for a report");
    }
    push->waiting = 1;
    g->push = push;
    rc = lane->conf->type->parse_hook(lane->back_end->provider, hook, e);
    g->push = NULL;
    if (rc == 0) {
        push->done = done;
        push->ctx = ctx;
    } else if (rc != ERR_NOMEM) {
        tell_refusal(g, lane, rc, e->text);
    }
    reports_push_part(push, 0);
    return rc;
}

/* The path is the password: made from the installation's key, so nobody has to invent one. */
void reports_secret(const struct gateway *g, const char *provider, char out[REPORT_SECRET_SIZE])
{
    struct buf text;

    buf_init(&text, 128);
    (void)buf_addf(&text, "report:%s", provider);
    codec_base32(hash_of(g->hash, (struct str){text.data, text.len}), REPORT_SECRET_SIZE - 1, out);
    buf_finish(&text);
}
