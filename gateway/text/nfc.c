#include "text/nfc.h"
#include "base/err.h"
#include "base/utf8.h"
#include <stdlib.h>
#include <uninorm.h>

enum { STACK_BYTES = 1024, FIRST_MARK = 0x300 };

/* Below U+0300 every string is composed already. */
static bool surely_composed(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if ((unsigned char)s.ptr[i] >= 0xCC) {
            return false;
        }
    }
    return true;
}

static int normalize(uninorm_t form, struct str s, struct buf *out)
{
    uint8_t stack[STACK_BYTES];
    size_t len = sizeof(stack);
    uint8_t *result;

    if (!utf8_valid(s)) {
        return ERR_INVALID;
    }
    if (s.len == 0) {
        return 0;
    }
    result = u8_normalize(form, (const uint8_t *)s.ptr, s.len, stack, &len);
    if (result == NULL) {
        return ERR_NOMEM;
    }
    buf_add(out, result, len);
    if (result != stack) {
        free(result);
    }
    return buf_failed(out);
}

int nfc(struct str s, struct buf *out)
{
    if (surely_composed(s)) {
        return utf8_valid(s) ? buf_add(out, s.ptr, s.len) : ERR_INVALID;
    }
    return normalize(UNINORM_NFC, s, out);
}

int nfd(struct str s, struct buf *out)
{
    return normalize(UNINORM_NFD, s, out);
}

bool nfc_equal(struct str a, struct str b)
{
    int order = 1;

    if (a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0)) {
        return true;
    }
    return u8_normcmp((const uint8_t *)a.ptr, a.len, (const uint8_t *)b.ptr, b.len, UNINORM_NFC,
                      &order) == 0 &&
           order == 0;
}

uint32_t nfc_pair(uint32_t letter, uint32_t mark)
{
    return mark < FIRST_MARK ? 0 : uc_composition(letter, mark);
}
