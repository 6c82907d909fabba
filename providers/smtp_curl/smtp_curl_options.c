#include "providers/smtp_curl/smtp_curl_options.h"

#include "base/utf8.h"
#include "providers/smtp/smtp_mail.h"
#include "providers/smtp/smtp_options.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define AT(field) offsetof(struct smtp_curl_settings, field)

enum { IMPLICIT_PORT = 465, TOKEN_MAX = 8192 };

static const char *const tls_names[] = {"auto", "implicit", "starttls", "none", NULL};
static const char *const tls_min_names[] = {"1.2", "1.3", NULL};
static const char *const auth_names[] = {"auto", "plain", "login", "xoauth2", NULL};

const struct option smtp_curl_options[] = {
    SMTP_ROW_HOST,
    {.key = "port",
     .type = OPTION_INT,
     .offset = AT(relay.port),
     .fallback = "465",
     .min = 1,
     .max = 65535,
     .tr = "Sunucunun kapısı",
     .en = "Its port"},
    {.key = "tls",
     .type = OPTION_ENUM,
     .offset = AT(tls),
     .fallback = "\"auto\"",
     .names = tls_names,
     .tr = "Şifreleme: baştan TLS, zorunlu STARTTLS, (yalnız yerel sunucu için) yok; auto: 465 ise "
           "baştan, değilse STARTTLS",
     .en = "Encryption: TLS from the start, STARTTLS required, none (only for a local relay); "
           "auto: from the start on 465, else STARTTLS"},
    {.key = "tls_min",
     .type = OPTION_ENUM,
     .offset = AT(tls_min),
     .fallback = "\"1.2\"",
     .names = tls_min_names,
     .tr = "En düşük TLS sürümü",
     .en = "Lowest TLS version"},
    SMTP_ROWS_LOGIN,
    {.key = "auth",
     .type = OPTION_ENUM,
     .offset = AT(auth),
     .fallback = "\"auto\"",
     .names = auth_names,
     .tr = "Oturum açma yöntemi; auto: sunucunun sunduğu parolalı yöntemlerden biri",
     .en = "How to log in; auto: one of the ways with a password that the relay offers"},
    {.key = "token_file",
     .type = OPTION_PATH,
     .offset = AT(token_file),
     .min = 1,
     .max = 1000,
     .tr = "xoauth2 için erişim belirtecinin dosyası; her bağlantıda yeniden okunur",
     .en = "File of the access token of xoauth2; read anew for every connection"},
    SMTP_ROWS_MAIL,
    {.key = "connections",
     .type = OPTION_INT,
     .offset = AT(relay.workers),
     .fallback = "4",
     .min = 1,
     .max = 16,
     .tr = "Aynı anda açık bağlantı sayısı",
     .en = "Connections open at once"},
    SMTP_ROWS_LIMITS,
    {.key = NULL},
};

/* ---- what the table cannot say ---- */

enum curlmux_tls smtp_curl_tls_of(const struct smtp_curl_settings *s)
{
    static const enum curlmux_tls forms[] = {[SMTP_CURL_IMPLICIT] = CURLMUX_TLS_IMPLICIT,
                                             [SMTP_CURL_STARTTLS] = CURLMUX_TLS_START,
                                             [SMTP_CURL_NONE] = CURLMUX_TLS_NONE};

    if (s->tls == SMTP_CURL_AUTO) {
        return s->relay.port == IMPLICIT_PORT ? CURLMUX_TLS_IMPLICIT : CURLMUX_TLS_START;
    }
    return forms[s->tls];
}

static const char *at_key(char at[FAULT_POINTER_MAX], const char *pointer, const char *key)
{
    (void)snprintf(at, FAULT_POINTER_MAX, "%s/%s", pointer, key);
    return at;
}

static bool is_ipv6(const char *host)
{
    struct in6_addr v6;

    return inet_pton(AF_INET6, host, &v6) == 1;
}

static void check_reach(const struct smtp_curl_settings *s, const char *pointer, struct faults *f)
{
    char at[FAULT_POINTER_MAX];

    if (!smtp_host_ok(s->relay.host) && !is_ipv6(s->relay.host)) {
        faults_add(f, at_key(at, pointer, "host"), "CFG-411", "\"%s\" bir sunucu adı değil.",
                   "\"%s\" is not a host name", s->relay.host);
    }
    if (s->relay.port == IMPLICIT_PORT && s->tls == SMTP_CURL_STARTTLS) {
        faults_add(f, at_key(at, pointer, "tls"), "CFG-410",
                   "%d numaralı kapı baştan TLS ister; \"tls\" değerini \"implicit\" yapın.",
                   "port %d wants TLS from the start; set \"tls\" to \"implicit\"", IMPLICIT_PORT);
    }
}

/* A login is a name with a password, or for xoauth2 with the file of a token. */
static void check_secret(const struct smtp_curl_settings *s, const char *pointer, struct faults *f)
{
    bool oauth = s->auth == CURLMUX_AUTH_XOAUTH2;
    bool password = s->relay.password.given;
    bool token = s->token_file != NULL;
    char at[FAULT_POINTER_MAX];
    const char *missing = NULL;
    struct err e = {0};

    if (oauth || token) {
        missing = !token ? "token_file" : !oauth ? "auth" : s->relay.user == NULL ? "user" : NULL;
    } else if ((s->relay.user == NULL) != !password) {
        missing = s->relay.user == NULL ? "user" : "password";
    }
    if (missing != NULL) {
        faults_add(f, at_key(at, pointer, missing), "CFG-412", "%s eksik.", "%s is missing",
                   missing);
    } else if (oauth && password) {
        faults_add(f, at_key(at, pointer, "password"), "CFG-412",
                   "xoauth2 ile parola kullanılmaz; bu satırı kaldırın.",
                   "xoauth2 uses no password; take this line away");
    } else if (oauth && smtp_curl_read_token(s->token_file, NULL, 0, &e) != 0) {
        fault_warning(f, faults_add(f, at_key(at, pointer, "token_file"), "CFG-416",
                                    "Belirteç şimdi okunamıyor: %s",
                                    "the token cannot be read now: %s", e.text));
    }
}

void smtp_curl_check(const struct smtp_curl_settings *s, const char *pointer, struct faults *faults)
{
    if (s->relay.host == NULL || s->relay.envelope_from == NULL) {
        return; /* the table has said so */
    }
    check_reach(s, pointer, faults);
    check_secret(s, pointer, faults);
    smtp_settings_check_common(&s->relay, s->tls == SMTP_CURL_NONE, pointer, faults);
}

/* ---- the token ---- */

static int take_token(struct str text, char *out, size_t cap, struct err *e)
{
    text = str_trim(text);
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~') {
            return err_set(e, ERR_INVALID, "it holds more than one word");
        }
    }
    if (text.len == 0) {
        return err_set(e, ERR_INVALID, "it is empty");
    }
    return out == NULL ? 0 : str_copy(out, cap, text);
}

int smtp_curl_read_token(const char *path, char *out, size_t cap, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    char text[TOKEN_MAX + 1];
    struct stat st;
    ssize_t n = -1;
    int rc;

    if (fd < 0) {
        return err_errno(e, errno, "%s", path);
    }
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        n = read(fd, text, sizeof text);
    }
    (void)close(fd);
    if (n < 0 || n > TOKEN_MAX) {
        rc = err_set(e, ERR_INVALID, "it cannot be read, or is longer than %d bytes", TOKEN_MAX);
    } else if ((st.st_mode & 07) != 0) {
        rc = err_set(e, ERR_DENIED, "everybody has access to it; make it 0600");
    } else {
        rc = take_token((struct str){text, (size_t)n}, out, cap, e);
    }
    explicit_bzero(text, sizeof text);
    return rc == 0 ? 0 : err_prefix(e, "%s", path);
}
