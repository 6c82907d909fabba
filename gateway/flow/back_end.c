/* Creates, replaces and drains the providers behind the lanes. */
#include "base/log.h"
#include "flow/dispatch_state.h"
#include "flow/reports.h"

#include <stdio.h>
#include <stdlib.h>

static void on_report(void *ctx, const struct provider_report *list, size_t count)
{
    const struct back_end *b = ctx;

    reports_take(b->lane->dispatch->gateway, b->lane->index, list, count);
}

static void on_report_then(void *ctx, const struct provider_report *list, size_t count,
                           void (*stored)(void *arg, int status), void *arg)
{
    const struct back_end *b = ctx;

    reports_take_then(b->lane->dispatch->gateway, b->lane->index, list, count, stored, arg);
}

static void on_health(void *ctx, enum provider_health health, const char *sentence)
{
    const struct back_end *b = ctx;

    if (health == PROVIDER_HEALTHY) {
        log_info("provider_health", LOG_S("provider", b->conf->name), LOG_S("health", "healthy"),
                 LOG_S("detail", sentence));
    } else {
        log_warning("provider_health", LOG_S("provider", b->conf->name),
                    LOG_S("health", health == PROVIDER_BROKEN ? "broken" : "degraded"),
                    LOG_S("detail", sentence));
    }
}

static void on_balance(void *ctx, const struct provider_balance *balance)
{
    lane_balance_told(((struct back_end *)ctx)->lane, balance);
}

static void back_end_free(struct back_end *b)
{
    b->conf->type->destroy(b->provider);
    settings_drop(b->settings);
    free(b);
}

static void on_drained(void *ctx)
{
    struct back_end *b = ctx;
    struct lane *lane = b->lane;
    struct dispatch *d = lane->dispatch;

    if (lane->back_end == b) {
        lane->back_end = NULL;
        lane_balance_told(lane, &(const struct provider_balance){.error = "shutting down"});
    }
    back_end_free(b);
    d->back_ends--;
    dispatch_check_drained(d);
}

static void fill_host(struct back_end *b)
{
    struct dispatch *d = b->lane->dispatch;
    const char *public_url = b->settings->conf->listen.public_url;

    if (public_url != NULL) {
        char secret[REPORT_SECRET_SIZE];

        reports_secret(d->gateway, b->conf->name, secret);
        (void)snprintf(b->report_url, sizeof b->report_url, "%s/reports/%s/%s", public_url,
                       b->conf->name, secret);
    }
    b->host = (struct provider_host){.ctx = b,
                                     .done = settle_outcome,
                                     .report = on_report,
                                     .report_then = on_report_then,
                                     .health = on_health,
                                     .balance = on_balance,
                                     .drained = on_drained,
                                     .keep = settle_keep,
                                     .loop = d->gateway->loop,
                                     .curl = d->curl,
                                     .clock = d->gateway->clock,
                                     .name = b->conf->name,
                                     .recipes = b->settings->conf->recipes,
                                     .report_url = b->report_url};
}

/* A provider from the settings of the moment; on success it is the lane's. */
static int back_end_open(struct lane *lane, const struct conf_provider *conf, struct err *e)
{
    struct dispatch *d = lane->dispatch;
    struct back_end *b = calloc(1, sizeof *b);
    int rc;

    if (b == NULL) {
        return err_set(e, ERR_NOMEM, "no memory for provider %s", conf->name);
    }
    b->lane = lane;
    b->conf = conf;
    b->settings = settings_hold(d->gateway->settings);
    fill_host(b);
    rc = conf->type->create(&b->host, conf->settings, &b->provider, e);
    rc = rc == 0 ? conf->type->start(b->provider, e) : rc;
    if (rc != 0) {
        err_prefix(e, "provider %s", conf->name);
        back_end_free(b);
        return rc;
    }
    d->back_ends++;
    lane->back_end = b;
    conf->type->capabilities(b->provider, &lane->caps);
    lane_configure(lane, conf, clock_mono_ms(d->gateway->clock));
    return 0;
}

struct lane *back_end_lane(struct dispatch *d, struct str provider)
{
    for (size_t i = 0; i < d->lane_count; i++) {
        if (str_eqs(provider, d->lanes[i].conf->name)) {
            return &d->lanes[i];
        }
    }
    return NULL;
}

static void fill_routes(struct dispatch *d)
{
    const struct conf *conf = d->gateway->settings->conf;

    for (enum channel ch = CHANNEL_SMS; ch < CHANNEL_COUNT; ch++) {
        d->route_count[ch] = 0;
        for (size_t i = 0; i < conf->routes[ch].count; i++) {
            struct lane *lane = back_end_lane(d, str_of(conf->routes[ch].list[i]->name));

            if (lane != NULL) {
                d->route[ch][d->route_count[ch]++] = lane->index;
            }
        }
    }
}

int back_ends_create(struct dispatch *d, struct curlmux *curl, struct err *e)
{
    const struct conf *conf = d->gateway->settings->conf;
    struct stats *stats = &d->gateway->stats;

    d->curl = curl;
    for (size_t i = 0; i < conf->provider_count && i < LANES_MAX; i++) {
        struct lane *lane = &d->lanes[i];
        int rc;

        lane->dispatch = d;
        lane->index = i;
        lane->conf = &conf->providers[i];
        (void)snprintf(stats->providers[i].name, sizeof stats->providers[i].name, "%s",
                       lane->conf->name);
        stats->providers[i].channel =
            (lane->conf->type->channels & 1u << CHANNEL_SMS) != 0 ? CHANNEL_SMS : CHANNEL_EMAIL;
        stats->providers_count = i + 1;
        d->lane_count = i + 1;
        rc = back_end_open(lane, lane->conf, e);
        if (rc != 0) {
            d->lane_count = i;
            return rc;
        }
    }
    fill_routes(d);
    return 0;
}

/*
 * New passwords, limits and recipes take hold by new providers; the old ones finish what they have.
 * A provider that cannot be made anew goes on with its old settings, and the log says so.
 */
void back_ends_reload(struct dispatch *d)
{
    for (size_t i = 0; i < d->lane_count; i++) {
        struct lane *lane = &d->lanes[i];
        struct back_end *old = lane->back_end;
        const struct conf_provider *conf =
            conf_provider_find(d->gateway->settings->conf, str_of(lane->conf->name));
        struct err e = {0};

        if (conf != NULL && back_end_open(lane, conf, &e) == 0) {
            old->conf->type->drain(old->provider);
        } else {
            log_error("provider_not_reloaded", LOG_S("provider", lane->conf->name),
                      LOG_S("error", e.text));
        }
    }
    fill_routes(d);
}

void back_ends_drain(struct dispatch *d)
{
    for (size_t i = 0; i < d->lane_count; i++) {
        struct back_end *b = d->lanes[i].back_end;

        if (b != NULL) {
            b->conf->type->drain(b->provider);
        }
    }
}
