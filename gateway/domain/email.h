/*
 * Mail addresses: the part of RFC 5321 §4.1.2 that real mailboxes use. Dot-atom local part in
 * ASCII, a domain of at least two labels, international domains turned into A-labels (IDNA 2008).
 * Quoted local parts, comments, address literals and non-ASCII local parts are refused with a
 * sentence. Pure, any thread.
 */
#pragma once

#include "base/str.h"

enum { EMAIL_MAX = 254, EMAIL_LOCAL_MAX = 64 };

enum email_reason {
    EMAIL_OK,
    EMAIL_EMPTY,
    EMAIL_TOO_LONG,
    EMAIL_NO_AT,
    EMAIL_MANY_AT,
    EMAIL_CONTROL,
    EMAIL_NAMED,
    EMAIL_LOCAL_EMPTY,
    EMAIL_LOCAL_LONG,
    EMAIL_LOCAL_DOT,
    EMAIL_LOCAL_QUOTED,
    EMAIL_LOCAL_UNICODE,
    EMAIL_LOCAL_CHAR,
    EMAIL_DOMAIN_EMPTY,
    EMAIL_DOMAIN_LITERAL,
    EMAIL_DOMAIN_DOT,
    EMAIL_DOMAIN_LABEL,
    EMAIL_DOMAIN_SINGLE,
    EMAIL_DOMAIN_IDNA,
    EMAIL_REASON_COUNT
};

struct email {
    enum email_reason reason;
    char
        address[EMAIL_MAX + 1]; /* local part as given, domain in lower-case ASCII; "" if refused */
    size_t at;                  /* where '@' stands in address */
};

/* Surrounding blanks are not trimmed: that is the reader's business. Returns ret's reason. */
enum email_reason email_parse(struct str s, struct email *ret);
/* "ok", "no_at", "local_unicode" and so on. */
const char *email_reason_name(enum email_reason r);
/* A sentence for people, without the address; "" for EMAIL_OK. */
const char *email_reason_sentence(enum email_reason r, bool turkish);
