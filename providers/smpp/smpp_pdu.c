#include "providers/smpp/smpp_pdu.h"

#include <stddef.h>

enum field_kind { FIELD_U8, FIELD_U16, FIELD_CSTRING, FIELD_MESSAGE, FIELD_OCTETS, FIELD_END };

/* size: of a string with its NUL, or of octets when there is only one right length. */
struct field {
    enum field_kind kind;
    uint16_t offset;
    uint16_t size;
};

#define AT(member)   offsetof(struct smpp_pdu, member)
#define SIZE(member) sizeof(((struct smpp_pdu *)0)->member)
#define CSTRING(member)                                                                            \
    {                                                                                              \
        FIELD_CSTRING, AT(member), SIZE(member)                                                    \
    }
#define U8(member)                                                                                 \
    {                                                                                              \
        FIELD_U8, AT(member), 1                                                                    \
    }
#define U16(member)                                                                                \
    {                                                                                              \
        FIELD_U16, AT(member), 2                                                                   \
    }
#define END                                                                                        \
    {                                                                                              \
        FIELD_END, 0, 0                                                                            \
    }

static const struct field bind_fields[] = {
    CSTRING(system_id), CSTRING(password), CSTRING(system_type),   U8(interface_version),
    U8(addr_ton),       U8(addr_npi),      CSTRING(address_range), END};
static const struct field bind_answer_fields[] = {CSTRING(system_id), END};
static const struct field message_fields[] = {CSTRING(service_type),
                                              U8(source_ton),
                                              U8(source_npi),
                                              CSTRING(source),
                                              U8(dest_ton),
                                              U8(dest_npi),
                                              CSTRING(dest),
                                              U8(esm_class),
                                              U8(protocol_id),
                                              U8(priority),
                                              CSTRING(schedule),
                                              CSTRING(validity),
                                              U8(registered_delivery),
                                              U8(replace_if_present),
                                              U8(data_coding),
                                              U8(default_message),
                                              {FIELD_MESSAGE, AT(message), SMPP_MESSAGE_MAX},
                                              END};
static const struct field message_answer_fields[] = {CSTRING(message_id), END};
static const struct field no_fields[] = {END};

static const struct command {
    uint32_t id;
    const char *name;
    const struct field *fields;
} commands[] = {
    {SMPP_BIND_TRANSCEIVER, "bind_transceiver", bind_fields},
    {SMPP_BIND_TRANSCEIVER | SMPP_RESPONSE, "bind_transceiver_resp", bind_answer_fields},
    {SMPP_SUBMIT_SM, "submit_sm", message_fields},
    {SMPP_SUBMIT_SM | SMPP_RESPONSE, "submit_sm_resp", message_answer_fields},
    {SMPP_DELIVER_SM, "deliver_sm", message_fields},
    {SMPP_DELIVER_SM | SMPP_RESPONSE, "deliver_sm_resp", message_answer_fields},
    {SMPP_DATA_SM | SMPP_RESPONSE, "data_sm_resp", message_answer_fields},
    {SMPP_ENQUIRE_LINK, "enquire_link", no_fields},
    {SMPP_ENQUIRE_LINK | SMPP_RESPONSE, "enquire_link_resp", no_fields},
    {SMPP_UNBIND, "unbind", no_fields},
    {SMPP_UNBIND | SMPP_RESPONSE, "unbind_resp", no_fields},
    {SMPP_GENERIC_NACK, "generic_nack", no_fields},
};

static const struct parameter {
    uint16_t tag;
    struct field field;
} parameters[SMPP_TLV_COUNT] = {
    [SMPP_TLV_PAYLOAD_TYPE] = {0x0019, U8(payload_type)},
    [SMPP_TLV_ADDITIONAL_STATUS] = {0x001D, CSTRING(additional_status)},
    [SMPP_TLV_RECEIPTED_ID] = {0x001E, CSTRING(receipted_id)},
    [SMPP_TLV_USER_REFERENCE] = {0x0204, U16(user_reference)},
    [SMPP_TLV_SAR_REFERENCE] = {0x020C, U16(sar_reference)},
    [SMPP_TLV_LANGUAGE] = {0x020D, U8(language)},
    [SMPP_TLV_SAR_TOTAL] = {0x020E, U8(sar_total)},
    [SMPP_TLV_SAR_SEQUENCE] = {0x020F, U8(sar_sequence)},
    [SMPP_TLV_INTERFACE_VERSION] = {0x0210, U8(remote_version)},
    [SMPP_TLV_NETWORK_ERROR] = {0x0423, {FIELD_OCTETS, AT(network_error), 3}},
    [SMPP_TLV_PAYLOAD] = {0x0424, {FIELD_OCTETS, AT(payload), 0}},
    [SMPP_TLV_FAILURE_REASON] = {0x0425, U8(failure_reason)},
    [SMPP_TLV_MORE_MESSAGES] = {0x0426, U8(more_messages)},
    [SMPP_TLV_MESSAGE_STATE] = {0x0427, U8(message_state)},
};

static const struct command *find_command(uint32_t id)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
        if (commands[i].id == id) {
            return &commands[i];
        }
    }
    return NULL;
}

const char *smpp_command_name(uint32_t command)
{
    const struct command *c = find_command(command);

    return c == NULL ? "?" : c->name;
}

/* ---- reading ---- */

struct reader {
    const uint8_t *at;
    size_t left;
};

static uint16_t read_u16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t read_u32(const uint8_t *p)
{
    return (uint32_t)read_u16(p) << 16 | read_u16(p + 2);
}

static void skip(struct reader *r, size_t n)
{
    r->at += n;
    r->left -= n;
}

/* C-Octet String: at most size octets, the last of them NUL. */
static bool take_cstring(struct reader *r, uint16_t size, char *out)
{
    const uint8_t *end = r->left == 0 ? NULL : memchr(r->at, 0, r->left < size ? r->left : size);
    size_t n;

    if (end == NULL) {
        return false;
    }
    n = (size_t)(end - r->at) + 1;
    memcpy(out, r->at, n);
    skip(r, n);
    return true;
}

static bool take_message(struct reader *r, struct str *out)
{
    size_t n = r->left == 0 ? 0 : r->at[0];

    if (r->left < 1 + n || n > SMPP_MESSAGE_MAX) {
        return false;
    }
    *out = (struct str){(const char *)r->at + 1, n};
    skip(r, 1 + n);
    return true;
}

static bool take_field(struct reader *r, const struct field *f, struct smpp_pdu *p)
{
    char *at = (char *)p + f->offset;

    switch (f->kind) {
    case FIELD_CSTRING:
        return take_cstring(r, f->size, at);
    case FIELD_MESSAGE:
        return take_message(r, (struct str *)(void *)at);
    default:
        if (r->left == 0) {
            return false;
        }
        *(uint8_t *)at = r->at[0];
        skip(r, 1);
        return true;
    }
}

/* Some centres leave out the NUL at the end of a parameter. */
static bool keep_text(char *out, uint16_t size, struct str value)
{
    const char *end = value.len == 0 ? NULL : memchr(value.ptr, 0, value.len);

    return str_copy(out, size,
                    (struct str){value.ptr, end == NULL ? value.len : (size_t)(end - value.ptr)}) ==
           0;
}

static bool keep_parameter(struct smpp_pdu *p, const struct field *f, struct str value)
{
    char *at = (char *)p + f->offset;

    if (f->kind != FIELD_CSTRING && f->size != 0 && value.len != f->size) {
        return false;
    }
    switch (f->kind) {
    case FIELD_U8:
        *(uint8_t *)at = (uint8_t)value.ptr[0];
        return true;
    case FIELD_U16:
        *(uint16_t *)(void *)at = read_u16((const uint8_t *)value.ptr);
        return true;
    case FIELD_OCTETS:
        *(struct str *)(void *)at = value;
        return true;
    default:
        return keep_text(at, f->size, value);
    }
}

static bool take_parameter(struct reader *r, struct smpp_pdu *p)
{
    uint16_t tag;
    uint16_t length;

    if (r->left < 4) {
        return false;
    }
    tag = read_u16(r->at);
    length = read_u16(r->at + 2);
    skip(r, 4);
    if (r->left < length) {
        return false;
    }
    for (size_t i = 0; i < SMPP_TLV_COUNT; i++) {
        struct str value = {(const char *)r->at, length};

        if (parameters[i].tag == tag && keep_parameter(p, &parameters[i].field, value)) {
            p->present |= 1u << i;
        }
    }
    skip(r, length);
    return true;
}

int smpp_pdu_frame(const void *bytes, size_t n, size_t *ret_length, struct err *e)
{
    uint32_t length;

    *ret_length = 0;
    if (n < 4) {
        return 0;
    }
    length = read_u32(bytes);
    if (length < SMPP_HEADER || length > SMPP_PDU_MAX) {
        return err_set(e, ERR_INVALID, "SMPP: command_length %u is not between %d and %d",
                       (unsigned)length, SMPP_HEADER, SMPP_PDU_MAX);
    }
    *ret_length = length;
    return 0;
}

static int decode_body(const struct command *c, struct reader r, struct smpp_pdu *p, struct err *e)
{
    if (r.left == 0 && (c->id & SMPP_RESPONSE) != 0) {
        return 0;
    }
    for (const struct field *f = c->fields; f->kind != FIELD_END; f++) {
        if (!take_field(&r, f, p)) {
            return err_set(e, ERR_INVALID, "SMPP %s: field %d is cut off or too long", c->name,
                           (int)(f - c->fields) + 1);
        }
    }
    while (r.left > 0) {
        if (!take_parameter(&r, p)) {
            return err_set(e, ERR_INVALID, "SMPP %s: an optional parameter is cut off", c->name);
        }
    }
    return 0;
}

int smpp_pdu_decode(const void *bytes, size_t n, struct smpp_pdu *ret, struct err *e)
{
    const uint8_t *p = bytes;
    const struct command *c;

    memset(ret, 0, sizeof(*ret));
    if (n < SMPP_HEADER || read_u32(p) != n) {
        return err_set(e, ERR_INVALID, "SMPP: %zu octets are no whole unit", n);
    }
    ret->command = read_u32(p + 4);
    ret->status = read_u32(p + 8);
    ret->sequence = read_u32(p + 12);
    c = find_command(ret->command);
    if (c == NULL) {
        return err_set(e, ERR_UNSUPPORTED, "SMPP: command 0x%08X is not known",
                       (unsigned)ret->command);
    }
    return decode_body(c, (struct reader){p + SMPP_HEADER, n - SMPP_HEADER}, ret, e);
}

/* ---- writing ---- */

static void put_u16(struct buf *out, uint16_t v)
{
    (void)buf_addc(out, (char)(v >> 8));
    (void)buf_addc(out, (char)v);
}

static void put_u32(struct buf *out, uint32_t v)
{
    put_u16(out, (uint16_t)(v >> 16));
    put_u16(out, (uint16_t)v);
}

static struct str text_of(const char *at, uint16_t size)
{
    const char *end = memchr(at, 0, size);

    return (struct str){at, end == NULL ? size - 1u : (size_t)(end - at)};
}

/* The value alone, without the length in front of a message or a parameter. */
static struct str field_value(const struct smpp_pdu *p, const struct field *f, char scratch[2])
{
    const char *at = (const char *)p + f->offset;
    uint16_t v;

    switch (f->kind) {
    case FIELD_U8:
        return (struct str){at, 1};
    case FIELD_U16:
        memcpy(&v, at, sizeof(v));
        scratch[0] = (char)(v >> 8);
        scratch[1] = (char)v;
        return (struct str){scratch, 2};
    case FIELD_CSTRING:
        return text_of(at, f->size);
    default:
        return *(const struct str *)(const void *)at;
    }
}

static int put_field(struct buf *out, const struct smpp_pdu *p, const struct field *f)
{
    char scratch[2];
    struct str value = field_value(p, f, scratch);

    if (f->kind == FIELD_MESSAGE) {
        if (value.len > f->size) {
            return ERR_LIMIT;
        }
        (void)buf_addc(out, (char)value.len);
    }
    (void)buf_add(out, value.ptr, value.len);
    return f->kind == FIELD_CSTRING ? buf_addc(out, '\0') : buf_failed(out);
}

static int put_parameter(struct buf *out, const struct smpp_pdu *p, const struct parameter *tlv)
{
    bool text = tlv->field.kind == FIELD_CSTRING;
    char scratch[2];
    struct str value = field_value(p, &tlv->field, scratch);

    if (value.len > UINT16_MAX) {
        return ERR_LIMIT;
    }
    put_u16(out, tlv->tag);
    put_u16(out, (uint16_t)(value.len + text));
    (void)buf_add(out, value.ptr, value.len);
    return text ? buf_addc(out, '\0') : buf_failed(out);
}

static int put_body(const struct smpp_pdu *p, const struct command *c, struct buf *out)
{
    int code = 0;

    for (const struct field *f = c->fields; f->kind != FIELD_END && code == 0; f++) {
        code = put_field(out, p, f);
    }
    for (size_t i = 0; i < SMPP_TLV_COUNT && code == 0; i++) {
        if (smpp_pdu_has(p, (enum smpp_tlv)i)) {
            code = put_parameter(out, p, &parameters[i]);
        }
    }
    return code;
}

static void store_length(struct buf *out, size_t start)
{
    size_t length = out->len - start;

    for (int i = 0; i < 4; i++) {
        out->data[start + (size_t)i] = (char)(length >> (24 - 8 * i));
    }
}

int smpp_pdu_encode(const struct smpp_pdu *p, struct buf *out, struct err *e)
{
    const struct command *c = find_command(p->command);
    size_t start = out->len;
    int code;

    if (c == NULL) {
        return err_set(e, ERR_UNSUPPORTED, "SMPP: command 0x%08X is not known",
                       (unsigned)p->command);
    }
    put_u32(out, 0);
    put_u32(out, p->command);
    put_u32(out, p->status);
    put_u32(out, p->sequence);
    code = put_body(p, c, out);
    if (code == 0 && out->len - start > SMPP_PDU_MAX) {
        code = ERR_LIMIT;
    }
    if (code != 0) {
        buf_truncate(out, start);
        return err_set(e, code, "SMPP %s: %s", c->name,
                       code == ERR_LIMIT ? "too long" : "no memory");
    }
    store_length(out, start);
    return 0;
}
