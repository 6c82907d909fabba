/*
 * A fact: something that happened to a certificate or its holder, checked and normalised. Facts
 * come in as CloudEvents 1.0 (structured or binary) or as bare JSON, and are kept in one canonical
 * JSON form whose SHA-256 tells equal facts from different ones.
 */
#pragma once

#include "base/crypto.h"
#include "base/fault.h"
#include "base/json.h"
#include "domain/event.h"

enum {
    FACT_REF_SIZE = 129,  /* references, event ids and sources: 128 bytes and the NUL */
    FACT_NAME_SIZE = 401, /* names: 100 characters */
    FACT_WORD_SIZE = 41,  /* kind, unit */
    FACT_PHONE_SIZE = 20, /* E.164 */
    FACT_EMAIL_SIZE = 255,
    FACT_LANG_SIZE = 9,
    FACT_CANONICAL_MAX = 8192 /* bytes of the canonical form, escapes included */
};

/* Whether the holder has activated e-Onay. Unknown is never told to anybody as a fact. */
enum eonay { EONAY_UNKNOWN = 0, EONAY_ABSENT = 1, EONAY_ACTIVE = 2, EONAY_COUNT };

/* Plain bytes, may be copied by assignment. "" and 0 mean "not told". */
struct fact {
    enum event_type type;
    enum eonay eonay;
    int64_t time_ms;      /* when it happened, as the source says */
    int64_t not_after_ms; /* the certificate's last moment */
    char source[FACT_REF_SIZE];
    char id[FACT_REF_SIZE];
    char subject[FACT_REF_SIZE]; /* kept only when it is not the certificate itself */
    struct {
        char ref[FACT_REF_SIZE];
        char kind[FACT_WORD_SIZE];
        char replaces[FACT_REF_SIZE]; /* the older certificate it takes the place of */
    } certificate;
    struct {
        char ref[FACT_REF_SIZE];
        char given_name[FACT_NAME_SIZE];
        char family_name[FACT_NAME_SIZE];
        char phone[FACT_PHONE_SIZE];
        char email[FACT_EMAIL_SIZE];
        char lang[FACT_LANG_SIZE];
        char unit[FACT_WORD_SIZE];
    } holder;
    struct {
        char ref[FACT_REF_SIZE];
        char name[FACT_NAME_SIZE];
        char address_form[FACT_NAME_SIZE]; /* how it is written to: "… Müdürlüğüne" */
        char email[FACT_EMAIL_SIZE];
    } institution;
};

enum fact_form {
    FACT_ANY,        /* structured when it has "specversion", else bare */
    FACT_STRUCTURED, /* a CloudEvent; "specversion" is required */
    FACT_BARE        /* the members of data at top level, with type and optional id, source, … */
};

/* How and when a fact came in. */
struct fact_origin {
    int64_t now_ms;
    const char *source;  /* for a bare fact that names none; "" or null: it must name one */
    const char *pointer; /* where the event stands in the document: "" or "/3" in a batch */
    /* A T.C. identity number in a reference gives way to its hash under this key (tckn_hide); with
     * an empty key it is refused, as it is everywhere else. */
    struct str identity_key;
};

/*
 * Reads one event. All faults are added with JSON pointers and masked values; 0 when there was no
 * error among them (warnings may be), else ERR_INVALID and *ret is undefined. A bare fact without
 * id gets one made from its content: told again it is a repetition, so what happens more than once
 * (a login blocked, unblocked and blocked again) needs a time or an id. Pure; any thread.
 */
int fact_from_json(const struct json *event, enum fact_form form, const struct fact_origin *origin,
                   struct fact *ret, struct faults *faults);

/*
 * One text of a fact from somewhere else than JSON, a list for instance: group and key as in the
 * bare form ("holder", "phone"), checked and normalised like there; s may be empty and then tells
 * nothing. Faults are added with the pointer "/holder/phone". ERR_INVALID when there was an error
 * among them.
 */
int fact_put(struct fact *f, const char *group, const char *key, struct str s,
             const struct fact_origin *origin, struct faults *faults);

/* A header of an HTTP request; only names beginning with "ce-" (any case) are looked at. */
struct fact_header {
    struct str name;
    struct str value;
};

/*
 * CloudEvents binary mode (HTTP protocol binding §3.1): attributes from ce-* headers with percent
 * encoding and quoted strings undone, data from the body. Faults of attributes have the pointer
 * "/id" and so on, those of data "/data/…".
 */
int fact_from_binary(const struct fact_header *headers, size_t count, const struct json *data,
                     const struct fact_origin *origin, struct fact *ret, struct faults *faults);

/*
 * Appends the canonical JSON: fixed order, no spaces, only what was told; without source and id,
 * which the store keeps beside it. Equal facts give equal bytes. Returns buf_failed(out).
 */
int fact_canonical(const struct fact *f, struct buf *out);
/* Reads what fact_canonical wrote; source and id stay "". ERR_CORRUPT for anything else. */
int fact_read_canonical(struct str text, struct fact *ret);
/* SHA-256 of canonical bytes. */
void fact_digest(struct str canonical, unsigned char ret_digest[SHA256_SIZE]);
/* Makes f a fact of which nothing is told. */
void fact_reset(struct fact *f);
/*
 * Takes over into known what news tells: everything when newer is true, else only what known does
 * not have. Type, time, source, id, subject, end and e-Onay stay: they have rules of their own.
 */
void fact_merge(struct fact *known, const struct fact *news, bool newer);

/* "active", "absent", "unknown". */
const char *eonay_name(enum eonay e);
/* Accepts the English and the Turkish words (etkin, yok, bilinmiyor); EONAY_COUNT when unknown. */
enum eonay eonay_parse(struct str s);
