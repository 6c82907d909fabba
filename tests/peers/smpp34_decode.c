/*
 * Reads SMPP units as Debian's libsmpp34 reads them: one unit in hex per line of standard input,
 * one JSON object per line of standard output. Built only where the library is.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <libsmpp34/smpp34.h>
#include <libsmpp34/smpp34_structs.h>

#include <libsmpp34/smpp34_params.h>

enum { UNIT_MAX = 65536, VALUE_MAX = 1024 };

static int read_hex(const char *line, uint8_t *out)
{
    int n = 0;
    unsigned v;

    while (n < UNIT_MAX && sscanf(line + (size_t)n * 2, "%2x", &v) == 1) {
        out[n++] = (uint8_t)v;
    }
    return n;
}

static void print_hex(const char *name, const uint8_t *bytes, size_t n)
{
    printf(",\"%s\":\"", name);
    for (size_t i = 0; i < n; i++) {
        printf("%02x", bytes[i]);
    }
    printf("\"");
}

static void print_parameters(const tlv_t *tlv)
{
    printf(",\"parameters\":{");
    for (const char *comma = ""; tlv != NULL; tlv = tlv->next, comma = ",") {
        printf("%s\"%04x\":", comma, (unsigned)tlv->tag);
        if (tlv->tag == TLVID_message_payload) {
            printf("\"");
            for (size_t i = 0; i < tlv->length && i < VALUE_MAX; i++) {
                printf("%02x", tlv->value.octet[i]);
            }
            printf("\"");
        } else {
            printf("%u", tlv->length == 1 ? tlv->value.val08 : tlv->value.val16);
        }
    }
    printf("}");
}

static void print_submit(const submit_sm_t *s)
{
    printf("{\"sequence\":%u,\"source\":\"%s\",\"source_ton\":%u,\"source_npi\":%u,"
           "\"dest\":\"%s\",\"dest_ton\":%u,\"dest_npi\":%u,\"esm_class\":%u,"
           "\"validity\":\"%s\",\"registered_delivery\":%u,\"data_coding\":%u",
           (unsigned)s->sequence_number, (const char *)s->source_addr, s->source_addr_ton,
           s->source_addr_npi, (const char *)s->destination_addr, s->dest_addr_ton,
           s->dest_addr_npi, s->esm_class, (const char *)s->validity_period, s->registered_delivery,
           s->data_coding);
    print_hex("message", s->short_message, s->sm_length);
    print_parameters(s->tlv);
    printf("}\n");
}

int main(void)
{
    char *line = malloc(2 * UNIT_MAX + 2);
    uint8_t *bytes = malloc(UNIT_MAX);

    while (line != NULL && bytes != NULL && fgets(line, 2 * UNIT_MAX + 2, stdin) != NULL) {
        submit_sm_t unit;
        int n = read_hex(line, bytes);

        memset(&unit, 0, sizeof(unit));
        if (smpp34_unpack2(&unit, bytes, n) != 0) {
            printf("{\"error\":%d}\n", smpp34_errno);
        } else {
            print_submit(&unit);
            (void)destroy_tlv(unit.tlv);
        }
    }
    free(line);
    free(bytes);
    return 0;
}
