/* The one who releases: when their own certificate ends, nobody can be warned any more. */
#include "domain/calendar.h"
#include "domain/certificate.h"
#include "flow/campaign_view.h"
#include "text/turkish.h"

#include <stdio.h>
#include <stdlib.h>

struct search {
    const struct conf_approver *approver;
    struct case_file *file;
    int64_t end_ms; /* the latest of theirs */
    int64_t last_end;
    int64_t last_id;
    size_t rows;
};

static bool is_approver(const struct conf_approver *a, const struct fact *known)
{
    return (a->holder_ref != NULL && strcmp(a->holder_ref, known->holder.ref) == 0) ||
           (a->email != NULL && str_ieq(str_of(a->email), str_of(known->holder.email)));
}

static int look(void *ctx, const struct case_row *row)
{
    struct search *s = ctx;

    s->rows++;
    s->last_end = row->not_after_ms;
    s->last_id = row->id;
    if (case_read(row->facts, s->file) == 0 && is_approver(s->approver, &s->file->known) &&
        row->not_after_ms > s->end_ms) {
        s->end_ms = row->not_after_ms;
    }
    return 0;
}

/* By address: among the certificates that end soon. */
static int search_by_end(struct store *store, struct search *s, int64_t now_ms, int64_t until_ms,
                         struct err *e)
{
    struct case_range range = {
        .state = CASE_WATCHING, .from_ms = now_ms, .to_ms = until_ms, .limit = STORE_LIST_MAX};
    int rc = 0;

    do {
        s->rows = 0;
        range.after_ms = s->last_end;
        range.after_id = s->last_id;
        rc = store_case_by_end(store, &range, look, s, e);
    } while (rc == 0 && s->rows == STORE_LIST_MAX);
    return rc;
}

int approver_end(struct store *store, const struct conf_approver *a, int64_t now_ms,
                 int64_t until_ms, int64_t *ret_end, struct err *e)
{
    struct search s = {.approver = a, .file = calloc(1, sizeof *s.file)};
    int rc = s.file == NULL ? err_set(e, ERR_NOMEM, "no memory for a case") : 0;

    if (rc == 0 && a->holder_ref != NULL) {
        rc = store_case_by_holder(store, str_of(a->holder_ref), look, &s, e);
    } else if (rc == 0 && a->email != NULL) {
        rc = search_by_end(store, &s, now_ms, until_ms, e);
    }
    free(s.file);
    *ret_end = s.end_ms;
    return rc;
}

int approver_warn(struct desk_call *call, struct json_writer *w, int64_t until_ms, struct err *e)
{
    struct buf date;
    char text[240];
    int64_t end = 0;
    int rc = approver_end(call->store, &call->settings->conf->office.approver, call->now_ms,
                          until_ms, &end, e);

    if (rc != 0 || end == 0 || end >= until_ms) {
        return rc;
    }
    buf_init(&date, 64);
    (void)date_short(istanbul_day(end), call->turkish, &date);
    (void)snprintf(text, sizeof text,
                   call->turkish
                       ? "Onay verenin kendi sertifikası %s günü bitiyor: yenilenmezse sonraki "
                         "gönderimler onaylanamaz."
                       : "The releaser's own certificate ends on %s: unless it is renewed, nobody "
                         "can release what comes after.",
                   buf_cstr(&date));
    buf_finish(&date);
    jsonw_key(w, "warnings");
    jsonw_array(w);
    jsonw_object(w);
    jsonw_put(w, "code", "approver_certificate_ends");
    jsonw_put_time(w, "ends", end);
    jsonw_put(w, "detail", text);
    jsonw_end_object(w);
    jsonw_end_array(w);
    return 0;
}
