/*
 * SMPP 3.4 protocol data units, octets in and out. One table describes each command's fields, one
 * the optional parameters; decoding and encoding walk the same tables. Pure, any thread; nothing is
 * allocated but the bytes of the buffer that is written to.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum {
    SMPP_HEADER = 16,
    SMPP_PDU_MAX = 64 * 1024, /* longer ones are refused; the specification knows no limit */
    SMPP_SEQUENCE_MAX = 0x7FFFFFFF,
    SMPP_MESSAGE_MAX = 254,
    SMPP_VERSION = 0x34
};

/* §5.1.2.1; the answer to a request has the top bit set. */
enum smpp_command {
    SMPP_SUBMIT_SM = 0x04,
    SMPP_DELIVER_SM = 0x05,
    SMPP_UNBIND = 0x06,
    SMPP_BIND_TRANSCEIVER = 0x09,
    SMPP_ENQUIRE_LINK = 0x15,
    SMPP_ALERT_NOTIFICATION = 0x102,
    SMPP_DATA_SM = 0x103
};
#define SMPP_RESPONSE     0x80000000u
#define SMPP_GENERIC_NACK 0x80000000u

/* Bits of esm_class, §5.2.12. */
enum {
    SMPP_ESM_TYPE = 0x3C,
    SMPP_ESM_RECEIPT = 0x04,
    SMPP_ESM_INTERMEDIATE = 0x20,
    SMPP_ESM_UDHI = 0x40
};

/* Optional parameters that are understood (§5.3.2); others are skipped. */
enum smpp_tlv {
    SMPP_TLV_PAYLOAD_TYPE,
    SMPP_TLV_ADDITIONAL_STATUS,
    SMPP_TLV_RECEIPTED_ID,
    SMPP_TLV_USER_REFERENCE,
    SMPP_TLV_SAR_REFERENCE,
    SMPP_TLV_LANGUAGE,
    SMPP_TLV_SAR_TOTAL,
    SMPP_TLV_SAR_SEQUENCE,
    SMPP_TLV_INTERFACE_VERSION,
    SMPP_TLV_NETWORK_ERROR,
    SMPP_TLV_PAYLOAD,
    SMPP_TLV_FAILURE_REASON,
    SMPP_TLV_MORE_MESSAGES,
    SMPP_TLV_MESSAGE_STATE,
    SMPP_TLV_COUNT
};

/* Strings end with NUL and have the longest size the specification allows them. */
struct smpp_pdu {
    uint32_t command;
    uint32_t status;
    uint32_t sequence;

    char system_id[16];
    char password[9];
    char system_type[13];
    uint8_t interface_version;
    uint8_t addr_ton;
    uint8_t addr_npi;
    char address_range[41];

    char service_type[6];
    uint8_t source_ton;
    uint8_t source_npi;
    char source[21];
    uint8_t dest_ton;
    uint8_t dest_npi;
    char dest[21];
    uint8_t esm_class;
    uint8_t protocol_id;
    uint8_t priority;
    char schedule[17];
    char validity[17];
    uint8_t registered_delivery;
    uint8_t replace_if_present;
    uint8_t data_coding;
    uint8_t default_message;
    struct str message; /* at most SMPP_MESSAGE_MAX; decoded: borrowed from the input */
    char message_id[65];

    uint32_t present; /* bit per enum smpp_tlv */
    uint8_t payload_type;
    char additional_status[256];
    char receipted_id[65];
    uint16_t user_reference;
    uint16_t sar_reference;
    uint8_t language;
    uint8_t sar_total;
    uint8_t sar_sequence;
    uint8_t remote_version;
    struct str network_error; /* three octets: network type and code */
    struct str payload;       /* decoded: borrowed from the input */
    uint8_t failure_reason;
    uint8_t more_messages;
    uint8_t message_state;
};

static inline bool smpp_pdu_has(const struct smpp_pdu *p, enum smpp_tlv tlv)
{
    return (p->present & 1u << tlv) != 0;
}

/*
 * The length of the unit that begins at bytes, its header included; 0 while fewer than four octets
 * are there. ERR_INVALID when it is shorter than a header or longer than SMPP_PDU_MAX: then nobody
 * knows where the next one begins.
 */
int smpp_pdu_frame(const void *bytes, size_t n, size_t *ret_length, struct err *e);
/*
 * Decodes one whole unit of n octets as smpp_pdu_frame() cut it. A response may lack its body.
 * Optional parameters that are unknown, or not as long as they have to be, are skipped.
 * ERR_UNSUPPORTED for a command that is not in the table, ERR_INVALID for a body that makes no
 * sense; command, status and sequence are filled in both cases.
 */
int smpp_pdu_decode(const void *bytes, size_t n, struct smpp_pdu *ret, struct err *e);
/* Appends the unit. ERR_UNSUPPORTED for an unknown command, ERR_LIMIT when it is too long. */
int smpp_pdu_encode(const struct smpp_pdu *p, struct buf *out, struct err *e);
/* "submit_sm_resp" and the like; "?" when unknown. */
const char *smpp_command_name(uint32_t command);
