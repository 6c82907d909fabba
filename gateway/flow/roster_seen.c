#include "flow/roster_seen.h"

#include "base/err.h"

#include <stdlib.h>

enum { FIRST_ROOM = 1024 };

void roster_seen_finish(struct roster_seen *s)
{
    free(s->table);
    *s = (struct roster_seen){0};
}

/* The place of the hash, or the empty one where it belongs. */
static struct roster_seen_entry *place_of(struct roster_seen_entry *table, size_t room,
                                          uint64_t hash)
{
    size_t i = (size_t)hash & (room - 1);

    while (table[i].hash != 0 && table[i].hash != hash) {
        i = (i + 1) & (room - 1);
    }
    return &table[i];
}

static int grow(struct roster_seen *s)
{
    size_t room = s->room == 0 ? FIRST_ROOM : s->room * 2;
    struct roster_seen_entry *table = calloc(room, sizeof *table);

    if (table == NULL) {
        return ERR_NOMEM;
    }
    for (size_t i = 0; i < s->room; i++) {
        if (s->table[i].hash != 0) {
            *place_of(table, room, s->table[i].hash) = s->table[i];
        }
    }
    free(s->table);
    s->table = table;
    s->room = room;
    return 0;
}

int roster_seen_put(struct roster_seen *s, uint64_t hash, uint32_t content, size_t row,
                    struct roster_seen_entry **ret, bool *ret_added)
{
    hash = hash == 0 ? 1 : hash;
    if (s->count * 4 >= s->room * 3 && grow(s) != 0) {
        return ERR_NOMEM;
    }
    *ret = place_of(s->table, s->room, hash);
    *ret_added = (*ret)->hash == 0;
    if (*ret_added) {
        **ret = (struct roster_seen_entry){hash, content, (uint32_t)row};
        s->count++;
    }
    return 0;
}

bool roster_seen_has(const struct roster_seen *s, uint64_t hash)
{
    return s->room > 0 && place_of(s->table, s->room, hash == 0 ? 1 : hash)->hash != 0;
}
