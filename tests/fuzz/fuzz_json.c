/* The first byte chooses the flags; what is accepted must survive a copy and be accepted again. */
#include "base/json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void copy_and_read_again(const struct json *root, size_t size)
{
    struct json_writer w;
    struct json_doc *again;
    struct buf out;

    buf_init(&out, size * 6 + 64);
    jsonw_init(&w, &out);
    jsonw_value(&w, root);
    if (buf_failed(&out) || json_parse((struct str){out.data, out.len}, 0, &json_default_limits,
                                       &again, NULL, NULL) != 0) {
        abort();
    }
    json_free(again);
    buf_finish(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json_place place;
    struct json_doc *doc;
    struct str text;

    if (size == 0) {
        return 0;
    }
    text = (struct str){(const char *)data + 1, size - 1};
    if (json_parse(text, data[0] & 3u, &json_default_limits, &doc, &place, NULL) == 0) {
        copy_and_read_again(json_root(doc), size);
        json_free(doc);
    } else if (place.offset > text.len || place.line < 1 || place.column < 1) {
        abort();
    }
    return 0;
}
