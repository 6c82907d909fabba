/*
 * The first byte chooses mode, reserve and reference width. Measures and segments agree, what is
 * packed unpacks to the same text, tidying twice changes nothing, and any bytes may be unpacked.
 */
#include "base/utf8.h"
#include "text/sms.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool truth)
{
    if (!truth) {
        abort();
    }
}

static struct str content(const struct buf *b)
{
    return (struct str){b->data, b->len};
}

static void round_trip(struct str text, enum sms_mode mode, const struct sms_options *o)
{
    static struct sms_part parts[SMS_SEGMENTS_MAX];
    struct sms_measure m;
    struct buf back;
    size_t count = 0;

    must(sms_measure(text, mode, o, &m, NULL) == 0);
    if (sms_pack(text, mode, o, 300, parts, SMS_SEGMENTS_MAX, &count, NULL) != 0) {
        must(!m.encodable || m.segments > SMS_SEGMENTS_MAX);
        return;
    }
    must(m.encodable && count == m.segments);
    buf_init(&back, SMS_TEXT_MAX * 2);
    for (size_t i = 0; i < count; i++) {
        must(m.fill[i] <= m.capacity);
        must(sms_unpack(&parts[i], &back, NULL, NULL) == 0);
    }
    must(str_eq(text, content(&back)));
    buf_finish(&back);
}

static void tidy_twice(struct str text, unsigned flags)
{
    struct buf once;
    struct buf twice;

    buf_init(&once, SMS_TEXT_MAX);
    buf_init(&twice, SMS_TEXT_MAX);
    if (sms_tidy(text, flags, &once, NULL) == 0) {
        must(sms_tidy(content(&once), flags, &twice, NULL) == 0);
        must(str_eq(content(&once), content(&twice)));
    }
    buf_finish(&once);
    buf_finish(&twice);
}

static void unpack_bytes(const uint8_t *data, size_t size)
{
    struct sms_part part = {0};
    struct buf out;

    if (size < 3) {
        return;
    }
    part.udl = data[0];
    part.header_len = data[1];
    part.dcs = data[2] & 0x08;
    part.len = (uint8_t)(size - 3 < SMS_OCTETS_MAX ? size - 3 : SMS_OCTETS_MAX);
    memcpy(part.ud, data + 3, part.len);
    buf_init(&out, 1024);
    if (sms_unpack(&part, &out, NULL, NULL) == 0) {
        must(out.len == 0 || utf8_valid(content(&out)));
    }
    buf_finish(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text;

    if (size == 0) {
        return 0;
    }
    unpack_bytes(data + 1, size - 1);
    text = (struct str){(const char *)data + 1, size - 1};
    if (utf8_valid(text)) {
        struct sms_options o = {.reserve = data[0] & 8 ? SMS_RESERVE_TR : 0,
                                .wide_ref = (data[0] & 16) != 0};
        struct sms_bill bill;

        round_trip(text, (data[0] & 7) % SMS_MODE_COUNT, &o);
        tidy_twice(text, data[0] >> 5 & 1);
        sms_bill(text, SMS_TR_SINGLE, (data[0] >> 6) % SMS_RULE_COUNT, o.reserve, &bill);
        must(bill.segments >= 1);
    }
    return 0;
}
