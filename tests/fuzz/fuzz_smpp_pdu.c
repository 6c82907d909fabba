/*
 * Whatever a centre sends: framing, decoding, receipts. What was decoded can be encoded, and that
 * reads back as itself, octet for octet.
 */
#include "providers/smpp/smpp_pdu.h"
#include "providers/smpp/smpp_receipt.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct buf first;
static struct buf second;

static void expect(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void read_receipt(const struct smpp_pdu *p)
{
    struct smpp_receipt r;

    if (p->command == SMPP_DELIVER_SM && smpp_receipt_read(p, &r)) {
        expect(r.id[0] != '\0' && strlen(r.id) < sizeof(r.id));
        expect(strlen(r.code) < sizeof(r.code) && strlen(r.detail) < sizeof(r.detail));
    }
}

/* Any id in any form stays printable and inside its bounds, and a second time nothing changes. */
static void read_id(const struct smpp_pdu *p)
{
    for (unsigned i = 0; i < 6; i++) {
        char id[64] = "";
        char again[64];

        memcpy(id, p->message_id, sizeof(id) - 1);
        smpp_id_normalise((enum smpp_id_form)(i / 2), (enum smpp_id_side)(i % 2), id);
        expect(strlen(id) < sizeof(id));
        memcpy(again, id, sizeof(id));
        smpp_id_normalise(SMPP_ID_SAME, SMPP_ID_IN_ANSWER, again);
        expect(strcmp(id, again) == 0);
    }
}

static void one(const void *bytes, size_t n)
{
    struct smpp_pdu p;
    struct smpp_pdu again;

    if (smpp_pdu_decode(bytes, n, &p, NULL) != 0) {
        return;
    }
    read_receipt(&p);
    read_id(&p);
    buf_reset(&first);
    buf_reset(&second);
    if (smpp_pdu_encode(&p, &first, NULL) != 0) {
        /* Left out bodies and NULs are put in: what was at the bound may outgrow it. */
        expect(n + 8 > SMPP_PDU_MAX);
        return;
    }
    expect(smpp_pdu_decode(first.data, first.len, &again, NULL) == 0);
    expect(again.present == p.present && again.sequence == p.sequence);
    expect(smpp_pdu_encode(&again, &second, NULL) == 0);
    expect(first.len == second.len && memcmp(first.data, second.data, first.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    first.max = SMPP_PDU_MAX + 1024;
    second.max = first.max;
    while (size > 0) {
        size_t length;

        if (smpp_pdu_frame(data, size, &length, NULL) != 0 || length == 0 || length > size) {
            break;
        }
        one(data, length);
        data += length;
        size -= length;
    }
    return 0;
}
