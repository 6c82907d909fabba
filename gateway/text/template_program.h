/* The parsed form of a template; shared by the parser, the renderer and the checker only. */
#pragma once

#include "text/template.h"

enum op_kind {
    OP_TEXT,
    OP_VALUE,    /* {{name}} */
    OP_RAW,      /* {{{name}}}, {{&name}} */
    OP_SECTION,  /* the block is ops (this, end) */
    OP_INVERTED, /* the same */
    OP_PARTIAL
};

struct op {
    enum op_kind kind;
    bool line_start;   /* first thing on its line: an indented partial writes its indent here */
    bool standalone;   /* PARTIAL: indent holds what stood before the tag */
    struct str text;   /* TEXT: the bytes; others: the name as written */
    struct str indent; /* PARTIAL */
    uint32_t end;      /* SECTION, INVERTED: index after the block */
    uint32_t part;     /* first part of the dotted name; the implicit iterator has none */
    uint32_t part_count;
};

struct template
{
    char *source;
    size_t source_len;
    char *file;
    int first_line;
    int first_column;
    enum template_escape escape;
    struct op *ops;
    size_t op_count;
    struct str *parts;
    size_t part_count;
};

/* Line and column (both from 1, column in bytes) of a place in the source. */
void template_place(const struct template *t, const char *at, int *ret_line, int *ret_column);
