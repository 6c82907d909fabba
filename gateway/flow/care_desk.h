/*
 * The desk's operations around persons: suppressions, digests, retention, one person's data. Each
 * is a desk_run (flow/desk.h).
 */
#pragma once

#include "flow/desk.h"

int suppress_desk_list(struct desk_call *call, struct err *e);
int suppress_desk_add(struct desk_call *call, struct err *e);
int suppress_desk_remove(struct desk_call *call, struct err *e);

int digest_desk_preview(struct desk_call *call, struct err *e);

int retention_desk_preview(struct desk_call *call, struct err *e);
int retention_desk_run(struct desk_call *call, struct err *e);

int person_desk_count(struct desk_call *call, struct err *e);
int person_desk_export(struct desk_call *call, struct err *e);
int person_desk_erase(struct desk_call *call, struct err *e);
int person_desk_readmit(struct desk_call *call, struct err *e);
