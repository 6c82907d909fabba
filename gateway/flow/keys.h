/* Access keys are made and ended, and the audit log says by whom. Inside a transaction. */
#pragma once

#include "flow/audit.h"

/* ERR_EXISTS when a key in force has this name; sets row->id. */
int keys_add(struct store *s, struct key_row *row, const char *actor, struct err *e);
/* ERR_NOT_FOUND when no key in force has this name. */
int keys_revoke(struct store *s, const char *name, int64_t now_ms, const char *actor,
                struct err *e);
