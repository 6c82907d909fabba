/* Hex, base64 (RFC 4648 §4), Crockford base32 and percent-encoding (RFC 3986 §2.1). */
#pragma once

#include "base/buf.h"
#include "base/str.h"

int codec_hex(struct buf *out, const void *bytes, size_t n);
/* Standard base64 with padding, no line breaks. */
int codec_base64(struct buf *out, const void *bytes, size_t n);
/* Percent-encodes all but unreserved characters. */
int codec_percent(struct buf *out, struct str s);
/* The same for the value of a form's field, where a plus sign stands for a blank. */
int codec_form(struct buf *out, struct str s);
/* Decodes %XX; ERR_INVALID for a broken escape. A plus sign stays a plus sign. */
int codec_percent_decode(struct buf *out, struct str s);
/* Lower-case Crockford base32 of value in exactly digits characters plus NUL. */
void codec_base32(uint64_t value, size_t digits, char *out);
/* Inverse of codec_base32 for 1..13 characters; ERR_INVALID for other characters. */
int codec_base32_decode(struct str s, uint64_t *ret_value);
