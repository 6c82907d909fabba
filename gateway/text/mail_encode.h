/* The encodings of mail: RFC 2047 words, RFC 2045 quoted-printable and base64. Used by mail.c. */
#pragma once

#include "base/buf.h"
#include "base/str.h"

enum { MAIL_LINE_MAX = 76, MAIL_WORD_MAX = 75 };

/*
 * Appends text as encoded words, folded so that no line gets longer than MAIL_LINE_MAX; column is
 * what the present line holds already. No word is longer than MAIL_WORD_MAX and no character is
 * split. Valid UTF-8 expected. Returns the column after the last word.
 */
size_t mail_encode_words(struct str text, size_t column, struct buf *out);
/*
 * Appends text in quoted-printable with CRLF line ends, whatever line ends it has. Lines break
 * softly after a blank where one is near; no line starts with "." or "From ". Decodes to text with
 * CRLF line ends, nothing added at its end.
 */
int mail_encode_quoted(struct str text, struct buf *out);
/* Appends bytes in base64, lines of MAIL_LINE_MAX with CRLF. */
int mail_encode_base64(struct str bytes, struct buf *out);
/* Appends an RFC 2231 extended value: UTF-8''percent-encoded. */
int mail_encode_extended(struct str text, struct buf *out);
