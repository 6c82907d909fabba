/* The inside of struct render_values; shared by the renderer and the value maker only. */
#pragma once

#include "text/render.h"

enum { VALUES_MAPS = 6, PROVINCE_BYTES = 96 };

/*
 * The tree that templates see. leaf and map stand one after the other, so that the names outside of
 * maps and the maps together are the members of the root.
 */
struct render_values {
    enum lang lang;
    struct template_value leaf[TEXT_NAME_COUNT];
    struct template_value map[VALUES_MAPS];
    struct template_value *rows;
    struct template_value *cells;
    size_t row_cap;
    struct buf text; /* what the leaves point to */
    /* The province hardly ever changes: its suffixed form is kept. */
    char province[PROVINCE_BYTES];
    char province_in[LANG_COUNT][PROVINCE_BYTES + 8];
};
