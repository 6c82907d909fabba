#include "providers/smtp/smtp_options.h"

#include "providers/smtp/smtp_mail.h"

#include <arpa/inet.h>
#include <stdio.h>

#define AT_TIME(field) SMTP_AT(timeouts.field)
#define TIMES          .type = OPTION_DURATION, .min = 100, .max = 600000

static const char *const tls_names[] = {"require", "none", NULL};
static const char *const tls_max_names[] = {"1.2", "1.3", NULL};

const struct option smtp_timeout_options[] = {
    {.key = "connect",
     TIMES,
     .offset = AT_TIME(connect),
     .fallback = "\"10s\"",
     .tr = "Sunucunun bir adresine bağlanma süresi",
     .en = "Connecting to one address of the relay"},
    {.key = "greeting",
     TIMES,
     .offset = AT_TIME(greeting),
     .fallback = "\"30s\"",
     .tr = "Sunucunun ilk selamı",
     .en = "The relay's greeting"},
    {.key = "envelope",
     TIMES,
     .offset = AT_TIME(envelope),
     .fallback = "\"60s\"",
     .tr = "Bir komut ile yanıtı, TLS ve oturum açma",
     .en = "A command and its answer, TLS, login"},
    {.key = "data",
     TIMES,
     .offset = AT_TIME(data),
     .fallback = "\"60s\"",
     .tr = "DATA komutunun yanıtı",
     .en = "The answer to DATA"},
    {.key = "transfer",
     TIMES,
     .offset = AT_TIME(transfer),
     .fallback = "\"120s\"",
     .tr = "İletinin tamamının aktarılması",
     .en = "Transfer of the whole message"},
    {.key = "final",
     TIMES,
     .offset = AT_TIME(final),
     .fallback = "\"120s\"",
     .tr = "Sunucunun ileti için son kararı",
     .en = "The relay's verdict on the message"},
    {.key = "drain",
     TIMES,
     .offset = AT_TIME(drain),
     .fallback = "\"20s\"",
     .tr = "Kapanırken yoldaki iletilere tanınan süre",
     .en = "Time for messages in flight at shutdown"},
    {.key = NULL},
};

const struct option smtp_options[] = {
    SMTP_ROW_HOST,
    {.key = "port",
     .type = OPTION_INT,
     .offset = SMTP_AT(port),
     .fallback = "587",
     .min = 1,
     .max = 65535,
     .tr = "Sunucunun kapısı; 465 için smtp-curl",
     .en = "Its port; 465 needs smtp-curl"},
    {.key = "tls",
     .type = OPTION_ENUM,
     .offset = SMTP_AT(tls),
     .fallback = "\"require\"",
     .names = tls_names,
     .tr = "STARTTLS: zorunlu ya da (yalnız yerel sunucu için) yok",
     .en = "STARTTLS: required, or none (only for a local relay)"},
    {.key = "tls_max",
     .type = OPTION_ENUM,
     .offset = SMTP_AT(tls_max),
     .fallback = "\"1.2\"",
     .names = tls_max_names,
     .tr = "En yüksek TLS sürümü",
     .en = "Highest TLS version"},
    SMTP_ROWS_LOGIN,
    SMTP_ROWS_MAIL,
    {.key = "workers",
     .type = OPTION_INT,
     .offset = SMTP_AT(workers),
     .fallback = "2",
     .min = 1,
     .max = 16,
     .tr = "Aynı anda açık oturum sayısı",
     .en = "Sessions open at once"},
    SMTP_ROWS_LIMITS,
    {.key = NULL},
};

static bool is_address(const char *host)
{
    struct in_addr v4;

    return inet_pton(AF_INET, host, &v4) == 1;
}

bool smtp_is_loopback(const char *host)
{
    return str_ieq(str_of(host), STR("localhost")) ||
           (is_address(host) && strncmp(host, "127.", 4) == 0);
}

/* errors and warnings carry the key's place below the settings' pointer. */
#define FAULT(f, pointer, key, code, tr, en, ...)                                                  \
    faults_add((f), at_key((char[FAULT_POINTER_MAX]){0}, (pointer), (key)), (code), tr, en,        \
               __VA_ARGS__)

static const char *at_key(char *at, const char *pointer, const char *key)
{
    (void)snprintf(at, FAULT_POINTER_MAX, "%s/%s", pointer, key);
    return at;
}

static void check_host(const struct smtp_settings *s, const char *pointer, struct faults *f)
{
    if (s->port == 465) {
        FAULT(f, pointer, "port", "CFG-410",
              "%d numaralı kapı doğrudan TLS ister; \"kind\": \"smtp-curl\" yazın ya da 587 ile "
              "STARTTLS kullanın.",
              "port %d wants implicit TLS; write \"kind\": \"smtp-curl\", or use 587 with STARTTLS",
              465);
    }
    if (strchr(s->host, ':') != NULL || strchr(s->host, '[') != NULL) {
        FAULT(f, pointer, "host", "CFG-411",
              "\"%s\": IPv6 adresi ya da kapı yazılamaz; bir ad ya da IPv4 adresi verin.",
              "\"%s\": neither an IPv6 literal nor a port is possible here; give a name or an IPv4 "
              "address",
              s->host);
    } else if (!smtp_host_ok(s->host)) {
        FAULT(f, pointer, "host", "CFG-411", "\"%s\" bir sunucu adı değil.",
              "\"%s\" is not a host name", s->host);
    }
}

static void check_helo(const struct smtp_settings *s, const char *pointer, struct faults *f)
{
    if (s->helo != NULL && !smtp_host_ok(s->helo)) {
        FAULT(f, pointer, "helo", "CFG-411", "\"%s\" bir makine adı değil.",
              "\"%s\" is not a host name", s->helo);
    }
}

static void check_login(const struct smtp_settings *s, bool clear, const char *pointer,
                        struct faults *f)
{
    if (s->password.value != NULL && strlen(s->password.value) > 255) {
        FAULT(f, pointer, "password", "CFG-412", "Parola %d bayttan uzun.",
              "the password is longer than %d bytes", 255);
    }
    if (s->user != NULL && clear && !smtp_is_loopback(s->host)) {
        FAULT(f, pointer, "tls", "CFG-413",
              "%s adresine parola şifresiz gönderilmez; \"tls\": \"none\" satırını kaldırın.",
              "no password goes to %s in the clear; take \"tls\": \"none\" away", s->host);
    } else if (clear && !smtp_is_loopback(s->host)) {
        fault_warning(f, FAULT(f, pointer, "tls", "CFG-414",
                               "%s ile konuşma şifresiz; iletileri yoldaki herkes okuyabilir.",
                               "the way to %s is not encrypted; anybody on it can read the mail",
                               s->host));
    }
}

static void check_mailbox(const char *mailbox, const char *key, const char *pointer,
                          struct faults *f)
{
    if (mailbox != NULL && !smtp_mailbox_ok(mailbox)) {
        FAULT(f, pointer, key, "CFG-415", "\"%s\" bir e-posta adresi değil.",
              "\"%s\" is not a mailbox", mailbox);
    }
}

void smtp_settings_check_common(const struct smtp_settings *s, bool clear, const char *pointer,
                                struct faults *faults)
{
    check_helo(s, pointer, faults);
    check_login(s, clear, pointer, faults);
    check_mailbox(s->envelope_from, "envelope_from", pointer, faults);
}

void smtp_settings_check(const struct smtp_settings *s, const char *pointer, struct faults *faults)
{
    if (s->host == NULL || s->envelope_from == NULL) {
        return; /* the table has said so */
    }
    check_host(s, pointer, faults);
    if ((s->user == NULL) == s->password.given) {
        FAULT(faults, pointer, s->user == NULL ? "user" : "password", "CFG-412", "%s eksik.",
              "%s is missing", s->user == NULL ? "user" : "password");
    }
    smtp_settings_check_common(s, s->tls == SMTP_TLS_NONE, pointer, faults);
}
