/* command_status (SMPP 3.4 §5.1.3): its name, and whose fault it is. Pure data. */
#pragma once

#include "domain/outcome.h"

enum {
    SMPP_ESME_ROK = 0x00,
    SMPP_ESME_RINVCMDLEN = 0x02,
    SMPP_ESME_RINVCMDID = 0x03,
    SMPP_ESME_RSYSERR = 0x08,
    SMPP_ESME_RMSGQFUL = 0x14,
    SMPP_ESME_RTHROTTLED = 0x58,
    SMPP_ESME_RX_T_APPN = 0x64,
    SMPP_ESME_RX_R_APPN = 0x66
};

/* What a configured line "0x0401=rejected" says. */
struct smpp_status_rule {
    uint32_t status;
    enum outcome_class class;
};

/* "ESME_RTHROTTLED"; "vendor" for 0x400..0x4FF, "reserved" for what else has no name. */
const char *smpp_status_name(uint32_t status);
/* What a refused submit_sm means: never OUTCOME_SENT. */
enum outcome_class smpp_submit_class(uint32_t status, const struct smpp_status_rule *rules,
                                     size_t count);
/* What a refused bind means: ACCOUNT, or DOWN when it heals by itself. */
enum outcome_class smpp_bind_class(uint32_t status);
/* A code nobody has explained: worth a second try, and no third one. */
bool smpp_status_is_unknown(uint32_t status, const struct smpp_status_rule *rules, size_t count);
/* ERR_INVALID unless line is "<number>=<retry|throttled|rejected|account|down>". */
int smpp_status_rule_parse(struct str line, struct smpp_status_rule *ret);
