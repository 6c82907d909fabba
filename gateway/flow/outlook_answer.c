/* The plan as a document: JSON for programs and commands, CSV for a table, iCalendar for a wall. */
#include "flow/outlook.h"

#include "base/civil.h"
#include "config/conf.h"
#include "domain/ids.h"
#include "domain/reason.h"
#include "providers/provider.h"
#include "text/turkish.h"

#include <stdio.h>
#include <stdlib.h>

enum { DEFAULT_DAYS = 30, ITEMS_BYTES = 48 << 20 };

enum form { FORM_JSON, FORM_CSV, FORM_ICS, FORM_COUNT };

struct answer {
    struct desk_call *call;
    struct outlook_wish wish;
    struct outlook *outlook;
    enum form form;
    bool explain;
    struct buf items; /* JSON objects with commas between, or CSV lines */
    size_t item_count;
    size_t left_off;
};

/* ---- items ---- */

static void write_item_json(struct answer *a, const struct outlook_item *item)
{
    struct json_writer w;
    char id[IDS_TEXT_SIZE];

    if (a->item_count > 0) {
        (void)buf_addc(&a->items, ',');
    }
    jsonw_init(&w, &a->items);
    jsonw_object(&w);
    if (item->id != 0) {
        ids_message_format(a->call->ids, item->id, id);
        jsonw_put(&w, "id", id);
    }
    jsonw_put_time(&w, "at", item->at_ms);
    jsonw_put_str(&w, "campaign", item->campaign);
    if (item->step >= 0) {
        jsonw_put_i64(&w, "mark", item->step);
    }
    jsonw_put(&w, "channel", channel_name(item->channel));
    jsonw_put_str(&w, "holder", item->holder);
    jsonw_put_str(&w, "certificate", item->certificate);
    if (item->code == NULL) {
        jsonw_put_i64(&w, "segments", item->segments);
    }
    jsonw_put(&w, "excluded", item->code);
    jsonw_put(&w, "text", item->text);
    jsonw_end_object(&w);
}

/* RFC 4180; what a spreadsheet could take for a formula gets an apostrophe in front. */
static void put_cell(struct buf *out, struct str s)
{
    const bool formula = s.len > 0 && strchr("=+-@\t\r", s.ptr[0]) != NULL;

    (void)buf_addc(out, '"');
    if (formula) {
        (void)buf_addc(out, '\'');
    }
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '"') {
            (void)buf_addc(out, '"');
        }
        (void)buf_addc(out, s.ptr[i]);
    }
    (void)buf_addc(out, '"');
}

static void write_item_csv(struct answer *a, const struct outlook_item *item)
{
    char at[32];

    rfc3339_format(item->at_ms, at);
    (void)buf_addf(&a->items, "%s,", at);
    put_cell(&a->items, item->campaign);
    (void)buf_addf(&a->items, ",%d,%s,", item->step, channel_name(item->channel));
    put_cell(&a->items, item->holder);
    (void)buf_addc(&a->items, ',');
    put_cell(&a->items, item->certificate);
    (void)buf_addf(&a->items, ",%lld,%s,", (long long)item->segments,
                   item->code == NULL ? "" : item->code);
    put_cell(&a->items, str_of(item->text));
    (void)buf_adds(&a->items, "\r\n");
}

static int keep_item(void *ctx, const struct outlook_item *item)
{
    struct answer *a = ctx;

    if (a->form == FORM_CSV) {
        write_item_csv(a, item);
    } else if (a->item_count < OUTLOOK_ITEMS_MAX) {
        write_item_json(a, item);
        a->item_count++;
    } else {
        a->left_off++;
    }
    return buf_failed(&a->items);
}

/* ---- JSON ---- */

static void put_sum(struct json_writer *w, const struct outlook_sum *sum)
{
    jsonw_put_i64(w, "messages", sum->sms + sum->email);
    jsonw_put_i64(w, "sms", sum->sms);
    jsonw_put_i64(w, "email", sum->email);
    jsonw_put_i64(w, "segments", sum->segments);
    jsonw_put_i64(w, "kurus", sum->kurus);
}

static void write_days(struct json_writer *w, const struct answer *a)
{
    static const char *const kinds[] = {"working", "half", "weekend", "holiday"};
    const struct calendar *calendar = a->wish.settings->calendar;

    jsonw_key(w, "days");
    jsonw_array(w);
    for (size_t i = 0; i < a->outlook->day_count; i++) {
        const int64_t day = a->outlook->first_day + (int64_t)i;
        char date[16];

        istanbul_date(day, date);
        jsonw_object(w);
        jsonw_put(w, "date", date);
        jsonw_put(w, "kind", kinds[calendar_day(calendar, day)]);
        jsonw_put(w, "name", calendar_day_name(calendar, day));
        put_sum(w, &a->outlook->days[i]);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
}

/* As a reader wants them: by campaign, the far marks first. */
static int by_step(const void *x, const void *y)
{
    const struct outlook_step *a = x;
    const struct outlook_step *b = y;
    const int order = strcmp(a->campaign, b->campaign);

    if (order != 0) {
        return order;
    }
    return a->step != b->step ? (a->step > b->step ? -1 : 1) : (int)a->channel - (int)b->channel;
}

static void write_steps(struct json_writer *w, struct outlook *o)
{
    qsort(o->steps, o->step_count, sizeof o->steps[0], by_step);
    jsonw_key(w, "steps");
    jsonw_array(w);
    for (size_t i = 0; i < o->step_count; i++) {
        const struct outlook_step *s = &o->steps[i];

        jsonw_object(w);
        jsonw_put(w, "campaign", s->campaign);
        jsonw_put_i64(w, "mark", s->step);
        jsonw_put(w, "channel", channel_name(s->channel));
        jsonw_put_i64(w, "people", s->people);
        jsonw_put_i64(w, "segments", s->segments);
        jsonw_put_i64(w, "kurus", s->kurus);
        jsonw_put_i64(w, "several_segments", s->multi);
        jsonw_put_i64(w, "moved_by_weekend", s->weekend);
        jsonw_put_i64(w, "moved_by_holiday", s->holiday);
        jsonw_put_time(w, "first_at", s->first_ms);
        jsonw_put_time(w, "last_at", s->last_ms);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
}

static void write_excluded(struct json_writer *w, const struct outlook *o)
{
    jsonw_key(w, "excluded");
    jsonw_array(w);
    for (size_t i = 0; i < o->excluded_count; i++) {
        jsonw_object(w);
        jsonw_put(w, "reason", o->excluded[i].code);
        jsonw_put(w, "text", o->excluded[i].text);
        jsonw_put_i64(w, "count", o->excluded[i].count);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
}

struct held {
    struct json_writer *w;
    bool turkish;
};

static int write_held(void *ctx, const struct campaign_count *row)
{
    struct held *held = ctx;

    jsonw_object(held->w);
    jsonw_put_str(held->w, "campaign", row->campaign);
    jsonw_put(held->w, "channel", channel_name(row->channel));
    jsonw_put_str(held->w, "reason", row->reason);
    jsonw_put(held->w, "text", reason_sentence(row->reason, held->turkish));
    jsonw_put_i64(held->w, "count", row->count);
    jsonw_end_object(held->w);
    return 0;
}

static void write_outlook(struct json_writer *w, struct answer *a)
{
    jsonw_put_time(w, "from", a->wish.from_ms);
    jsonw_put_time(w, "to", a->wish.to_ms);
    jsonw_key(w, "total");
    jsonw_object(w);
    put_sum(w, &a->outlook->total);
    jsonw_end_object(w);
    write_steps(w, a->outlook);
    write_excluded(w, a->outlook);
    jsonw_put_i64(w, "late", a->outlook->late);
    outlook_write_gates(w, a->outlook);
    write_days(w, a);
}

static int write_json(struct answer *a, struct err *e)
{
    struct json_writer w;
    struct held held = {&w, a->call->turkish};
    int rc;

    jsonw_init(&w, a->call->out);
    jsonw_object(&w);
    write_outlook(&w, a);
    jsonw_key(&w, "held");
    jsonw_array(&w);
    rc = store_campaign_counts(a->call->store, true, write_held, &held, e);
    jsonw_end_array(&w);
    if (a->explain) {
        jsonw_key(&w, "items");
        (void)buf_addc(&a->items, ']');
        jsonw_raw(&w, (struct str){a->items.data, a->items.len});
        jsonw_put_i64(&w, "items_left_off", (int64_t)a->left_off);
    }
    jsonw_end_object(&w);
    return rc;
}

/* ---- iCalendar (RFC 5545): one entry per day with something to send ---- */

static void write_event(struct answer *a, int64_t day, const struct outlook_sum *sum)
{
    struct buf *out = a->call->out;
    struct civil from;
    struct civil to;

    civil_from_days(day, &from);
    civil_from_days(day + 1, &to);
    (void)buf_addf(
        out,
        "BEGIN:VEVENT\r\nUID:plan-%04d%02d%02d@hatirlat\r\nDTSTAMP:%04d%02d%02dT000000Z\r\n"
        "DTSTART;VALUE=DATE:%04d%02d%02d\r\nDTEND;VALUE=DATE:%04d%02d%02d\r\n",
        from.year, from.month, from.day, from.year, from.month, from.day, from.year, from.month,
        from.day, to.year, to.month, to.day);
    if (a->call->turkish) {
        (void)buf_addf(out, "SUMMARY:%lld hatırlatma: %lld SMS\\, %lld e-posta\r\n",
                       (long long)(sum->sms + sum->email), (long long)sum->sms,
                       (long long)sum->email);
    } else {
        (void)buf_addf(out, "SUMMARY:%lld reminders: %lld SMS\\, %lld e-mail\r\n",
                       (long long)(sum->sms + sum->email), (long long)sum->sms,
                       (long long)sum->email);
    }
    (void)buf_adds(out, "TRANSP:TRANSPARENT\r\nEND:VEVENT\r\n");
}

static void write_ics(struct answer *a)
{
    a->call->content_type = "text/calendar; charset=utf-8";
    (void)buf_adds(a->call->out,
                   "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Hatirlat//plan//TR\r\n");
    for (size_t i = 0; i < a->outlook->day_count; i++) {
        const struct outlook_sum *sum = &a->outlook->days[i];

        if (sum->sms + sum->email > 0) {
            write_event(a, a->outlook->first_day + (int64_t)i, sum);
        }
    }
    (void)buf_adds(a->call->out, "END:VCALENDAR\r\n");
}

static void write_csv(struct answer *a)
{
    a->call->content_type = "text/csv; charset=utf-8";
    (void)buf_adds(a->call->out, "\xEF\xBB\xBF" /* spreadsheets need it to see UTF-8 */
                                 "at,campaign,mark,channel,holder,certificate,segments,excluded,"
                                 "text\r\n");
    (void)buf_add(a->call->out, a->items.data, a->items.len);
}

/* ---- the request ---- */

/* The next DEFAULT_DAYS days unless the request says otherwise. */
static int read_span(struct desk_call *call, struct outlook_wish *wish, struct err *e)
{
    const int64_t today = istanbul_day(call->now_ms);
    const int64_t day = desk_time(call, "day", false, INT64_MIN);

    wish->from_ms = desk_time(call, "from", false, istanbul_ms(today, 0));
    wish->to_ms = desk_time(call, "to", true,
                            istanbul_ms(istanbul_day(wish->from_ms) + DEFAULT_DAYS + 1, 0) - 1);
    if (day != INT64_MIN) {
        wish->from_ms = istanbul_ms(istanbul_day(day), 0);
        wish->to_ms = istanbul_ms(istanbul_day(day) + 1, 0) - 1;
    }
    if (wish->to_ms < wish->from_ms ||
        istanbul_day(wish->to_ms) - istanbul_day(wish->from_ms) >= OUTLOOK_DAYS_MAX) {
        (void)faults_add(call->faults, "/to", "bad_span",
                         "\"to\" \"from\" gününden önce ya da %d günden uzak olamaz",
                         "\"to\" may not be before \"from\" or %d days behind it",
                         OUTLOOK_DAYS_MAX);
    }
    return desk_check(call, e);
}

static int read_request(struct answer *a, struct err *e)
{
    static const char *const forms[FORM_COUNT] = {"json", "csv", "ics"};
    struct str form = desk_text(a->call, "format", 8);

    a->wish.settings = a->call->settings;
    a->wish.campaign = desk_text(a->call, "campaign", STORE_NAME_MAX);
    a->explain = desk_bool(a->call, "explain", false);
    while (form.len > 0 && a->form < FORM_COUNT && !str_eqs(form, forms[a->form])) {
        a->form++;
    }
    if (a->form == FORM_COUNT) {
        (void)faults_add(a->call->faults, "/format", "not_a_choice",
                         "\"format\" json, csv ya da ics olmalı",
                         "\"format\" has to be json, csv or ics");
    }
    if (a->wish.campaign.len > 0 && !str_eqs(a->wish.campaign, "notice") &&
        wording_campaign(a->call->settings, a->wish.campaign) == NULL) {
        (void)faults_add(a->call->faults, "/campaign", "no_such_campaign",
                         "böyle bir kampanya yok: %.*s", "there is no campaign %.*s",
                         (int)a->wish.campaign.len, a->wish.campaign.ptr);
    }
    if (a->form == FORM_CSV || (a->form == FORM_JSON && a->explain)) {
        a->wish.item = keep_item;
        a->wish.ctx = a;
    }
    if (a->form == FORM_JSON && a->explain) {
        (void)buf_addc(&a->items, '[');
    }
    return read_span(a->call, &a->wish, e);
}

static int start(struct desk_call *call, struct answer *a, struct err *e)
{
    *a = (struct answer){.call = call};
    buf_init(&a->items, ITEMS_BYTES);
    a->outlook = calloc(1, sizeof *a->outlook);
    return a->outlook == NULL ? err_set(e, ERR_NOMEM, "no memory to look ahead")
                              : read_request(a, e);
}

static void finish(struct answer *a)
{
    buf_finish(&a->items);
    free(a->outlook);
}

int outlook_run(struct desk_call *call, struct err *e)
{
    struct answer a;
    int rc = start(call, &a, e);

    rc = rc == 0 ? outlook_gather(call, &a.wish, a.outlook, e) : rc;
    if (rc == 0 && a.form == FORM_JSON) {
        rc = write_json(&a, e);
    } else if (rc == 0 && a.form == FORM_CSV) {
        write_csv(&a);
    } else if (rc == 0) {
        write_ics(&a);
    }
    finish(&a);
    return rc;
}

/* ---- what if ---- */

static int parse_candidate(struct desk_call *call, struct settings **ret, struct err *e)
{
    struct faults faults;
    int rc;

    faults_init(&faults);
    rc = settings_parse(call->file, call->settings->conf->path, provider_types, ret, &faults, e);
    for (size_t i = 0; rc != 0 && i < faults.count; i++) {
        const struct fault *f = &faults.list[i];

        (void)faults_add(call->faults, f->pointer, f->code, "%2$d:%3$d: %1$.0s%4$s",
                         "%2$d:%3$d: %1$s%4$.0s", f->en, f->line, f->column, f->tr);
    }
    faults_finish(&faults);
    return rc;
}

static int answer_both(struct answer *a, struct err *e)
{
    struct json_writer w;
    int rc = outlook_gather(a->call, &a->wish, a->outlook, e);

    jsonw_init(&w, a->call->out);
    jsonw_object(&w);
    for (int with = 0; with < 2 && rc == 0; with++) {
        jsonw_key(&w, with == 0 ? "now" : "with");
        jsonw_object(&w);
        if (with == 1) {
            a->wish.what_if = true;
            rc = outlook_gather(a->call, &a->wish, a->outlook, e);
        }
        write_outlook(&w, a);
        jsonw_end_object(&w);
        if (with == 0) {
            rc = parse_candidate(a->call, (struct settings **)(uintptr_t)&a->wish.settings, e);
        }
    }
    jsonw_end_object(&w);
    return rc;
}

int outlook_with_run(struct desk_call *call, struct err *e)
{
    struct answer a;
    int rc = start(call, &a, e);

    a.wish.item = NULL;
    rc = rc == 0 ? answer_both(&a, e) : rc;
    if (a.wish.settings != call->settings) {
        settings_drop((struct settings *)(uintptr_t)a.wish.settings);
    }
    finish(&a);
    return rc;
}
