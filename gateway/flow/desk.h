/*
 * The desk: what an office does with the gateway besides sending facts – import a roster, look at
 * the plan, release a campaign, pause, erase a person … Every operation is one synchronous function
 * over a store: members of a JSON object (and perhaps a file) in, one document out. The HTTP
 * interface runs it on a store thread; the command line asks the running service over its socket
 * or, when no service runs, opens the store and runs the same function itself. So all three say the
 * same.
 *
 * One table per truth: desk_operations[] gives each operation its name, its route and its scope;
 * the routes of the interface and the calls of the command line come from there.
 */
#pragma once

#include "base/buf.h"
#include "base/fault.h"
#include "base/json.h"
#include "flow/scope.h"
#include "flow/settings.h"
#include "store/store_record.h"

struct hash;
struct ids;

enum {
    DESK_ACTOR_MAX = 80,
    DESK_ANSWER_MAX = 64 << 20,
    DESK_PARAMS_MAX = 256 * 1024,
    DESK_MEMBERS_MAX = 64
};

/* What the service has to do after an operation has been committed. */
enum desk_effect {
    DESK_WAKE = 1,     /* messages may have become due: look */
    DESK_CONTROLS = 2, /* pauses, releases or pins have changed: read them again */
    DESK_EVENTS = 4    /* events were appended to the log: apply them */
};

struct desk_call {
    struct store *store; /* writing operations: inside a transaction that the caller commits */
    const struct settings *settings;
    struct ids *ids;          /* names of messages for the outside; of this thread */
    struct hash *hash;        /* keyed by the installation: for keys that must not tell a person */
    const unsigned char *key; /* the installation's, HASH_KEY_SIZE bytes */
    int64_t now_ms;
    bool turkish;              /* language of sentences in the answer */
    const char *actor;         /* "key:panel", "uid:1000", for traces and the audit log */
    const struct json *params; /* an object: path captures, query fields and body members */
    bool provider_held;        /* the one that "name" names, for account trouble: the loop knows */
    uint64_t read;             /* which of them the operation has asked for, by their place */
    struct str file;           /* the body of an operation that takes a file, "" otherwise */
    struct faults *faults;     /* what is wrong with the request: pointer "/name" of the member */
    struct buf *out;           /* the answer; empty on entry, at most DESK_ANSWER_MAX */
    const char *content_type;  /* of the answer; JSON unless changed */
    unsigned effects;          /* enum desk_effect bits, 0 on entry */
};

/*
 * 0 with the answer in out; ERR_INVALID with faults added; ERR_NOT_FOUND, ERR_WRONG_STATE or
 * ERR_DENIED, preferably with one fault that says why in both languages; or the store's error. On
 * any error nothing has happened: the caller rolls back. Store thread, or the command line's only
 * thread.
 */
typedef int desk_run(struct desk_call *call, struct err *e);

enum desk_flag {
    DESK_WRITES = 1,     /* runs on the writing thread, in a transaction */
    DESK_TAKES_FILE = 2, /* the body is a file as it is; members come from the query */
    DESK_LIVE = 4        /* the running service alone can answer; its route is in api/routes.c */
};

struct desk_operation {
    const char *name;   /* "campaign.pause", for the command line and logs */
    const char *method; /* "GET" or "POST" */
    const char *path;   /* "/v1/campaigns/{name}:pause": captures become members */
    unsigned scope;     /* enum scope */
    unsigned flags;     /* enum desk_flag bits */
    desk_run *run;
    const char *purpose;
};

/* Ended by a null name. */
extern const struct desk_operation desk_operations[];
/* By name; null when there is none. */
const struct desk_operation *desk_find(const char *name);

/* ---- members of the request; query fields are strings, body members may be numbers ---- */

/*
 * The text of a member, {"",0} when absent; a fault when it is no string, longer than max, or has
 * control characters, which would reach terminals.
 */
struct str desk_text(struct desk_call *call, const char *name, size_t max);
/* The same, with line ends in it. */
struct str desk_lines(struct desk_call *call, const char *name, size_t max);
/* As desk_text, and a fault when it is absent or empty. */
struct str desk_need(struct desk_call *call, const char *name, size_t max);
/* A whole number within min..max, `otherwise` when absent. */
int64_t desk_number(struct desk_call *call, const char *name, int64_t min, int64_t max,
                    int64_t otherwise);
/* true, false, "1", "0", "true", "false", or "" (a flag of a query); `otherwise` when absent. */
bool desk_bool(struct desk_call *call, const char *name, bool otherwise);
/*
 * An instant: RFC 3339, or a date, which means its first moment in Türkiye (`end`: its last).
 * `otherwise` when absent.
 */
int64_t desk_time(struct desk_call *call, const char *name, bool end, int64_t otherwise);
/* ERR_INVALID when a fault has been added so far, else 0: call it after reading the members. */
int desk_check(struct desk_call *call, struct err *e);
/*
 * ERR_INVALID with a fault for each member that nobody has asked for: a pause whose "untill" is
 * overlooked would have no end. For whoever runs an operation that writes, before the commit.
 */
int desk_check_all_read(struct desk_call *call, struct err *e);
/* Adds one fault for the request as a whole, in both languages, and returns code. */
int desk_refuse(struct desk_call *call, int code, const char *fault_code, struct err *e,
                const char *tr, const char *en);
