#include "flow/outlook.h"

#include "base/civil.h"
#include "config/conf.h"
#include "domain/campaign_filter.h"
#include "domain/reason.h"
#include "flow/case_work.h"
#include "flow/control.h"
#include "flow/suppress.h"
#include "text/render.h"

#include <stdlib.h>

enum { PAGE = STORE_LIST_MAX, ROWS_MAX = 1024, SMS_BYTES = 8192 };

struct gathering {
    struct desk_call *call;
    const struct outlook_wish *wish;
    struct outlook *out;
    struct err *err;
    struct controls *controls;
    struct apply_env env;  /* of the wished settings */
    struct case_work work; /* the case at hand */
    struct render_values *values;
    struct buf raw;
    struct buf wire;
    struct sms_measure measure;
    struct due_range due; /* where the walk over stored messages stands */
    struct case_range cases;
    size_t seen; /* rows of the page */
    struct {
        char campaign[STORE_NAME_MAX + 1];
        int step;
        enum channel channel;
        enum message_state state;
        char reason[OUTLOOK_CODE_MAX];
    } rows[ROWS_MAX]; /* the stored messages of the case at hand */
    size_t row_count;
};

/* ---- counting ---- */

static void add_sum(struct outlook_sum *sum, const struct outlook_item *item, int64_t kurus)
{
    sum->sms += item->channel == CHANNEL_SMS;
    sum->email += item->channel == CHANNEL_EMAIL;
    sum->segments += item->segments;
    sum->kurus += kurus;
}

/* Why the message goes on another day than its mark says. */
static void count_shift(const struct gathering *g, struct outlook_step *step, int64_t at_ms)
{
    const int mark = apply_step_mark(step->step);
    const int64_t opens = campaign_opens(g->work.file.known.not_after_ms);
    int64_t target = istanbul_day(g->work.file.known.not_after_ms) - mark;

    target = target < opens ? opens : target;
    if (step->step >= 0 && istanbul_day(at_ms) != target) {
        const enum day_kind kind = calendar_day(g->wish->settings->calendar, target);

        step->weekend += kind == DAY_WEEKEND;
        step->holiday += kind == DAY_HOLIDAY;
    }
}

static int tell(struct gathering *g, const struct outlook_item *item)
{
    int rc = g->wish->item == NULL ? 0 : g->wish->item(g->wish->ctx, item);

    return rc < 0 ? err_set(g->err, rc, "the plan does not fit into one answer") : 0;
}

static int count_message(struct gathering *g, struct outlook_item *item,
                         const struct conf_provider *provider)
{
    const int64_t price =
        item->channel == CHANNEL_SMS && provider != NULL ? provider->price_kurus : 0;
    const int64_t day = istanbul_day(item->at_ms) - g->out->first_day;
    struct outlook_step *step = outlook_step_of(g->out, item);

    add_sum(&g->out->total, item, item->segments * price);
    if (day >= 0 && (size_t)day < g->out->day_count) {
        add_sum(&g->out->days[day], item, item->segments * price);
    }
    if (step != NULL) {
        step->people++;
        step->segments += item->segments;
        step->kurus += item->segments * price;
        step->multi += item->segments > 1;
        step->first_ms = item->at_ms < step->first_ms ? item->at_ms : step->first_ms;
        step->last_ms = item->at_ms > step->last_ms ? item->at_ms : step->last_ms;
        count_shift(g, step, item->at_ms);
    }
    return tell(g, item);
}

static int exclude(struct gathering *g, struct outlook_item *item, const char *code,
                   const char *text)
{
    struct outlook *o = g->out;
    size_t i = 0;

    while (i < o->excluded_count && strcmp(o->excluded[i].code, code) != 0) {
        i++;
    }
    if (i == o->excluded_count && i < OUTLOOK_REASONS_MAX) {
        o->excluded[o->excluded_count++].text = text;
        (void)str_copy(o->excluded[i].code, sizeof o->excluded[i].code, str_of(code));
    }
    if (i < OUTLOOK_REASONS_MAX) {
        o->excluded[i].count++;
    }
    item->code = code;
    item->text = text;
    return tell(g, item);
}

/* ---- how long an SMS will be ---- */

/* 0 when the words cannot be made: then sending will say so. */
static int64_t segments_of(struct gathering *g, const struct outlook_item *item, struct str own,
                           const struct conf_provider *provider)
{
    const struct settings *s = g->wish->settings;
    const struct fact *known = &g->work.file.known;
    const struct render_facts facts = {.office = &s->office,
                                       .now_ms = item->at_ms,
                                       .given_name = str_of(known->holder.given_name),
                                       .family_name = str_of(known->holder.family_name),
                                       .end_ms = known->not_after_ms,
                                       .institution_name = str_of(known->institution.name),
                                       .institution_address_form =
                                           str_of(known->institution.address_form)};
    const struct str name = own.len > 0
                                ? own
                                : wording_template(s, item->campaign, apply_step_mark(item->step),
                                                   case_series_of(known->eonay), item->channel);
    enum sms_mode mode;
    enum lang lang;
    struct err unused;

    buf_reset(&g->wire);
    if (name.len == 0 || provider == NULL ||
        message_set_lang(s->words, lang_parse(str_of(known->holder.lang)), CHANNEL_SMS, name,
                         &lang) != 0 ||
        render_values_set(g->values, lang, &facts) != 0 ||
        wording_sms(s, provider, name, g->values, &g->raw, &g->wire, &mode, &g->measure, &unused) !=
            0) {
        return 0;
    }
    return g->measure.segments;
}

static int add_message(struct gathering *g, struct outlook_item *item, struct str template)
{
    const struct conf_provider *provider = wording_provider(
        g->wish->settings, wording_campaign(g->wish->settings, item->campaign), item->channel);

    if (item->channel == CHANNEL_SMS) {
        item->segments = segments_of(g, item, template, provider);
    }
    return count_message(g, item, provider);
}

/* ---- the stored plan ---- */

static bool wanted(const struct gathering *g, struct str campaign)
{
    return g->wish->campaign.len == 0 || str_eq(g->wish->campaign, campaign);
}

/* The list is asked again when the message is sent; today it would stop there. */
static int leave_out_suppressed(struct gathering *g, struct outlook_item *item, bool *ret_left_out)
{
    const struct fact *known = &g->work.file.known;
    struct str address =
        str_of(item->channel == CHANNEL_SMS ? known->holder.phone : known->holder.email);
    struct suppress_entry entry;
    const char *reason;
    int rc = suppress_check(g->call->store, g->call->key, item->channel, address, item->at_ms,
                            &entry, ret_left_out, g->err);

    if (rc != 0 || !*ret_left_out) {
        return rc;
    }
    reason = suppress_message_reason(entry.reason);
    return exclude(g, item, reason, reason_sentence(str_of(reason), g->call->turkish));
}

static int take_stored(void *ctx, const struct due_row *row)
{
    struct gathering *g = ctx;
    const struct message_row *m = &row->message;
    const bool late = m->due_ms < g->wish->from_ms;
    struct outlook_item item = {.id = m->id,
                                .at_ms = late ? g->call->now_ms : m->due_ms,
                                .campaign = m->campaign,
                                .step = m->case_id == 0 ? -1 : apply_mark_shown(m),
                                .channel = m->channel,
                                .holder = row->subject.holder,
                                .certificate = row->subject.certificate};
    bool left_out;
    int rc;

    g->seen++;
    g->due.after_ms = m->due_ms;
    g->due.after_id = m->id;
    if (!wanted(g, m->campaign)) {
        return 0;
    }
    case_init(&g->work.file);
    if (m->case_id != 0 && case_read(row->subject.facts, &g->work.file) != 0) {
        return err_set(g->err, ERR_CORRUPT, "case %lld cannot be read", (long long)m->case_id);
    }
    rc = leave_out_suppressed(g, &item, &left_out);
    if (rc != 0 || left_out) {
        return rc;
    }
    g->out->late += late;
    outlook_note_gate(g->out, g->controls, g->wish->settings->conf, m, item.at_ms);
    return add_message(g, &item, m->template);
}

/* What should have gone before goes now, when now is looked at. */
static int gather_stored(struct gathering *g)
{
    const int64_t now_ms = g->call->now_ms;
    const bool spans_now = g->wish->from_ms <= now_ms && now_ms <= g->wish->to_ms;
    int rc = 0;

    for (enum channel ch = CHANNEL_SMS; ch < CHANNEL_COUNT && rc == 0; ch++) {
        for (int urgency = 0; urgency < URGENCY_COUNT && rc == 0; urgency++) {
            g->due = (struct due_range){.channel = ch,
                                        .urgency = (enum message_urgency)urgency,
                                        .from_ms = spans_now ? 0 : g->wish->from_ms,
                                        .to_ms = g->wish->to_ms,
                                        .limit = PAGE};
            do {
                g->seen = 0;
                rc = store_due_between(g->call->store, &g->due, take_stored, g, g->err);
            } while (rc == 0 && g->seen == PAGE);
        }
    }
    return rc;
}

/* ---- case by case: what is not to be, and what other settings would plan ---- */

static int note_row(void *ctx, const struct message_row *row)
{
    struct gathering *g = ctx;
    const size_t i = g->row_count;

    if (i < ROWS_MAX) {
        (void)str_copy(g->rows[i].campaign, sizeof g->rows[i].campaign, row->campaign);
        (void)str_copy(g->rows[i].reason, sizeof g->rows[i].reason, row->reason);
        g->rows[i].step = row->step;
        g->rows[i].channel = row->channel;
        g->rows[i].state = row->state;
        g->row_count++;
    }
    return 0;
}

/* The number of the stored message of this step, or how many there are. */
static size_t find_row(const struct gathering *g, const char *campaign, int step, enum channel ch)
{
    size_t i = 0;

    while (i < g->row_count && (g->rows[i].step != step || g->rows[i].channel != ch ||
                                strcmp(g->rows[i].campaign, campaign) != 0)) {
        i++;
    }
    return i;
}

static bool reachable(const struct fact *known, enum channel ch)
{
    return ch == CHANNEL_SMS ? known->holder.phone[0] != '\0' : known->holder.email[0] != '\0';
}

static int exclude_stored(struct gathering *g, struct outlook_item *item, size_t row)
{
    const bool turkish = g->call->turkish;
    const char *reason = g->rows[row].reason;
    const char *words = reason_sentence(str_of(reason), turkish);

    if (g->rows[row].state != MESSAGE_HELD && g->rows[row].state != MESSAGE_CANCELLED &&
        g->rows[row].state != MESSAGE_SUPPRESSED) {
        return 0; /* on its way, or done */
    }
    if (words == NULL) {
        reason = message_state_name(g->rows[row].state);
        words = message_state_sentence(g->rows[row].state, turkish);
    }
    return exclude(g, item, reason, words);
}

/* Planned, or planned again, when the application of the case is over by then. */
static bool may_come(const struct gathering *g, size_t row)
{
    return row == g->row_count || message_may_revive((enum message_state)g->rows[row].state, 0,
                                                     str_of(g->rows[row].reason));
}

static int weigh_channel(struct gathering *g, const struct conf_campaign *c,
                         const struct plan_step *step, enum channel ch, struct outlook_item *item)
{
    const bool turkish = g->call->turkish;
    const size_t row = find_row(g, c->name, apply_step(step->mark, g->work.file.cycle), ch);
    const bool waits = row < g->row_count && g->rows[row].state <= MESSAGE_QUEUED;
    const enum case_state then =
        case_state_at(&g->work.file, step->at_ms > g->call->now_ms ? step->at_ms : g->call->now_ms);

    if (step->verdict != PLAN_SEND) {
        return exclude(g, item, plan_verdict_name(step->verdict),
                       plan_verdict_sentence(step->verdict, turkish));
    }
    if (!case_state_reminds(then)) {
        return exclude(g, item, case_state_name(then), case_state_sentence(then, turkish));
    }
    if (!reachable(&g->work.file.known, ch)) {
        return exclude(
            g, item, ch == CHANNEL_SMS ? "no_phone" : "no_email",
            reason_sentence(ch == CHANNEL_SMS ? STR("no_phone") : STR("no_email"), turkish));
    }
    if (!case_state_reminds(g->work.file.state) && may_come(g, row)) {
        return add_message(g, item, STR(""));
    }
    if (row < g->row_count && !waits) {
        return exclude_stored(g, item, row);
    }
    return 0;
}

static bool in_span(const struct gathering *g, int64_t ms)
{
    return ms >= g->wish->from_ms && ms <= g->wish->to_ms;
}

static int weigh_step(struct gathering *g, const struct conf_campaign *c, size_t mark,
                      const struct plan_step *step, const struct case_row *row)
{
    int rc = 0;

    for (enum channel ch = CHANNEL_SMS; ch < CHANNEL_COUNT && rc == 0; ch++) {
        struct outlook_item item = {.at_ms = step->at_ms,
                                    .campaign = str_of(c->name),
                                    .step = step->mark,
                                    .channel = ch,
                                    .holder = row->holder,
                                    .certificate = row->certificate};

        if ((c->marks[mark].channels & 1u << ch) != 0) {
            rc = weigh_channel(g, c, step, ch, &item);
        }
    }
    return rc;
}

static int weigh_campaign(struct gathering *g, const struct conf_campaign *c,
                          const struct case_row *row)
{
    const int64_t told =
        g->work.file.end_told_ms < g->call->now_ms ? g->work.file.end_told_ms : g->call->now_ms;
    struct plan plan;
    int rc = 0;

    if (!wanted(g, str_of(c->name)) || !campaign_wants(&c->who, &g->work.file.known)) {
        return 0;
    }
    campaign_plan(&c->rules, g->work.file.known.not_after_ms, told, g->wish->settings->calendar,
                  &plan);
    for (size_t i = 0; i < plan.count && rc == 0; i++) {
        if (in_span(g, plan.steps[i].at_ms)) {
            rc = weigh_step(g, c, i, &plan.steps[i], row);
        }
    }
    return rc;
}

/* What other settings would send, but for what has gone out or was stopped. */
static int weigh_wish(struct gathering *g, const struct plan_wish *wish, const struct case_row *row)
{
    const char *campaign = g->env.campaigns[wish->campaign].name;
    const size_t there = find_row(g, campaign, wish->step, wish->channel);
    struct outlook_item item = {.at_ms = wish->at_ms,
                                .campaign = str_of(campaign),
                                .step = apply_step_mark(wish->step),
                                .channel = wish->channel,
                                .holder = row->holder,
                                .certificate = row->certificate};

    if (wish->verdict != PLAN_SEND || wish->ask || !in_span(g, wish->at_ms) ||
        !wanted(g, item.campaign) ||
        (there < g->row_count && g->rows[there].state > MESSAGE_QUEUED)) {
        return 0;
    }
    return add_message(g, &item, STR(""));
}

static int weigh_wishes(struct gathering *g, const struct case_row *row)
{
    struct series series = {.wishes = NULL};
    int rc = 0;

    if (g->wish->what_if && case_state_reminds(g->work.file.state)) {
        rc = series_compare(&g->work, &series);
    }
    for (size_t i = 0; i < series.wish_count && rc == 0; i++) {
        rc = weigh_wish(g, &series.wishes[i], row);
    }
    series_finish(&series);
    return rc;
}

static int take_case(void *ctx, const struct case_row *row)
{
    struct gathering *g = ctx;
    const struct conf *conf = g->wish->settings->conf;
    int rc = case_work_load(&g->work, row);

    g->seen++;
    g->cases.after_ms = row->not_after_ms;
    g->cases.after_id = row->id;
    if (rc != 0) {
        return err_set(g->err, rc, "case %lld cannot be read", (long long)row->id);
    }
    g->row_count = 0;
    rc = store_message_by_case(g->call->store, row->id, note_row, g, g->err);
    for (size_t i = 0; i < conf->campaign_count && rc == 0; i++) {
        rc = weigh_campaign(g, &conf->campaigns[i], row);
    }
    return rc == 0 ? weigh_wishes(g, row) : rc;
}

/* Only certificates whose marks can fall into the span. */
static int gather_cases(struct gathering *g)
{
    int rc = 0;

    for (int state = 0; state < CASE_STATE_COUNT && rc == 0; state++) {
        g->cases = (struct case_range){.state = state,
                                       .from_ms = g->wish->from_ms,
                                       .to_ms = g->wish->to_ms +
                                                (int64_t)(CAMPAIGN_MARK_DAYS_MAX + 1) * DAY_MS,
                                       .limit = PAGE};
        do {
            g->seen = 0;
            rc = store_case_by_end(g->call->store, &g->cases, take_case, g, g->err);
        } while (rc == 0 && g->seen == PAGE);
    }
    return rc;
}

int outlook_gather(struct desk_call *call, const struct outlook_wish *wish, struct outlook *ret,
                   struct err *e)
{
    struct gathering *g = calloc(1, sizeof *g);
    int rc = 0;

    if (g == NULL || (g->values = render_values_create()) == NULL) {
        free(g);
        return err_set(e, ERR_NOMEM, "no memory to look ahead");
    }
    memset(ret, 0, sizeof *ret);
    ret->first_day = istanbul_day(wish->from_ms);
    ret->day_count = (size_t)(istanbul_day(wish->to_ms) - ret->first_day + 1);
    g->call = call;
    g->wish = wish;
    g->out = ret;
    g->err = e;
    g->env = settings_apply_env(wish->settings, call->now_ms);
    g->work = (struct case_work){.store = call->store, .env = &g->env, .err = e};
    buf_init(&g->raw, SMS_BYTES);
    buf_init(&g->wire, SMS_BYTES);
    if (!wish->what_if) {
        rc = controls_read(call->store, call->now_ms, &g->controls, e);
        rc = rc == 0 ? gather_stored(g) : rc;
    }
    rc = rc == 0 ? gather_cases(g) : rc;
    buf_finish(&g->raw);
    buf_finish(&g->wire);
    render_values_free(g->values);
    controls_drop(g->controls);
    free(g);
    return rc;
}
