/*
 * Text with "${name|escape}" in it. A placeholder is expanded exactly once: what it brings in is
 * never looked at again. The escape is part of the placeholder, because only the author of the
 * recipe knows what stands around it.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"

enum recipe_value {
    VALUE_TEXT,
    VALUE_TO,
    VALUE_SENDER,
    VALUE_USER,
    VALUE_PASSWORD,
    VALUE_REF,            /* ours, of this attempt */
    VALUE_ITEMS,          /* the per-recipient fragments, joined */
    VALUE_ID,             /* the vendor's id, in report queries */
    VALUE_PAGE,           /* of a report query */
    VALUE_AFTER,          /* likewise: what the last page ended with */
    VALUE_VALIDITY,       /* whole minutes until the deadline, within the recipe's limits */
    VALUE_VALIDITY_S,     /* the same in seconds */
    VALUE_VALIDITY_MS,    /* in milliseconds */
    VALUE_VALIDITY_CLOCK, /* as HH:mm */
    VALUE_NOW,            /* these three in the recipe's time_format */
    VALUE_SINCE,          /* a day ago */
    VALUE_DEADLINE,
    VALUE_REPORT_URL,
    VALUE_REPORT_SECRET,
    VALUE_NAMED_COUNT,
    VALUE_ENC = VALUE_NAMED_COUNT, /* enc.<key>: of the message's coding */
    VALUE_PARAM,                   /* param.<key>: of the recipe or the settings */
    VALUE_LITERAL
};

enum recipe_escape {
    ESCAPE_RAW,
    ESCAPE_JSON,   /* inside a JSON string */
    ESCAPE_XML,    /* text or attribute; characters XML 1.0 forbids are dropped */
    ESCAPE_FORM,   /* application/x-www-form-urlencoded: a blank becomes "+" */
    ESCAPE_URL,    /* RFC 3986 */
    ESCAPE_HEADER, /* refuses control bytes */
    ESCAPE_COUNT
};

enum recipe_charset { CHARSET_UTF8, CHARSET_LATIN5 };

struct stencil;

/* The values while one stencil is expanded. */
struct stencil_values {
    struct str named[VALUE_NAMED_COUNT];
    /* enc.<key> and param.<key>; {null, 0} when there is none. */
    struct str (*lookup)(const void *ctx, enum recipe_value kind, const char *key);
    const void *ctx;
    enum recipe_charset charset; /* of what is percent-encoded */
};

/* ERR_INVALID with both sentences for a broken placeholder. Free with stencil_free(). */
int stencil_parse(struct str text, struct stencil **ret, struct fault *why);
void stencil_free(struct stencil *t); /* accepts null */
/*
 * Appends to out. *ret_complete (may be null) becomes false when a placeholder without "?" was
 * empty. ERR_INVALID when a value may not stand there, ERR_LIMIT, ERR_NOMEM.
 */
int stencil_expand(const struct stencil *t, const struct stencil_values *v, struct buf *out,
                   bool *ret_complete, struct err *e);
bool stencil_uses(const struct stencil *t, enum recipe_value value);
/* Calls see for every enc.<key> or param.<key> that occurs. */
void stencil_each_key(const struct stencil *t, enum recipe_value kind,
                      void (*see)(void *ctx, const char *key), void *ctx);

/* Appends s (UTF-8) in the charset; ERR_INVALID for a character that it lacks. */
int charset_convert(enum recipe_charset charset, struct str s, struct buf *out);
/* Appends s, converted and percent-encoded; as_form makes a blank "+". ERR_INVALID as above. */
int recipe_percent(enum recipe_charset charset, bool as_form, struct str s, struct buf *out,
                   struct err *e);
