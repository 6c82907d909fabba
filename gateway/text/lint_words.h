/* What the checker looks for in words and in HTML; pure. */
#pragma once

#include "base/str.h"

/* Calls fn for every word of text: runs between blanks, without the punctuation around them. */
void lint_words(struct str text, void (*fn)(void *ctx, struct str word), void *ctx);
/* An address with a scheme, or a host name followed by a path or by a top-level domain. */
bool lint_is_address(struct str word);
/* Eleven digits with the check digits of a T.C. identity number. */
bool lint_is_identity_number(struct str word);
/* Turns coarse when the dots of its letters are taken away: "sık…", "şik…" at its start. */
bool lint_is_coarse(struct str word);
/* Characters of a valid string. */
size_t lint_chars(struct str s);
/* The name of the first element that is not closed, or closed without being open; null for none. */
const char *lint_unbalanced(struct str html);
