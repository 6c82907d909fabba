#include "providers/smpp/smpp_status.h"

#include "base/err.h"

/* bind: what it means as the answer to a bind; where it cannot come, what the submit says. */
static const struct status {
    uint16_t status;
    const char *name;
    enum outcome_class submit;
    enum outcome_class bind;
} statuses[] = {
    {0x00, "ESME_ROK", OUTCOME_RETRY, OUTCOME_DOWN},
    {0x01, "ESME_RINVMSGLEN", OUTCOME_REJECTED, OUTCOME_ACCOUNT},
    {0x02, "ESME_RINVCMDLEN", OUTCOME_ACCOUNT, OUTCOME_ACCOUNT},
    {0x03, "ESME_RINVCMDID", OUTCOME_ACCOUNT, OUTCOME_ACCOUNT},
    {0x04, "ESME_RINVBNDSTS", OUTCOME_ACCOUNT, OUTCOME_ACCOUNT},
    /* An earlier session of ours that the centre has not yet given up. */
    {0x05, "ESME_RALYBND", OUTCOME_ACCOUNT, OUTCOME_DOWN},
    {0x06, "ESME_RINVPRTFLG", OUTCOME_ACCOUNT, OUTCOME_ACCOUNT},
    {0x07, "ESME_RINVREGDLVFLG", OUTCOME_ACCOUNT, OUTCOME_ACCOUNT},
    {0x08, "ESME_RSYSERR", OUTCOME_RETRY, OUTCOME_DOWN},
    {0x0A, "ESME_RINVSRCADR", OUTCOME_ACCOUNT, OUTCOME_ACCOUNT},
    {0x0B, "ESME_RINVDSTADR", OUTCOME_REJECTED, OUTCOME_ACCOUNT},
    {0x0D, "ESME_RBINDFAIL", OUTCOME_ACCOUNT, OUTCOME_ACCOUNT},
    {0x0E, "ESME_RINVPASWD", OUTCOME_ACCOUNT, OUTCOME_ACCOUNT},
    {0x0F, "ESME_RINVSYSID", OUTCOME_ACCOUNT, OUTCOME_ACCOUNT},
    {0x14, "ESME_RMSGQFUL", OUTCOME_THROTTLED, OUTCOME_DOWN},
    {0x15, "ESME_RINVSERTYP", OUTCOME_ACCOUNT, OUTCOME_ACCOUNT},
    {0x43, "ESME_RINVESMCLASS", OUTCOME_ACCOUNT, OUTCOME_ACCOUNT},
    {0x45, "ESME_RSUBMITFAIL", OUTCOME_REJECTED, OUTCOME_ACCOUNT},
    {0x48, "ESME_RINVSRCTON", OUTCOME_ACCOUNT, OUTCOME_ACCOUNT},
    {0x49, "ESME_RINVSRCNPI", OUTCOME_ACCOUNT, OUTCOME_ACCOUNT},
    {0x50, "ESME_RINVDSTTON", OUTCOME_ACCOUNT, OUTCOME_ACCOUNT},
    {0x51, "ESME_RINVDSTNPI", OUTCOME_ACCOUNT, OUTCOME_ACCOUNT},
    {0x53, "ESME_RINVSYSTYP", OUTCOME_ACCOUNT, OUTCOME_ACCOUNT},
    {0x54, "ESME_RINVREPFLAG", OUTCOME_ACCOUNT, OUTCOME_ACCOUNT},
    {0x58, "ESME_RTHROTTLED", OUTCOME_THROTTLED, OUTCOME_DOWN},
    {0x61, "ESME_RINVSCHED", OUTCOME_ACCOUNT, OUTCOME_ACCOUNT},
    {0x62, "ESME_RINVEXPIRY", OUTCOME_ACCOUNT, OUTCOME_ACCOUNT},
    {0x63, "ESME_RINVDFTMSGID", OUTCOME_ACCOUNT, OUTCOME_ACCOUNT},
    {0x64, "ESME_RX_T_APPN", OUTCOME_RETRY, OUTCOME_DOWN},
    {0x65, "ESME_RX_P_APPN", OUTCOME_REJECTED, OUTCOME_ACCOUNT},
    {0x66, "ESME_RX_R_APPN", OUTCOME_REJECTED, OUTCOME_ACCOUNT},
    {0xC0, "ESME_RINVOPTPARSTREAM", OUTCOME_ACCOUNT, OUTCOME_ACCOUNT},
    {0xC1, "ESME_ROPTPARNOTALLWD", OUTCOME_ACCOUNT, OUTCOME_ACCOUNT},
    {0xC2, "ESME_RINVPARLEN", OUTCOME_ACCOUNT, OUTCOME_ACCOUNT},
    {0xC3, "ESME_RMISSINGOPTPARAM", OUTCOME_ACCOUNT, OUTCOME_ACCOUNT},
    {0xC4, "ESME_RINVOPTPARAMVAL", OUTCOME_ACCOUNT, OUTCOME_ACCOUNT},
    {0xFE, "ESME_RDELIVERYFAILURE", OUTCOME_RETRY, OUTCOME_DOWN},
    {0xFF, "ESME_RUNKNOWNERR", OUTCOME_RETRY, OUTCOME_DOWN},
};

enum { VENDOR_FIRST = 0x400, VENDOR_LAST = 0x4FF };

static const struct status *find(uint32_t status)
{
    for (size_t i = 0; i < sizeof(statuses) / sizeof(*statuses); i++) {
        if (statuses[i].status == status) {
            return &statuses[i];
        }
    }
    return NULL;
}

static const struct smpp_status_rule *find_rule(uint32_t status,
                                                const struct smpp_status_rule *rules, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (rules[i].status == status) {
            return &rules[i];
        }
    }
    return NULL;
}

const char *smpp_status_name(uint32_t status)
{
    const struct status *s = find(status);

    if (s != NULL) {
        return s->name;
    }
    return status >= VENDOR_FIRST && status <= VENDOR_LAST ? "vendor" : "reserved";
}

enum outcome_class smpp_submit_class(uint32_t status, const struct smpp_status_rule *rules,
                                     size_t count)
{
    const struct smpp_status_rule *rule = find_rule(status, rules, count);
    const struct status *s = find(status);

    if (rule != NULL) {
        return rule->class;
    }
    return s == NULL ? OUTCOME_RETRY : s->submit;
}

enum outcome_class smpp_bind_class(uint32_t status)
{
    const struct status *s = find(status);

    return s == NULL ? OUTCOME_ACCOUNT : s->bind;
}

bool smpp_status_is_unknown(uint32_t status, const struct smpp_status_rule *rules, size_t count)
{
    return find(status) == NULL && find_rule(status, rules, count) == NULL;
}

/* "1025" or "0x0401". */
static int read_status(struct str s, uint32_t *ret)
{
    bool hex = s.len > 2 && s.ptr[0] == '0' && ascii_lower(s.ptr[1]) == 'x';
    uint64_t value = 0;

    if (s.len == 0 || s.len > 10) {
        return ERR_INVALID;
    }
    for (size_t i = hex ? 2 : 0; i < s.len; i++) {
        char c = ascii_lower(s.ptr[i]);
        unsigned digit = ascii_digit(c) ? (unsigned)(c - '0') : (unsigned)(c - 'a') + 10;

        if (!ascii_alnum(c) || digit >= (hex ? 16u : 10u)) {
            return ERR_INVALID;
        }
        value = value * (hex ? 16 : 10) + digit;
    }
    *ret = (uint32_t)value;
    return value == 0 || value > UINT32_MAX ? ERR_INVALID : 0;
}

int smpp_status_rule_parse(struct str line, struct smpp_status_rule *ret)
{
    const char *sign = line.len == 0 ? NULL : memchr(line.ptr, '=', line.len);
    size_t at;

    if (sign == NULL) {
        return ERR_INVALID;
    }
    at = (size_t)(sign - line.ptr);
    ret->class = outcome_parse((struct str){sign + 1, line.len - at - 1});
    switch (ret->class) {
    case OUTCOME_RETRY:
    case OUTCOME_THROTTLED:
    case OUTCOME_REJECTED:
    case OUTCOME_ACCOUNT:
    case OUTCOME_DOWN:
        return read_status((struct str){line.ptr, at}, &ret->status);
    default:
        return ERR_INVALID;
    }
}
