/* Strict UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. */
#pragma once

#include "base/str.h"

/*
 * Decodes the character at the start of s. Returns its length in bytes (1..4) and stores the code
 * point, or 0 when s is empty or does not start with a valid character.
 */
size_t utf8_decode(struct str s, uint32_t *ret_cp);
/* Writes cp into out (4 bytes of room) and returns its length; 0 for a surrogate or cp > 10FFFF. */
size_t utf8_encode(uint32_t cp, char out[4]);
bool utf8_valid(struct str s);
/* Number of characters of a valid string. */
size_t utf8_count(struct str s);
/* Copies as much as fits into dst (cap bytes with the NUL), cut between characters. */
void utf8_copy(char *dst, size_t cap, struct str s);
/* The same with "?" for every control (C0, C1, DEL) and every byte of no character. */
void utf8_copy_clean(char *dst, size_t cap, struct str s);
/* Valid UTF-8 without NUL, C0 and C1 controls and DEL: may reach a protocol line. */
bool utf8_clean_line(struct str s);
