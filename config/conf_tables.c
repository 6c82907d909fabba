#include "config/conf_tables.h"

#define ROOT(member)   offsetof(struct conf_draft, member)
#define WINDOW(member) offsetof(struct conf_raw_window, member)
#define RETRY(member)  offsetof(struct conf_retry, member)

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, MONTH_DAYS = 30 };

static const char *const langs[] = {"tr", "en", NULL};

static const struct option database_table[] = {{.key = "path",
                                                .type = OPTION_PATH,
                                                .offset = ROOT(conf.database),
                                                .fallback = "\"/var/lib/hatirlat/hatirlat.db\"",
                                                .tr = "Veri tabanı dosyası",
                                                .en = "File of the database"},
                                               {0}};

const struct option conf_window_table[] = {{.key = "start",
                                            .type = OPTION_CLOCKTIME,
                                            .offset = WINDOW(open),
                                            .reloadable = true,
                                            .fallback = "\"09:00\"",
                                            .tr = "Gönderim başlangıcı",
                                            .en = "Sending begins"},
                                           {.key = "end",
                                            .type = OPTION_CLOCKTIME,
                                            .offset = WINDOW(close),
                                            .reloadable = true,
                                            .fallback = "\"17:00\"",
                                            .tr = "Gönderim bitişi",
                                            .en = "Sending ends"},
                                           {.key = "half_day_end",
                                            .type = OPTION_CLOCKTIME,
                                            .offset = WINDOW(half_close),
                                            .reloadable = true,
                                            .fallback = "\"12:30\"",
                                            .tr = "Yarım günlerde bitiş",
                                            .en = "Sending ends on half days"},
                                           {0}};

#define RETRY_TABLE(base_text, cap_text)                                                           \
    {                                                                                              \
        {.key = "base",                                                                            \
         .type = OPTION_DURATION,                                                                  \
         .offset = RETRY(backoff.base_ms),                                                         \
         .reloadable = true,                                                                       \
         .min = SECOND,                                                                            \
         .max = HOUR,                                                                              \
         .fallback = (base_text),                                                                  \
         .tr = "İlk yeniden denemeye kadar",                                                       \
         .en = "Until the first retry"},                                                           \
            {.key = "cap",                                                                         \
             .type = OPTION_DURATION,                                                              \
             .offset = RETRY(backoff.cap_ms),                                                      \
             .reloadable = true,                                                                   \
             .min = SECOND,                                                                        \
             .max = DAY_MS,                                                                        \
             .fallback = (cap_text),                                                               \
             .tr = "İki deneme arası en çok",                                                      \
             .en = "Between two tries at most"},                                                   \
            {.key = "max_age",                                                                     \
             .type = OPTION_DURATION,                                                              \
             .offset = RETRY(max_age_ms),                                                          \
             .reloadable = true,                                                                   \
             .min = MINUTE,                                                                        \
             .max = (int64_t)MONTH_DAYS * DAY_MS,                                                  \
             .fallback = "\"3d\"",                                                                 \
             .tr = "Bundan eski ileti denenmez",                                                   \
             .en = "A message older than this is given up"},                                       \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

static const struct option retry_sms_table[] = RETRY_TABLE("\"30s\"", "\"30m\"");
static const struct option retry_email_table[] = RETRY_TABLE("\"5m\"", "\"4h\"");

static const struct option retry_table[] = {{.key = "sms",
                                             .type = OPTION_OBJECT,
                                             .offset = ROOT(conf.retry[CHANNEL_SMS]),
                                             .table = retry_sms_table,
                                             .tr = "SMS",
                                             .en = "SMS"},
                                            {.key = "email",
                                             .type = OPTION_OBJECT,
                                             .offset = ROOT(conf.retry[CHANNEL_EMAIL]),
                                             .table = retry_email_table,
                                             .tr = "E-posta",
                                             .en = "E-mail"},
                                            {0}};

static const struct option routes_table[] = {
    {.key = "sms",
     .type = OPTION_STRINGS,
     .offset = ROOT(routes[CHANNEL_SMS]),
     .reloadable = true,
     .max = ROUTE_MAX,
     .fallback = "[]",
     .tr = "SMS sağlayıcıları, sırayla; paylaştırmak için \"netgsm:70\"",
     .en = "Providers for SMS, in order; \"netgsm:70\" to share"},
    {.key = "email",
     .type = OPTION_STRINGS,
     .offset = ROOT(routes[CHANNEL_EMAIL]),
     .reloadable = true,
     .max = ROUTE_MAX,
     .fallback = "[]",
     .tr = "E-posta sağlayıcıları, sırayla; paylaştırmak için \"posta:70\"",
     .en = "Providers for e-mail, in order; \"relay:70\" to share"},
    {0}};

const struct option conf_root_table[] = {
    {.key = "$schema",
     .type = OPTION_STRING,
     .offset = ROOT(schema),
     .reloadable = true,
     .tr = "Düzenleyiciler için şema adresi",
     .en = "Address of the schema, for editors"},
    {.key = "lang",
     .type = OPTION_ENUM,
     .offset = ROOT(conf.lang),
     .reloadable = true,
     .fallback = "\"tr\"",
     .names = langs,
     .tr = "Kişilere yazılan dil",
     .en = "Language for people"},
    {.key = "office",
     .type = OPTION_OBJECT,
     .offset = ROOT(conf.office),
     .required = true,
     .table = conf_office_table,
     .tr = "Müdürlük",
     .en = "The office"},
    {.key = "mail",
     .type = OPTION_OBJECT,
     .offset = ROOT(conf.mail),
     .table = conf_mail_table,
     .tr = "E-postanın göndereni",
     .en = "Sender of e-mail"},
    {.key = "listen",
     .type = OPTION_OBJECT,
     .offset = ROOT(conf.listen),
     .table = conf_listen_table,
     .tr = "HTTP",
     .en = "HTTP"},
    {.key = "database",
     .type = OPTION_OBJECT,
     .offset = 0,
     .table = database_table,
     .tr = "Veri tabanı",
     .en = "Database"},
    {.key = "intake",
     .type = OPTION_OBJECT,
     .offset = ROOT(conf.intake),
     .table = conf_intake_table,
     .tr = "Gelen olaylar",
     .en = "Incoming events"},
    {.key = "digests",
     .type = OPTION_OBJECT,
     .offset = ROOT(conf.digests),
     .table = conf_digests_table,
     .tr = "Özetler",
     .en = "Digests"},
    {.key = "retention",
     .type = OPTION_OBJECT,
     .offset = ROOT(conf.retention),
     .table = conf_retention_table,
     .tr = "Saklama süreleri",
     .en = "How long things are kept"},
    {.key = "suppression",
     .type = OPTION_OBJECT,
     .offset = ROOT(conf.suppression),
     .table = conf_suppression_table,
     .tr = "Kendiliğinden durdurma",
     .en = "Suppression by rule"},
    {.key = "log",
     .type = OPTION_OBJECT,
     .offset = ROOT(conf.log),
     .table = conf_log_table,
     .tr = "Günlük",
     .en = "Log"},
    {.key = "limits",
     .type = OPTION_OBJECT,
     .offset = ROOT(conf.limits),
     .table = conf_limits_table,
     .tr = "Sınırlar",
     .en = "Limits"},
    {.key = "shutdown_timeout",
     .type = OPTION_DURATION,
     .offset = ROOT(conf.shutdown_timeout_ms),
     .reloadable = true,
     .min = SECOND,
     .max = HOUR,
     .fallback = "\"30s\"",
     .tr = "Kapanışta süren gönderimler en çok bu kadar beklenir",
     .en = "How long sending may go on while shutting down"},
    {.key = "send_window",
     .type = OPTION_OBJECT,
     .offset = ROOT(window),
     .table = conf_window_table,
     .tr = "Gönderim saatleri; yoksa hemen gönderilir",
     .en = "Hours of sending; without it messages go out at once"},
    {.key = "trial",
     .type = OPTION_BOOL,
     .offset = ROOT(conf.trial),
     .reloadable = true,
     .fallback = "false",
     .tr = "Yalnız deneme için: gece de gönderilir, kişiye günde birden çok SMS gidebilir",
     .en = "For trials only: also at night, and more than one SMS a day to a person"},
    {.key = "holidays",
     .type = OPTION_PATH,
     .offset = ROOT(conf.holidays),
     .reloadable = true,
     .tr = "Tatil günleri dosyası",
     .en = "File of the holidays"},
    {.key = "templates",
     .type = OPTION_PATH,
     .offset = ROOT(conf.templates),
     .reloadable = true,
     .tr = "İleti şablonları dizini",
     .en = "Directory of the message templates"},
    {.key = "recipes",
     .type = OPTION_PATH,
     .offset = ROOT(conf.recipes),
     .reloadable = true,
     .tr = "SMS satıcısı tarifleri dizini",
     .en = "Directory of the SMS vendors' recipes"},
    {.key = "retry",
     .type = OPTION_OBJECT,
     .offset = 0,
     .table = retry_table,
     .tr = "Yeniden deneme",
     .en = "Trying again"},
    {.key = "providers",
     .type = OPTION_RAW,
     .offset = ROOT(providers),
     .required = true,
     .tr = "Sağlayıcılar: ad → ayarlar",
     .en = "Providers: name → settings"},
    {.key = "routes",
     .type = OPTION_OBJECT,
     .offset = 0,
     .required = true,
     .table = routes_table,
     .tr = "Hangi kanal hangi sağlayıcılarla gider",
     .en = "Which providers serve a channel"},
    {.key = "campaigns",
     .type = OPTION_RAW,
     .offset = ROOT(campaigns),
     .tr = "Hatırlatma dizileri",
     .en = "Series of reminders"},
    {0}};
