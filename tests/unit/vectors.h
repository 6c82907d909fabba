/* Reads a vector file of tests/vectors; a missing or broken one fails the test. */
#pragma once

#include "base/json.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct json_doc *vectors_load(const char *name)
{
    const struct json_limits limits = {.bytes = 4 << 20, .depth = 16, .keys = 256};
    char path[512];
    struct err e = {0};
    struct json_doc *doc = NULL;
    struct buf text;
    FILE *f;
    size_t n;

    snprintf(path, sizeof(path), "%s/tests/vectors/%s", HATIRLAT_SOURCE_DIR, name);
    f = fopen(path, "rb");
    assert_non_null(f);
    buf_init(&text, limits.bytes);
    do {
        char *room = buf_reserve(&text, 65536);

        assert_non_null(room);
        n = fread(room, 1, 65536, f);
        buf_commit(&text, n);
    } while (n > 0);
    fclose(f);
    if (json_parse((struct str){text.data, text.len}, 0, &limits, &doc, NULL, &e) != 0) {
        fail_msg("%s: %s", path, e.text);
    }
    buf_finish(&text);
    return doc;
}
