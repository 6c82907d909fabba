/*
 * Composes a mail: RFC 5322 headers, RFC 2047 encoded words, RFC 2231 file names, MIME
 * multipart/alternative (text first) in quoted-printable, an optional calendar file. The result is
 * a function of the struct alone. CRLF line ends, lines of at most 78 characters.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum { MAIL_HEADER_MAX = 998, MAIL_SIZE_MAX = 1 << 20 };

struct mail_address {
    struct str name; /* UTF-8, may be empty */
    struct str addr; /* local@domain in ASCII (a domain in its A-label form) */
};

struct mail {
    struct mail_address from;
    struct mail_address reply_to; /* left out when addr is empty */
    struct mail_address to;
    struct str subject;
    struct str text;       /* UTF-8, any line ends */
    struct str html;       /* may be empty: the mail is then text/plain alone */
    struct str message_id; /* without angle brackets, the same at every attempt */
    struct str references; /* one id without angle brackets, or empty: the thread of the case */
    int64_t date_ms;       /* UTC; written with the offset +0300 */
    struct str ics;        /* calendar file, may be empty */
    struct str ics_name;   /* its file name, "e-imza.ics" when empty */
};

/*
 * Appends the whole message to out. ERR_INVALID (with a sentence) for control bytes or broken
 * UTF-8 in a header value, an address or an id that is none, broken UTF-8 or NUL in a part;
 * ERR_LIMIT when a header is longer than MAIL_HEADER_MAX or out is full; ERR_NOMEM.
 */
int mail_compose(const struct mail *m, struct buf *out, struct err *e);

/*
 * Appends a calendar (RFC 5545) with one all-day event on the given day (days since 1970), an
 * alarm-free note: summary and description are escaped and folded. uid identifies the event over
 * updates.
 */
int mail_calendar(struct str uid, int64_t stamp_ms, int64_t day, struct str summary,
                  struct str description, struct buf *out);
