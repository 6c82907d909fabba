/*
 * Pauses, pins, cancellations and releases at the desk. Operations of desk_operations[]; see
 * flow/desk.h. Each writes a line of the audit log in its transaction.
 */
#pragma once

#include "flow/control.h"
#include "flow/desk.h"

enum { CONTROL_FOR_MAX_DAYS = 366 };

/* GET /v1/controls, POST /v1/controls:pause, :cancel, :resume (subject: "all", "channel:sms" …). */
int control_desk_list(struct desk_call *call, struct err *e);
int control_desk_pause(struct desk_call *call, struct err *e);
/* What waits is stopped for good ("confirm" repeats the subject); new messages wait for a resume.
 */
int control_desk_cancel(struct desk_call *call, struct err *e);
int control_desk_resume(struct desk_call *call, struct err *e);

/* POST /v1/providers/{name}:pause … */
int provider_desk_pause(struct desk_call *call, struct err *e);
int provider_desk_drain(struct desk_call *call, struct err *e);
int provider_desk_resume(struct desk_call *call, struct err *e);
int provider_desk_pin(struct desk_call *call, struct err *e);
int provider_desk_unpin(struct desk_call *call, struct err *e);

/* /v1/campaigns */
int campaign_desk_list(struct desk_call *call, struct err *e);
int campaign_desk_show(struct desk_call *call, struct err *e);
int campaign_desk_release(struct desk_call *call, struct err *e);
int campaign_desk_pause(struct desk_call *call, struct err *e);
int campaign_desk_resume(struct desk_call *call, struct err *e);
int campaign_desk_cancel(struct desk_call *call, struct err *e);
/* "decision": send or skip. At most 2,000 messages in one request; "finished" says whether all. */
int campaign_desk_past_due(struct desk_call *call, struct err *e);

/* /v1/audit */
int audit_desk_list(struct desk_call *call, struct err *e);
int audit_desk_verify(struct desk_call *call, struct err *e);

/* ---- shared by the files ---- */

/* Refuses, so that the caller rolls back, when more would be in force than a picture holds. */
int control_desk_fits(struct desk_call *call, struct err *e);

/* The end that "until" or "for" gives; `otherwise` when neither is there. */
int64_t control_desk_end(struct desk_call *call, int64_t otherwise);
/* A control with subject, verb and note from the members, without an end; by and at filled in. */
struct control control_desk_read(struct desk_call *call, const char *subject,
                                 enum control_verb verb);
/*
 * Stores it, notes it in the audit log as `action`, answers with it. A pause or a drain gets the
 * end of the members; of another verb they are of no use, and so refused: what was cancelled, for
 * one, does not come back by itself.
 */
int control_desk_put(struct desk_call *call, const struct control *given, const char *action,
                     struct err *e);
/* An entry of the audit log with what the control says. */
int control_desk_note(struct desk_call *call, const struct control *c, const char *action,
                      struct err *e);
