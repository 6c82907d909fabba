/*
 * Turkish text: letters, names, dates, suffixes, order. Independent of the process locale. All
 * functions are pure and may run on any thread; text is UTF-8 in composed form (text/nfc.h). The
 * functions that append to a buffer return 0 or the buffer's failure.
 */
#pragma once

#include "base/buf.h"
#include "base/str.h"

/* Single characters: i/İ and ı/I are pairs; other Latin letters as Unicode; the rest unchanged. */
uint32_t tr_lower_char(uint32_t cp);
uint32_t tr_upper_char(uint32_t cp);

int tr_lower(struct str s, struct buf *out);
int tr_upper(struct str s, struct buf *out);
/* First letter of each word (blank or hyphen between) upper case, the others lower case. */
int tr_title(struct str s, struct buf *out);
/*
 * As people write names: given names in title case, family names in upper case. A word that mixes
 * cases in its own way (McDonald) is kept; blanks are trimmed and made single.
 */
int tr_given_name(struct str s, struct buf *out);
int tr_family_name(struct str s, struct buf *out);
/* "Işıl ÇİĞDEM". */
int tr_full_name(struct str given, struct str family, struct buf *out);

/* Days are local calendar days since 1970-01-01. Istanbul has been UTC+3 all year since 2016. */
enum { ISTANBUL_OFFSET_MS = 3 * 3600 * 1000 };
int64_t istanbul_days(int64_t utc_ms);
/* First millisecond (UTC) of the local day. */
int64_t istanbul_day_start(int64_t days);

/* "12 Şubat 2027 Cuma"; "Friday 12 February 2027". */
int date_long(int64_t days, bool turkish, struct buf *out);
/* "12.02.2027"; "12 Feb 2027". */
int date_short(int64_t days, bool turkish, struct buf *out);
/* "12.02.2027 09:00"; "12 Feb 2027 09:00": the moment in Türkiye. */
int date_time(int64_t utc_ms, bool turkish, struct buf *out);
/* "Cuma", "Friday". */
const char *date_weekday(int64_t days, bool turkish);
/* "bugün", "yarın", "7 gün sonra", "dün doldu", "5 gün önce doldu"; "in 7 days" and so on. */
int date_relative(int64_t days_left, bool turkish, struct buf *out);

enum tr_case {
    TR_LOCATIVE,   /* -de  */
    TR_ABLATIVE,   /* -den */
    TR_DATIVE,     /* -e   */
    TR_ACCUSATIVE, /* -i   */
    TR_GENITIVE,   /* -in  */
    TR_CASE_COUNT
};

/* "iki bin yirmi yedi"; "eksi üç" for negative numbers. */
int tr_number_words(int64_t n, struct buf *out);
/* "2027'de": apostrophe and the suffix of the last spoken word. */
int tr_number_suffixed(int64_t n, enum tr_case c, struct buf *out);
/* "13.00'ten", "09.30'da". */
int tr_time_suffixed(int hour, int minute, enum tr_case c, struct buf *out);
/*
 * A proper name or abbreviation with apostrophe: "Ayşe'ye", "MEBBİS'ten", "DYS'de". The last word
 * decides; it is read as a number when it ends in digits, letter by letter when it cannot be
 * spoken. Appends s as it is, without a suffix, when it has no letter or digit at its end.
 */
int tr_name_suffixed(struct str s, enum tr_case c, struct buf *out);
/* A common noun without apostrophe: "okula". No softening (kitap, kitabı) is attempted. */
int tr_word_suffixed(struct str s, enum tr_case c, struct buf *out);

/*
 * Order of the Turkish alphabet, letter case and circumflex only on a tie; digits and blanks before
 * letters. <0, 0, >0; 0 only for equal bytes.
 */
int tr_collate(struct str a, struct str b);
