/* The keys of what a vendor is asked beside sending: reports, balance, sender titles, recovery. */
#include "base/crypto.h"
#include "providers/recipe/table.h"

static const char *const hook_names[] = {"query", "form", "json", "any", NULL};
static const char *const rows_names[] = {"json", "xml", "lines", "kv", NULL};
static const char *const zone_names[] = {"Europe/Istanbul", "UTC", NULL};
static const char *const digest_names[] = {"sha1", "sha256", NULL};
static const char *const coding_names[] = {"base64", "hex", NULL};
static const char *const decimal_names[] = {".", ",", NULL};
static const char *const missing_names[] = {"warn", "hold", NULL};

#define ROW_KEY(name, turkish, english)                                                            \
    {                                                                                              \
        .key = #name, .type = OPTION_STRING, AT(recipe_row, name), .min = 1,                       \
        .max = NAME_MAX_BYTES, .tr = turkish, .en = english                                        \
    }

static const struct option row_table[] = {
    ROW_KEY(ref, "Bizim referansımız", "Our reference"),
    ROW_KEY(id, "Sağlayıcının kimliği; yoksa sorulan kimlik",
            "The vendor's id; the one asked for when absent"),
    ROW_KEY(to, "Telefon numarası", "The number"),
    ROW_KEY(state, "Durum", "The state"),
    ROW_KEY(detail, "Ayrıntı kodu", "A detail code"),
    ROW_KEY(at, "Zaman", "The time"),
    {.key = "at_formats",
     .type = OPTION_STRINGS,
     AT(recipe_row, at_formats),
     .fallback = "[]",
     .max = 4,
     .tr = "Zamanın biçimleri: dd.MM.yyyy HH:mm:ss",
     .en = "Forms of the time: dd.MM.yyyy HH:mm:ss"},
    {.key = "zone",
     .type = OPTION_ENUM,
     AT(recipe_row, zone),
     .names = zone_names,
     .fallback = "\"Europe/Istanbul\"",
     .tr = "Zamanın dilimi",
     .en = "Zone of the time"},
    ROW_KEY(only, "Varsa only_is değerlerinden biri olması gereken alan; değilse satır atlanır",
            "A field that, when there, must be one of only_is; else the row is skipped"),
    {.key = "only_is",
     .type = OPTION_STRINGS,
     AT(recipe_row, only_is),
     .fallback = "[]",
     .max = RECIPE_WORDS_MAX,
     .tr = "only alanının değerleri",
     .en = "Values of the field only"},
    END};

/* clang-format off */
#define ROWS(owner, member)                                                                        \
    {.key = "format",                                                                              \
     .type = OPTION_ENUM,                                                                          \
     AT(owner, member.format),                                                                     \
     .names = rows_names,                                                                          \
     .fallback = "\"json\"",                                                                       \
     .tr = "Yanıtın biçimi: json, xml, satırlar, ad=değer",                                        \
     .en = "Form of the answer: json, xml, lines, name=value"},                                    \
    {.key = "rows",                                                                                \
     .type = OPTION_STRINGS,                                                                       \
     AT(owner, member.places),                                                                     \
     .fallback = "[]",                                                                             \
     .max = RECIPE_EXPRS_MAX,                                                                      \
     .tr = "Satırların yeri (JSON Pointer ya da XML yolu), bulunan ilki; yoksa yanıtın kendisi",   \
     .en = "Where the rows stand (JSON pointer or XML path), the first that is there; the answer " \
           "itself when absent"},                                                                  \
    {.key = "row",                                                                                 \
     .type = OPTION_OBJECT,                                                                        \
     AT(owner, member.row),                                                                        \
     .table = row_table,                                                                           \
     .tr = "Bir satırın alanları",                                                                 \
     .en = "Fields of one row"}
/* clang-format on */

static const struct option poll_table[] = {
    CALL(recipe_poll, request, answer, true),
    ROWS(recipe_poll, rows),
    {.key = "first_after",
     .type = OPTION_DURATION,
     AT(recipe_poll, first_after_ms),
     .fallback = "\"60s\"",
     .max = DAY_MS,
     .tr = "Kabulden sonra ilk soruya kadar",
     .en = "From acceptance to the first question"},
    {.key = "every",
     .type = OPTION_DURATION,
     AT(recipe_poll, every_ms),
     .fallback = "\"0s\"",
     .max = DAY_MS,
     .tr = "Aynı kimlik için iki soru arasında en az",
     .en = "Least time between two questions for the same id"},
    {.key = "rate",
     .type = OPTION_RATE,
     AT(recipe_poll, rate),
     .fallback = "\"10/m\"",
     .tr = "Rapor sorularının hızı",
     .en = "Pace of report queries"},
    {.key = "ids",
     .type = OPTION_INT,
     AT(recipe_poll, ids),
     .fallback = "1",
     .min = 1,
     .max = RECIPE_IDS_MAX,
     .tr = "Bir soruda en çok kaç kimlik; birden çoksa item gerekir",
     .en = "Ids per query at most; more than one needs item"},
    {.key = "page_size",
     .type = OPTION_INT,
     AT(recipe_poll, page_size),
     .fallback = "0",
     .max = 10000,
     .tr = "Sayfadaki satır; dolu sayfadan sonra ${page} bir artar",
     .en = "Rows per page; after a full page ${page} grows by one"},
    {.key = "first_page",
     .type = OPTION_INT,
     AT(recipe_poll, first_page),
     .fallback = "0",
     .max = 1,
     .tr = "İlk sayfanın numarası",
     .en = "Number of the first page"},
    {.key = "after",
     .type = OPTION_STRING,
     AT(recipe_poll, after),
     .min = 1,
     .max = NAME_MAX_BYTES,
     .tr = "Son satırın, sonraki sayfada ${after} olan alanı",
     .en = "The field of the last row that is ${after} on the next page"},
    END};

static const struct option signature_table[] = {
    {.key = "header",
     .type = OPTION_STRING,
     AT(recipe_signature, header),
     .required = true,
     .min = 1,
     .max = NAME_MAX_BYTES,
     .tr = "İmzayı taşıyan başlık satırı",
     .en = "The header that carries the signature"},
    {.key = "key",
     .type = OPTION_STRINGS,
     AT(recipe_signature, keys),
     .fallback = "[\"report_secret\"]",
     .min = 1,
     .max = 2,
     .tr = "Anahtar olan ayar: report_secret, password; dolu olan ilki",
     .en = "The setting that is the key: report_secret, password; the first that is set"},
    {.key = "digest",
     .type = OPTION_ENUM,
     AT(recipe_signature, digest),
     .names = digest_names,
     .fallback = "\"sha256\"",
     .tr = "HMAC özeti",
     .en = "Digest of the HMAC"},
    {.key = "encoding",
     .type = OPTION_ENUM,
     AT(recipe_signature, encoding),
     .names = coding_names,
     .fallback = "\"hex\"",
     .tr = "İmzanın yazılışı",
     .en = "How the signature is written"},
    {.key = "content",
     .type = OPTION_STRING,
     AT(recipe_signature, content),
     .fallback = "\"${body}\"",
     .min = 1,
     .max = 500,
     .tr = "İmzalanan: ${url} ${query} ${body} ${form} (adına göre sıralı ad ve değerler) "
           "${header.<Ad>}",
     .en = "What is signed: ${url} ${query} ${body} ${form} (names and values sorted by name) "
           "${header.<Name>}"},
    END};

static const struct option hook_table[] = {
    {.key = "format",
     .type = OPTION_ENUM,
     AT(recipe_hook, format),
     .names = hook_names,
     .required = true,
     .tr = "Raporun geldiği yer; any: adres, form ya da JSON",
     .en = "Where the report comes in; any: address, form or JSON"},
    {.key = "rows",
     .type = OPTION_STRING,
     AT(recipe_hook, rows),
     .max = 200,
     .tr = "Rapor dizisinin yeri; yoksa gövdenin kendisi",
     .en = "Where the array of reports stands; the body itself when absent"},
    {.key = "row",
     .type = OPTION_OBJECT,
     AT(recipe_hook, row),
     .table = row_table,
     .tr = "Bir raporun alanları",
     .en = "Fields of one report"},
    {.key = "secret",
     .type = OPTION_STRING,
     AT(recipe_hook, secret),
     .max = NAME_MAX_BYTES,
     .tr = "report_secret'i taşıyan adres parametresi",
     .en = "The query parameter that carries report_secret"},
    {.key = "signature",
     .type = OPTION_OBJECT,
     AT(recipe_hook, signature),
     .table = signature_table,
     .tr = "İmza; tutmayan rapor alınmaz",
     .en = "The signature; a report without the right one is refused"},
    END};

const struct option recipe_reports_table[] = {
    {.key = "states",
     .type = OPTION_RAW,
     AT(recipe, states),
     .required = true,
     .tr =
         "Durum ya da \"durum/ayrıntı\" → delivered, undelivered, expired, pending; ya da {state, "
         "text, cause}",
     .en = "State or \"state/detail\" → delivered, undelivered, expired, pending; or {state, text, "
           "cause}"},
    {.key = "poll",
     .type = OPTION_OBJECT,
     AT(recipe, poll),
     .table = poll_table,
     .tr = "Raporları sorma",
     .en = "Asking for reports"},
    {.key = "hook",
     .type = OPTION_OBJECT,
     AT(recipe, hook),
     .table = hook_table,
     .tr = "Sağlayıcının yolladığı raporlar",
     .en = "Reports the vendor pushes"},
    END};

const struct option recipe_balance_table[] = {
    CALL(recipe_balance, request, answer, true),
    {.key = "amount",
     .type = OPTION_STRINGS,
     AT(recipe_balance, amount.texts),
     .required = true,
     .min = 1,
     .max = RECIPE_EXPRS_MAX,
     .tr = "Bakiyenin yeri; sıfırdan büyük ilki",
     .en = "Where the amount stands; the first above nothing"},
    {.key = "unit",
     .type = OPTION_STRINGS,
     AT(recipe_balance, unit),
     .fallback = "[]",
     .max = RECIPE_EXPRS_MAX,
     .tr = "Her bakiyenin birimi: metin ya da ifade",
     .en = "Unit of each amount: a text or an expression"},
    {.key = "decimal",
     .type = OPTION_ENUM,
     AT(recipe_balance, decimal),
     .names = decimal_names,
     .fallback = "\".\"",
     .tr = "Ondalık ayracı; öbürü binlik ayracı sayılır",
     .en = "Decimal mark; the other one groups thousands"},
    END};

const struct option recipe_senders_table[] = {
    CALL(recipe_senders, request, answer, true),
    {.key = "format",
     .type = OPTION_ENUM,
     AT(recipe_senders, format),
     .names = rows_names,
     .fallback = "\"json\"",
     .tr = "json, xml ya da lines (sekme ve satır sonuyla ayrılmış başlıklar)",
     .en = "json, xml or lines (titles separated by tabs and line ends)"},
    {.key = "rows",
     .type = OPTION_STRINGS,
     AT(recipe_senders, places),
     .fallback = "[]",
     .max = RECIPE_EXPRS_MAX,
     .tr = "Listenin yeri; yoksa yanıtın kendisi",
     .en = "Where the list stands; the answer itself when absent"},
    {.key = "item",
     .type = OPTION_STRING,
     AT(recipe_senders, item),
     .min = 1,
     .max = NAME_MAX_BYTES,
     .tr = "Kaydın başlığı taşıyan alanı; yoksa kaydın kendisi",
     .en = "The field of an entry that is the title; the entry itself when absent"},
    {.key = "missing",
     .type = OPTION_ENUM,
     AT(recipe_senders, missing),
     .names = missing_names,
     .fallback = "\"warn\"",
     .tr = "Başlık listede yoksa: uyar ya da beklet",
     .en = "When the title is not listed: warn or hold"},
    END};

const struct option recipe_recover_table[] = {
    CALL(recipe_recover, request, answer, false),
    ROWS(recipe_recover, rows),
    {.key = "empty_is_absent",
     .type = OPTION_BOOL,
     AT(recipe_recover, empty_is_absent),
     .fallback = "false",
     .tr = "Başarılı yanıtta satır yoksa ileti sağlayıcıya hiç ulaşmamıştır",
     .en = "Success without our row says that the message never arrived"},
    {.key = "again",
     .type = OPTION_DURATION,
     AT(recipe_recover, again_ms),
     .fallback = "\"60s\"",
     .max = 600000,
     .tr = "\"Yok\" yanıtı bu kadar sonra bir kez daha sorulur",
     .en = "\"Absent\" is asked once more after so long"},
    {.key = "repeat_window",
     .type = OPTION_DURATION,
     AT(recipe_recover, repeat_ms),
     .fallback = "\"0s\"",
     .max = 7 * DAY_MS,
     .tr = "Aynı numaraya aynı metnin ikinci kez gitmediği süre",
     .en = "How long the same text to the same number is not sent twice"},
    END};
