/*
 * The Mustache language (specification 1.x, core): variables, sections, inverted sections,
 * comments, partials with indentation, set delimiter, dotted names, implicit iterator, standalone
 * lines. A template is parsed once into an immutable program and rendered any number of times, by
 * any thread. Values are never parsed again.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"

enum {
    TEMPLATE_SOURCE_MAX = 65536,
    TEMPLATE_DEPTH_MAX = 32,   /* nested sections, and names in scope while rendering */
    TEMPLATE_PARTIAL_MAX = 16, /* partials within partials */
    TEMPLATE_PARTS_MAX = 8     /* parts of a dotted name */
};

struct template; /* one parsed program; keeps its own copy of the source */

/* How {{name}} is written; {{{name}}} and {{&name}} are always written as they are. */
enum template_escape { TEMPLATE_PLAIN, TEMPLATE_HTML };

/*
 * What a name may stand for. An empty text, a false flag and an empty list are false in sections,
 * and so is a name that is not there; a map is true. Values and their strings are borrowed.
 */
enum template_kind { TEMPLATE_TEXT, TEMPLATE_FLAG, TEMPLATE_LIST, TEMPLATE_MAP };

struct template_value {
    struct str name; /* within its map; not looked at for the items of a list */
    enum template_kind kind;
    bool flag;                          /* FLAG */
    struct str text;                    /* TEXT */
    const struct template_value *items; /* LIST: the items; MAP: the members */
    size_t count;
};

/* Finds a partial by its name, null when there is none (the specification: renders nothing). */
struct template_partials {
    const struct template *(*find)(void *ctx, struct str name);
    void *ctx;
};

/* Where the first byte of a source stands; a template may be a part of a file. */
struct template_origin {
    const char *file; /* "" for none */
    int line;
    int column; /* both from 1, column in bytes */
};

/*
 * Parses source. All faults of syntax are added to faults; then
 * or past a limit the result is ERR_INVALID or ERR_LIMIT and nothing is returned. ERR_NOMEM.
 */
int template_parse(struct str source, const struct template_origin *origin,
                   enum template_escape escape, struct template **ret, struct faults *faults);
/* Accepts null. */
void template_free(struct template *t);

/*
 * Appends the result to out. root is a map. partials may be null. ERR_LIMIT when out is full or
 * partials or contexts nest too deeply, ERR_NOMEM; out then holds a part of the result.
 */
int template_render(const struct template *t, const struct template_value *root,
                    const struct template_partials *partials, struct buf *out);

/* A name that templates may use, for template_check(): "holder.email", "rows", "rows.name". */
struct template_name {
    const char *name;
    enum template_kind kind;
};

/*
 * Adds a fault with file:line:column for every name that is not in names (with a suggestion when
 * one is near) and every partial that is not found, here and in the partials used. A name inside a
 * section over a list or a map may also be one of its members.
 */
void template_check(const struct template *t, const struct template_name *names, size_t count,
                    const struct template_partials *partials, struct faults *faults);

/*
 * Calls fn for every name used by the template and its partials, as written (a section counts as
 * a use). Places are those of the tag.
 */
struct template_use {
    struct str name;
    const char *file;
    int line;
    int column;
    bool section;
};
void template_uses(const struct template *t, const struct template_partials *partials,
                   void (*fn)(void *ctx, const struct template_use *use), void *ctx);
