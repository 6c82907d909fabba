/* Unicode normalisation form C (UAX #15). macOS and some spreadsheets hand out decomposed text. */
#pragma once

#include "base/buf.h"
#include "base/str.h"

/*
 * Appends the composed form of s. 0, ERR_INVALID for broken UTF-8, ERR_LIMIT or ERR_NOMEM. Text
 * that is already composed costs one pass. Pure, any thread.
 */
int nfc(struct str s, struct buf *out);
/* The same, decomposed (form D): letters and their marks apart. */
int nfd(struct str s, struct buf *out);
/* Equal after composing both. */
bool nfc_equal(struct str a, struct str b);
/* The single character that a letter and a mark make together, or 0. */
uint32_t nfc_pair(uint32_t letter, uint32_t mark);
