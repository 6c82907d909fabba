/*
 * A message centre's side of SMPP 3.4 over a socket, as raw octets and independent of the gateway's
 * codec: reads whole units, sends answers. For the talk function of http_peer.h.
 */
#pragma once

#include "http_peer.h"

#include <stdint.h>

enum { SMSC_UNIT_MAX = 65536 };

struct smsc_unit {
    uint32_t length;
    uint32_t command;
    uint32_t status;
    uint32_t sequence;
    unsigned char bytes[SMSC_UNIT_MAX]; /* header included */
};

static inline uint32_t smsc_u32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline bool smsc_recv(int fd, unsigned char *out, size_t n)
{
    while (n > 0) {
        ssize_t got = recv(fd, out, n, 0);

        if (got <= 0) {
            return false;
        }
        out += got;
        n -= (size_t)got;
    }
    return true;
}

static inline bool smsc_read(int fd, struct smsc_unit *u)
{
    if (!smsc_recv(fd, u->bytes, 16)) {
        return false;
    }
    u->length = smsc_u32(u->bytes);
    u->command = smsc_u32(u->bytes + 4);
    u->status = smsc_u32(u->bytes + 8);
    u->sequence = smsc_u32(u->bytes + 12);
    return u->length >= 16 && u->length <= SMSC_UNIT_MAX &&
           smsc_recv(fd, u->bytes + 16, u->length - 16);
}

static inline void smsc_send(int fd, uint32_t command, uint32_t status, uint32_t sequence,
                             const void *body, size_t n)
{
    unsigned char unit[2048];
    const uint32_t words[] = {(uint32_t)(16 + n), command, status, sequence};

    for (size_t i = 0; i < 16; i++) {
        unit[i] = (unsigned char)(words[i / 4] >> (24 - 8 * (i % 4)));
    }
    if (n > 0) {
        memcpy(unit + 16, body, n);
    }
    peer_write(fd, (const char *)unit, 16 + n);
}

/* An answer whose body is one string; null for none. */
static inline void smsc_answer(int fd, const struct smsc_unit *u, uint32_t status, const char *text)
{
    smsc_send(fd, u->command | 0x80000000u, status, u->sequence, text,
              text == NULL ? 0 : strlen(text) + 1);
}

/* A deliver_sm with a text, from a number; marked as esm_class says. */
static inline void smsc_deliver(int fd, uint32_t sequence, const char *from, unsigned char esm,
                                const char *text, const void *tlvs, size_t tlvs_len)
{
    unsigned char body[1024];
    size_t n = 0;
    size_t length = strlen(text);

    body[n++] = 0; /* service_type */
    body[n++] = 1;
    body[n++] = 1;
    memcpy(body + n, from, strlen(from) + 1);
    n += strlen(from) + 1;
    body[n++] = 5;
    body[n++] = 0;
    memcpy(body + n, "BATMANMEM", 10);
    n += 10;
    body[n++] = esm;
    memset(body + n, 0, 8); /* protocol … default message */
    n += 8;
    body[n++] = (unsigned char)length;
    memcpy(body + n, text, length);
    n += length;
    if (tlvs_len > 0) {
        memcpy(body + n, tlvs, tlvs_len);
        n += tlvs_len;
    }
    smsc_send(fd, 0x05, 0, sequence, body, n);
}
