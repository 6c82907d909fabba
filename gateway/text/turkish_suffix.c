/*
 * Case suffixes follow the last vowel (a ı → ı, e i → i, o u → u, ö ü → ü; two-way: a/e), take a
 * buffer letter after a vowel (y, in the genitive n), and -d becomes -t after a hard consonant.
 */
#include "base/utf8.h"
#include "text/turkish.h"

/* How a spoken word ends: all that its suffix depends on. */
struct ending {
    bool found;
    bool vowel; /* ends in a vowel */
    bool front; /* e i ö ü */
    bool round; /* o u ö ü */
    bool hard;  /* ends in f s t k ç ş h p */
};

static const char *const units[] = {"",    "bir",  "iki",  "üç",    "dört",
                                    "beş", "altı", "yedi", "sekiz", "dokuz"};
static const char *const tens[] = {"",     "on",     "yirmi",  "otuz",   "kırk",
                                   "elli", "altmış", "yetmiş", "seksen", "doksan"};

static const char *const powers[] = {"",        "bin",       "milyon",   "milyar",
                                     "trilyon", "katrilyon", "kentilyon"};
static const char hundred[] = "yüz";
static const char zero[] = "sıfır";

static bool one_of(uint32_t cp, const uint32_t *list)
{
    while (*list != 0 && *list != cp) {
        list++;
    }
    return *list != 0;
}

static bool is_vowel(uint32_t cp)
{
    static const uint32_t vowels[] = {'a',  'e',  'i',  'o',  'u',  0x131, 0xF6, 0xFC,
                                      0xE2, 0xEE, 0xFB, 0xE9, 0xE8, 0xE1,  0xF3, 0};

    return one_of(cp, vowels);
}

static bool is_letter(uint32_t cp)
{
    return tr_lower_char(cp) != tr_upper_char(cp);
}

static void note_vowel(struct ending *e, uint32_t cp)
{
    static const uint32_t front[] = {'e', 'i', 0xF6, 0xFC, 0xEE, 0xE9, 0xE8, 0};
    static const uint32_t round[] = {'o', 'u', 0xF6, 0xFC, 0xFB, 0xF3, 0};

    e->vowel = true;
    e->hard = false;
    e->front = one_of(cp, front);
    e->round = one_of(cp, round);
}

static void note_consonant(struct ending *e, uint32_t cp, uint32_t before)
{
    static const uint32_t hard[] = {'f', 's', 't', 'k', 'h', 'p', 0xE7, 0x15F, 0};

    e->vowel = false;
    e->hard = one_of(cp, hard);
    /* A circumflex before l marks the thin l: Celâl'e. */
    e->front = e->front || (cp == 'l' && (before == 0xE2 || before == 0xFB));
}

static struct ending ending_of(struct str word)
{
    struct ending e = {0};
    uint32_t before = 0;
    uint32_t cp = 0;

    for (size_t at = 0, n; at < word.len; at += n) {
        n = utf8_decode((struct str){word.ptr + at, word.len - at}, &cp);
        if (n == 0) {
            n = 1;
            continue;
        }
        cp = tr_lower_char(cp);
        if (is_vowel(cp)) {
            note_vowel(&e, cp);
        } else if (is_letter(cp)) {
            note_consonant(&e, cp, before);
        }
        e.found = e.found || is_letter(cp);
        before = cp;
    }
    return e;
}

static int add_suffix(struct ending e, enum tr_case c, struct buf *out)
{
    const char *wide = e.front ? "e" : "a";
    const char *narrow = e.round ? (e.front ? "ü" : "u") : (e.front ? "i" : "ı");

    switch (c) {
    case TR_LOCATIVE:
    case TR_ABLATIVE:
        buf_adds(out, e.hard ? "t" : "d");
        buf_adds(out, wide);
        return buf_adds(out, c == TR_ABLATIVE ? "n" : "");
    case TR_DATIVE:
        buf_adds(out, e.vowel ? "y" : "");
        return buf_adds(out, wide);
    case TR_ACCUSATIVE:
        buf_adds(out, e.vowel ? "y" : "");
        return buf_adds(out, narrow);
    default:
        buf_adds(out, e.vowel ? "n" : "");
        buf_adds(out, narrow);
        return buf_adds(out, "n");
    }
}

static void add_word(struct buf *out, size_t start, const char *word)
{
    if (*word == '\0') {
        return;
    }
    if (out->len > start) {
        buf_addc(out, ' ');
    }
    buf_adds(out, word);
}

/* 1..999; "yüz" and "bin" do not take "bir". */
static void add_hundreds(struct buf *out, size_t start, unsigned n, bool skip_one)
{
    if (n >= 200) {
        add_word(out, start, units[n / 100]);
    }
    if (n >= 100) {
        add_word(out, start, hundred);
    }
    add_word(out, start, tens[n / 10 % 10]);
    if (!(skip_one && n == 1)) {
        add_word(out, start, units[n % 10]);
    }
}

int tr_number_words(int64_t n, struct buf *out)
{
    uint64_t rest = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
    uint64_t scale = 1000000000000000000u;
    size_t start = out->len;

    if (rest == 0) {
        return buf_adds(out, zero);
    }
    if (n < 0) {
        add_word(out, start, "eksi");
    }
    for (int i = 6; i >= 0; i--, scale /= 1000) {
        unsigned group = (unsigned)(rest / scale % 1000);

        if (group > 0) {
            add_hundreds(out, start, group, i == 1);
            add_word(out, start, powers[i]);
        }
    }
    return buf_failed(out);
}

/* The last word of tr_number_words(): the lowest part that is not zero. */
static const char *last_spoken(int64_t n)
{
    uint64_t rest = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
    int power = 0;

    if (rest == 0) {
        return zero;
    }
    while (rest % 1000 == 0) {
        rest /= 1000;
        power++;
    }
    if (power > 0) {
        return powers[power];
    }
    if (rest % 10 != 0) {
        return units[rest % 10];
    }
    return rest % 100 != 0 ? tens[rest / 10 % 10] : hundred;
}

static struct ending number_ending(int64_t n)
{
    return ending_of(str_of(last_spoken(n)));
}

int tr_number_suffixed(int64_t n, enum tr_case c, struct buf *out)
{
    (void)buf_add_int(out, n, 1);
    (void)buf_addc(out, '\'');
    return add_suffix(number_ending(n), c, out);
}

int tr_time_suffixed(int hour, int minute, enum tr_case c, struct buf *out)
{
    (void)buf_add_int(out, hour, 2);
    (void)buf_addc(out, '.');
    (void)buf_add_int(out, minute, 2);
    (void)buf_addc(out, '\'');
    return add_suffix(number_ending(minute != 0 ? minute : hour), c, out);
}

static struct str last_word(struct str s)
{
    size_t from = s.len;

    while (from > 0 && s.ptr[from - 1] != ' ' && s.ptr[from - 1] != '-') {
        from--;
    }
    return (struct str){s.ptr + from, s.len - from};
}

static struct str last_digits(struct str s)
{
    size_t from = s.len;

    while (from > 0 && s.len - from < 18 && ascii_digit(s.ptr[from - 1])) {
        from--;
    }
    return (struct str){s.ptr + from, s.len - from};
}

/*
 * Abbreviations that cannot be spoken as a word are read letter by letter, and the names of
 * consonants end in e: DYS'de. A word is unspeakable without a vowel, or in capitals when it ends
 * in two consonants that Turkish does not put together (ABD'de).
 */
static bool spelled_out(struct str word)
{
    static const uint32_t liquid[] = {'l', 'r', 'n', 's', 'f', 0x15F, 'm', 'y', 'h', 0};
    uint32_t before = 0;
    uint32_t last = 0;
    bool vowel_seen = false;
    bool capitals = true;
    uint32_t cp = 0;

    for (size_t at = 0, n; at < word.len; at += n) {
        n = utf8_decode((struct str){word.ptr + at, word.len - at}, &cp);
        if (n == 0) {
            return false;
        }
        capitals = capitals && tr_upper_char(cp) == cp;
        before = last;
        last = tr_lower_char(cp);
        vowel_seen = vowel_seen || is_vowel(last);
    }
    return !vowel_seen || (capitals && !is_vowel(last) && !is_vowel(before) && before != 0 &&
                           (!one_of(before, liquid) || last == before));
}

/* Names whose final l is thin although the vowel before it is not: Kemal'e. */
static bool thin_l(struct str word)
{
    static const char *const names[] = {"bilal", "celal", "cemal", "emsal",    "hilal", "iclal",
                                        "ikbal", "kemal", "nihal", "istiklal", "resul", "zuhal"};
    char room[64];
    struct buf folded = {.data = room, .cap = sizeof room, .max = sizeof room - 1};
    bool found = false;

    room[0] = '\0';
    if (tr_lower(word, &folded) == 0) {
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
            found = found || strcmp(buf_cstr(&folded), names[i]) == 0;
        }
    }
    return found;
}

static struct ending spoken_ending(struct str s)
{
    struct str word = last_word(s);
    struct str digits = last_digits(word);
    struct ending e;
    int64_t n;

    if (digits.len > 0 && str_i64(digits, &n) == 0) {
        return number_ending(n);
    }
    e = ending_of(word);
    if (e.found && spelled_out(word)) {
        e = (struct ending){.found = true, .vowel = true, .front = true};
    } else if (e.found && thin_l(word)) {
        e.front = true;
    }
    return e;
}

int tr_name_suffixed(struct str s, enum tr_case c, struct buf *out)
{
    struct ending e = spoken_ending(s);

    buf_add(out, s.ptr, s.len);
    if (!e.found) {
        return buf_failed(out);
    }
    buf_addc(out, '\'');
    return add_suffix(e, c, out);
}

int tr_word_suffixed(struct str s, enum tr_case c, struct buf *out)
{
    struct ending e = ending_of(last_word(s));

    buf_add(out, s.ptr, s.len);
    return e.found ? add_suffix(e, c, out) : buf_failed(out);
}
