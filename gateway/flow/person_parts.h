/* What the files of flow/person share. */
#pragma once

#include "domain/certificate.h"
#include "flow/person.h"

/* The tombstone of a reference: kind 'h' for a holder, 'c' for a certificate. ERR_LIMIT. Pure. */
int person_tombstone_id(const unsigned char key[HASH_KEY_SIZE], char kind, struct str ref,
                        char ret_id[PERSON_TOMBSTONE_SIZE]);
/* Sets one; of is the id of the person's, "" when this is it. */
int person_tombstone_set(struct store *s, const struct person_env *env, char kind, struct str ref,
                         const char *of, struct err *e);

enum { PERSON_ADDRESSES_MAX = 64, PERSON_MESSAGES_MAX = 8192 };

enum person_mode { PERSON_COUNT, PERSON_EXPORT, PERSON_ERASE };

/* Who is meant: all references and addresses that the cases tell. Freed as one block. */
struct person_known {
    char holder[FACT_REF_SIZE]; /* "" when only a certificate is known */
    struct {
        int64_t id;
        char certificate[FACT_REF_SIZE];
    } cases[PERSON_CASES_MAX];
    size_t case_count;
    struct {
        enum channel channel;
        char text[FACT_EMAIL_SIZE];
    } addresses[PERSON_ADDRESSES_MAX];
    size_t address_count;
    int64_t messages[PERSON_MESSAGES_MAX]; /* of the cases, own ones and digests */
    size_t message_count;
};

/* One look at everything about somebody: counting, telling or removing it. */
struct person_work {
    struct store *store;
    const struct person_env *env;
    enum person_mode mode;
    struct person_known known;
    struct person_counts counts;
    struct case_file *file; /* room for one */
    struct fact *fact;      /* room for one */
    struct json_writer w;   /* PERSON_EXPORT: an object is open */
    int64_t last;           /* of a walk in pages: the last row */
    char last_key[STORE_RECORD_KEY_MAX + 1];
    size_t seen;
    struct err *err;
};

/* person_known.c: fills known from the cases of ref. ERR_LIMIT. */
int person_find(struct person_work *p, struct str ref);
bool person_is_ref(const struct person_known *k, struct str ref);
bool person_is_address(const struct person_known *k, struct str address);
/* What something says of whom it is about; "" for what it does not say. */
struct person_named {
    struct str holder;
    struct str certificate;
    struct str phone;
    struct str email;
};

/*
 * References decide. An address decides only where no holder is named: colleagues share a mailbox
 * and a telephone, and one is not told, nor loses, what is held about the other.
 */
bool person_is_meant(const struct person_known *k, const struct person_named *n);
bool person_is_message(const struct person_known *k, int64_t id);
bool person_is_case(const struct person_known *k, int64_t id);
int person_note_message(struct person_work *p, int64_t id);
/* Whether one of the addresses stands in the text. */
bool person_has_address_in(const struct person_known *k, struct str text);
/*
 * Whether one of the references or addresses stands in the text, perhaps as a part of something
 * longer ("1001" in "10012"): says which rows need a closer look, and no more.
 */
bool person_is_named(const struct person_known *k, struct str text);

/* person_sections.c, person_records.c: each looks at one kind of thing. */
int person_cases(struct person_work *p);
int person_messages(struct person_work *p);
int person_own_messages(struct person_work *p);
int person_events(struct person_work *p);
int person_inbox(struct person_work *p);
int person_imports(struct person_work *p);
int person_reports(struct person_work *p);
int person_suppressions(struct person_work *p);
