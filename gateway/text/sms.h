/*
 * SMS text: alphabets, measuring, packing. 3GPP TS 23.038 (default alphabet, Turkish tables A.2.1
 * and A.3.1) and TS 23.040 (user data header). All functions are pure and may run on any thread;
 * text is UTF-8. Nothing is ever replaced by '?', and UCS-2 is used only where the caller allows
 * it.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum sms_mode {
    SMS_GSM7,       /* default alphabet with its extension table */
    SMS_TR_SINGLE,  /* Turkish single shift */
    SMS_TR_LOCKING, /* Turkish locking shift */
    SMS_TR_BOTH,    /* both shifts */
    SMS_UCS2,
    SMS_MODE_COUNT
};

enum {
    SMS_SEGMENTS_MAX = 255, /* one octet of the concatenation element */
    SMS_OCTETS_MAX = 140,   /* user data of one segment */
    SMS_UNITS_MAX = 160,
    SMS_TEXT_MAX = 160 * 1024, /* bytes; more can never fit in 255 segments */
    SMS_RESERVE_MAX = 60,
    SMS_RESERVE_TR = 5 /* operators in Türkiye append a space and four characters */
};

/* Bits for sms_choose. */
enum {
    SMS_ALLOW_7BIT = 1 << SMS_GSM7 | 1 << SMS_TR_SINGLE | 1 << SMS_TR_LOCKING | 1 << SMS_TR_BOTH,
    SMS_ALLOW_UCS2 = 1 << SMS_UCS2
};

/* Zeroed: nothing reserved, 8-bit concatenation reference. */
struct sms_options {
    unsigned reserve; /* plain characters the operator appends, at most SMS_RESERVE_MAX */
    bool wide_ref;    /* 16-bit concatenation reference */
};

/*
 * The first character that costs: where the text is not encodable, the first one the mode lacks;
 * else the first that takes more than one unit.
 */
struct sms_culprit {
    uint32_t cp;         /* 0 when there is none */
    size_t position;     /* characters before it */
    size_t byte;         /* bytes before it */
    const char *cheaper; /* spelling in the default alphabet; "" to leave it out, null unknown */
};

struct sms_measure {
    bool encodable;                   /* every character exists in the mode */
    unsigned chars;                   /* code points of the text */
    unsigned units;                   /* septets, or UTF-16 units in UCS-2; without the reserve */
    unsigned segments;                /* at least 1; may exceed 255, then it cannot be sent */
    unsigned capacity;                /* units in each segment of this message */
    uint16_t fill[SMS_SEGMENTS_MAX];  /* units per segment, reserve included */
    uint32_t start[SMS_SEGMENTS_MAX]; /* characters before each segment */
    struct sms_culprit culprit;
};

/* How sellers count: the text is the same, the bill is not. */
enum sms_rule {
    SMS_RULE_PHYSICAL,  /* what goes over the air in the mode */
    SMS_RULE_TR_DOUBLE, /* the seven Turkish letters and the extension characters count two */
    SMS_RULE_TR_ONE,    /* only extension characters count two; Turkish letters lower the limit */
    SMS_RULE_COUNT
};

struct sms_bill {
    unsigned units;
    unsigned limit; /* of one segment in this message */
    unsigned segments;
};

/* One concatenation element; total 0 means none. */
struct sms_concat {
    unsigned ref;
    unsigned total; /* 1..255 */
    unsigned seq;   /* 1..total */
    bool wide;      /* 16-bit reference */
};

/* One segment as it goes over the air. */
struct sms_part {
    uint8_t udl;                 /* TP-UDL: septets incl. header, or octets in UCS-2 */
    uint8_t header_len;          /* octets of the header with its length octet; 0: no UDHI */
    uint8_t dcs;                 /* 0x00 for 7-bit modes, 0x08 for UCS-2 */
    uint8_t len;                 /* octets in ud */
    uint8_t ud[SMS_OCTETS_MAX];  /* header and packed text */
    uint8_t units;               /* octets in text below */
    uint8_t text[SMS_UNITS_MAX]; /* septets one per octet (SMPP), or UTF-16BE */
};

/* "gsm7", "tr_single", "tr_locking", "tr_both", "ucs2". */
const char *sms_mode_name(enum sms_mode mode);
/* "Türkçe 7 bit (tek kaydırma)" and the like. */
const char *sms_mode_label(enum sms_mode mode, bool turkish);
/* SMS_MODE_COUNT when unknown; '-' and '_' are the same. */
enum sms_mode sms_mode_parse(struct str s);
/* "physical", "tr_double", "tr_one"; SMS_RULE_COUNT when unknown. */
const char *sms_rule_name(enum sms_rule rule);
enum sms_rule sms_rule_parse(struct str s);

/* Units that fit in a single message (concat false) or in one part of several. */
unsigned sms_capacity(enum sms_mode mode, bool concat, bool wide_ref);

/*
 * Measures text in one mode; o may be null. ERR_INVALID for broken UTF-8 or an unreasonable
 * reserve, ERR_LIMIT above SMS_TEXT_MAX bytes; a text the mode cannot carry is not an error here.
 */
int sms_measure(struct str text, enum sms_mode mode, const struct sms_options *o,
                struct sms_measure *ret, struct err *e);

/* A character that costs more than one unit, or (units 0) that the mode lacks. */
struct sms_costly {
    uint32_t cp;
    unsigned units;
    unsigned count;
    size_t position; /* of the first one */
    const char *cheaper;
};

/* Lists the distinct ones in order of appearance, at most cap; the text must be valid UTF-8. */
size_t sms_costly(struct str text, enum sms_mode mode, struct sms_costly *list, size_t cap);

/*
 * The mode with the fewest segments among the allowed ones; on a tie the first in the order of the
 * enum. ERR_UNSUPPORTED when none carries the text (the sentence names the first culprit, ret
 * holds the measure that got furthest), ERR_LIMIT above 255 segments; else as sms_measure.
 */
int sms_choose(struct str text, unsigned allowed, const struct sms_options *o,
               enum sms_mode *ret_mode, struct sms_measure *ret, struct err *e);

/* Segments as a seller counts them; the text must be valid UTF-8. */
void sms_bill(struct str text, enum sms_mode mode, enum sms_rule rule, unsigned reserve,
              struct sms_bill *ret);

/* Packs one segment. ERR_UNSUPPORTED: not in the mode; ERR_LIMIT: too long for one. */
int sms_pack_part(struct str text, enum sms_mode mode, const struct sms_concat *concat,
                  struct sms_part *ret, struct err *e);

/*
 * Packs a whole message; ref is cut to its width. Room for the reserve is kept at the end. parts
 * has cap entries; ERR_LIMIT when that is too few.
 */
int sms_pack(struct str text, enum sms_mode mode, const struct sms_options *o, unsigned ref,
             struct sms_part *parts, size_t cap, size_t *ret_count, struct err *e);

/*
 * The reverse, for one segment: appends UTF-8 to out and fills ret_concat (may be null). Reads the
 * tables from the header; ERR_INVALID for bytes that make no sense.
 */
int sms_unpack(const struct sms_part *part, struct buf *out, struct sms_concat *ret_concat,
               struct err *e);

enum { SMS_TIDY_ASCII = 1 /* also fold Turkish letters to ASCII */ };

/*
 * Appends the tidied text to out: NFC, plain quotes, dashes, blanks, "TL" for the lira sign, no
 * zero-width characters, and letters with a circumflex without it. Idempotent. ERR_INVALID for
 * broken UTF-8, ERR_LIMIT when out is full.
 */
int sms_tidy(struct str text, unsigned flags, struct buf *out, struct err *e);
