#include "providers/sink_plan.h"

#include "base/rng.h"

/* "5%", "0.25%" in parts of SINK_SHARE_ALL. */
static int read_share(struct str s, int64_t *ret_share)
{
    int64_t share = 0;
    int64_t unit = SINK_SHARE_ALL / 100;
    bool fraction = false;

    if (s.len < 2 || s.len > 7 || !ascii_digit(s.ptr[0])) {
        return ERR_INVALID;
    }
    for (size_t i = 0; i < s.len - 1; i++) {
        if (s.ptr[i] == '.' && !fraction) {
            fraction = true;
            continue;
        }
        unit = fraction ? unit / 10 : unit;
        if (!ascii_digit(s.ptr[i]) || unit == 0) {
            return ERR_INVALID;
        }
        share = fraction ? share + (s.ptr[i] - '0') * unit
                         : share * 10 + (s.ptr[i] - '0') * (SINK_SHARE_ALL / 100);
    }
    *ret_share = share;
    return share > SINK_SHARE_ALL ? ERR_INVALID : 0;
}

/* Cuts s at the next colon and returns what stands before it. */
static struct str next_part(struct str *s)
{
    const char *colon = s->len == 0 ? NULL : memchr(s->ptr, ':', s->len);
    struct str part = {s->ptr, colon == NULL ? s->len : (size_t)(colon - s->ptr)};
    size_t used = colon == NULL ? part.len : part.len + 1;

    *s = (struct str){s->ptr + used, s->len - used};
    return part;
}

static int read_rule(const char *text, struct sink_rule *ret_rule, struct err *e)
{
    struct str rest = str_of(text);
    struct str name = next_part(&rest);

    *ret_rule = (struct sink_rule){.class = outcome_parse(name), .share = SINK_SHARE_ALL};
    if (ret_rule->class == OUTCOME_COUNT || ret_rule->class == OUTCOME_SENT) {
        return err_set(e, ERR_INVALID, "fail rule \"%s\" does not begin with a failing outcome",
                       text);
    }
    while (rest.len > 0) {
        struct str part = next_part(&rest);
        bool share = part.len > 0 && part.ptr[part.len - 1] == '%';
        int code =
            share ? read_share(part, &ret_rule->share) : str_duration_ms(part, &ret_rule->wait_ms);

        if (code != 0) {
            return err_set(e, ERR_INVALID,
                           "fail rule \"%s\": \"%.*s\" is neither a percentage nor a duration",
                           text, (int)part.len, part.ptr);
        }
    }
    return 0;
}

int sink_plan_read(const struct option_strings *rules, uint64_t seed, struct sink_plan *ret_plan,
                   struct err *e)
{
    *ret_plan = (struct sink_plan){.seed = seed};
    if (rules->count > SINK_RULES_MAX) {
        return err_set(e, ERR_LIMIT, "more than %d fail rules", SINK_RULES_MAX);
    }
    for (size_t i = 0; i < rules->count; i++) {
        int code = read_rule(rules->items[i], &ret_plan->rules[i], e);

        if (code != 0) {
            return code;
        }
        ret_plan->count++;
    }
    return 0;
}

const struct sink_rule *sink_plan_fate(const struct sink_plan *plan, int64_t message_id,
                                       int attempt)
{
    struct rng message = {plan->seed ^ (uint64_t)message_id * 0x9E3779B97F4A7C15u};
    struct rng rng = {rng_next(&message) + (uint64_t)attempt};
    int64_t draw = plan->count == 0 ? 0 : (int64_t)rng_below(&rng, SINK_SHARE_ALL);

    for (size_t i = 0; i < plan->count; i++) {
        if (draw < plan->rules[i].share) {
            return &plan->rules[i];
        }
        draw -= plan->rules[i].share;
    }
    return NULL;
}
