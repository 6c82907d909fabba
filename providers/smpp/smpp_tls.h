/*
 * TLS without a socket: octets of the wire go in and come out through memory, so that the loop can
 * carry them. At least TLS 1.2, a certificate that a trusted root vouches for and that names the
 * configured host. Loop thread.
 */
#pragma once

#include "providers/smpp/smpp.h"

#include "base/buf.h"

struct smpp_tls;

/* ERR_IO when the certificates of settings->ca_file cannot be read. */
int smpp_tls_create(const struct smpp_settings *settings, struct smpp_tls **ret, struct err *e);
/* Accepts null. */
void smpp_tls_destroy(struct smpp_tls *t);
/*
 * Takes what came from the wire (n may be 0, to begin) and appends what it says to plain. Fails
 * when the peer cannot be trusted or ended the stream; t is of no use after that.
 */
int smpp_tls_receive(struct smpp_tls *t, const void *bytes, size_t n, struct buf *plain,
                     struct err *e);
/* The handshake is over and the peer is who it should be. */
bool smpp_tls_ready(const struct smpp_tls *t);
/* Only when ready. */
int smpp_tls_send(struct smpp_tls *t, const void *bytes, size_t n, struct err *e);
/* Appends what has to go to the wire. */
int smpp_tls_flush(struct smpp_tls *t, struct buf *wire);
