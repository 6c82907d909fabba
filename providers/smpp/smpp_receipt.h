/*
 * Delivery receipts as deliver_sm brings them (SMPP 3.4 §5.2.12, appendix B): optional parameters
 * where they are there, else the text "id:… stat:…" that every centre writes in its own way. Pure.
 */
#pragma once

#include "providers/provider.h"
#include "providers/smpp/smpp_pdu.h"

struct smpp_receipt {
    char id[64]; /* never ""; as long as a provider's reference may be */
    enum report_state state;
    char code[32]; /* "DELIVRD" */
    char detail[200];
};

/*
 * False when the unit is no receipt: a message from somebody, or nothing that names the message it
 * is about. An intermediate notification never says more than pending.
 */
bool smpp_receipt_read(const struct smpp_pdu *p, struct smpp_receipt *ret);

/* How the same id is written in submit_sm_resp and in the receipt. */
enum smpp_id_form { SMPP_ID_SAME, SMPP_ID_HEX_DECIMAL, SMPP_ID_DECIMAL_HEX };

enum smpp_id_side { SMPP_ID_IN_ANSWER, SMPP_ID_IN_RECEIPT };

/*
 * Takes out of an id what is not printable ASCII, and rewrites it to the decimal form that both
 * sides share, without leading zeros; leaves it alone where the form is the same anyway or the id
 * is no such number of at most 128 bits.
 */
void smpp_id_normalise(enum smpp_id_form form, enum smpp_id_side side, char id[64]);
