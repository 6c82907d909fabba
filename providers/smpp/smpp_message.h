/*
 * One SMS as the submit_sm units that carry it: a unit per part with a user data header (TS 23.040
 * §9.2.3.24) or sar_* parameters, or one unit with message_payload. Pure.
 */
#pragma once

#include "providers/smpp/smpp.h"
#include "providers/smpp/smpp_pdu.h"

struct smpp_message {
    const struct smpp_settings *settings;
    const struct provider_job *job;
    const struct sms_part *parts;
    size_t count;
};

/*
 * Packs the job's text into parts (room for SMS_SEGMENTS_MAX); ref tells the parts of messages to
 * one number apart. ERR_UNSUPPORTED or ERR_LIMIT when the mode, or the centre's alphabet, cannot
 * carry it.
 */
int smpp_message_pack(const struct smpp_settings *settings, const struct provider_job *job,
                      unsigned ref, struct sms_part *parts, size_t *ret_count, struct err *e);
/* How many submit_sm the parts make. */
size_t smpp_message_units(const struct smpp_message *m);
/*
 * Fills unit `index` but for its sequence number. It borrows from m and from space, which is
 * emptied first; ERR_NOMEM without memory for that.
 */
int smpp_message_fill(const struct smpp_message *m, size_t index, int64_t now_ms, struct buf *space,
                      struct smpp_pdu *ret);
/* What the phone number is written as on the wire: digits alone. False when it does not fit. */
bool smpp_number(const char *e164, char out[21]);
