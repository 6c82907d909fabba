/* What is accepted as a mail address is clean ASCII within the limits and is accepted again. */
#include "base/utf8.h"
#include "domain/email.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool protocol_safe(const struct email *m)
{
    size_t len = strlen(m->address);

    for (size_t i = 0; i < len; i++) {
        if (m->address[i] <= ' ' || m->address[i] >= 0x7F || strchr("<>,;\"\\()", m->address[i])) {
            return false;
        }
    }
    return len >= 5 && len <= EMAIL_MAX && m->address[m->at] == '@';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct email first;
    struct email again;

    if (email_parse((struct str){(const char *)data, size}, &first) != EMAIL_OK) {
        return 0;
    }
    if (!protocol_safe(&first) || email_parse(str_of(first.address), &again) != EMAIL_OK ||
        strcmp(first.address, again.address) != 0) {
        abort();
    }
    return 0;
}
