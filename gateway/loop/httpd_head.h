/*
 * Strictness that libmicrohttpd 0.9.75 lacks: the raw bytes of a request head, as it leaves them
 * in its buffer, are checked against the grammar of RFC 9112 before anything believes them.
 */
#pragma once

#include "base/str.h"

/*
 * head begins with the protocol version of the request line and ends after the empty line. The
 * parser has put a NUL in place of every CR, every LF and every colon after a field name; what
 * does not have exactly that form had a bare LF, a folded line, a control character, a NUL or a
 * blank in a name. ret_fields counts the fields. Pure.
 */
bool http_head_strict(struct str head, size_t *ret_fields);
/* RFC 9110 token. */
bool http_token(struct str s);
/* Visible ASCII without quotes and backslash, 1..64 bytes: may be echoed and logged. */
bool http_request_id_sane(struct str s);
/* Digits only, at most 18 of them; ERR_INVALID. */
int http_content_length(struct str s, int64_t *ret_length);
/* Whether any byte ever came in on a TCP socket. */
bool http_heard_anything(int fd);
