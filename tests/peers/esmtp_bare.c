/*
 * libesmtp without our guards, for the tests that show why each guard is there:
 *
 *   esmtp_bare HOST:PORT [count=N] [sessions=N] [to=ADDRESS] [bytes=N] [timeout=MS] [slow=MS]
 *              [user=NAME password=WORD] [tls=own|library]
 *
 * Prints the message status of each message after each session, one number per line.
 */
#include <auth-client.h>
#include <openssl/ssl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libesmtp.h>

static int argument_count;
static char **arguments;

static const char *option(const char *name, const char *otherwise)
{
    size_t n = strlen(name);

    for (int i = 2; i < argument_count; i++) {
        if (strncmp(arguments[i], name, n) == 0 && arguments[i][n] == '=') {
            return arguments[i] + n + 1;
        }
    }
    return otherwise;
}

static long number(const char *name, const char *otherwise)
{
    return strtol(option(name, otherwise), NULL, 10);
}

/* Accepts every certificate, and takes its time after the handshake when told to. */
static void on_event(smtp_session_t session, int event, void *arg, ...)
{
    va_list ap;

    (void)session;
    va_start(ap, arg);
    if (event == SMTP_EV_INVALID_PEER_CERTIFICATE) {
        (void)va_arg(ap, long);
        *va_arg(ap, int *) = 1;
    } else if (event == SMTP_EV_WRONG_PEER_CERTIFICATE) {
        *va_arg(ap, int *) = 1;
    } else if (event == SMTP_EV_STARTTLS_OK) {
        (void)usleep((useconds_t)number("slow", "0") * 1000);
    }
    va_end(ap);
}

static int on_login(auth_client_request_t request, char **result, int fields, void *arg)
{
    (void)arg;
    for (int i = 0; i < fields; i++) {
        const char *value = option((request[i].flags & AUTH_PASS) != 0 ? "password" : "user", "");

        result[i] = (char *)(size_t)value;
    }
    return 1;
}

static char *make_mail(size_t bytes)
{
    static const char head[] = "From: a@ornek.test\r\nDate: Mon, 05 Jan 2026 09:00:00 +0300\r\n"
                               "Message-ID: <1@ornek.test>\r\n\r\n";
    char *mail = malloc(sizeof head + bytes + 80);
    size_t len = sizeof head - 1;

    memcpy(mail, head, sizeof head);
    while (len < sizeof head - 1 + bytes) {
        len += (size_t)snprintf(mail + len, 80, "%08zu %060d\r\n", len, 0);
    }
    return mail;
}

static void set_timeouts(smtp_session_t session, long ms)
{
    static const int all[] = {Timeout_GREETING, Timeout_ENVELOPE, Timeout_DATA, Timeout_TRANSFER,
                              Timeout_DATA2};

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        (void)smtp_set_timeout(session, all[i] | Timeout_OVERRIDE_RFC2822_MINIMUM, ms);
    }
}

static void secure(smtp_session_t session, const char *how)
{
    if (strcmp(how, "own") == 0) {
        SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

        (void)smtp_starttls_set_ctx(session, ctx);
        SSL_CTX_free(ctx);
    }
    (void)smtp_starttls_enable(session, Starttls_REQUIRED);
}

static void report(smtp_message_t message, void *arg)
{
    (void)arg;
    (void)printf("%d\n", smtp_message_transfer_status(message)->code);
    (void)fflush(stdout);
}

static void run(char *mail)
{
    smtp_session_t session = smtp_create_session();
    auth_context_t auth = NULL;

    (void)smtp_set_server(session, arguments[1]);
    (void)smtp_set_eventcb(session, on_event, NULL);
    set_timeouts(session, number("timeout", "5000"));
    if (option("tls", NULL) != NULL) {
        secure(session, option("tls", ""));
    }
    if (option("user", NULL) != NULL) {
        auth = auth_create_context();
        (void)auth_set_mechanism_flags(auth, AUTH_PLUGIN_PLAIN, 0);
        (void)auth_set_interact_cb(auth, on_login, NULL);
        (void)smtp_auth_set_context(session, auth);
    }
    for (long i = 0; i < number("count", "1"); i++) {
        smtp_message_t message = smtp_add_message(session);

        (void)smtp_set_reverse_path(message, "a@ornek.test");
        (void)smtp_add_recipient(message, option("to", "b@ornek.test"));
        (void)smtp_set_message_str(message, mail);
    }
    (void)smtp_start_session(session);
    (void)smtp_enumerate_messages(session, report, NULL);
    (void)smtp_destroy_session(session);
    if (auth != NULL) {
        (void)auth_destroy_context(auth);
    }
}

int main(int argc, char **argv)
{
    char *mail;

    argument_count = argc;
    arguments = argv;
    if (argc < 2) {
        (void)fprintf(stderr, "usage: esmtp_bare HOST:PORT [name=value]...\n");
        return 64;
    }
    mail = make_mail((size_t)number("bytes", "100"));
    for (long i = 0; i < number("sessions", "1"); i++) {
        run(mail);
    }
    free(mail);
    return 0;
}
