#include "base/utf8.h"
#include "text/nfc.h"
#include "text/sms_alphabet.h"

enum {
    CIRCUMFLEX = 0x302,
    BREVE = 0x306,
    DOT_ABOVE = 0x307,
    DIAERESIS = 0x308,
    CEDILLA = 0x327,
    MARKS_END = 0x36F,
    FIRST_MARK = 0x300
};

static bool among(const char *letters, uint32_t cp)
{
    return cp != 0 && cp < 0x80 && strchr(letters, (int)cp) != NULL;
}

/* The marks of the twelve Turkish letters. */
static bool turkish_mark(uint32_t letter, uint32_t mark)
{
    switch (mark) {
    case CEDILLA:
        return among("cCsS", letter);
    case BREVE:
        return among("gG", letter);
    case DOT_ABOVE:
        return letter == 'I';
    case DIAERESIS:
        return among("oOuU", letter);
    default:
        return false;
    }
}

/*
 * Which marks go: the circumflex of âîû, the second dot that other programs leave when they lower
 * İ; when folding also the Turkish ones, and those that make a letter no 7-bit alphabet has.
 */
static bool drops_mark(uint32_t letter, uint32_t mark, unsigned flags)
{
    uint16_t units[2];
    uint32_t whole;

    if ((mark == CIRCUMFLEX && among("aAiIuU", letter)) || (mark == DOT_ABOVE && letter == 'i')) {
        return true;
    }
    if ((flags & SMS_TIDY_ASCII) == 0 || letter > 'z' || !ascii_alpha((char)letter)) {
        return false;
    }
    if (turkish_mark(letter, mark)) {
        return true;
    }
    whole = nfc_pair(letter, mark);
    return whole == 0 || sms_encode_char(SMS_GSM7, whole, units) == 0;
}

static void add_char(struct buf *out, struct str raw, uint32_t cp, unsigned flags)
{
    const char *plain = sms_plain(cp);
    char folded = (flags & SMS_TIDY_ASCII) != 0 ? sms_fold_letter(cp) : 0;

    if (plain != NULL) {
        buf_adds(out, plain);
    } else if (folded != 0) {
        buf_addc(out, folded);
    } else {
        buf_add(out, raw.ptr, raw.len);
    }
}

/* Characters first, marks after: zero-width ones must not keep a letter from its mark. */
static void replace_chars(struct str text, unsigned flags, struct buf *out)
{
    uint32_t cp = 0;

    for (size_t at = 0, n; at < text.len; at += n) {
        n = utf8_decode((struct str){text.ptr + at, text.len - at}, &cp);
        add_char(out, (struct str){text.ptr + at, n}, cp, flags);
    }
}

static void replace_marks(struct str decomposed, unsigned flags, struct buf *out)
{
    uint32_t letter = 0;
    uint32_t cp = 0;

    for (size_t at = 0, n; at < decomposed.len; at += n) {
        n = utf8_decode((struct str){decomposed.ptr + at, decomposed.len - at}, &cp);
        if (cp < FIRST_MARK || cp > MARKS_END) {
            letter = cp;
        } else if (drops_mark(letter, cp, flags)) {
            continue;
        }
        buf_add(out, decomposed.ptr + at, n);
    }
}

static bool stays(uint32_t cp, unsigned flags)
{
    if (cp < 0x80) {
        return cp != '\t';
    }
    return (flags & SMS_TIDY_ASCII) == 0 && (sms_fold_letter(cp) != 0 || sms_is_turkish(cp));
}

/* Most texts hold nothing but ASCII and Turkish letters; those are done at once. */
static bool needs_nothing(struct str text, unsigned flags)
{
    uint32_t cp = 0;

    for (size_t at = 0, n; at < text.len; at += n) {
        cp = (unsigned char)text.ptr[at];
        n = cp < 0x80 ? 1 : utf8_decode((struct str){text.ptr + at, text.len - at}, &cp);
        if (!stays(cp, flags)) {
            return false;
        }
    }
    return true;
}

static struct str content(const struct buf *b)
{
    return (struct str){b->data, b->len};
}

static int tidy(struct str text, unsigned flags, struct buf *a, struct buf *b, struct buf *out)
{
    int rc = nfd(text, a);

    if (rc != 0) {
        return rc;
    }
    replace_chars(content(a), flags, b);
    buf_reset(a);
    rc = buf_failed(b) != 0 ? buf_failed(b) : nfd(content(b), a);
    if (rc != 0) {
        return rc;
    }
    buf_reset(b);
    replace_marks(content(a), flags, b);
    return buf_failed(b) != 0 ? buf_failed(b) : nfc(content(b), out);
}

int sms_tidy(struct str text, unsigned flags, struct buf *out, struct err *e)
{
    struct buf a;
    struct buf b;
    int rc;

    if (text.len > SMS_TEXT_MAX) {
        return err_set(e, ERR_LIMIT, "the text is longer than %d bytes", SMS_TEXT_MAX);
    }
    if (!utf8_valid(text)) {
        return err_set(e, ERR_INVALID, "the text is not valid UTF-8");
    }
    if (needs_nothing(text, flags)) {
        rc = buf_add(out, text.ptr, text.len);
        return rc == 0 ? 0 : err_set(e, rc, "the tidied text does not fit");
    }
    buf_init(&a, (size_t)4 * SMS_TEXT_MAX);
    buf_init(&b, (size_t)4 * SMS_TEXT_MAX);
    rc = tidy(text, flags, &a, &b, out);
    buf_finish(&a);
    buf_finish(&b);
    return rc == 0 ? 0 : err_set(e, rc, "the tidied text does not fit");
}
