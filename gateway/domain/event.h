/*
 * The types of facts. One table: the name on the wire, what it means in both languages, whether it
 * speaks of a certificate or of a person. Stored as small integers: never renumber.
 */
#pragma once

#include "base/str.h"

enum event_type {
    EVENT_CERTIFICATE_EXPIRING = 0,
    EVENT_CERTIFICATE_RENEWED = 1,
    EVENT_CERTIFICATE_REVOKED = 2,
    EVENT_CERTIFICATE_SUSPENDED = 3,
    EVENT_EONAY_ACTIVATED = 4,
    EVENT_LOGIN_BLOCKED = 5,
    EVENT_LOGIN_UNBLOCKED = 6,
    EVENT_APPLICATION_SUBMITTED = 7,
    EVENT_LETTER_RECEIVED = 8,
    EVENT_APPROVAL_GIVEN = 9,
    EVENT_CARD_DELIVERED = 10,
    EVENT_DUTY_ENDED = 11,
    EVENT_TYPE_COUNT
};

/* "certificate.expiring"; "?" for a value outside the table. */
const char *event_name(enum event_type t);
/* What happened, as a sentence for people. */
const char *event_sentence(enum event_type t, bool turkish);
/* The fact makes no sense without a certificate; otherwise naming the holder is enough. */
bool event_needs_certificate(enum event_type t);
/* The fact holds for the person, so for all of the person's certificates. */
bool event_is_personal(enum event_type t);
/*
 * Accepts the name with or without "tr.eimza." in front and ".v1" behind. EVENT_TYPE_COUNT when
 * unknown.
 */
enum event_type event_parse(struct str s);
/* The known name nearest to s, or null. */
const char *event_suggest(struct str s);
