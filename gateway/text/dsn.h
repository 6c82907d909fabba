/*
 * Delivery status notifications (RFC 3464, RFC 6522, RFC 6533): what became of a mail, as other
 * systems say it, well or badly. The structured part is believed first; only without one is the
 * text of something that calls itself a mailer searched for codes. Pure; bounded in every
 * direction, whatever comes.
 */
#pragma once

#include "base/str.h"

enum {
    DSN_RECIPIENTS_MAX = 8,
    DSN_ADDRESSES_MAX = 8,
    DSN_DEPTH_MAX = 5,
    DSN_PARTS_MAX = 32,
    DSN_PART_BYTES_MAX = 65536 /* of one part, decoded */
};

enum dsn_action {
    DSN_FAILED,
    DSN_DELAYED,
    DSN_DELIVERED,
    DSN_RELAYED, /* handed to a system that will not report */
    DSN_ACTION_COUNT
};

struct dsn_recipient {
    enum dsn_action action;
    char code[24];     /* "550 5.1.1", "5.1.1", "550" or "" */
    char detail[200];  /* what the other side said, in UTF-8, personal data masked */
    char address[256]; /* the original recipient when told, else the final one */
};

enum dsn_kind {
    DSN_NONE,    /* no report */
    DSN_REPORT,  /* a structured one */
    DSN_GUESSED, /* made from the text */
};

struct dsn {
    enum dsn_kind kind;
    char envelope_id[64]; /* Original-Envelope-Id, "" when not told */
    char message_id[200]; /* of the mail it is about, without angle brackets */
    /* Whom the report was sent to, as the systems on the way noted it. */
    char addresses[DSN_ADDRESSES_MAX][256];
    size_t address_count;
    struct dsn_recipient recipients[DSN_RECIPIENTS_MAX];
    size_t count;
};

/* Reads a mail as it was delivered. ERR_NOMEM; a mail that is no report is no error. */
int dsn_read(struct str mail, struct dsn *ret);
/* "failed", … */
const char *dsn_action_name(enum dsn_action a);
/*
 * The recipient that decides: one it was delivered to, else one that failed, else the first; null
 * without any.
 */
const struct dsn_recipient *dsn_verdict(const struct dsn *d);
