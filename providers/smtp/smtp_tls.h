/*
 * The TLS client side of a relay: at least TLS 1.2, a certificate that a trusted root vouches for
 * and that names the configured host. libesmtp would make a context itself, frees it with the first
 * session and uses it in the second; and it compares the certificate with the name the DNS calls
 * canonical.
 */
#pragma once

#include "providers/smtp/smtp.h"

#include <openssl/ssl.h>

/*
 * ERR_IO when ca_file cannot be read. host must outlive the context. Free with SSL_CTX_free().
 * Usable by several threads.
 */
int smtp_tls_create(const struct smtp_settings *settings, const char *host, SSL_CTX **ret_ctx,
                    struct err *e);
/* Forgets what went wrong on this thread; call before a session. */
void smtp_tls_forget(void);
/* Why this thread's latest handshake failed, or null when none did. Static or thread-local text. */
const char *smtp_tls_problem(void);
/* The peer of a finished handshake was verified as smtp_tls_create() demands. */
bool smtp_tls_verified(const SSL *ssl);
/* libesmtp frees a client certificate it only borrowed; this gives it one to free. */
void smtp_tls_lend_certificate(SSL *ssl);
