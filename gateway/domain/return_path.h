/*
 * Variable envelope return paths: "local+<attempt>@domain", so that what comes back tells by its
 * recipient which attempt it is about. The attempt's name holds a keyed hash: nobody makes one up.
 * Pure.
 */
#pragma once

#include "domain/ids.h"

enum { RETURN_PATH_SIZE = 256, RETURN_PATH_LOCAL_MAX = 32 }; /* RFC 5321 §4.5.3.1.1: 64 in all */

enum return_path { RETURN_PATH_FOREIGN, RETURN_PATH_OURS, RETURN_PATH_ATTEMPT };

/* ERR_LIMIT when base has a local part longer than RETURN_PATH_LOCAL_MAX. */
int return_path_format(const char *base, const char *ref, char out[RETURN_PATH_SIZE]);
/*
 * OURS for base itself, ATTEMPT for an address made from it, whose name of the attempt is stored.
 * Case does not matter: some systems on the way change it.
 */
enum return_path return_path_parse(struct ids *ids, const char *base, struct str address,
                                   char ret_ref[IDS_TEXT_SIZE]);
