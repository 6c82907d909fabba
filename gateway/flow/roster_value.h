/* What stands in the cells of a list: dates, numbers, yes and no, names. Pure. */
#pragma once

#include "domain/event.h"
#include "domain/fact.h"

enum roster_date {
    ROSTER_DATE_OK,
    ROSTER_DATE_SHORT_YEAR,  /* 12.02.27: read as 2027 */
    ROSTER_DATE_SERIAL,      /* a spreadsheet's day number */
    ROSTER_DATE_MONTH_FIRST, /* 02/13/2027: wrong, day and month have changed places */
    ROSTER_DATE_WRONG
};

/*
 * "12.02.2027", "12/02/2027", "12-02-2027", "12.2.27", "2027-02-12", "20270212", "12 Şubat 2027",
 * "12-Feb-27", each perhaps with a time of day, an RFC 3339 instant, or a day number (46430). A
 * plain date (and midnight) means the end of that day in Türkiye.
 */
enum roster_date roster_date(struct str s, int64_t *ret_end_ms);

enum roster_number {
    ROSTER_NUMBER_OK,
    ROSTER_NUMBER_RESTORED, /* 9,05320000067E+11: all digits are there */
    ROSTER_NUMBER_LOST      /* 9,05321E+11: the last digits are not */
};

/* Undoes what spreadsheets do to phone numbers: ="0532…", '0532…, 5320000067.0, 9,05E+11. */
enum roster_number roster_number(struct str s, struct buf *out);

/* "var", "etkin", "evet", "yes" …; EONAY_COUNT for a word that is not known. */
enum eonay roster_eonay(struct str s);
/* 1 yes, 0 no, -1 for a word that is not known. */
int roster_yes(struct str s);

struct roster_status {
    bool known;
    bool tells; /* false: the certificate is simply in use */
    enum event_type event;
};

struct roster_status roster_status(struct str s);

/*
 * "Ayşe Nur YILMAZ DEMİR": the words in capitals at the end are the family name; when all or none
 * are, the last word; "YILMAZ, Ayşe" says it itself. One word is a given name. Points into s.
 */
void roster_split_name(struct str s, struct str *ret_given, struct str *ret_family);

/* Letters that went through two encodings ("ÅŸ", "Ä±"). */
bool roster_is_garbled(struct str s);
/* Letters that are gone: U+FFFD, or question marks inside words. */
bool roster_is_lossy(struct str s);
