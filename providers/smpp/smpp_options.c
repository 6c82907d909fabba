#include "base/civil.h"
#include "loop/address.h"
#include "providers/smpp/smpp_receipt.h"
#include "providers/smpp/smpp_state.h"

#include <stdio.h>

#define AT(field)      .offset = offsetof(struct smpp_settings, field)
#define AT_TIME(field) AT(timeouts.field)
#define TIMES          .type = OPTION_DURATION, .min = 100, .max = 600000

enum { SECOND_MS = 1000, ALPHANUMERIC_MAX = 11, NUMBER_MAX = 15 };

static const char *const tls_names[] = {"require", "off", NULL};
static const char *const concatenation_names[] = {"udh", "sar", "payload", NULL};
static const char *const septet_names[] = {"unpacked", "packed", NULL};
static const char *const alphabet_names[] = {"gsm7", "latin1", NULL};
static const char *const receipt_names[] = {"final", "failure", "none", NULL};
static const char *const part_names[] = {"all", "last", NULL};
static const char *const id_names[] = {"same", "hex_decimal", "decimal_hex", NULL};
static const char *const validity_names[] = {"relative", "absolute", NULL};

static const struct option timeouts[] = {
    {.key = "connect",
     TIMES,
     AT_TIME(connect),
     .fallback = "\"20s\"",
     .tr = "Ad çözme, bağlanma, TLS ve oturum açma, hepsi",
     .en = "Name, connection, TLS and bind together"},
    {.key = "response",
     TIMES,
     AT_TIME(response),
     .fallback = "\"60s\"",
     .tr = "Gönderilen bir iletinin yanıtı; gelmezse akıbeti bilinmez",
     .en = "The answer to a submit; without it nobody knows"},
    {.key = "idle",
     TIMES,
     AT_TIME(idle),
     .fallback = "\"30s\"",
     .tr = "Bu kadar sessizlikten sonra enquire_link",
     .en = "Silence before an enquire_link"},
    {.key = "enquire",
     TIMES,
     AT_TIME(enquire),
     .fallback = "\"10s\"",
     .tr = "enquire_link ve unbind yanıtı",
     .en = "The answer to enquire_link and to unbind"},
    {.key = "drain",
     TIMES,
     AT_TIME(drain),
     .fallback = "\"20s\"",
     .tr = "Kapanırken yoldaki iletilere tanınan süre",
     .en = "Time for messages in flight at shutdown"},
    {.key = NULL},
};

const struct option smpp_options[] = {
    {.key = "host",
     .type = OPTION_STRING,
     AT(host),
     .required = true,
     .min = 1,
     .max = 253,
     .tr = "Mesaj merkezinin adı ya da adresi",
     .en = "Name or address of the message centre"},
    {.key = "port",
     .type = OPTION_INT,
     AT(port),
     .fallback = "2775",
     .min = 1,
     .max = 65535,
     .tr = "Kapısı",
     .en = "Its port"},
    {.key = "tls",
     .type = OPTION_ENUM,
     AT(tls),
     .fallback = "\"require\"",
     .names = tls_names,
     .tr = "TLS zorunlu, ya da (yalnız özel ağda) kapalı",
     .en = "TLS required, or off (on a private network only)"},
    {.key = "ca_file",
     .type = OPTION_STRING,
     AT(ca_file),
     .min = 1,
     .max = 1000,
     .tr = "Güvenilen kök sertifikalar (PEM); yoksa sistemdekiler",
     .en = "Trusted root certificates (PEM); the system's when absent"},
    {.key = "system_id",
     .type = OPTION_STRING,
     AT(system_id),
     .required = true,
     .min = 1,
     .max = 15,
     .tr = "Oturum adı (system_id)",
     .en = "Login name (system_id)"},
    {.key = "password",
     .type = OPTION_SECRET,
     AT(password),
     .required = true,
     .tr = "Parola; SMPP en çok 8 karaktere izin verir",
     .en = "Password; SMPP allows at most 8 characters"},
    {.key = "system_type",
     .type = OPTION_STRING,
     AT(system_type),
     .max = 12,
     .fallback = "\"\"",
     .tr = "İşletmecinin istediği system_type",
     .en = "system_type, when the operator wants one"},
    {.key = "service_type",
     .type = OPTION_STRING,
     AT(service_type),
     .max = 5,
     .fallback = "\"\"",
     .tr = "İşletmecinin istediği service_type",
     .en = "service_type, when the operator wants one"},
    {.key = "sender",
     .type = OPTION_STRING,
     AT(sender),
     .required = true,
     .min = 1,
     .max = 20,
     .tr = "Gönderici başlığı ya da numarası",
     .en = "Sender title or number"},
    {.key = "source_ton",
     .type = OPTION_INT,
     AT(source_ton),
     .fallback = "-1",
     .min = -1,
     .max = 6,
     .tr = "Göndericinin türü (TON); -1: biçiminden anlaşılır",
     .en = "Type of the sender (TON); -1: told by its shape"},
    {.key = "source_npi",
     .type = OPTION_INT,
     AT(source_npi),
     .fallback = "-1",
     .min = -1,
     .max = 18,
     .tr = "Göndericinin numara planı (NPI); -1: biçiminden anlaşılır",
     .en = "Numbering plan of the sender (NPI); -1: told by its shape"},
    {.key = "dest_ton",
     .type = OPTION_INT,
     AT(dest_ton),
     .fallback = "1",
     .max = 6,
     .tr = "Alıcının türü (TON)",
     .en = "Type of the recipient (TON)"},
    {.key = "dest_npi",
     .type = OPTION_INT,
     AT(dest_npi),
     .fallback = "1",
     .max = 18,
     .tr = "Alıcının numara planı (NPI)",
     .en = "Numbering plan of the recipient (NPI)"},
    {.key = "concatenation",
     .type = OPTION_ENUM,
     AT(concatenation),
     .fallback = "\"udh\"",
     .names = concatenation_names,
     .tr = "Uzun iletinin parçaları: başlıkla, sar_* ile ya da tek message_payload",
     .en = "Parts of a long message: by header, by sar_*, or one message_payload"},
    {.key = "septets",
     .type = OPTION_ENUM,
     AT(septets),
     .fallback = "\"unpacked\"",
     .names = septet_names,
     .tr = "7 bitlik karakterler: her baytta bir ya da sıkıştırılmış",
     .en = "7-bit characters: one per octet, or packed"},
    {.key = "alphabet",
     .type = OPTION_ENUM,
     AT(alphabet),
     .fallback = "\"gsm7\"",
     .names = alphabet_names,
     .tr = "Merkezin varsayılan alfabesi: gsm7 kipindeki iletiler böyle yazılır",
     .en = "The centre's default alphabet: messages in mode gsm7 are written in it"},
    {.key = "data_coding",
     .type = OPTION_INT,
     AT(data_coding),
     .fallback = "0",
     .max = 255,
     .tr = "7 bitlik iletilerin data_coding değeri",
     .en = "data_coding of 7-bit messages"},
    {.key = "esm_class",
     .type = OPTION_INT,
     AT(esm_class),
     .fallback = "0",
     .max = 3,
     .tr = "esm_class kipi: 0 merkezin varsayılanı, 3 sakla ve ilet",
     .en = "esm_class mode: 0 the centre's default, 3 store and forward"},
    {.key = "receipts",
     .type = OPTION_ENUM,
     AT(receipts),
     .fallback = "\"final\"",
     .names = receipt_names,
     .tr = "İstenen iletim raporu",
     .en = "Delivery receipts asked for"},
    {.key = "intermediate",
     .type = OPTION_BOOL,
     AT(intermediate),
     .fallback = "false",
     .tr = "Ara bildirim de istensin",
     .en = "Ask for intermediate notifications too"},
    {.key = "receipt_parts",
     .type = OPTION_ENUM,
     AT(receipt_parts),
     .fallback = "\"all\"",
     .names = part_names,
     .tr = "Uzun iletide rapor her parça için ya da yalnız sonuncu için",
     .en = "Receipts for every part of a long message, or for the last one"},
    {.key = "id_form",
     .type = OPTION_ENUM,
     AT(id_form),
     .fallback = "\"same\"",
     .names = id_names,
     .tr = "Merkez numarasının yanıttaki ve rapordaki yazılışı",
     .en = "How the centre writes its id in the answer and in the receipt"},
    {.key = "validity",
     .type = OPTION_DURATION,
     AT(validity_ms),
     .fallback = "\"24h\"",
     .max = 7 * DAY_MS,
     .tr = "Merkez en çok bu kadar dener; 0s: kendi süresi",
     .en = "The centre tries so long at most; 0s: as long as it likes"},
    {.key = "validity_form",
     .type = OPTION_ENUM,
     AT(validity_form),
     .fallback = "\"relative\"",
     .names = validity_names,
     .tr = "Sürenin yazılışı: şimdiden başlayarak ya da UTC saat",
     .en = "How that is written: from now on, or a time in UTC"},
    {.key = "window",
     .type = OPTION_INT,
     AT(window),
     .fallback = "10",
     .min = 1,
     .max = SMPP_WINDOW_MAX,
     .tr = "Yanıtı beklenen ileti parçası en çok",
     .en = "Units without an answer at most"},
    {.key = "throttle_wait",
     .type = OPTION_DURATION,
     AT(throttle_ms),
     .fallback = "\"1s\"",
     .min = 100,
     .max = 60 * SECOND_MS,
     .tr = "Merkez \"çok hızlı\" deyince ilk ara; her seferinde ikiye katlanır",
     .en = "First pause when the centre says \"too fast\"; doubles each time"},
    {.key = "reconnect_max",
     .type = OPTION_DURATION,
     AT(reconnect_ms),
     .fallback = "\"60s\"",
     .min = SECOND_MS,
     .max = 3600 * SECOND_MS,
     .tr = "Yeniden bağlanma denemeleri arasında en çok",
     .en = "Longest wait between two connections"},
    {.key = "statuses",
     .type = OPTION_STRINGS,
     AT(statuses),
     .fallback = "[]",
     .max = SMPP_RULES_MAX,
     .tr = "İşletmecinin kendi hata kodları: \"0x0401=rejected\"",
     .en = "The operator's own error codes: \"0x0401=rejected\""},
    {.key = "timeouts",
     .type = OPTION_OBJECT,
     .offset = 0,
     .table = timeouts,
     .tr = "Süre sınırları",
     .en = "Time limits"},
    {.key = NULL},
};

/* ---- what the table cannot say ---- */

#define FAULT(f, pointer, key, code, tr, en, ...)                                                  \
    faults_add((f), at_key((char[FAULT_POINTER_MAX]){0}, (pointer), (key)), (code), tr, en,        \
               __VA_ARGS__)

static const char *at_key(char *at, const char *pointer, const char *key)
{
    option_pointer(pointer, key, at);
    return at;
}

static bool is_number(struct str s)
{
    for (size_t i = s.len > 0 && s.ptr[0] == '+'; i < s.len; i++) {
        if (!ascii_digit(s.ptr[i])) {
            return false;
        }
    }
    return s.len > 0;
}

static bool sender_is_valid(struct str s)
{
    if (is_number(s)) {
        return s.len <= NUMBER_MAX + 1;
    }
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < ' ' || s.ptr[i] > '~') {
            return false;
        }
    }
    return s.len > 0 && s.len <= ALPHANUMERIC_MAX;
}

static void check_sender(const struct smpp_settings *s, const char *pointer, struct faults *f)
{
    if (!sender_is_valid(str_of(s->sender))) {
        FAULT(f, pointer, "sender", "SMS-011",
              "\"%s\" gönderici olamaz: en çok 11 ASCII karakterlik bir başlık ya da en çok 15 "
              "rakamlı bir numara",
              "\"%s\" is no sender: a title of at most 11 ASCII characters, or a number of at most "
              "15 digits",
              s->sender);
    }
}

static void check_login(const struct smpp_settings *s, const char *pointer, struct faults *f)
{
    size_t length = s->password.value == NULL ? 0 : strlen(s->password.value);

    if (length > 8) {
        FAULT(f, pointer, "password", "SMS-012", "Parola %zu bayt; SMPP en çok 8 bayta izin verir.",
              "the password has %zu bytes; SMPP allows at most 8", length);
    }
    if (s->tls == SMPP_TLS_OFF && !address_is_loopback_host(s->host)) {
        fault_warning(f, FAULT(f, pointer, "tls", "SMS-013",
                               "%s ile konuşma şifresiz: parola ve iletiler açık gider. Yalnız "
                               "kapalı bir ağda (VPN) kullanın.",
                               "the way to %s is not encrypted: the password and the messages go "
                               "in the clear. Use it on a closed network (VPN) only.",
                               s->host));
    }
}

static void check_coding(const struct smpp_settings *s, const char *pointer, struct faults *f)
{
    if (s->septets == SMPP_SEPTETS_PACKED && s->concatenation != SMPP_CONCAT_UDH) {
        FAULT(f, pointer, "concatenation", "SMS-014",
              "Sıkıştırılmış karakterler yalnız \"udh\" ile olur, \"%s\" ile olmaz.",
              "packed characters go with \"udh\" only, not with \"%s\"",
              concatenation_names[s->concatenation]);
    }
    if (s->septets == SMPP_SEPTETS_PACKED && s->alphabet != SMPP_ALPHABET_GSM7) {
        FAULT(f, pointer, "alphabet", "SMS-014",
              "Sıkıştırılmış karakterler yalnız \"gsm7\" alfabesiyle olur, \"%s\" ile olmaz.",
              "packed characters go with the alphabet \"gsm7\" only, not with \"%s\"",
              alphabet_names[s->alphabet]);
    }
    for (size_t i = 0; i < s->statuses.count; i++) {
        struct smpp_status_rule unused;

        if (smpp_status_rule_parse(str_of(s->statuses.items[i]), &unused) != 0) {
            FAULT(f, pointer, "statuses", "SMS-015",
                  "\"%s\" bir kural değil: \"0x0401=rejected\" gibi yazın; sağda retry, "
                  "throttled, rejected, account ya da down olabilir.",
                  "\"%s\" is no rule: write it like \"0x0401=rejected\"; on the right retry, "
                  "throttled, rejected, account or down",
                  s->statuses.items[i]);
        }
    }
}

void smpp_settings_check(const void *settings, const char *pointer, struct faults *faults)
{
    const struct smpp_settings *s = settings;

    if (s->host == NULL || s->sender == NULL || s->system_id == NULL) {
        return; /* the table has said so */
    }
    check_sender(s, pointer, faults);
    check_login(s, pointer, faults);
    check_coding(s, pointer, faults);
}
