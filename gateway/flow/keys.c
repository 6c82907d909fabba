#include "flow/keys.h"

#include "base/json.h"

/* scopes is empty for a key that ends. */
static int note_in_audit(struct store *s, const char *action, struct str name, struct str scopes,
                         int64_t now_ms, const char *actor, struct err *e)
{
    struct audit_note note;

    audit_begin(&note);
    jsonw_put_str(&note.w, "key", name);
    if (scopes.len > 0) {
        jsonw_put_str(&note.w, "scopes", scopes);
    }
    return audit_end(&note, s, actor, action, now_ms, e);
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
