/* Imports at the desk: /v1/imports and the command `import`. */
#include "flow/roster_record.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAP_TEXT_MAX = 8192, LIST_MAX = 100 };

/* ---- import ---- */

/* "Tel=phone;Kurum Kodu=-", with semicolons or line ends between. */
static void read_maps(struct desk_call *call, struct roster_maps *maps)
{
    struct str rest = desk_lines(call, "map", MAP_TEXT_MAX);

    while (rest.len > 0) {
        size_t n = 0;

        while (n < rest.len && rest.ptr[n] != ';' && rest.ptr[n] != '\n') {
            n++;
        }
        if (str_trim((struct str){rest.ptr, n}).len > 0) {
            (void)roster_map_add(maps, (struct str){rest.ptr, n}, call->faults);
        }
        n += n < rest.len;
        rest = (struct str){rest.ptr + n, rest.len - n};
    }
}

static void read_mode(struct desk_call *call, struct roster_request *request)
{
    struct str mode = desk_text(call, "mode", 20);

    if (str_eqs(mode, "valid_rows")) {
        request->mode = ROSTER_VALID_ROWS;
    } else if (mode.len > 0 && !str_eqs(mode, "all_or_nothing")) {
        (void)faults_add(call->faults, "/mode", "mode_invalid",
                         "\"mode\" all_or_nothing ya da valid_rows olmalı.",
                         "\"mode\" must be all_or_nothing or valid_rows.");
    }
}

static void read_source(struct desk_call *call, struct roster_request *request)
{
    struct str s = desk_text(call, "source", ROSTER_SOURCE_MAX);
    bool ok = true;

    for (size_t i = 0; i < s.len; i++) {
        ok = ok && (ascii_alnum(s.ptr[i]) || strchr("-_.", s.ptr[i]) != NULL);
    }
    if (!ok) {
        (void)faults_add(call->faults, "/source", "source_invalid",
                         "Kaynak adı yalnız harf (a–z), rakam, - _ . içerebilir.",
                         "The name of the source may hold letters (a-z), digits, - _ . only.");
    }
    request->source = s;
}

static const char *result_of(const struct roster_request *request,
                             const struct roster_report *report)
{
    if (!request->dry_run) {
        return "imported";
    }
    return report->refused > 0 && request->mode == ROSTER_ALL_OR_NOTHING ? "would_refuse"
                                                                         : "would_import";
}

static void write_answer(struct desk_call *call, const struct roster_request *request,
                         const struct roster_report *report, const char *id)
{
    struct json_writer w;

    jsonw_init(&w, call->out);
    jsonw_object(&w);
    jsonw_put(&w, "result", result_of(request, report));
    jsonw_put(&w, "import", id[0] == '\0' ? NULL : id);
    jsonw_put_str(&w, "source", request->source.len > 0 ? request->source : STR(ROSTER_SOURCE));
    roster_report_json(report, &w);
    jsonw_end_object(&w);
}

static int import_list(struct desk_call *call, const struct roster_request *request,
                       struct roster_report *report, struct err *e)
{
    char id[ROSTER_ID_DIGITS + 1];
    int rc = roster_import(call, request, report, id, e);

    if (rc == 0) {
        write_answer(call, request, report, id);
        call->effects |= request->dry_run ? 0 : DESK_EVENTS;
    }
    return rc;
}

static int import_or_look(struct desk_call *call, bool dry_run, struct err *e)
{
    struct roster_request *request = calloc(1, sizeof *request);
    struct roster_report *report = calloc(1, sizeof *report);
    int rc = ERR_NOMEM;

    if (request == NULL || report == NULL) {
        (void)err_set(e, ERR_NOMEM, "no memory for an import");
    } else {
        roster_report_init(report, call->turkish);
        request->file = call->file;
        request->dry_run = dry_run || desk_bool(call, "dry_run", false);
        read_maps(call, &request->maps);
        read_mode(call, request);
        read_source(call, request);
        rc = desk_check(call, e);
        rc = rc == 0 ? import_list(call, request, report, e) : rc;
        roster_report_finish(report);
    }
    free(request);
    free(report);
    return rc;
}

int roster_desk_import(struct desk_call *call, struct err *e)
{
    return import_or_look(call, false, e);
}

int roster_desk_check(struct desk_call *call, struct err *e)
{
    return import_or_look(call, true, e);
}

/* ---- looking ---- */

static void write_import(struct json_writer *w, const struct roster_record *r,
                         const struct json *report, int64_t applied)
{
    jsonw_put(w, "import", r->id);
    jsonw_put(w, "source", r->source);
    jsonw_put(w, "actor", r->actor);
    jsonw_put_time(w, "at", r->at_ms);
    jsonw_put(w, "state", roster_state_name(r->state));
    jsonw_put_i64(w, "events", r->first_seq == 0 ? 0 : r->last_seq - r->first_seq + 1);
    jsonw_put_i64(w, "events_waiting", r->last_seq > applied ? r->last_seq - applied : 0);
    jsonw_put_time(w, "undone_at", r->undone_ms);
    if (r->state != ROSTER_IMPORTED) {
        jsonw_put_i64(w, "restored", r->restored);
        jsonw_put_i64(w, "left_as_is", r->refused);
    }
    jsonw_key(w, "counts");
    jsonw_value(w, json_get(report, "counts"));
    jsonw_key(w, "plan");
    jsonw_value(w, json_get(report, "plan"));
}

struct listing {
    struct desk_call *call;
    struct json_writer *w;
    struct err *err;
    bool whole; /* with all of the report */
};

static int write_row(void *ctx, const struct record_row *row)
{
    struct listing *l = ctx;
    struct roster_record *r = malloc(sizeof *r);
    struct json_doc *doc = NULL;
    int rc = r == NULL ? ERR_NOMEM : roster_record_read(l->call->store, row->key, r, l->err);

    rc = rc == 0 ? json_parse(row->body, 0, &json_default_limits, &doc, NULL, l->err) : rc;
    if (rc == 0) {
        const struct json *report = json_get(json_root(doc), "report");

        jsonw_object(l->w);
        write_import(l->w, r, report, store_applied(l->call->store));
        for (const struct json *v = json_first(report); l->whole && v != NULL; v = json_next(v)) {
            if (strcmp(json_key(v), "counts") != 0 && strcmp(json_key(v), "plan") != 0) {
                jsonw_key(l->w, json_key(v));
                jsonw_value(l->w, v);
            }
        }
        jsonw_end_object(l->w);
    }
    json_free(doc);
    free(r);
    return rc;
}

int roster_desk_list(struct desk_call *call, struct err *e)
{
    struct json_writer w;
    struct listing l = {call, &w, e, false};
    struct record_range range = {.kind = RECORD_IMPORT, .backwards = true};
    int rc;

    range.limit = (size_t)desk_number(call, "limit", 1, LIST_MAX, 20);
    range.after = desk_text(call, "before", ROSTER_ID_DIGITS);
    rc = desk_check(call, e);
    if (rc != 0) {
        return rc;
    }
    jsonw_init(&w, call->out);
    jsonw_object(&w);
    jsonw_key(&w, "items");
    jsonw_array(&w);
    rc = store_record_list(call->store, &range, write_row, &l, e);
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    return rc;
}

/* "2" is the import that lists show as 000000000002. */
static struct str need_id(struct desk_call *call, char out[ROSTER_ID_DIGITS + 1])
{
    struct str given = desk_need(call, "id", ROSTER_ID_DIGITS);
    int64_t number;

    if (str_i64(given, &number) == 0 && number > 0 && number < 1000000000000) {
        (void)snprintf(out, ROSTER_ID_DIGITS + 1, "%012lld", (long long)number);
        return str_of(out);
    }
    return given;
}

static int not_found(struct desk_call *call, int rc, struct err *e)
{
    return rc != ERR_NOT_FOUND || call->faults->count > 0
               ? rc
               : desk_refuse(call, rc, "import_not_found", e, "Bu numarada bir içe aktarma yok.",
                             "There is no import of this number.");
}

int roster_desk_show(struct desk_call *call, struct err *e)
{
    struct json_writer w;
    struct listing l = {call, &w, e, true};
    char digits[ROSTER_ID_DIGITS + 1];
    struct str id = need_id(call, digits);
    int rc = desk_check(call, e);

    jsonw_init(&w, call->out);
    rc = rc == 0 ? store_record_get(call->store, RECORD_IMPORT, id, write_row, &l, e) : rc;
    return not_found(call, rc, e);
}

int roster_desk_errors(struct desk_call *call, struct err *e)
{
    struct json_limits limits = json_default_limits;
    char digits[ROSTER_ID_DIGITS + 1];
    struct str id = need_id(call, digits);
    struct json_doc *doc = NULL;
    struct roster_record record;
    struct buf text;
    int rc = desk_check(call, e);

    rc = rc == 0 ? roster_record_read(call->store, id, &record, e) : rc;
    if (rc != 0) {
        return not_found(call, rc, e);
    }
    limits.bytes = DESK_ANSWER_MAX;
    buf_init(&text, DESK_ANSWER_MAX);
    (void)buf_addc(&text, '[');
    rc = roster_record_read_errors(call->store, record.id, &text, e);
    (void)buf_addc(&text, ']');
    rc = rc == 0 ? json_parse((struct str){text.data, text.len}, 0, &limits, &doc, NULL, e) : rc;
    if (rc == 0) {
        call->content_type = "text/csv; charset=utf-8";
        rc = roster_errors_csv(json_root(doc), call->turkish, call->out);
    }
    json_free(doc);
    buf_finish(&text);
    return rc;
}

/* ---- undo ---- */

static void write_undone(struct desk_call *call, struct str id, const struct roster_undone *u)
{
    struct json_writer w;

    jsonw_init(&w, call->out);
    jsonw_object(&w);
    jsonw_put(&w, "result", u->finished ? "undone" : "undoing");
    jsonw_put_str(&w, "import", id);
    jsonw_put_i64(&w, "restored", (int64_t)u->restored);
    jsonw_put_i64(&w, "left_as_is", (int64_t)u->refused);
    jsonw_put_i64(&w, "messages_stopped", (int64_t)u->stopped);
    jsonw_put_i64(&w, "messages_revived", (int64_t)u->revived);
    jsonw_key(&w, "left");
    jsonw_raw(&w, STR("["));
    (void)buf_add(call->out, u->list.data, u->list.len);
    (void)buf_addc(call->out, ']');
    jsonw_end_object(&w);
}

int roster_desk_undo(struct desk_call *call, struct err *e)
{
    char digits[ROSTER_ID_DIGITS + 1];
    struct str id = need_id(call, digits);
    struct roster_undone undone = {0};
    int rc = desk_check(call, e);

    buf_init(&undone.list, (size_t)(ROSTER_GONE_MAX + 2) * 1024);
    rc = rc == 0 ? roster_undo(call, id, &undone, e) : rc;
    if (rc == 0) {
        write_undone(call, id, &undone);
        call->effects |= DESK_WAKE;
    } else if (rc == ERR_WRONG_STATE) {
        rc = desk_refuse(call, rc, "import_undone", e, "Bu içe aktarma zaten geri alınmış.",
                         "This import is undone already.");
    } else if (rc == ERR_BUSY) {
        rc = desk_refuse(call, rc, "events_waiting", e,
                         "Bu içe aktarma daha işleniyor; biraz sonra yeniden deneyiniz.",
                         "This import is still being worked on; try again in a moment.");
    }
    buf_finish(&undone.list);
    return not_found(call, rc, e);
}
