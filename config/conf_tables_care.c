/* What is told to institutions, what is kept and for how long, whom nothing goes to. */
#include "config/conf_tables.h"

#include "domain/email.h"

#define DIGESTS(member)     offsetof(struct conf_digests, member)
#define RETENTION(member)   offsetof(struct conf_retention, member)
#define SUPPRESSION(member) offsetof(struct conf_suppression, member)

static const char *const weekdays[] = {"monday", "tuesday",  "wednesday", "thursday",
                                       "friday", "saturday", "sunday",    NULL};

const struct option conf_digests_table[] = {
    {.key = "kinds",
     .type = OPTION_STRINGS,
     .offset = DIGESTS(kinds),
     .reloadable = true,
     .max = 3,
     .fallback = "[]",
     .tr = "Gönderilecek özetler: \"k1\" kurumlara haftalık, \"k2\" yazısı beklenenler, \"bi\" "
           "birime günlük",
     .en =
         "Digests to send: \"k1\" weekly to institutions, \"k2\" letters awaited, \"bi\" daily to "
         "the unit"},
    {.key = "weekday",
     .type = OPTION_ENUM,
     .offset = DIGESTS(weekday),
     .reloadable = true,
     .fallback = "\"monday\"",
     .names = weekdays,
     .tr = "Haftalık özetin günü",
     .en = "Day of the weekly digest"},
    {.key = "days",
     .type = OPTION_INT,
     .offset = DIGESTS(days),
     .reloadable = true,
     .min = 1,
     .max = 90,
     .fallback = "30",
     .tr = "Haftalık özet kaç gün ileriye bakar",
     .en = "How many days the weekly digest looks ahead"},
    {.key = "rows",
     .type = OPTION_INT,
     .offset = DIGESTS(rows),
     .reloadable = true,
     .min = 1,
     .max = CONF_DIGEST_ROWS_MAX,
     .fallback = "100",
     .tr = "Bir özette en çok satır; gerisi sayı olarak yazılır",
     .en = "Rows of a digest at most; the rest is told as a number"},
    {.key = "to",
     .type = OPTION_STRING,
     .offset = DIGESTS(to),
     .reloadable = true,
     .min = 3,
     .max = EMAIL_MAX,
     .tr = "Birimin günlük özeti alan e-postası; yoksa \"mail.reply_to\"",
     .en = "Mailbox of the unit for the daily digest; else \"mail.reply_to\""},
    {.key = "domains",
     .type = OPTION_STRINGS,
     .offset = DIGESTS(domains),
     .reloadable = true,
     .max = 64,
     .fallback = "[\"meb.k12.tr\", \"*.meb.k12.tr\", \"meb.gov.tr\", \"*.gov.tr\", \"*.k12.tr\", "
                 "\"*.edu.tr\"]",
     .tr = "Kurum e-postası sayılan alan adları; \"*.\" altındakiler demektir",
     .en = "Domains that count as an institution's; \"*.\" means those below"},
    {0}};

/* The longest: what an archive may ask for. */
enum { YEARS_10 = 3650 };

#define KEEP(name, member, text, shortest, turkish, english)                                       \
    {                                                                                              \
        .key = (name), .type = OPTION_DURATION, .offset = RETENTION(member), .reloadable = true,   \
        .min = (int64_t)(shortest)*DAY_MS, .max = (int64_t)YEARS_10 * DAY_MS, .fallback = (text),  \
        .tr = (turkish), .en = (english)                                                           \
    }

const struct option conf_retention_table[] = {
    {.key = "at",
     .type = OPTION_CLOCKTIME,
     .offset = RETENTION(at_minute),
     .reloadable = true,
     .fallback = "\"03:30\"",
     .tr = "Gece silme işinin saati",
     .en = "When the nightly destruction begins"},
    KEEP("content", content_ms, "\"30d\"", 1, "İleti metni, son durumdan sonra",
         "The words of a message, after its final state"),
    KEEP("delivery", delivery_ms, "\"730d\"", 30, "İletim kaydı, son durumdan sonra",
         "The record of a delivery, after its final state"),
    KEEP("cases", cases_ms, "\"365d\"", 30, "Kişi ve sertifika, işi bittikten sonra",
         "Holder and certificate, after the case has ended"),
    KEEP("events", events_ms, "\"180d\"", 7, "Gelen olayların içeriği",
         "What incoming events said"),
    KEEP("imports", imports_ms, "\"90d\"", 1, "Liste aktarımlarının satırları",
         "The rows of roster imports"),
    KEEP("reports", reports_ms, "\"1d\"", 1, "Hiçbir iletiye uymayan iletim raporları",
         "Delivery reports that match no message"),
    KEEP("audit", audit_ms, "\"1095d\"", 365, "Denetim günlüğü", "The audit log"),
    {0}};

const struct option conf_suppression_table[] = {
    {.key = "codes",
     .type = OPTION_STRINGS,
     .offset = SUPPRESSION(codes),
     .reloadable = true,
     .max = 64,
     .fallback = "[\"5.1.1\", \"5.1.2\", \"5.1.3\", \"5.1.6\", \"5.1.10\", \"5.2.1\"]",
     .tr = "Adresin artık olmadığını söyleyen ret kodları; \"sağlayıcı:kod\" da olur",
     .en = "Codes of refusal that mean the address is gone; \"provider:code\" for one provider"},
    {.key = "keep",
     .type = OPTION_DURATION,
     .offset = SUPPRESSION(keep_ms),
     .reloadable = true,
     .min = DAY_MS,
     .max = (int64_t)YEARS_10 * DAY_MS,
     .fallback = "\"365d\"",
     .tr = "Böyle bir adrese ne kadar süre gönderilmez",
     .en = "How long nothing goes to such an address"},
    {0}};
