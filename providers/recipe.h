/*
 * A vendor's HTTP interface as data: what to send, how to read the answer, how reports come. The
 * engine (kind "http-sms") knows no vendor; an office can write or change a recipe without a
 * compiler. The keys are described by config/recipes/recipe.schema.json.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"

struct recipe; /* immutable */

enum { RECIPE_BYTES_MAX = 256 * 1024 };

/*
 * Reads a recipe (JSON; comments and trailing commas are fine) and checks everything that can be
 * checked without the vendor. All faults are listed with file, line and column; ERR_INVALID when
 * there are errors. ERR_NOT_FOUND, ERR_DENIED, ERR_IO, ERR_NOMEM fill e. Any thread.
 */
int recipe_load(const char *path, struct recipe **ret, struct faults *faults, struct err *e);
/* The same for text in memory; file names it in the faults. */
int recipe_parse(struct str text, const char *file, struct recipe **ret, struct faults *faults,
                 struct err *e);
void recipe_free(struct recipe *r); /* accepts null */
/* recipe_load() for its faults alone. */
int recipe_check(const char *path, struct faults *faults, struct err *e);
/*
 * Where the recipe of a setting lies: "<directory>/<name>.json", or name itself when it holds a
 * slash. ERR_INVALID for a name that is none, ERR_LIMIT.
 */
int recipe_path(const char *directory, const char *name, struct buf *out, struct err *e);
/* JSON Schema (draft 2020-12) of a recipe. */
void recipe_schema(struct buf *out);
