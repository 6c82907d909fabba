/* The audit log at the desk. */
#include "flow/audit.h"
#include "flow/control_desk.h"

enum { PAGE = 100 };

struct listing {
    struct json_writer w;
    int64_t last;
    size_t rows;
};

static int list_one(void *ctx, const struct audit_entry *entry)
{
    struct listing *l = ctx;

    jsonw_raw(&l->w, entry->body);
    l->last = entry->seq;
    l->rows++;
    return 0;
}

int audit_desk_list(struct desk_call *call, struct err *e)
{
    const int64_t before = desk_number(call, "before", 1, INT64_MAX, 0);
    const size_t limit = (size_t)desk_number(call, "limit", 1, STORE_LIST_MAX, PAGE);
    struct listing l = {.rows = 0};
    int rc = desk_check(call, e);

    if (rc != 0) {
        return rc;
    }
    jsonw_init(&l.w, call->out);
    jsonw_object(&l.w);
    jsonw_key(&l.w, "items");
    jsonw_array(&l.w);
    rc = audit_list(call->store, before, limit, list_one, &l, e);
    jsonw_end_array(&l.w);
    if (l.rows == limit && l.last > 1) {
        jsonw_put_i64(&l.w, "next_before", l.last);
    }
    jsonw_end_object(&l.w);
    return rc;
}

int audit_desk_verify(struct desk_call *call, struct err *e)
{
    struct audit_verdict v;
    struct json_writer w;
    int rc = audit_verify(call->store, &v, e);

    if (rc != 0) {
        return rc;
    }
    jsonw_init(&w, call->out);
    jsonw_object(&w);
    jsonw_put_bool(&w, "whole", v.fault == AUDIT_WHOLE);
    jsonw_put(&w, "fault", audit_fault_name(v.fault));
    jsonw_put(&w, "detail", audit_fault_sentence(v.fault, call->turkish));
    if (v.fault != AUDIT_WHOLE) {
        jsonw_put_i64(&w, "broken_at", v.seq);
    }
    jsonw_put_i64(&w, "checked", v.checked);
    jsonw_put_i64(&w, "first", v.first);
    jsonw_put_i64(&w, "last", v.last);
    jsonw_put(&w, "head", v.head);
    jsonw_end_object(&w);
    return 0;
}
