/*
 * The border to the wire: what may be handed to a relay; libesmtp checks nothing itself. Pure; any
 * thread.
 */
#pragma once

#include "providers/provider.h"

enum { SMTP_LINE_MAX = 998 }; /* RFC 5321 §4.5.3.1.6 without CRLF */

/* Letters, digits, dots and hyphens; an IPv4 address passes too. */
bool smtp_host_ok(const char *host);
/*
 * A mailbox that can stand between "<" and ">" in MAIL and RCPT: printable ASCII without spaces,
 * quotes and angle brackets, one "@", at most 254 bytes (RFC 5321 §4.5.3.1.3). libesmtp writes what
 * it gets, a line break would be a command of its own.
 */
bool smtp_mailbox_ok(const char *mailbox);
/* The same with anything beyond ASCII that is UTF-8 on both sides (RFC 6531). */
bool smtp_mailbox_utf8_ok(const char *mailbox);
/* The string goes to the wire as it is only under SMTPUTF8. */
bool smtp_beyond_ascii(const char *text);
/*
 * Null when the message can be sent as it is, else what is wrong with it (English). Bare CR and LF
 * are refused: relays differ in where they see a line end, which is how one message smuggles in
 * another.
 */
const char *smtp_mail_fault(struct str mail);
/* True when the message holds bytes above 127 and wants 8BITMIME (RFC 6152). */
bool smtp_mail_8bit(struct str mail);
/* Null when the job can go to the wire from this sender, else why not (English). */
const char *smtp_job_fault(const struct provider_job *job, const char *from, bool utf8);
/* What an outcome says about the relay as a whole; false: nothing. */
bool smtp_health_of(const struct outcome *o, enum provider_health *ret_health);
