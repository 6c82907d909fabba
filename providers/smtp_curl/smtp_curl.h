/*
 * E-mail through a relay on the loop, without threads: libcurl opens the conversation, so port 465
 * (RFC 8314), TLS 1.3 alone, IPv6 literals and XOAUTH2 are possible; the messages themselves are
 * sent by smtp_curl_lane.c, with 8BITMIME, SMTPUTF8 (RFC 6531) and DSN (RFC 3461) where the relay
 * offers them. What the relay says is judged by the same rules as in providers/smtp.
 */
#pragma once

#include "loop/curlmux_stream.h"
#include "providers/smtp/smtp.h"

enum smtp_curl_tls { SMTP_CURL_AUTO, SMTP_CURL_IMPLICIT, SMTP_CURL_STARTTLS, SMTP_CURL_NONE };
enum smtp_curl_tls_min { SMTP_CURL_TLS_12, SMTP_CURL_TLS_13 };

/* Filled from smtp_curl_provider_type.options. */
struct smtp_curl_settings {
    struct smtp_settings relay; /* first; tls and tls_max are unused, workers are connections */
    int tls;                    /* enum smtp_curl_tls */
    int tls_min;                /* enum smtp_curl_tls_min */
    int auth;                   /* enum curlmux_auth */
    char *token_file;           /* of XOAUTH2, read anew for every connection; else null */
};

extern const struct provider_type smtp_curl_provider_type;

/* What AUTO means is decided by the port. */
enum curlmux_tls smtp_curl_tls_of(const struct smtp_curl_settings *settings);
/* What a table of keys cannot say, at the settings' pointer. Any thread. */
void smtp_curl_check(const struct smtp_curl_settings *settings, const char *pointer,
                     struct faults *faults);
/*
 * The token of XOAUTH2: one line of printable characters. ERR_IO, ERR_INVALID, ERR_FORBIDDEN when
 * others may read the file.
 */
int smtp_curl_read_token(const char *path, char *out, size_t cap, struct err *e);
