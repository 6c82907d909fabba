#include "flow/keys.h"

#include "base/json.h"

/* scopes is empty for a key that ends. */
static int note_in_audit(struct store *s, const char *action, struct str name, struct str scopes,
                         int64_t now_ms, const char *actor, struct err *e)
{
    struct json_writer w;
    struct buf detail;
    int rc;

    buf_init(&detail, AUDIT_DETAIL_MAX);
    jsonw_init(&w, &detail);
    jsonw_object(&w);
    jsonw_put_str(&w, "key", name);
    if (scopes.len > 0) {
        jsonw_put_str(&w, "scopes", scopes);
    }
    jsonw_end_object(&w);
    rc = buf_failed(&detail) != 0
             ? err_set(e, buf_failed(&detail), "the audit entry of a key does not fit")
             : audit_add(s, actor, action, (struct str){detail.data, detail.len}, now_ms, e);
    buf_finish(&detail);
    return rc;
}

int keys_add(struct store *s, struct key_row *row, const char *actor, struct err *e)
{
    int rc = store_key_add(s, row, &row->id, e);

    return rc == 0
               ? note_in_audit(s, "key.create", row->name, row->scopes, row->created_ms, actor, e)
               : rc;
}

int keys_revoke(struct store *s, const char *name, int64_t now_ms, const char *actor, struct err *e)
{
    int rc = store_key_revoke(s, str_of(name), now_ms, e);

    return rc == 0 ? note_in_audit(s, "key.revoke", str_of(name), STR(""), now_ms, actor, e) : rc;
}
