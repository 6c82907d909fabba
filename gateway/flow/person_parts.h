/* What the files of flow/person share. */
#pragma once

#include "flow/person.h"

/* The tombstone of a reference: kind 'h' for a holder, 'c' for a certificate. ERR_LIMIT. Pure. */
int person_tombstone_id(const unsigned char key[HASH_KEY_SIZE], char kind, struct str ref,
                        char ret_id[PERSON_TOMBSTONE_SIZE]);
/* Sets one; of is the id of the person's, "" when this is it. */
int person_tombstone_set(struct store *s, const struct person_env *env, char kind, struct str ref,
                         const char *of, struct err *e);
