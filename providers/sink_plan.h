/* Which attempts the sink fails and how; pure, so that a plan can be tested on its own. */
#pragma once

#include "base/err.h"
#include "base/option.h"
#include "domain/outcome.h"

enum { SINK_RULES_MAX = 16, SINK_SHARE_ALL = 10000 };

struct sink_rule {
    enum outcome_class class;
    int64_t share; /* of SINK_SHARE_ALL */
    int64_t wait_ms;
};

struct sink_plan {
    struct sink_rule rules[SINK_RULES_MAX];
    size_t count;
    uint64_t seed;
};

/* Reads "class[:percent%][:wait]" rules; without a percentage a rule takes all. */
int sink_plan_read(const struct option_strings *rules, uint64_t seed, struct sink_plan *ret_plan,
                   struct err *e);
/* The rule that strikes this attempt, or null when it goes well. */
const struct sink_rule *sink_plan_fate(const struct sink_plan *plan, int64_t message_id,
                                       int attempt);
