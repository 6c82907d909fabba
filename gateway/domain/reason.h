/*
 * The glossary of reasons: the short codes that messages and traces carry, in words. A code that a
 * vendor gave (a report's) is not here: then there is no sentence and the code speaks for itself.
 */
#pragma once

#include "base/str.h"

/* A sentence without a final stop, or null when the code is not ours. */
const char *reason_sentence(struct str code, bool turkish);
/* The codes one by one, from 0; null when there are no more. */
const char *reason_at(size_t index);
