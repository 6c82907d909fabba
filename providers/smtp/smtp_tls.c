#include "providers/smtp/smtp_tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

static _Thread_local long verify_error;

static int on_verify(int ok, X509_STORE_CTX *store)
{
    if (!ok) {
        verify_error = X509_STORE_CTX_get_error(store);
    }
    return ok;
}

/* libesmtp does not say which host it wants (SNI, RFC 6066 §3); the hello is still to be written.
 */
static void on_info(const SSL *ssl, int where, int ret)
{
    const char *host = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    struct in_addr v4;

    (void)ret;
    if ((where & SSL_CB_HANDSHAKE_START) != 0 && inet_pton(AF_INET, host, &v4) != 1) {
        (void)SSL_set_tlsext_host_name((SSL *)(uintptr_t)ssl, host);
    }
}

static bool expect_host(SSL_CTX *ctx, const char *host)
{
    X509_VERIFY_PARAM *param = SSL_CTX_get0_param(ctx);
    struct in_addr v4;

    if (inet_pton(AF_INET, host, &v4) == 1) {
        return X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1;
    }
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return X509_VERIFY_PARAM_set1_host(param, host, 0) == 1;
}

static int trust(SSL_CTX *ctx, const char *ca_file, struct err *e)
{
    if (ca_file != NULL && SSL_CTX_load_verify_file(ctx, ca_file) != 1) {
        return err_set(e, ERR_IO, "cannot read certificates from %s: %s", ca_file,
                       ERR_reason_error_string(ERR_peek_last_error()));
    }
    if (ca_file == NULL && SSL_CTX_set_default_verify_paths(ctx) != 1) {
        return err_set(e, ERR_IO, "cannot read the system's root certificates");
    }
    return 0;
}

int smtp_tls_create(const struct smtp_settings *settings, const char *host, SSL_CTX **ret_ctx,
                    struct err *e)
{
    int max = settings->tls_max == SMTP_TLS_MAX_13 ? TLS1_3_VERSION : TLS1_2_VERSION;
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    int rc;

    if (ctx == NULL || SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_max_proto_version(ctx, max) != 1 || !expect_host(ctx, host)) {
        SSL_CTX_free(ctx);
        return err_set(e, ERR_NOMEM, "cannot prepare TLS for %s", host);
    }
    rc = trust(ctx, settings->ca_file, e);
    if (rc != 0) {
        SSL_CTX_free(ctx);
        return rc;
    }
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, on_verify);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    (void)SSL_CTX_set_app_data(ctx, (char *)(uintptr_t)host);
    SSL_CTX_set_info_callback(ctx, on_info);
    *ret_ctx = ctx;
    return 0;
}

void smtp_tls_forget(void)
{
    verify_error = X509_V_OK;
    ERR_clear_error();
}

const char *smtp_tls_problem(void)
{
    if (verify_error != X509_V_OK) {
        return X509_verify_cert_error_string(verify_error);
    }
    return ERR_reason_error_string(ERR_peek_error());
}

bool smtp_tls_verified(const SSL *ssl)
{
    return SSL_get_verify_mode(ssl) == SSL_VERIFY_PEER && SSL_get_verify_result(ssl) == X509_V_OK;
}

void smtp_tls_lend_certificate(SSL *ssl)
{
    X509 *own = SSL_get_certificate(ssl);

    if (own != NULL) {
        (void)X509_up_ref(own);
    }
}
