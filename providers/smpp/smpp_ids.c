#include "providers/smpp/smpp_ids.h"

#include <stdio.h>
#include <stdlib.h>

enum { BUCKETS = 4096, NONE = -1 };

struct entry {
    char id[SMPP_ID_SIZE];
    struct smpp_sent *sent; /* null: free */
    bool delivered;
    int16_t next; /* in its bucket */
};

struct smpp_ids {
    struct entry entries[SMPP_IDS_MAX];
    int16_t buckets[BUCKETS];
    size_t at; /* the oldest, to be written next */
};

/* FNV-1a: the ids are the centre's own, nobody else chooses them. */
static size_t bucket_of(const char *id)
{
    uint32_t h = 2166136261u;

    for (; *id != '\0'; id++) {
        h = (h ^ (unsigned char)*id) * 16777619u;
    }
    return h % BUCKETS;
}

struct smpp_ids *smpp_ids_create(void)
{
    struct smpp_ids *ids = calloc(1, sizeof(*ids));

    for (size_t i = 0; ids != NULL && i < BUCKETS; i++) {
        ids->buckets[i] = NONE;
    }
    return ids;
}

struct smpp_sent *smpp_sent_create(const char *ref, size_t parts)
{
    struct smpp_sent *s = calloc(1, sizeof(*s));

    if (s != NULL) {
        (void)snprintf(s->ref, sizeof(s->ref), "%s", ref);
        s->parts = (unsigned)parts;
        s->holders = 1;
    }
    return s;
}

void smpp_sent_release(struct smpp_sent *sent)
{
    if (sent != NULL && --sent->holders == 0) {
        free(sent);
    }
}

static void forget(struct smpp_ids *ids, struct entry *e)
{
    int16_t *link = &ids->buckets[bucket_of(e->id)];

    while (&ids->entries[*link] != e) {
        link = &ids->entries[*link].next;
    }
    *link = e->next;
    smpp_sent_release(e->sent);
    *e = (struct entry){0};
}

void smpp_ids_destroy(struct smpp_ids *ids)
{
    for (size_t i = 0; ids != NULL && i < SMPP_IDS_MAX; i++) {
        smpp_sent_release(ids->entries[i].sent);
    }
    free(ids);
}

static struct entry *find(const struct smpp_ids *ids, const char *id)
{
    int16_t at = ids->buckets[bucket_of(id)];

    while (at != NONE && strcmp(ids->entries[at].id, id) != 0) {
        at = ids->entries[at].next;
    }
    return at == NONE ? NULL : (struct entry *)(uintptr_t)&ids->entries[at];
}

void smpp_ids_add(struct smpp_ids *ids, const char *id, struct smpp_sent *sent)
{
    struct entry *e = &ids->entries[ids->at];
    size_t bucket = bucket_of(id);
    struct entry *old = find(ids, id);

    if (old != NULL) {
        forget(ids, old); /* a centre that began to count anew */
    }
    if (e->sent != NULL) {
        forget(ids, e);
    }
    if (str_copy(e->id, sizeof(e->id), str_of(id)) != 0) {
        return;
    }
    sent->holders++;
    e->sent = sent;
    e->next = ids->buckets[bucket];
    ids->buckets[bucket] = (int16_t)ids->at;
    ids->at = (ids->at + 1) % SMPP_IDS_MAX;
}

const struct smpp_sent *smpp_ids_find(const struct smpp_ids *ids, const char *id)
{
    const struct entry *e = find(ids, id);

    return e == NULL ? NULL : e->sent;
}

bool smpp_ids_delivered(struct smpp_ids *ids, const char *id)
{
    struct entry *e = find(ids, id);

    if (e == NULL) {
        return true;
    }
    e->sent->delivered += !e->delivered;
    e->delivered = true;
    return e->sent->delivered >= e->sent->parts;
}
