#include "providers/smpp/smpp.h"

#include "base/crypto.h"
#include "providers/smpp/smpp_state.h"

#include <stdlib.h>

enum {
    IN_FLIGHT_PER_SLOT = 2, /* the next messages wait here, so that the window stays full */
    BATCH_MAX = 100,
    HANDLES = 2,
    DOWN_AGAIN_MS = 1000, /* a message that comes so long after a failed try is worth another */
    ACCOUNT_AGAIN_MS = 5000
};

static void on_now(uv_idle_t *handle);

void smpp_wake(struct provider *p)
{
    (void)uv_idle_start(&p->now, on_now);
}

static void on_timer(uv_timer_t *timer)
{
    smpp_wake(timer->data);
}

/* ---- one turn ---- */

/* Somebody waits or asks: worth a connection, unless the last one has just failed. */
static void try_again(struct provider *p, int64_t now)
{
    int64_t floor = p->verdict.class == OUTCOME_ACCOUNT ? ACCOUNT_AGAIN_MS : DOWN_AGAIN_MS;

    if (p->phase != SMPP_WAITING || !p->failing) {
        return;
    }
    if (now - p->attempted_ms >= floor) {
        smpp_session_connect(p);
    } else if (!list_empty(&p->jobs)) {
        smpp_window_fail(p);
    }
}

static void schedule(struct provider *p, int64_t now)
{
    int64_t due = smpp_session_due(p);
    int64_t window = smpp_window_due(p);

    due = window < due ? window : due;
    if (p->draining && p->drain_end_ms > now && p->drain_end_ms < due) {
        due = p->drain_end_ms;
    }
    if (due == INT64_MAX) {
        (void)uv_timer_stop(&p->timer);
    } else {
        (void)uv_timer_start(&p->timer, on_timer, due > now ? (uint64_t)(due - now) : 0, 0);
    }
}

static void turn_drain(struct provider *p, int64_t now)
{
    smpp_window_return(p);
    if (now >= p->drain_end_ms) {
        smpp_window_abandon(p, "no answer before the end");
    }
    if (p->active > 0 || p->acks > 0) {
        return;
    }
    if (p->phase == SMPP_BOUND) {
        smpp_session_unbind(p);
    } else if (p->phase == SMPP_CONNECTING || p->phase == SMPP_BINDING) {
        smpp_session_drop(p, "stopping");
    } else if (p->phase == SMPP_WAITING) {
        p->phase = SMPP_STOPPED;
    }
}

static void turn(struct provider *p)
{
    int64_t now = smpp_now(p);

    smpp_window_expire(p, now);
    smpp_session_turn(p, now);
    if (p->draining) {
        turn_drain(p, now);
    } else if (!list_empty(&p->jobs) || p->probing) {
        try_again(p, now);
    }
    smpp_window_pump(p, now);
    smpp_session_flush(p);
    schedule(p, now);
}

static void on_now(uv_idle_t *handle)
{
    struct provider *p = handle->data;

    (void)uv_idle_stop(handle);
    turn(p);
    if (p->draining && p->phase == SMPP_STOPPED && p->active == 0 && p->acks == 0 && !p->drained) {
        p->drained = true;
        (void)uv_idle_stop(&p->now);
        (void)uv_timer_stop(&p->timer);
        p->host->drained(p->host->ctx); /* may destroy p */
    }
}

/* ---- the table of functions ---- */

static int read_rules(struct provider *p, struct err *e)
{
    const struct option_strings *lines = &p->settings->statuses;

    for (size_t i = 0; i < lines->count; i++) {
        if (i == SMPP_RULES_MAX ||
            smpp_status_rule_parse(str_of(lines->items[i]), &p->rules[p->rule_count++]) != 0) {
            return err_set(e, ERR_INVALID, "statuses: \"%s\" makes no rule", lines->items[i]);
        }
    }
    return 0;
}

static void free_all(struct provider *p)
{
    for (size_t i = 0; i < SMPP_SLOTS; i++) {
        smpp_sent_release(p->slots[i].sent);
    }
    smpp_ids_destroy(p->ids);
    buf_finish(&p->input);
    buf_finish(&p->out);
    buf_finish(&p->space);
    free(p);
}

static void init_lists(struct provider *p)
{
    list_init(&p->jobs);
    list_init(&p->tasks);
    list_init(&p->flying);
    for (size_t i = 0; i < SMPP_SLOTS; i++) {
        list_init(&p->slots[i].node);
    }
    crypto_random(&p->rng.state, sizeof(p->rng.state));
    crypto_random(p->refs, sizeof(p->refs));
    buf_init(&p->input, 0);
    buf_init(&p->out, 0);
    buf_init(&p->space, SMPP_PDU_MAX);
}

static int create(const struct provider_host *host, const void *settings, struct provider **ret,
                  struct err *e)
{
    struct provider *p;
    int rc = provider_refuse(smpp_settings_check, settings, e);

    if (rc != 0) {
        return rc;
    }
    p = calloc(1, sizeof(*p));
    if (p == NULL || (p->ids = smpp_ids_create()) == NULL) {
        free(p);
        return err_set(e, ERR_NOMEM, "no memory for provider %s", host->name);
    }
    p->host = host;
    p->settings = settings;
    init_lists(p);
    rc = read_rules(p, e);
    if (rc != 0) {
        free_all(p);
        return rc;
    }
    *ret = p;
    return 0;
}

static int start(struct provider *p, struct err *e)
{
    (void)e;
    (void)uv_idle_init(p->host->loop, &p->now);
    (void)uv_timer_init(p->host->loop, &p->timer);
    p->now.data = p;
    p->timer.data = p;
    p->open_handles = HANDLES;
    p->reconnect_ms = smpp_now(p);
    smpp_wake(p);
    return 0;
}

static void capabilities(const struct provider *p, struct provider_capabilities *ret)
{
    size_t window = (size_t)p->settings->window;

    *ret = (struct provider_capabilities){.batch_max = BATCH_MAX,
                                          .in_flight = window * IN_FLIGHT_PER_SLOT,
                                          .reports = p->settings->receipts == SMPP_RECEIPTS_FINAL};
}

static void submit(struct provider *p, struct provider_job *const *jobs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        list_push_back(&p->jobs, &jobs[i]->node);
    }
    smpp_wake(p);
}

static void probe(struct provider *p)
{
    p->probing = true;
    smpp_session_enquire(p);
    smpp_wake(p);
}

static void drain(struct provider *p)
{
    p->draining = true;
    p->drain_end_ms = smpp_now(p) + p->settings->timeouts.drain;
    smpp_wake(p);
}

/* Every handle holds the object; the last to close frees it. */
static void on_closed(uv_handle_t *handle)
{
    struct provider *p = handle->data;

    if (--p->open_handles == 0) {
        free_all(p);
    }
}

static void destroy(struct provider *p)
{
    if (p == NULL) {
        return;
    }
    if (p->open_handles == 0) {
        free_all(p);
        return;
    }
    smpp_link_close(p->link);
    p->link = NULL;
    uv_close((uv_handle_t *)&p->now, on_closed);
    uv_close((uv_handle_t *)&p->timer, on_closed);
}

const struct provider_type smpp_provider_type = {
    .kind = "smpp",
    .channels = 1u << CHANNEL_SMS,
    .options = smpp_options,
    .check = smpp_settings_check,
    .settings_size = sizeof(struct smpp_settings),
    .create = create,
    .start = start,
    .capabilities = capabilities,
    .submit = submit,
    .probe = probe,
    .drain = drain,
    .destroy = destroy,
};
