/* The strict check of a request head: CR, LF and colons come as NULs, as the parser leaves them. */
#include "loop/httpd_head.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str s = {(const char *)data, size};
    size_t fields = 0;
    int64_t length = 0;

    if (http_head_strict(s, &fields) && fields > size / 4) {
        abort(); /* a field needs at least a name and three NULs */
    }
    (void)http_request_id_sane(s);
    (void)http_token(s);
    if (http_content_length(s, &length) == 0 && length < 0) {
        abort();
    }
    return 0;
}
