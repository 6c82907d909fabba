/* What the two ways of posting facts share. */
#pragma once

#include "api/api_internal.h"
#include "flow/intake.h"

/* The name that stands for facts which name no source: the key they came with. */
enum { EVENT_SOURCE_SIZE = 64 };
void event_default_source(const struct call *call, char out[EVENT_SOURCE_SIZE]);

/* Does its Content-Type say NDJSON? */
bool event_is_bulk(const struct http_request *req);
/* "accepted", "duplicate", "conflict", "failed". */
const char *event_result_name(enum intake_result r);
/* The problem for a batch of which nothing was stored. */
const char *event_failure_code(const struct intake_batch *batch);
/* {"code":…,"detail":…,"pointer":…} for every fault, as members of an open array. */
void event_write_faults(struct json_writer *w, const struct faults *faults, bool turkish);
struct json_limits event_json_limits(const struct call *call);
/* "line 3, column 7: <what>" in the language of the request. */
void event_json_detail(const struct json_place *place, bool turkish, char *out, size_t cap);
