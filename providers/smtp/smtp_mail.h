/*
 * The border to the wire: what may be handed to libesmtp, which checks nothing itself. Pure; any
 * thread.
 */
#pragma once

#include "base/str.h"

enum { SMTP_LINE_MAX = 998 }; /* RFC 5321 §4.5.3.1.6 without CRLF */

/* Letters, digits, dots and hyphens; an IPv4 address passes too. */
bool smtp_host_ok(const char *host);
/*
 * A mailbox that can stand between "<" and ">" in MAIL and RCPT: printable ASCII without spaces,
 * quotes and angle brackets, one "@", at most 254 bytes (RFC 5321 §4.5.3.1.3). libesmtp writes what
 * it gets, a line break would be a command of its own.
 */
bool smtp_mailbox_ok(const char *mailbox);
/*
 * Null when the message can be sent as it is, else what is wrong with it (English). Bare CR and LF
 * are refused: relays differ in where they see a line end, which is how one message smuggles in
 * another.
 */
const char *smtp_mail_fault(struct str mail);
/* True when the message holds bytes above 127 and wants 8BITMIME (RFC 6152). */
bool smtp_mail_8bit(struct str mail);
