/*
 * The names that templates may use: one table feeds the renderer, the checker and the manual.
 */
#pragma once

#include "text/template.h"

enum lang { LANG_TR, LANG_EN, LANG_COUNT };

/* "tr", "en". */
const char *lang_name(enum lang lang);
/* Turkish when the tag is empty or unknown; "en", "en-GB" … are English. */
enum lang lang_parse(struct str tag);

/* Members of one map stand together; the names of messages come first, those of layouts last. */
enum text_name {
    NAME_HOLDER_GIVEN_NAME,
    NAME_HOLDER_FAMILY_NAME,
    NAME_HOLDER_FULL_NAME,
    NAME_CERTIFICATE_END_SHORT,
    NAME_CERTIFICATE_END_LONG,
    NAME_CERTIFICATE_END_DATE,
    NAME_CERTIFICATE_END_ON,
    NAME_CERTIFICATE_END_UNTIL,
    NAME_CERTIFICATE_END_SINCE,
    NAME_OFFICE_NAME,
    NAME_OFFICE_UNIT,
    NAME_OFFICE_PROVINCE,
    NAME_OFFICE_PROVINCE_IN,
    NAME_OFFICE_PHONE,
    NAME_INSTITUTION_NAME,
    NAME_INSTITUTION_ADDRESS_FORM,
    NAME_SUMMARY_LETTERS,
    NAME_SUMMARY_AWAITED,
    NAME_SUMMARY_URGENT,
    NAME_SUMMARY_BLOCKED,
    NAME_SUMMARY_UNDELIVERED,
    NAME_ROWS_INSTITUTION,
    NAME_ROWS_NAME,
    NAME_ROWS_END,
    NAME_ROWS_APPLIED,
    NAME_ROWS_DAYS_LEFT,
    NAME_ROWS_STATUS,
    NAME_ROWS_WAITING,
    NAME_DAYS_LEFT,
    NAME_REMAINING,
    NAME_KALAN,
    NAME_PORTAL,
    NAME_PORTAL_URL,
    NAME_GUIDE,
    NAME_GUIDE_URL,
    NAME_STOP_NOTE,
    NAME_PRIVACY_URL,
    NAME_TODAY,
    NAME_PERSONS,
    NAME_WINDOW_DAYS,
    NAME_ROWS,
    MESSAGE_NAME_COUNT,
    NAME_LAYOUT_SUBJECT = MESSAGE_NAME_COUNT,
    NAME_LAYOUT_PREHEADER,
    NAME_LAYOUT_BODY,
    NAME_LAYOUT_BOX,
    TEXT_NAME_COUNT
};

struct text_name_info {
    const char *name;
    enum template_kind kind;
    bool personal;       /* never in an SMS */
    const char *example; /* used by previews */
    const char *longest; /* the longest an SMS must have room for */
    const char *tr;
    const char *en;
};

extern const struct text_name_info text_names[TEXT_NAME_COUNT];

/* TEXT_NAME_COUNT when unknown. */
enum text_name text_name_find(struct str name);
/*
 * The same table in the form template_check() wants: the first MESSAGE_NAME_COUNT for messages, all
 * for layouts.
 */
void text_template_names(struct template_name ret[TEXT_NAME_COUNT]);
