#include "flow/roster_value.h"

#include "base/utf8.h"
#include "domain/calendar.h"
#include "flow/roster_columns.h"
#include "text/turkish.h"

enum {
    WORD_MAX = 32,
    SERIAL_FIRST = 36526, /* 1 January 2000 */
    SERIAL_LAST = 73415,  /* 31 December 2100 */
    SERIAL_ZERO = -25569, /* day 0 of spreadsheets, 1899-12-30, as days since 1970 */
    YEARS_SHORT = 2000,
    DIGITS_MAX = 40
};

/* ---- dates ---- */

struct scan {
    const char *at;
    const char *end;
};

static bool number(struct scan *s, size_t min, size_t max, int *ret)
{
    size_t n = 0;

    *ret = 0;
    while (s->at < s->end && ascii_digit(*s->at) && n < max) {
        *ret = *ret * 10 + (*s->at++ - '0');
        n++;
    }
    return n >= min && (s->at == s->end || !ascii_digit(*s->at));
}

static bool take(struct scan *s, char c)
{
    if (s->at < s->end && *s->at == c) {
        s->at++;
        return true;
    }
    return false;
}

static void skip(struct scan *s, const char *any)
{
    while (s->at < s->end && strchr(any, *s->at) != NULL) {
        s->at++;
    }
}

/* A month by its name or the first three letters of it, Turkish or English. */
static bool month_name(struct scan *s, int *ret)
{
    static const char *const months[] = {
        "ocak",  "subat", "mart",  "nisan",  "mayis",     "haziran",  "temmuz",   "agustos",
        "eylul", "ekim",  "kasim", "aralik", "january",   "february", "march",    "april",
        "may",   "june",  "july",  "august", "september", "october",  "november", "december"};
    const char *begin = s->at;
    char word[WORD_MAX];
    size_t n;

    while (s->at < s->end && (ascii_alpha(*s->at) || (unsigned char)*s->at >= 0x80)) {
        s->at++;
    }
    roster_fold((struct str){begin, (size_t)(s->at - begin)}, word, sizeof word);
    n = strlen(word);
    for (int i = 0; n >= 3 && i < 24; i++) {
        if (strncmp(months[i], word, n) == 0 && (n == 3 || n == strlen(months[i]))) {
            *ret = i % 12 + 1;
            return true;
        }
    }
    return false;
}

/* Day, month and year in this order; *ret_short tells that the century is missing. */
static bool day_first(struct scan *s, struct civil *c, bool *ret_short)
{
    const char *begin;

    if (!number(s, 1, 2, &c->day)) {
        return false;
    }
    skip(s, ". /-");
    if (s->at < s->end && ascii_digit(*s->at)) {
        if (!number(s, 1, 2, &c->month)) {
            return false;
        }
    } else if (!month_name(s, &c->month)) {
        return false;
    }
    skip(s, ". /-");
    begin = s->at;
    if (!number(s, 2, 4, &c->year) || s->at - begin == 3) {
        return false;
    }
    *ret_short = s->at - begin == 2;
    c->year += *ret_short ? YEARS_SHORT : 0;
    return true;
}

static bool year_first(struct scan *s, struct civil *c)
{
    if (!number(s, 4, 4, &c->year)) {
        return false;
    }
    skip(s, ".-/");
    if (!number(s, 1, 2, &c->month)) {
        return false;
    }
    skip(s, ".-/");
    return number(s, 1, 2, &c->day);
}

/* " 14:30[:59]" behind a date; nothing is midnight. */
static bool time_of_day(struct scan *s, struct civil *c)
{
    skip(s, " T");
    if (s->at == s->end) {
        return true;
    }
    if (!number(s, 1, 2, &c->hour) || !(take(s, ':') || take(s, '.')) ||
        !number(s, 2, 2, &c->minute)) {
        return false;
    }
    if ((take(s, ':') || take(s, '.')) && !number(s, 2, 2, &c->second)) {
        return false;
    }
    return s->at == s->end && c->hour < 24 && c->minute < 60 && c->second < 60;
}

static bool real_day(const struct civil *c)
{
    return c->month >= 1 && c->month <= 12 && c->day >= 1 &&
           c->day <= civil_month_length(c->year, c->month);
}

static int64_t end_of(const struct civil *c)
{
    int64_t day = civil_days(c->year, c->month, c->day);
    int64_t second = (c->hour * 60LL + c->minute) * 60 + c->second;

    if (second == 0) {
        second = 86399;
    }
    return istanbul_ms(day, 0) + second * 1000;
}

/* 46430, 46430.5, 46430,00 */
static bool day_number(struct str s, int64_t *ret_end_ms)
{
    struct scan scan = {s.ptr, s.ptr + s.len};
    int n;
    int fraction;

    if (!number(&scan, 5, 5, &n) || n < SERIAL_FIRST || n > SERIAL_LAST) {
        return false;
    }
    if ((take(&scan, ',') || take(&scan, '.')) && !number(&scan, 1, 9, &fraction)) {
        return false;
    }
    *ret_end_ms = istanbul_ms(n + SERIAL_ZERO + 1, 0) - 1000;
    return scan.at == scan.end;
}

static bool plain_digits(struct str s, struct civil *c)
{
    int64_t n;

    if (s.len != 8 || !ascii_digit(s.ptr[0]) || str_i64(s, &n) != 0) {
        return false;
    }
    c->year = (int)(n / 10000);
    c->month = (int)(n / 100 % 100);
    c->day = (int)(n % 100);
    return true;
}

static bool begins_with_year(struct str s)
{
    size_t n = 0;

    while (n < s.len && ascii_digit(s.ptr[n])) {
        n++;
    }
    return n == 4;
}

/* Day, month, year and time of day, whatever their order. */
static bool read_date(struct str s, struct civil *c, bool *ret_short)
{
    struct scan scan = {s.ptr, s.ptr + s.len};

    *ret_short = false;
    if (plain_digits(s, c)) {
        return true;
    }
    return (begins_with_year(s) ? year_first(&scan, c) : day_first(&scan, c, ret_short)) &&
           time_of_day(&scan, c);
}

enum roster_date roster_date(struct str s, int64_t *ret_end_ms)
{
    struct civil c = {0};
    bool short_year;
    bool ok;

    if (day_number(s, ret_end_ms)) {
        return ROSTER_DATE_SERIAL;
    }
    ok = read_date(s, &c, &short_year);
    if (ok && real_day(&c)) {
        *ret_end_ms = end_of(&c);
        return short_year ? ROSTER_DATE_SHORT_YEAR : ROSTER_DATE_OK;
    }
    if (begins_with_year(s) && istanbul_parse_end(s, ret_end_ms) == 0) {
        return ROSTER_DATE_OK;
    }
    return ok && c.month > 12 && c.month <= 31 && c.day >= 1 && c.day <= 12
               ? ROSTER_DATE_MONTH_FIRST
               : ROSTER_DATE_WRONG;
}

/* ---- numbers ---- */

static struct str unwrapped(struct str s)
{
    if (s.len > 3 && s.ptr[0] == '=' && s.ptr[1] == '"' && s.ptr[s.len - 1] == '"') {
        return (struct str){s.ptr + 2, s.len - 3};
    }
    if (s.len > 1 && s.ptr[0] == '\'') {
        return (struct str){s.ptr + 1, s.len - 1};
    }
    return s;
}

/* 9,05320000067E+11: digits before and behind the comma, and the power of ten. */
static bool scientific(struct str s, char digits[DIGITS_MAX], size_t *ret_count, int *ret_power)
{
    struct scan scan = {s.ptr, s.ptr + s.len};
    size_t n = 0;

    while (scan.at < scan.end && n + 1 < DIGITS_MAX &&
           (ascii_digit(*scan.at) || (n == 1 && (*scan.at == ',' || *scan.at == '.')))) {
        if (ascii_digit(*scan.at)) {
            digits[n++] = *scan.at;
        }
        scan.at++;
    }
    *ret_count = n;
    if (n == 0 || !(take(&scan, 'E') || take(&scan, 'e'))) {
        return false;
    }
    (void)take(&scan, '+');
    return number(&scan, 1, 2, ret_power) && scan.at == scan.end;
}

/* "5320000067.0", "5320000067,00" */
static struct str without_fraction(struct str s)
{
    size_t n = s.len;

    while (n > 0 && s.ptr[n - 1] == '0') {
        n--;
    }
    if (n > 9 && n < s.len && (s.ptr[n - 1] == '.' || s.ptr[n - 1] == ',')) {
        s.len = n - 1;
    }
    return s;
}

enum roster_number roster_number(struct str s, struct buf *out)
{
    char digits[DIGITS_MAX];
    size_t count;
    int power;

    s = unwrapped(s);
    if (!scientific(s, digits, &count, &power)) {
        s = without_fraction(s);
        (void)buf_add(out, s.ptr, s.len);
        return ROSTER_NUMBER_OK;
    }
    if (count != (size_t)power + 1) {
        return ROSTER_NUMBER_LOST;
    }
    (void)buf_add(out, digits, count);
    return ROSTER_NUMBER_RESTORED;
}

/* ---- words ---- */

static bool among(const char *word, const char *list)
{
    char spaced[WORD_MAX + 2] = " ";
    size_t n;

    (void)str_copy(spaced + 1, WORD_MAX, str_of(word));
    n = strlen(spaced);
    spaced[n] = ' ';
    spaced[n + 1] = '\0';
    return n > 1 && strstr(list, spaced) != NULL;
}

enum eonay roster_eonay(struct str s)
{
    char word[WORD_MAX];

    roster_fold(s, word, sizeof word);
    if (word[0] == '\0' || among(word, " bilinmiyor unknown belirsiz ")) {
        return EONAY_UNKNOWN;
    }
    if (among(word,
              " var evet etkin aktif active yes e 1 true onayli onaylandi verildi yapildi ")) {
        return EONAY_ACTIVE;
    }
    return among(word, " yok hayir absent no h 0 false pasif onaysiz verilmedi yapilmadi ")
               ? EONAY_ABSENT
               : EONAY_COUNT;
}

int roster_yes(struct str s)
{
    char word[WORD_MAX];

    roster_fold(s, word, sizeof word);
    if (among(word, " evet var engelli engellendi e x 1 yes true blocked ")) {
        return 1;
    }
    return among(word, " hayir yok engelsiz acik h 0 no false ") ? 0 : -1;
}

struct roster_status roster_status(struct str s)
{
    static const struct {
        const char *words;
        enum event_type event; /* EVENT_TYPE_COUNT: nothing to tell */
    } table[] = {
        {" aktif active devam devamediyor gecerli kullanimda calisiyor gorevde basvurmadi "
         "watching ",
         EVENT_TYPE_COUNT},
        {" basvurdu basvuruyapildi basvurutamam basvurutamamlandi applied submitted ",
         EVENT_APPLICATION_SUBMITTED},
        {" yazigeldi talepyazisigeldi letter ", EVENT_LETTER_RECEIVED},
        {" onaylandi onayverildi uretimde approved ", EVENT_APPROVAL_GIVEN},
        {" teslimedildi teslimalindi teslim delivered ", EVENT_CARD_DELIVERED},
        {" yenilendi yeniledi renewed ", EVENT_CERTIFICATE_RENEWED},
        {" iptal iptaledildi revoked cancelled ", EVENT_CERTIFICATE_REVOKED},
        {" askida askiyaalindi suspended ", EVENT_CERTIFICATE_SUSPENDED},
        {" gorevibitti gorevisonaerdi ayrildi emekli emeklioldu istifa dutyended left retired ",
         EVENT_DUTY_ENDED},
        {" engelligiris girisengelli girisiengelli blocked ", EVENT_LOGIN_BLOCKED},
    };
    char word[WORD_MAX];

    roster_fold(s, word, sizeof word);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (among(word, table[i].words)) {
            return (struct roster_status){true, table[i].event != EVENT_TYPE_COUNT, table[i].event};
        }
    }
    return (struct roster_status){word[0] == '\0', false, EVENT_TYPE_COUNT};
}

/* ---- names ---- */

/* Two letters or more, all of them capitals. */
static bool in_capitals(struct str s)
{
    size_t letters = 0;
    uint32_t cp;

    for (size_t at = 0, n; at < s.len; at += n) {
        n = utf8_decode((struct str){s.ptr + at, s.len - at}, &cp);
        if (n == 0 || tr_upper_char(cp) != cp) {
            return false;
        }
        letters += tr_lower_char(cp) != cp;
    }
    return letters > 1;
}

/* Where the last word of s begins. */
static size_t last_word(struct str s)
{
    size_t at = s.len;

    while (at > 0 && s.ptr[at - 1] != ' ') {
        at--;
    }
    return at;
}

void roster_split_name(struct str s, struct str *ret_given, struct str *ret_family)
{
    const char *comma = s.len == 0 ? NULL : memchr(s.ptr, ',', s.len);
    size_t family = last_word(s);
    size_t at = s.len;

    if (comma != NULL) {
        *ret_family = str_trim((struct str){s.ptr, (size_t)(comma - s.ptr)});
        *ret_given = str_trim((struct str){comma + 1, (size_t)(s.ptr + s.len - comma - 1)});
        return;
    }
    while (at > 0) {
        size_t begin = last_word((struct str){s.ptr, at});

        if (!in_capitals((struct str){s.ptr + begin, at - begin})) {
            break;
        }
        at = begin > 0 ? begin - 1 : 0;
    }
    if (at > 0 && at < s.len) {
        family = at + 1;
    }
    *ret_given = str_trim((struct str){s.ptr, family});
    *ret_family = (struct str){s.ptr + family, s.len - family};
    if (family == 0) {
        *ret_given = s;
        *ret_family = STR("");
    }
}

static bool is_leftover(uint32_t cp)
{
    return (cp >= 0x80 && cp <= 0xBF) || cp == 0x178 || cp == 0x17E || cp == 0x2021 ||
           cp == 0x2013 || cp == 0x153 || cp == 0x152;
}

bool roster_is_garbled(struct str s)
{
    uint32_t before = 0;
    uint32_t cp;

    for (size_t at = 0, n; at < s.len; at += n) {
        n = utf8_decode((struct str){s.ptr + at, s.len - at}, &cp);
        if (n == 0) {
            return true;
        }
        if ((before == 0xC3 || before == 0xC4 || before == 0xC5) && is_leftover(cp)) {
            return true;
        }
        before = cp;
    }
    return false;
}

bool roster_is_lossy(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (i + 2 < s.len && memcmp(s.ptr + i, "\xEF\xBF\xBD", 3) == 0) {
            return true;
        }
        if (s.ptr[i] == '?' && i + 1 < s.len && (ascii_alpha(s.ptr[i + 1]) || i > 0)) {
            return true;
        }
    }
    return false;
}
