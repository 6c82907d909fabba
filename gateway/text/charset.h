/*
 * Encodings of text files as Turkish offices have them, told apart by their bytes and turned into
 * UTF-8 piece by piece. Pure, any thread.
 */
#pragma once

#include "base/buf.h"
#include "base/str.h"

enum charset {
    CHARSET_UTF8,
    CHARSET_UTF16LE,
    CHARSET_UTF16BE,
    CHARSET_WINDOWS_1254,
    CHARSET_ISO_8859_9,
    CHARSET_COUNT
};

struct charset_guess {
    enum charset charset;
    size_t mark;      /* bytes of the byte order mark at the beginning, 0 for none */
    size_t broken_at; /* UTF-8 that is mostly sound: where it is not; SIZE_MAX otherwise */
};

/* "utf-8", "utf-16le", "utf-16be", "windows-1254", "iso-8859-9". */
const char *charset_name(enum charset c);

/*
 * By byte order mark, else by the zero bytes of UTF-16, else UTF-8 when all of it is, else one of
 * the single-byte sets: they differ only in 80..9F, which ISO-8859-9 leaves to control characters.
 * A file whose letters are UTF-8 for the most part is taken for damaged UTF-8.
 */
void charset_detect(struct str file, struct charset_guess *ret);

/*
 * Appends the characters of in as UTF-8 and stores how many bytes were taken: a character cut off
 * at the end is left for the next piece unless `last`. ERR_INVALID for bytes that mean nothing in
 * this encoding (*ret_used tells where), ERR_LIMIT or ERR_NOMEM of out.
 */
int charset_decode(enum charset c, struct str in, bool last, struct buf *out, size_t *ret_used);
