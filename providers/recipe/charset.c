#include "base/utf8.h"
#include "providers/recipe/stencil.h"

/* ISO-8859-9 is ISO-8859-1 with six Icelandic letters replaced. */
static const struct {
    uint32_t cp;
    unsigned char byte;
} turkish[] = {{0x11E, 0xD0}, {0x130, 0xDD}, {0x15E, 0xDE},
               {0x11F, 0xF0}, {0x131, 0xFD}, {0x15F, 0xFE}};

enum { TURKISH_COUNT = sizeof(turkish) / sizeof(*turkish) };

/* The byte of cp, or -1. */
static int latin5_byte(uint32_t cp)
{
    for (size_t i = 0; i < TURKISH_COUNT; i++) {
        if (turkish[i].cp == cp) {
            return turkish[i].byte;
        }
        if (turkish[i].byte == cp) {
            return -1;
        }
    }
    return cp < 0x100 ? (int)cp : -1;
}

int charset_convert(enum recipe_charset charset, struct str s, struct buf *out)
{
    if (charset == CHARSET_UTF8) {
        return buf_add(out, s.ptr, s.len);
    }
    while (s.len > 0) {
        uint32_t cp = 0;
        size_t n = utf8_decode(s, &cp);
        int byte = n == 0 ? -1 : latin5_byte(cp);

        if (byte < 0) {
            return ERR_INVALID;
        }
        buf_addc(out, (char)byte);
        s = (struct str){s.ptr + n, s.len - n};
    }
    return buf_failed(out);
}
