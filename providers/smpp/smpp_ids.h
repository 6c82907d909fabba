/*
 * What the centre called the parts it took lately, so that a receipt that outruns the storing of
 * its id finds its message, and the receipts of several parts make one report. The oldest ids are
 * forgotten first; receipts for those are matched by the stored id of the last part. Loop thread.
 */
#pragma once

#include "providers/provider.h"

enum { SMPP_IDS_MAX = 16384, SMPP_ID_SIZE = 64 };

/* One attempt of one message, shared by the ids of its parts. */
struct smpp_sent {
    char ref[PROVIDER_REF_MAX]; /* ours */
    unsigned parts;             /* that have receipts */
    unsigned delivered;
    unsigned holders;
};

struct smpp_ids;

struct smpp_ids *smpp_ids_create(void);
void smpp_ids_destroy(struct smpp_ids *ids); /* accepts null */
/* Null without memory. The caller holds it until smpp_sent_release(). */
struct smpp_sent *smpp_sent_create(const char *ref, size_t parts);
void smpp_sent_release(struct smpp_sent *sent); /* accepts null */
/* Remembers that id is a part of sent. */
void smpp_ids_add(struct smpp_ids *ids, const char *id, struct smpp_sent *sent);
/* Null when the id is not, or no longer, known. */
const struct smpp_sent *smpp_ids_find(const struct smpp_ids *ids, const char *id);
/* Notes that this part arrived; true when all parts of its message have. */
bool smpp_ids_delivered(struct smpp_ids *ids, const char *id);
