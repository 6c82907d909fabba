/*
 * A lane: one configured provider with what limits it — pace, breaker, account hold, retry budget,
 * in-flight room — and the attempts that pass through it. Internal to dispatch; loop thread only.
 */
#pragma once

#include "config/conf.h"
#include "domain/breaker.h"
#include "domain/budget.h"
#include "domain/pace.h"
#include "flow/gateway.h"
#include "providers/provider.h"

enum { LANE_BALANCE_MAX = 4 };

/* Somebody who waits for a balance. */
struct lane_balance {
    void (*done)(void *ctx, const struct provider_balance *balance);
    void *ctx;
};

enum { LANES_MAX = STATS_PROVIDERS_MAX, LANE_DOMAINS = 64, LANE_HOLD_PROBE_MS = 600000 };

struct control;
struct dispatch;
struct settings;

/* What a person has said about a lane; nothing but a person or the end of their word changes it. */
enum lane_order {
    LANE_RUNS,
    LANE_PAUSED,
    LANE_DRAINING /* paused, and told about until nothing is in flight */
};

struct lane_domain {
    uint64_t hash; /* of the recipient domain, 0 for a free place */
    struct pace pace;
    int64_t turn_ms; /* monotonic: when the last message sent back may come again */
};

/* A running back end with the settings it was made from; a reload replaces it while it drains. */
struct back_end {
    struct lane *lane;
    struct provider *provider;
    struct provider_host host;
    struct settings *settings;
    const struct conf_provider *conf;
    char report_url[256];
};

struct lane {
    struct dispatch *dispatch;
    size_t index; /* of g->stats.providers too */
    const struct conf_provider *conf;
    struct back_end *back_end;
    struct provider_capabilities caps;
    struct pace pace;
    struct headway headway;
    struct breaker breaker;
    struct budget budget;
    struct lane_domain domains[LANE_DOMAINS];
    size_t in_flight; /* picked for this lane and not yet answered */
    enum lane_order order;
    bool drained;          /* DRAINING has come to its end, and that was logged */
    bool held;             /* account trouble: waits for a human or the next probe */
    int64_t held_ms;       /* wall time: since when */
    int64_t hold_probe_ms; /* monotonic: when one message may try again */
    bool probing;          /* that one message is under way */
    struct lane_balance balance[LANE_BALANCE_MAX];
    size_t balance_waits;
    int64_t refused_told_ms; /* monotonic: when a refused report was logged last; 0 for never */
    uint64_t refused_untold; /* refused since then */
};

/* Why a message got no place in a lane, and when to ask again (ms from now). */
struct lane_refusal {
    int64_t wait_ms;
    bool message; /* for a reason of its own: others may go past it */
};

/* Why a lane cannot take a message now, and when to ask again (monotonic ms from now). */
enum route_state lane_state(struct lane *lane, int64_t mono_ms, int64_t *ret_wait_ms);
/*
 * The same before fetching: a lane with enough ahead of it is busy too, so that what it will need
 * is fetched and claimed together instead of a few at a time.
 */
enum route_state lane_fetch_state(struct lane *lane, int64_t mono_ms, int64_t *ret_wait_ms);
/* How many messages it could take now, at most want. */
size_t lane_room(struct lane *lane, int64_t mono_ms, size_t want);
/*
 * Takes one place for a message to `to`; false when pace, budget or breaker say no. Messages that
 * are refused for a reason of their own get waits apart from each other, so that they do not
 * all come back at once. A place taken is given back by lane_answered().
 */
bool lane_take(struct lane *lane, const char *to, bool is_retry, int64_t mono_ms,
               struct lane_refusal *ret);
/* A place for a test message: a person wants to see what the provider says, whatever holds it. */
void lane_take_test(struct lane *lane);
/* The answer to balance(): everybody who waits for it gets it. */
void lane_balance_told(struct lane *lane, const struct provider_balance *balance);
/* A place taken whose message was not submitted after all. */
void lane_give_back(struct lane *lane, int64_t mono_ms);
/* An attempt came back: effects are policy_effect bits. */
void lane_answered(struct lane *lane, unsigned effects, bool was_retry,
                   const struct outcome *outcome, int64_t throttle_mono_ms, int64_t mono_ms);
/* A person's word, and the control it comes from (null for none), which is shown with it. */
void lane_steer(struct lane *lane, enum lane_order order, const struct control *control);
/* Lifts a hold that began before at_ms (wall time), and closes the breaker. */
void lane_lift(struct lane *lane, int64_t at_ms);
/* Copies limits from new settings and lifts a hold. */
void lane_configure(struct lane *lane, const struct conf_provider *conf, int64_t mono_ms);
