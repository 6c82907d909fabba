#include "providers/smpp/smpp_tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

enum { CHUNK = 16384 };

struct smpp_tls {
    SSL *ssl;
    BIO *in;  /* the ssl's */
    BIO *out; /* the ssl's */
};

static bool is_address(const char *host)
{
    unsigned char bytes[16];

    return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

/* The sentence of the failure, and a clean slate for the next one. */
static const char *reason(const SSL *ssl)
{
    long verdict = ssl == NULL ? X509_V_OK : SSL_get_verify_result(ssl);
    const char *text = verdict != X509_V_OK ? X509_verify_cert_error_string(verdict)
                                            : ERR_reason_error_string(ERR_peek_error());

    ERR_clear_error();
    return text == NULL ? "unexpected end" : text;
}

static int trust(SSL_CTX *ctx, const char *ca_file, struct err *e)
{
    if (ca_file != NULL && SSL_CTX_load_verify_file(ctx, ca_file) != 1) {
        return err_set(e, ERR_IO, "cannot read certificates from %s: %s", ca_file, reason(NULL));
    }
    if (ca_file == NULL && SSL_CTX_set_default_verify_paths(ctx) != 1) {
        return err_set(e, ERR_IO, "cannot read the system's root certificates");
    }
    return 0;
}

static SSL_CTX *make_context(const struct smpp_settings *s, struct err *e)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

    if (ctx == NULL || SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1) {
        SSL_CTX_free(ctx);
        (void)err_set(e, ERR_NOMEM, "cannot prepare TLS");
        return NULL;
    }
    if (trust(ctx, s->ca_file, e) != 0) {
        SSL_CTX_free(ctx);
        return NULL;
    }
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    (void)SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    return ctx;
}

static bool expect_host(SSL *ssl, const char *host)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);

    if (is_address(host)) {
        return X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1;
    }
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return X509_VERIFY_PARAM_set1_host(param, host, 0) == 1 &&
           SSL_set_tlsext_host_name(ssl, host) == 1;
}

static int attach_memory(struct smpp_tls *t)
{
    t->in = BIO_new(BIO_s_mem());
    t->out = BIO_new(BIO_s_mem());
    if (t->in == NULL || t->out == NULL) {
        BIO_free(t->in);
        BIO_free(t->out);
        return ERR_NOMEM;
    }
    SSL_set_bio(t->ssl, t->in, t->out);
    return 0;
}

int smpp_tls_create(const struct smpp_settings *settings, struct smpp_tls **ret, struct err *e)
{
    SSL_CTX *ctx = make_context(settings, e);
    struct smpp_tls *t;

    if (ctx == NULL) {
        return e == NULL ? ERR_IO : e->code;
    }
    t = calloc(1, sizeof(*t));
    if (t != NULL) {
        t->ssl = SSL_new(ctx);
    }
    SSL_CTX_free(ctx);
    if (t == NULL || t->ssl == NULL || !expect_host(t->ssl, settings->host) ||
        attach_memory(t) != 0) {
        smpp_tls_destroy(t);
        return err_set(e, ERR_NOMEM, "cannot prepare TLS for %s", settings->host);
    }
    SSL_set_connect_state(t->ssl);
    *ret = t;
    return 0;
}

void smpp_tls_destroy(struct smpp_tls *t)
{
    if (t != NULL) {
        SSL_free(t->ssl);
        free(t);
    }
}

static int judge(struct smpp_tls *t, int result, const char *what, struct err *e)
{
    int why = SSL_get_error(t->ssl, result);

    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
        return 0;
    }
    if (why == SSL_ERROR_ZERO_RETURN) {
        return err_set(e, ERR_IO, "the peer ended the TLS session");
    }
    return err_set(e, ERR_DENIED, "%s: %s", what, reason(t->ssl));
}

static int read_plain(struct smpp_tls *t, struct buf *plain, struct err *e)
{
    for (;;) {
        char *at = buf_reserve(plain, CHUNK);
        int n;

        if (at == NULL) {
            return err_set(e, buf_failed(plain), "TLS: too much to read at once");
        }
        ERR_clear_error();
        n = SSL_read(t->ssl, at, CHUNK);
        if (n <= 0) {
            return judge(t, n, "TLS", e);
        }
        buf_commit(plain, (size_t)n);
    }
}

int smpp_tls_receive(struct smpp_tls *t, const void *bytes, size_t n, struct buf *plain,
                     struct err *e)
{
    int done;

    if (n > 0 && BIO_write(t->in, bytes, (int)n) != (int)n) {
        return err_set(e, ERR_NOMEM, "no memory for TLS");
    }
    if (!SSL_is_init_finished(t->ssl)) {
        ERR_clear_error();
        done = SSL_do_handshake(t->ssl);
        if (done != 1) {
            return judge(t, done, "TLS handshake", e);
        }
    }
    return read_plain(t, plain, e);
}

bool smpp_tls_ready(const struct smpp_tls *t)
{
    return SSL_is_init_finished(t->ssl) && SSL_get_verify_result(t->ssl) == X509_V_OK;
}

int smpp_tls_send(struct smpp_tls *t, const void *bytes, size_t n, struct err *e)
{
    ERR_clear_error();
    if (n > 0 && SSL_write(t->ssl, bytes, (int)n) != (int)n) {
        return err_set(e, ERR_IO, "TLS: %s", reason(t->ssl));
    }
    return 0;
}

int smpp_tls_flush(struct smpp_tls *t, struct buf *wire)
{
    size_t waiting = BIO_ctrl_pending(t->out);
    char *at = buf_reserve(wire, waiting);
    int n;

    if (waiting == 0 || at == NULL) {
        return buf_failed(wire);
    }
    n = BIO_read(t->out, at, (int)waiting);
    buf_commit(wire, n > 0 ? (size_t)n : 0);
    return 0;
}
