/* The code tables of TS 23.038 behind the SMS functions; not for other modules. */
#pragma once

#include "text/sms.h"

enum { SMS_ESCAPE = 0x1B, SMS_LANGUAGE_TURKISH = 1 };

/* Information element identifiers of TS 23.040 §9.2.3.24. */
enum { SMS_IE_CONCAT8 = 0x00, SMS_IE_CONCAT16 = 0x08, SMS_IE_SINGLE = 0x24, SMS_IE_LOCKING = 0x25 };

/* Characters of one class cost the same in every mode. */
enum sms_class {
    SMS_CLASS_PLAIN,     /* one unit everywhere */
    SMS_CLASS_EXTENSION, /* behind an escape in the 7-bit modes */
    SMS_CLASS_TURKISH,   /* the seven letters that only the Turkish tables have */
    SMS_CLASS_DISPLACED, /* what the locking shift table puts other characters in the place of */
    SMS_CLASS_EURO,      /* in the extension table, and in the locking shift table */
    SMS_CLASS_FOREIGN,   /* in no 7-bit table */
    SMS_CLASS_ASTRAL,    /* the same, and two units in UCS-2 */
    SMS_CLASS_COUNT
};

enum { SMS_CLASS_TABLE = 0x180 };
/* The class of each of the first characters, where nearly all of a text lies. */
extern const uint8_t sms_class_table[SMS_CLASS_TABLE];
/* Units by mode and class, 0: not in the mode. */
extern const uint8_t sms_class_cost[SMS_MODE_COUNT][SMS_CLASS_COUNT];
enum sms_class sms_class_beyond(uint32_t cp); /* of characters that are not in the table */

static inline enum sms_class sms_class_of(uint32_t cp)
{
    return cp < SMS_CLASS_TABLE ? (enum sms_class)sms_class_table[cp] : sms_class_beyond(cp);
}

/*
 * The units cp takes in mode, 0 when it has none there. In the 7-bit modes stores that many
 * septets, in UCS-2 that many UTF-16 units.
 */
unsigned sms_encode_char(enum sms_mode mode, uint32_t cp, uint16_t units[2]);
/* The character behind a septet of the base table, or behind an escape; 0 when there is none. */
uint32_t sms_decode_septet(enum sms_mode mode, uint8_t septet, bool escaped);
/* One of the seven letters that only the Turkish tables have. */
bool sms_is_turkish(uint32_t cp);
/* In the default extension table: two septets everywhere. */
bool sms_is_extension(uint32_t cp);
/* Octets of the user data header including its length octet; 0 for none. */
unsigned sms_header_octets(enum sms_mode mode, bool concat, bool wide_ref);
/* A spelling in the default alphabet at lower cost; "" to leave it out, null when unknown. */
const char *sms_cheaper(uint32_t cp);
/* The plain spelling of quotes, dashes, blanks and signs; null when cp is not among them. */
const char *sms_plain(uint32_t cp);
/* One of the twelve Turkish letters without its mark; 0 for other characters. */
char sms_fold_letter(uint32_t cp);
