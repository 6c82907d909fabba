/*
 * SMS through an operator's message centre: SMPP 3.4 as a transceiver, over TCP or TLS, on the loop
 * thread. One session is kept bound; messages go out in a window of unanswered submits, receipts
 * come back on the same link. docs/smpp.md tells what each outcome is made of.
 */
#pragma once

#include "providers/provider.h"

enum smpp_tls_mode { SMPP_TLS_REQUIRE, SMPP_TLS_OFF };
enum smpp_concatenation { SMPP_CONCAT_UDH, SMPP_CONCAT_SAR, SMPP_CONCAT_PAYLOAD };
enum smpp_septets { SMPP_SEPTETS_UNPACKED, SMPP_SEPTETS_PACKED };
enum smpp_alphabet { SMPP_ALPHABET_GSM7, SMPP_ALPHABET_LATIN1 };
enum smpp_receipts { SMPP_RECEIPTS_FINAL, SMPP_RECEIPTS_FAILURE, SMPP_RECEIPTS_NONE };
enum smpp_receipt_parts { SMPP_RECEIPT_ALL, SMPP_RECEIPT_LAST };
enum smpp_validity_form { SMPP_VALIDITY_RELATIVE, SMPP_VALIDITY_ABSOLUTE };

/* Milliseconds. */
struct smpp_timeouts {
    int64_t connect;  /* name, connection, TLS and bind together */
    int64_t response; /* an answer to one submit */
    int64_t idle;     /* silence before an enquire_link */
    int64_t enquire;  /* an answer to that, or to unbind */
    int64_t drain;    /* what drain() leaves to the messages in flight */
};

/* Filled from smpp_options. */
struct smpp_settings {
    char *host;
    int64_t port;
    int tls;       /* enum smpp_tls_mode */
    char *ca_file; /* null: the system's */
    char *system_id;
    struct secret password;
    char *system_type;
    char *service_type;
    char *sender;
    int64_t source_ton; /* -1: from the sender's shape */
    int64_t source_npi;
    int64_t dest_ton;
    int64_t dest_npi;
    int concatenation;    /* enum smpp_concatenation */
    int septets;          /* enum smpp_septets */
    int alphabet;         /* enum smpp_alphabet: how mode gsm7 is written */
    int64_t data_coding;  /* of the 7-bit modes */
    int64_t esm_class;    /* mode bits; what a header needs is added */
    int receipts;         /* enum smpp_receipts */
    bool intermediate;    /* also notifications on the way */
    int receipt_parts;    /* enum smpp_receipt_parts */
    int id_form;          /* enum smpp_id_form */
    int64_t validity_ms;  /* 0: the centre's own */
    int validity_form;    /* enum smpp_validity_form */
    int64_t window;       /* unanswered submits at most */
    int64_t throttle_ms;  /* first pause after "too fast" */
    int64_t reconnect_ms; /* longest wait between two connections */
    struct option_strings statuses;
    struct smpp_timeouts timeouts;
};

extern const struct option smpp_options[];
extern const struct provider_type smpp_provider_type;

/* What the table of keys cannot say. pointer is where the settings stand. Any thread. */
void smpp_settings_check(const void *settings, const char *pointer, struct faults *faults);
