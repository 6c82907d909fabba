#include "base/utf8.h"
#include "text/sms_alphabet.h"

static const char *const rules[SMS_RULE_COUNT] = {
    [SMS_RULE_PHYSICAL] = "physical",
    [SMS_RULE_TR_DOUBLE] = "tr_double",
    [SMS_RULE_TR_ONE] = "tr_one",
};

const char *sms_rule_name(enum sms_rule rule)
{
    return rules[rule];
}

enum sms_rule sms_rule_parse(struct str s)
{
    enum sms_rule rule = 0;

    while (rule < SMS_RULE_COUNT && !str_eqs(s, rules[rule])) {
        rule++;
    }
    return rule;
}

/* What a counting form on a seller's page sees. */
struct tally {
    unsigned chars;
    unsigned utf16;
    unsigned extension;
    unsigned turkish;
    bool foreign; /* something outside both: the seller switches to UCS-2 */
};

static void count(struct str text, struct tally *t)
{
    uint16_t units[2];
    uint32_t cp = 0;

    for (size_t at = 0; at < text.len; t->chars++) {
        size_t n = utf8_decode((struct str){text.ptr + at, text.len - at}, &cp);

        if (n == 0) {
            t->foreign = true;
            return;
        }
        at += n;
        t->utf16 += cp > 0xFFFF ? 2 : 1;
        t->extension += sms_is_extension(cp) ? 1 : 0;
        t->turkish += sms_is_turkish(cp) ? 1 : 0;
        t->foreign = t->foreign || sms_encode_char(SMS_TR_SINGLE, cp, units) == 0;
    }
}

static void divide(enum sms_mode mode, unsigned units, unsigned reserve, struct sms_bill *ret)
{
    ret->units = units;
    ret->limit = sms_capacity(mode, false, false);
    ret->segments = 1;
    if (units + reserve > ret->limit) {
        ret->limit = sms_capacity(mode, true, false);
        ret->segments = (units + reserve + ret->limit - 1) / ret->limit;
    }
}

static bool physical(struct str text, enum sms_mode mode, unsigned reserve, struct sms_bill *ret)
{
    struct sms_options o = {.reserve = reserve};
    struct sms_measure m;

    if (sms_measure(text, mode, &o, &m, NULL) != 0 || !m.encodable) {
        return false;
    }
    *ret = (struct sms_bill){.units = m.units, .limit = m.capacity, .segments = m.segments};
    return true;
}

void sms_bill(struct str text, enum sms_mode mode, enum sms_rule rule, unsigned reserve,
              struct sms_bill *ret)
{
    struct tally t = {0};
    bool ucs2;

    if (rule == SMS_RULE_PHYSICAL && physical(text, mode, reserve, ret)) {
        return;
    }
    count(text, &t);
    ucs2 = t.foreign || mode == SMS_UCS2;
    if (ucs2) {
        divide(SMS_UCS2, t.utf16, reserve, ret);
        return;
    }
    divide(t.turkish > 0 ? SMS_TR_SINGLE : SMS_GSM7,
           t.chars + t.extension + (rule == SMS_RULE_TR_ONE ? 0 : t.turkish), reserve, ret);
}
