#include "text/sms_alphabet.h"

struct pair {
    uint32_t cp;
    uint8_t code;
};

struct spelling {
    uint32_t cp;
    const char *plain;
};

/* TS 23.038 §6.2.1; the escape position carries no character. */
static const uint16_t default_table[128] = {
    '@',   0xA3, '$',  0xA5,  0xE8, 0xE9,  0xF9,  0xEC,  0xF2,  0xC7,  '\n',  0xD8,  0xF8,
    '\r',  0xC5, 0xE5, 0x394, '_',  0x3A6, 0x393, 0x39B, 0x3A9, 0x3A0, 0x3A8, 0x3A3, 0x398,
    0x39E, 0,    0xC6, 0xE6,  0xDF, 0xC9,  ' ',   '!',   '"',   '#',   0xA4,  '%',   '&',
    '\'',  '(',  ')',  '*',   '+',  ',',   '-',   '.',   '/',   '0',   '1',   '2',   '3',
    '4',   '5',  '6',  '7',   '8',  '9',   ':',   ';',   '<',   '=',   '>',   '?',   0xA1,
    'A',   'B',  'C',  'D',   'E',  'F',   'G',   'H',   'I',   'J',   'K',   'L',   'M',
    'N',   'O',  'P',  'Q',   'R',  'S',   'T',   'U',   'V',   'W',   'X',   'Y',   'Z',
    0xC4,  0xD6, 0xD1, 0xDC,  0xA7, 0xBF,  'a',   'b',   'c',   'd',   'e',   'f',   'g',
    'h',   'i',  'j',  'k',   'l',  'm',   'n',   'o',   'p',   'q',   'r',   's',   't',
    'u',   'v',  'w',  'x',   'y',  'z',   0xE4,  0xF6,  0xF1,  0xFC,  0xE0,
};

/* §6.2.1.1 */
static const struct pair extension_table[] = {
    {'\f', 0x0A}, {'^', 0x14}, {'{', 0x28}, {'}', 0x29}, {'\\', 0x2F},
    {'[', 0x3C},  {'~', 0x3D}, {']', 0x3E}, {'|', 0x40}, {0x20AC, 0x65},
};

/* A.2.1: what the Turkish single shift table adds to the extension table. */
static const struct pair single_table[] = {
    {0x11E, 0x47}, {0x130, 0x49}, {0x15E, 0x53}, {0xE7, 0x63},
    {0x11F, 0x67}, {0x131, 0x69}, {0x15F, 0x73},
};

/* A.3.1: where the Turkish locking shift table differs from the default one. */
static const struct pair locking_table[] = {
    {0x20AC, 0x04}, {0x131, 0x07}, {0x11E, 0x0B}, {0x11F, 0x0C},
    {0x15E, 0x1C},  {0x15F, 0x1D}, {0x130, 0x40}, {0xE7, 0x60},
};

static const struct spelling plain_table[] = {
    {'\t', " "},    {0xA0, " "},    {0x1680, " "},   {0x2000, " "},  {0x2001, " "},  {0x2002, " "},
    {0x2003, " "},  {0x2004, " "},  {0x2005, " "},   {0x2006, " "},  {0x2007, " "},  {0x2008, " "},
    {0x2009, " "},  {0x200A, " "},  {0x202F, " "},   {0x205F, " "},  {0x3000, " "},  {0x2028, "\n"},
    {0x2029, "\n"}, {0xAD, ""},     {0x200B, ""},    {0x200C, ""},   {0x200D, ""},   {0x200E, ""},
    {0x200F, ""},   {0x202A, ""},   {0x202B, ""},    {0x202C, ""},   {0x202D, ""},   {0x202E, ""},
    {0x2060, ""},   {0xFEFF, ""},   {0xB4, "'"},     {0x2BC, "'"},   {0x2018, "'"},  {0x2019, "'"},
    {0x201A, "'"},  {0x201B, "'"},  {0x2032, "'"},   {0x2039, "'"},  {0x203A, "'"},  {0xAB, "\""},
    {0xBB, "\""},   {0x201C, "\""}, {0x201D, "\""},  {0x201E, "\""}, {0x201F, "\""}, {0x2033, "\""},
    {0x2010, "-"},  {0x2011, "-"},  {0x2012, "-"},   {0x2013, "-"},  {0x2014, "-"},  {0x2015, "-"},
    {0x2022, "-"},  {0x2212, "-"},  {0x2026, "..."}, {0x20BA, "TL"},
};

static const struct spelling cheaper_table[] = {
    {'[', "("},    {']', ")"},     {'{', "("},   {'}', ")"},   {'~', "-"},   {'|', "/"},
    {'\\', "/"},   {'`', "'"},     {'^', ""},    {'\f', "\n"}, {0xB7, "."},  {0xD7, "x"},
    {0xA9, "(c)"}, {0x2122, "TM"}, {0xFFFD, ""}, {0xE2, "a"},  {0xC2, "A"},  {0xEE, "i"},
    {0xCE, "I"},   {0xFB, "u"},    {0xDB, "U"},  {0xE7, "c"},  {0x11F, "g"}, {0x11E, "G"},
    {0x131, "i"},  {0x130, "I"},   {0x15F, "s"}, {0x15E, "S"}, {0x1C, ""},
};

/* 0 is SMS_CLASS_PLAIN: every other character is named here. */
#define PLAIN     SMS_CLASS_PLAIN
#define EXTENSION SMS_CLASS_EXTENSION
#define TURKISH   SMS_CLASS_TURKISH
#define DISPLACED SMS_CLASS_DISPLACED
#define FOREIGN   SMS_CLASS_FOREIGN

const uint8_t sms_class_table[SMS_CLASS_TABLE] = {
    [0 ... 0x09] = FOREIGN,
    [0x0B] = FOREIGN,
    ['\f'] = EXTENSION,
    [0x0E ... 0x1F] = FOREIGN,
    ['[' ... '^'] = EXTENSION,
    ['`'] = FOREIGN,
    ['{' ... '~'] = EXTENSION,
    [0x7F ... 0xA0] = FOREIGN,
    [0xA1] = DISPLACED,
    [0xA2] = FOREIGN,
    [0xA6] = FOREIGN,
    [0xA8 ... 0xBE] = FOREIGN,
    [0xBF] = DISPLACED,
    [0xC0 ... 0xC3] = FOREIGN,
    [0xC6] = DISPLACED,
    [0xC8] = FOREIGN,
    [0xCA ... 0xD0] = FOREIGN,
    [0xD2 ... 0xD5] = FOREIGN,
    [0xD7] = FOREIGN,
    [0xD8] = DISPLACED,
    [0xD9 ... 0xDB] = FOREIGN,
    [0xDD ... 0xDE] = FOREIGN,
    [0xE1 ... 0xE3] = FOREIGN,
    [0xE6] = DISPLACED,
    [0xE7] = TURKISH,
    [0xE8] = DISPLACED,
    [0xEA ... 0xEB] = FOREIGN,
    [0xEC] = DISPLACED,
    [0xED ... 0xF0] = FOREIGN,
    [0xF3 ... 0xF5] = FOREIGN,
    [0xF7] = FOREIGN,
    [0xF8] = DISPLACED,
    [0xFA ... 0xFB] = FOREIGN,
    [0xFD ... 0x11D] = FOREIGN,
    [0x11E ... 0x11F] = TURKISH,
    [0x120 ... 0x12F] = FOREIGN,
    [0x130 ... 0x131] = TURKISH,
    [0x132 ... 0x15D] = FOREIGN,
    [0x15E ... 0x15F] = TURKISH,
    [0x160 ... 0x17F] = FOREIGN,
};

/* In the order of enum sms_class. */
const uint8_t sms_class_cost[SMS_MODE_COUNT][SMS_CLASS_COUNT] = {
    [SMS_GSM7] = {1, 2, 0, 1, 2, 0, 0},       [SMS_TR_SINGLE] = {1, 2, 2, 1, 2, 0, 0},
    [SMS_TR_LOCKING] = {1, 2, 1, 0, 1, 0, 0}, [SMS_TR_BOTH] = {1, 2, 1, 0, 1, 0, 0},
    [SMS_UCS2] = {1, 1, 1, 1, 1, 1, 2},
};

static int find_code(const struct pair *table, size_t n, uint32_t cp)
{
    for (size_t i = 0; i < n; i++) {
        if (table[i].cp == cp) {
            return table[i].code;
        }
    }
    return -1;
}

static uint32_t find_char(const struct pair *table, size_t n, uint8_t code)
{
    for (size_t i = 0; i < n; i++) {
        if (table[i].code == code) {
            return table[i].cp;
        }
    }
    return 0;
}

static const char *find_spelling(const struct spelling *table, size_t n, uint32_t cp)
{
    for (size_t i = 0; i < n; i++) {
        if (table[i].cp == cp) {
            return table[i].plain;
        }
    }
    return NULL;
}

#define CODE_IN(table, cp)     find_code(table, sizeof(table) / sizeof((table)[0]), cp)
#define CHAR_IN(table, code)   find_char(table, sizeof(table) / sizeof((table)[0]), code)
#define SPELLING_IN(table, cp) find_spelling(table, sizeof(table) / sizeof((table)[0]), cp)

static bool has_locking(enum sms_mode mode)
{
    return mode == SMS_TR_LOCKING || mode == SMS_TR_BOTH;
}

static bool has_single(enum sms_mode mode)
{
    return mode == SMS_TR_SINGLE || mode == SMS_TR_BOTH;
}

static int default_code(uint32_t cp)
{
    /* Most of ASCII sits in its own place. */
    if (cp < 128 && cp != 0 && default_table[cp] == cp) {
        return (int)cp;
    }
    /* The rest are a few of Latin-1 and of the Greek capitals. */
    if (cp == 0 || (cp > 0xFF && cp < 0x393) || cp > 0x3A9) {
        return -1;
    }
    for (int i = 0; i < 128; i++) {
        if (default_table[i] == cp) {
            return i;
        }
    }
    return -1;
}

enum sms_class sms_class_beyond(uint32_t cp)
{
    if (cp == 0x20AC) {
        return SMS_CLASS_EURO;
    }
    if (cp >= 0x10000) {
        return SMS_CLASS_ASTRAL;
    }
    return default_code(cp) >= 0 ? PLAIN : FOREIGN;
}

static int base_code(enum sms_mode mode, uint32_t cp)
{
    int code;

    if (!has_locking(mode)) {
        return default_code(cp);
    }
    code = cp < 128 ? -1 : CODE_IN(locking_table, cp);
    if (code >= 0) {
        return code;
    }
    code = default_code(cp);
    return code >= 0 && CHAR_IN(locking_table, (uint8_t)code) != 0 ? -1 : code;
}

static int escaped_code(enum sms_mode mode, uint32_t cp)
{
    int code = CODE_IN(extension_table, cp);

    return code < 0 && has_single(mode) ? CODE_IN(single_table, cp) : code;
}

static unsigned encode_ucs2(uint32_t cp, uint16_t units[2])
{
    if (cp < 0x10000) {
        units[0] = (uint16_t)cp;
        return 1;
    }
    units[0] = (uint16_t)(0xD800 + ((cp - 0x10000) >> 10));
    units[1] = (uint16_t)(0xDC00 + ((cp - 0x10000) & 0x3FF));
    return 2;
}

unsigned sms_encode_char(enum sms_mode mode, uint32_t cp, uint16_t units[2])
{
    int code;

    if (mode == SMS_UCS2) {
        return encode_ucs2(cp, units);
    }
    code = base_code(mode, cp);
    if (code >= 0) {
        units[0] = (uint16_t)code;
        return 1;
    }
    code = escaped_code(mode, cp);
    if (code < 0) {
        return 0;
    }
    units[0] = SMS_ESCAPE;
    units[1] = (uint16_t)code;
    return 2;
}

uint32_t sms_decode_septet(enum sms_mode mode, uint8_t septet, bool escaped)
{
    uint32_t cp;

    if (escaped) {
        cp = CHAR_IN(extension_table, septet);
        return cp == 0 && has_single(mode) ? CHAR_IN(single_table, septet) : cp;
    }
    cp = has_locking(mode) ? CHAR_IN(locking_table, septet) : 0;
    return cp != 0 ? cp : default_table[septet & 0x7F];
}

bool sms_is_turkish(uint32_t cp)
{
    return cp < SMS_CLASS_TABLE && sms_class_table[cp] == TURKISH;
}

bool sms_is_extension(uint32_t cp)
{
    return CODE_IN(extension_table, cp) >= 0;
}

unsigned sms_header_octets(enum sms_mode mode, bool concat, bool wide_ref)
{
    unsigned elements = concat ? (wide_ref ? 6 : 5) : 0;

    elements += has_single(mode) ? 3 : 0;
    elements += has_locking(mode) ? 3 : 0;
    return elements == 0 ? 0 : elements + 1;
}

const char *sms_plain(uint32_t cp)
{
    return cp < 0x80 && cp != '\t' ? NULL : SPELLING_IN(plain_table, cp);
}

const char *sms_cheaper(uint32_t cp)
{
    const char *plain = sms_plain(cp);

    if (plain == NULL) {
        plain = SPELLING_IN(cheaper_table, cp);
    }
    /* Pictographs and their selectors say nothing that the words do not. */
    if (plain == NULL && (cp >= 0x1F000 || cp < ' ' || (cp >= 0x2600 && cp <= 0x27BF) ||
                          (cp >= 0xFE00 && cp <= 0xFE0F))) {
        plain = "";
    }
    return plain;
}

char sms_fold_letter(uint32_t cp)
{
    static const char letters[SMS_CLASS_TABLE] = {
        [0xE7] = 'c', [0xC7] = 'C', [0x11F] = 'g', [0x11E] = 'G', [0x131] = 'i', [0x130] = 'I',
        [0xF6] = 'o', [0xD6] = 'O', [0x15F] = 's', [0x15E] = 'S', [0xFC] = 'u',  [0xDC] = 'U',
    };

    return cp < SMS_CLASS_TABLE ? letters[cp] : 0;
}
