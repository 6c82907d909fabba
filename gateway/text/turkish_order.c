#include "base/utf8.h"
#include "text/turkish.h"

enum { LETTERS_FROM = 0x100, OTHERS_FROM = 0x200 };

/* The letter whose place a foreign or accented Latin letter takes. */
static uint32_t base_letter(uint32_t lower)
{
    static const struct {
        const char *base;
        uint32_t letters[8];
    } groups[] = {
        {"a", {0xE0, 0xE1, 0xE2, 0xE3, 0xE4, 0xE5}},
        {"e", {0xE8, 0xE9, 0xEA, 0xEB}},
        {"i", {0xEC, 0xED, 0xEE, 0xEF}},
        {"n", {0xF1}},
        {"o", {0xF2, 0xF3, 0xF4, 0xF5}},
        {"u", {0xF9, 0xFA, 0xFB}},
        {"y", {0xFD, 0xFF}},
    };

    for (size_t i = 0; lower >= 0xE0 && i < sizeof(groups) / sizeof(groups[0]); i++) {
        for (size_t j = 0; j < 8 && groups[i].letters[j] != 0; j++) {
            if (groups[i].letters[j] == lower) {
                return (unsigned char)groups[i].base[0];
            }
        }
    }
    return lower;
}

/* Place of a character: blanks and signs, digits, the 29 letters with q w x in between, others. */
static uint32_t weight(uint32_t cp)
{
    static const uint32_t alphabet[] = {
        'a', 'b', 'c',  0xE7, 'd', 'e', 'f', 'g',   0x11F, 'h', 0x131, 'i', 'j', 'k', 'l', 'm',
        'n', 'o', 0xF6, 'p',  'q', 'r', 's', 0x15F, 't',   'u', 0xFC,  'v', 'w', 'x', 'y', 'z'};
    uint32_t letter = base_letter(tr_lower_char(cp));

    for (uint32_t i = 0; i < sizeof(alphabet) / sizeof(alphabet[0]); i++) {
        if (alphabet[i] == letter) {
            return LETTERS_FROM + i;
        }
    }
    return cp < 0x80 ? cp + 1 : OTHERS_FROM + cp;
}

static uint32_t take(struct str s, size_t *at)
{
    uint32_t cp;
    size_t n;

    if (*at >= s.len) {
        return 0;
    }
    n = utf8_decode((struct str){s.ptr + *at, s.len - *at}, &cp);
    if (n == 0) {
        n = 1;
        cp = 0xFFFD;
    }
    *at += n;
    return weight(cp);
}

static int compare_bytes(struct str a, struct str b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int order = n == 0 ? 0 : memcmp(a.ptr, b.ptr, n);

    if (order == 0) {
        order = (a.len > b.len) - (a.len < b.len);
    }
    return order;
}

int tr_collate(struct str a, struct str b)
{
    size_t i = 0;
    size_t j = 0;

    while (i < a.len || j < b.len) {
        uint32_t x = take(a, &i);
        uint32_t y = take(b, &j);

        if (x != y) {
            return x < y ? -1 : 1;
        }
    }
    return compare_bytes(a, b);
}
