/*
 * Reading other people's mail, as far as reports need it: header fields, parts of a multipart
 * (RFC 2045, RFC 2046), transfer encodings. Takes lines that end with CRLF or LF, and whatever else
 * comes. Pure; everything points into what was given, and nothing is allocated but by mime_decode.
 */
#pragma once

#include "base/buf.h"
#include "base/str.h"

enum { MIME_TYPE_SIZE = 64, MIME_BOUNDARY_SIZE = 72 }; /* RFC 2046 §5.1.1: 70 characters */

struct mime_entity {
    struct str head; /* without the empty line */
    struct str body;
};

struct mime_type {
    char name[MIME_TYPE_SIZE]; /* "multipart/report" in lower case; "text/plain" when absent */
    char boundary[MIME_BOUNDARY_SIZE];
    char report_type[MIME_TYPE_SIZE];
};

/* The next line without its end; false when nothing is left of *text. */
bool mime_line(struct str *text, struct str *ret_line);
void mime_split(struct str mail, struct mime_entity *ret);
/*
 * The n-th field of this name (from 0), unfolded and trimmed, control bytes as blanks, cut to cap.
 * False and "" when there is none.
 */
bool mime_field(struct str head, const char *name, size_t n, char *out, size_t cap);
void mime_type_of(struct str head, struct mime_type *ret);
/* The part that begins at or behind *at of a multipart's body; false when there is none. */
bool mime_next_part(struct str body, const char *boundary, size_t *at, struct str *ret_part);
/* Appends body as Content-Transfer-Encoding says; what does not fit or decode is left out. */
void mime_decode(struct str head, struct str body, struct buf *out);
