/* The keys of a recipe. config/recipes/recipe.schema.json is written from this table. */
#include "providers/recipe/parts.h"

#define END                                                                                        \
    {                                                                                              \
        .key = NULL                                                                                \
    }
#define AT(owner, member) .offset = offsetof(struct owner, member)

enum { TEXT_MAX = 8192, NAME_MAX_BYTES = 64 };

static const char *const auth_names[] = {"none", "basic", NULL};
static const char *const charset_names[] = {"UTF-8", "ISO-8859-9", NULL};
static const char *const form_names[] = {"5x", "905x", "+905x", NULL};
static const char *const hook_names[] = {"query", "form", "json", NULL};
static const char *const otherwise_names[] = {"retry", "unknown", "rejected", NULL};

static const struct option request_table[] = {
    {.key = "method",
     .type = OPTION_STRING,
     AT(recipe_request, method),
     .fallback = "\"POST\"",
     .min = 3,
     .max = 10,
     .tr = "HTTP yöntemi",
     .en = "HTTP method"},
    {.key = "url",
     .type = OPTION_STRING,
     AT(recipe_request, url),
     .required = true,
     .min = 1,
     .max = TEXT_MAX,
     .tr = "Adres; \"/\" ile başlarsa base_url'nin altında",
     .en = "Address; below base_url when it begins with \"/\""},
    {.key = "query",
     .type = OPTION_RAW,
     AT(recipe_request, query.raw),
     .tr = "Adresin parametreleri; boş kalan parametre gönderilmez",
     .en = "Parameters of the address; one that stays empty is left out"},
    {.key = "headers",
     .type = OPTION_RAW,
     AT(recipe_request, headers.raw),
     .tr = "Başlık satırları",
     .en = "Header lines"},
    {.key = "auth",
     .type = OPTION_ENUM,
     AT(recipe_request, auth),
     .names = auth_names,
     .fallback = "\"none\"",
     .tr = "HTTP kimlik doğrulaması; gövdedeki kimlik bilgisi için none",
     .en = "HTTP authentication; none when the body carries the credentials"},
    {.key = "content_type",
     .type = OPTION_STRING,
     AT(recipe_request, content_type),
     .min = 3,
     .max = 100,
     .tr = "Gövdenin türü",
     .en = "Type of the body"},
    {.key = "charset",
     .type = OPTION_ENUM,
     AT(recipe_request, charset),
     .names = charset_names,
     .fallback = "\"UTF-8\"",
     .tr = "Gövdenin ve adresin karakter kodlaması",
     .en = "Character coding of body and address"},
    {.key = "body",
     .type = OPTION_STRING,
     AT(recipe_request, body),
     .max = TEXT_MAX,
     .tr = "Gövde şablonu",
     .en = "Template of the body"},
    {.key = "form",
     .type = OPTION_RAW,
     AT(recipe_request, form.raw),
     .tr = "Gövde olarak form alanları; boş kalan alan gönderilmez",
     .en = "Form fields as the body; one that stays empty is left out"},
    {.key = "item",
     .type = OPTION_STRING,
     AT(recipe_request, item),
     .max = TEXT_MAX,
     .tr = "Alıcı başına parça; gövdede ${items|raw}",
     .en = "Fragment per recipient; ${items|raw} in the body"},
    {.key = "join",
     .type = OPTION_STRING,
     AT(recipe_request, join),
     .fallback = "\",\"",
     .max = 16,
     .tr = "Parçaların arasına konan",
     .en = "What stands between the fragments"},
    END};

static const struct option ok_table[] = {{.key = "http",
                                          .type = OPTION_INTS,
                                          AT(recipe_answer, ok_http),
                                          .fallback = "[200]",
                                          .min = 1,
                                          .max = 20,
                                          .tr = "Başarıda HTTP durum kodları",
                                          .en = "HTTP status codes of success"},
                                         {.key = "match",
                                          .type = OPTION_STRINGS,
                                          AT(recipe_answer, ok_match),
                                          .fallback = "[]",
                                          .max = RECIPE_EXPRS_MAX,
                                          .tr = "Başarıda hepsi doğru olan ifadeler",
                                          .en = "Expressions that all hold on success"},
                                         END};

static const struct option error_table[] = {
    {.key = "code",
     .type = OPTION_STRINGS,
     AT(recipe_answer, code),
     .fallback = "[]",
     .max = RECIPE_EXPRS_MAX,
     .tr = "Hata kodunun yeri",
     .en = "Where the error code stands"},
    {.key = "text",
     .type = OPTION_STRING,
     AT(recipe_answer, text),
     .max = 500,
     .tr = "Hata açıklamasının yeri",
     .en = "Where the error's words stand"},
    {.key = "codes",
     .type = OPTION_RAW,
     AT(recipe_answer, codes),
     .tr = "Kod → sonuç: rejected, retry, throttled, account, balance, duplicate, split, unknown",
     .en = "Code → outcome: rejected, retry, throttled, account, balance, duplicate, split, "
           "unknown"},
    {.key = "default",
     .type = OPTION_ENUM,
     AT(recipe_answer, otherwise),
     .names = otherwise_names,
     .fallback = "\"retry\"",
     .tr = "Hiçbiri uymadığında sonuç",
     .en = "Outcome when nothing matches"},
    {.key = "http_5xx",
     .type = OPTION_ENUM,
     AT(recipe_answer, http_5xx),
     .names = otherwise_names,
     .fallback = "\"unknown\"",
     .tr = "Kodsuz 500, 502, 504: tekrarı ayıklayan sağlayıcıda retry, yoksa unknown",
     .en = "500, 502, 504 without a code: retry where the vendor drops repeats, else unknown"},
    END};

static const struct option answer_table[] = {
    {.key = "ok", .type = OPTION_OBJECT, .table = ok_table, .tr = "Başarı", .en = "Success"},
    {.key = "id",
     .type = OPTION_STRINGS,
     AT(recipe_answer, id),
     .fallback = "[]",
     .max = RECIPE_EXPRS_MAX,
     .tr = "Sağlayıcının verdiği kimlik; yazılmışsa başarıda bulunmalıdır",
     .en = "The vendor's id; when given, success must have one"},
    {.key = "error", .type = OPTION_OBJECT, .table = error_table, .tr = "Hata", .en = "Failure"},
    END};

/* clang-format off */
#define CALL(owner, request_member, answer_member)                                                 \
    {.key = "request",                                                                             \
     .type = OPTION_OBJECT,                                                                        \
     AT(owner, request_member),                                                                    \
     .table = request_table,                                                                       \
     .required = true,                                                                             \
     .tr = "İstek",                                                                                \
     .en = "The request"},                                                                         \
    {.key = "answer",                                                                              \
     .type = OPTION_OBJECT,                                                                        \
     AT(owner, answer_member),                                                                     \
     .table = answer_table,                                                                        \
     .tr = "Yanıtın anlamı",                                                                       \
     .en = "What the answer means"}
/* clang-format on */

static const struct option send_table[] = {CALL(recipe, send, answer),
                                           {.key = "batch",
                                            .type = OPTION_INT,
                                            AT(recipe, batch),
                                            .fallback = "1",
                                            .min = 1,
                                            .max = 100,
                                            .tr = "Bir istekte en çok kaç ileti",
                                            .en = "Messages per request at most"},
                                           END};

#define ROW_KEY(name, turkish, english)                                                            \
    {                                                                                              \
        .key = #name, .type = OPTION_STRING, AT(recipe_row, name), .max = NAME_MAX_BYTES,          \
        .tr = turkish, .en = english                                                               \
    }

static const struct option row_table[] = {ROW_KEY(ref, "Bizim referansımız", "Our reference"),
                                          ROW_KEY(id, "Sağlayıcının kimliği", "The vendor's id"),
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
                                          END};

static const struct option poll_table[] = {
    CALL(recipe_poll, request, answer),
    {.key = "rows",
     .type = OPTION_STRINGS,
     AT(recipe_poll, rows),
     .fallback = "[]",
     .max = RECIPE_EXPRS_MAX,
     .tr = "Rapor dizisinin yeri (JSON Pointer); yoksa yanıtın kendisi",
     .en = "Where the array of reports stands (JSON Pointer); the answer itself when absent"},
    {.key = "row",
     .type = OPTION_OBJECT,
     AT(recipe_poll, row),
     .table = row_table,
     .tr = "Bir raporun alanları",
     .en = "Fields of one report"},
    {.key = "first_after",
     .type = OPTION_DURATION,
     AT(recipe_poll, first_after_ms),
     .fallback = "\"60s\"",
     .max = 86400000,
     .tr = "Kabulden sonra ilk soruya kadar",
     .en = "From acceptance to the first question"},
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
    END};

static const struct option hook_table[] = {
    {.key = "format",
     .type = OPTION_ENUM,
     AT(recipe_hook, format),
     .names = hook_names,
     .required = true,
     .tr = "Raporun geldiği yer",
     .en = "Where the report comes in"},
    {.key = "rows",
     .type = OPTION_STRING,
     AT(recipe_hook, rows),
     .max = 200,
     .tr = "Rapor dizisinin yeri; yoksa tek rapor",
     .en = "Where the array of reports stands; one report when absent"},
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
    END};

static const struct option reports_table[] = {
    {.key = "states",
     .type = OPTION_RAW,
     AT(recipe, states),
     .required = true,
     .tr = "Durum → delivered, undelivered, expired, pending",
     .en = "State → delivered, undelivered, expired, pending"},
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

static const struct option balance_table[] = {CALL(recipe_balance, request, answer),
                                              {.key = "amount",
                                               .type = OPTION_STRING,
                                               AT(recipe_balance, amount),
                                               .required = true,
                                               .max = 500,
                                               .tr = "Bakiyenin yeri",
                                               .en = "Where the amount stands"},
                                              END};

static const struct option limits_table[] = {{.key = "rate",
                                              .type = OPTION_RATE,
                                              AT(recipe, rate),
                                              .tr = "Sağlayıcının izin verdiği istek hızı",
                                              .en = "Requests the vendor allows"},
                                             {.key = "in_flight",
                                              .type = OPTION_INT,
                                              AT(recipe, in_flight),
                                              .fallback = "4",
                                              .min = 1,
                                              .max = 64,
                                              .tr = "Aynı anda istek",
                                              .en = "Requests at once"},
                                             END};

const struct option recipe_table[] = {
    {.key = "$schema", .type = OPTION_RAW, AT(recipe, schema), .tr = "Şema", .en = "The schema"},
    {.key = "name",
     .type = OPTION_STRING,
     AT(recipe, name),
     .required = true,
     .min = 1,
     .max = NAME_MAX_BYTES,
     .tr = "Tarifin adı",
     .en = "Name of the recipe"},
    {.key = "title",
     .type = OPTION_STRING,
     AT(recipe, title),
     .required = true,
     .max = 200,
     .tr = "İnsanlar için adı",
     .en = "Name for people"},
    {.key = "base_url",
     .type = OPTION_STRING,
     AT(recipe, base_url),
     .required = true,
     .min = 8,
     .max = 500,
     .tr = "Adreslerin başı; ayarlardan değiştirilebilir",
     .en = "Beginning of the addresses; the settings may replace it"},
    {.key = "number_form",
     .type = OPTION_ENUM,
     AT(recipe, number_form),
     .names = form_names,
     .required = true,
     .tr = "Numaranın yazılışı",
     .en = "How numbers are written"},
    {.key = "parameters",
     .type = OPTION_RAW,
     AT(recipe, parameters),
     .tr = "${param.<ad>} değerleri; ayarlardan değiştirilebilir",
     .en = "Values of ${param.<name>}; the settings may replace them"},
    {.key = "encoding",
     .type = OPTION_RAW,
     AT(recipe, encoding),
     .tr = "Kodlamaya göre ${enc.<ad>}: gsm7, tr_single, tr_locking, tr_both, ucs2, otherwise",
     .en = "${enc.<name>} by coding: gsm7, tr_single, tr_locking, tr_both, ucs2, otherwise"},
    {.key = "send",
     .type = OPTION_OBJECT,
     .table = send_table,
     .required = true,
     .tr = "Gönderme",
     .en = "Sending"},
    {.key = "reports",
     .type = OPTION_OBJECT,
     .table = reports_table,
     .tr = "İletim raporları",
     .en = "Delivery reports"},
    {.key = "balance",
     .type = OPTION_OBJECT,
     AT(recipe, balance),
     .table = balance_table,
     .tr = "Bakiye sorma",
     .en = "Asking for the balance"},
    {.key = "limits",
     .type = OPTION_OBJECT,
     .table = limits_table,
     .tr = "Sınırlar",
     .en = "Limits"},
    END};

void recipe_schema(struct buf *out)
{
    struct json_writer w;

    jsonw_init(&w, out);
    jsonw_object(&w);
    jsonw_put(&w, "$schema", "https://json-schema.org/draft/2020-12/schema");
    jsonw_put(&w, "title", "Hatırlat: an SMS vendor's recipe");
    option_schema(recipe_table, &w);
    jsonw_end_object(&w);
    buf_addc(out, '\n');
}
