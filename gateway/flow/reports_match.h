/* Which message a report is about, and who may speak about it. Store thread. */
#pragma once

#include "flow/dispatch_state.h"

struct reports_message {
    int64_t id;
    enum message_state state;
    int64_t case_id;
    int64_t updated_ms;
    int64_t told_ms; /* when its case was last told of; 0 without one */
    int attempts;
    bool resent;    /* an operator asked for it again */
    bool not_begun; /* and that is what it waits for */
    bool repeated;  /* it was sent again in doubt */
    bool parked;    /* and it is still in doubt: a person is to decide */
    enum channel channel;
    char campaign[STORE_NAME_MAX + 1];
    char provider[STORE_NAME_MAX + 1]; /* of its last attempt */
    char to[ATTEMPT_TO_MAX];
};

/* A report that names the message as its provider does. */
struct reports_named {
    struct str provider;
    struct str provider_ref;
    struct str to;   /* "" when it names no number */
    bool shared_ids; /* one id of this provider may stand for several messages */
};

/* *ret_id is 0 when there is none. */
int reports_find(struct store *s, const struct reports_named *named, int64_t *ret_id,
                 struct err *e);
int reports_read(struct store *s, int64_t id, struct reports_message *ret, struct err *e);
/* Where a message of a case goes to, and when that was told. */
int reports_read_address(struct store *s, struct reports_message *m, struct err *e);
/*
 * Whether this provider may speak about that attempt of the message (0: any of them): for what was
 * given to it alone, so that nobody gets around another one's signature. Mail comes back to one
 * address, whichever relay took it.
 */
int reports_may_speak(struct store *s, const struct reports_message *m, int attempt,
                      const char *provider, bool takes_mail, bool *ret, struct err *e);
