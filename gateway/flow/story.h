/*
 * The story of one message in sentences: when it was tried, what the provider said, what was
 * reported, who decided what, and what comes next. In the order of time.
 */
#pragma once

#include "base/json.h"
#include "store/store.h"

/*
 * Writes {"id":…, "campaign":…, "mark":…, "channel":…, "status":…, "status_text":…, "reason":…,
 * "reason_text":…, "possible_duplicate":…, "at":…, "text":… (one sentence),
 * "story":[{"at":…,"text":…}]} into w. id is its name for the outside. The thread of s.
 */
int story_write(struct store *s, const struct message_row *row, const char *id, bool turkish,
                struct json_writer *w, struct err *e);
