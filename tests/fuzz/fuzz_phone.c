/* What is accepted as a phone number is a mobile number in E.164 and is accepted again. */
#include "domain/phone.h"
#include "domain/tckn.h"
#include "text/mask.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    struct phone first;
    struct phone again;
    struct buf out;
    char sentence[200];
    size_t at;

    if (phone_parse(text, &first) == PHONE_OK &&
        (strlen(first.e164) != 13 || strncmp(first.e164, "+905", 4) != 0 ||
         phone_parse(str_of(first.e164), &again) != PHONE_OK ||
         strcmp(first.e164, again.e164) != 0)) {
        abort();
    }
    phone_explain(&first, size % 2 == 0, sentence, sizeof(sentence));
    buf_init(&out, size * 16 + 64);
    if (mask_text(text, &out) != 0 || tckn_find((struct str){out.data, out.len}, &at)) {
        abort();
    }
    buf_finish(&out);
    return 0;
}
