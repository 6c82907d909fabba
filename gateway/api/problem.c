#include "api/problem.h"

#include "base/json.h"

#include <stdio.h>

/* clang-format off */
const struct problem_kind problem_kinds[] = {
    {"malformed_request", 400, "İstek anlaşılamadı", "Malformed request",
     "İstek HTTP/1.1 kurallarına uymuyor.", "The request does not follow the rules of HTTP/1.1."},
    {"ambiguous_length", 400, "Gövde uzunluğu belirsiz", "Ambiguous body length",
     "Content-Length ve Transfer-Encoding birlikte ya da birden çok kez verilemez.",
     "Content-Length and Transfer-Encoding must not come together or more than once."},
    {"host_required", 400, "Host başlığı gerekli", "Host field required",
     "İstekte tam olarak bir Host başlığı olmalıdır.", "A request must have exactly one Host field."},
    {"invalid_json", 400, "JSON geçersiz", "Invalid JSON",
     "Gövde geçerli bir JSON belgesi değil.", "The body is not a valid JSON document."},
    {"invalid_parameter", 400, "Parametre geçersiz", "Invalid parameter",
     "Sorgu parametrelerinden en az biri geçersiz.", "At least one query parameter is invalid."},
    {"invalid_report", 400, "Rapor anlaşılamadı", "Report not understood",
     "Gönderilen iletim raporu okunamadı.", "The delivery report could not be read."},
    {"unauthorized", 401, "Kimlik doğrulanamadı", "Unauthorized",
     "Geçerli bir erişim anahtarı gerekli: Authorization: Bearer ht_…",
     "A valid access key is required: Authorization: Bearer ht_…"},
    {"forbidden", 403, "Yetki yok", "Forbidden",
     "Bu erişim anahtarının bu işleme yetkisi yok.", "This access key may not do this."},
    {"report_denied", 403, "Rapora güvenilmedi", "Report not believed",
     "Raporun imzası ya da sırrı eksik ya da yanlış; hiçbir şey değişmedi.",
     "The signature or secret of the report is missing or wrong; nothing was changed."},
    {"not_found", 404, "Bulunamadı", "Not found",
     "Bu adreste bir şey yok.", "There is nothing at this address."},
    {"method_not_allowed", 405, "Yöntem kullanılamaz", "Method not allowed",
     "Bu adres bu yöntemi desteklemiyor; Allow başlığına bakın.",
     "This address does not support the method; see the Allow field."},
    {"request_timeout", 408, "İstek zamanında tamamlanmadı", "Request timeout",
     "İsteğin tamamı süresi içinde gelmedi.", "The request did not arrive in time."},
    {"event_conflict", 409, "Olay çakışıyor", "Conflicting event",
     "Aynı source ve id ile daha önce farklı içerikli bir olay kabul edildi.",
     "An event with the same source and id but other content was accepted before."},
    {"wrong_state", 409, "Durum uygun değil", "Wrong state",
     "İletinin şu anki durumu bu işleme izin vermiyor.",
     "The present state of the message does not allow this."},
    {"refused", 409, "Yapılamaz", "Refused",
     "Şu anki durum bu işleme izin vermiyor.", "The present state does not allow this."},
    {"key_exists", 409, "Anahtar zaten var", "Key exists",
     "Bu adla geçerli bir erişim anahtarı var.", "An access key of this name is in force."},
    {"body_too_large", 413, "Gövde çok büyük", "Content too large",
     "İstek gövdesi izin verilenden büyük.", "The body is larger than allowed."},
    {"too_many_events", 413, "Çok fazla olay", "Too many events",
     "Tek istekte izin verilenden çok olay var.", "The request has more events than allowed."},
    {"target_too_long", 414, "Adres çok uzun", "URI too long",
     "İstek adresi izin verilenden uzun.", "The request target is longer than allowed."},
    {"unsupported_media_type", 415, "İçerik türü desteklenmiyor", "Unsupported media type",
     "Kabul edilenler: application/json, application/cloudevents+json, "
     "application/cloudevents-batch+json, application/x-ndjson; UTF-8, sıkıştırmasız.",
     "Accepted: application/json, application/cloudevents+json, "
     "application/cloudevents-batch+json, application/x-ndjson; UTF-8, not compressed."},
    {"validation_failed", 422, "İstek doğrulanamadı", "Validation failed",
     "İstekte hatalı alanlar var.", "Some members of the request are wrong."},
    {"not_an_object", 422, "İstek bir nesne değil", "Not an object",
     "Gövde bir JSON nesnesi olmalı: {…}", "The body has to be a JSON object: {…}"},
    {"headers_too_large", 431, "Başlıklar çok büyük", "Header fields too large",
     "İstek başlıkları izin verilenden büyük ya da çok.", "The header fields are too large or too many."},
    {"internal_error", 500, "İç hata", "Internal error",
     "Beklenmeyen bir hata oluştu; istek numarasıyla günlüklere bakın.",
     "Something unexpected happened; look for the request id in the log."},
    {"method_not_implemented", 501, "Yöntem bilinmiyor", "Method not implemented",
     "Bu HTTP yöntemi bilinmiyor.", "This HTTP method is not known."},
    {"transfer_encoding_not_supported", 501, "Aktarım kodlaması desteklenmiyor",
     "Transfer encoding not supported", "Yalnızca chunked desteklenir.", "Only chunked is supported."},
    {"unavailable", 503, "Şu anda hizmet verilemiyor", "Service unavailable",
     "Lütfen biraz sonra yeniden deneyin.", "Please try again a little later."},
    {"overloaded", 503, "Sistem yoğun", "Overloaded",
     "Kaydedilmeyi bekleyen çok istek var; biraz sonra yeniden deneyin.",
     "Too much is waiting to be stored; try again a little later."},
    {"storage_full", 503, "Disk dolu", "Storage full",
     "Boş disk alanı yetersiz; kabul edilenler korunuyor. Yer açılınca yeniden deneyin.",
     "There is too little free disk space; what was accepted is kept. Try again later."},
    {"storage_failed", 503, "Kayıt yapılamadı", "Storage failed",
     "Kayıt yapılamadı; kabul edilmeyenler yeniden gönderilmeli.",
     "Storing failed; what was not accepted has to be sent again."},
    {"out_of_memory", 503, "Bellek yetersiz", "Out of memory",
     "Bellek yetersiz; biraz sonra yeniden deneyin.", "Out of memory; try again a little later."},
    {"timeout", 503, "Yanıt hazırlanamadı", "No answer in time",
     "Yanıt süresi içinde hazırlanamadı; sonucu bilinmiyor.",
     "The answer was not ready in time; the result is not known."},
    {"too_many_connections", 503, "Çok fazla bağlantı", "Too many connections",
     "Aynı anda izin verilenden çok bağlantı var.", "More connections than allowed are open."},
    {"http_version_not_supported", 505, "HTTP sürümü desteklenmiyor", "HTTP version not supported",
     "Yalnızca HTTP/1.1 ve HTTP/1.0 desteklenir.", "Only HTTP/1.1 and HTTP/1.0 are supported."},
    {NULL, 0, NULL, NULL, NULL, NULL},
};
/* clang-format on */

const struct problem_kind *problem_find(const char *code)
{
    for (const struct problem_kind *k = problem_kinds; k->code != NULL; k++) {
        if (strcmp(k->code, code) == 0) {
            return k;
        }
    }
    return NULL;
}

/* RFC 6901 pointer as a URI fragment: the pointers of faults are plain, so only "#" is added. */
static void write_fault(struct json_writer *w, const struct fault *f, bool turkish)
{
    char pointer[FAULT_POINTER_MAX + 1];

    pointer[0] = '#';
    (void)str_copy(pointer + 1, sizeof pointer - 1, str_of(f->pointer));
    jsonw_object(w);
    jsonw_put(w, "pointer", pointer);
    jsonw_put(w, "code", f->code);
    jsonw_put(w, "detail", turkish ? f->tr : f->en);
    if (f->severity == FAULT_WARNING) {
        jsonw_put(w, "severity", "warning");
    }
    jsonw_end_object(w);
}

static void write_faults(struct json_writer *w, const struct problem *p)
{
    if (p->faults == NULL || p->faults->total == 0) {
        return;
    }
    jsonw_key(w, "errors");
    jsonw_array(w);
    for (size_t i = 0; i < p->faults->count; i++) {
        write_fault(w, &p->faults->list[i], p->turkish);
    }
    jsonw_end_array(w);
    if (p->faults->total > p->faults->count) {
        jsonw_put_i64(w, "errors_total", (int64_t)p->faults->total);
    }
}

static void write_detail(struct json_writer *w, const struct problem *p,
                         const struct problem_kind *k)
{
    char text[80];

    if (p->detail != NULL) {
        jsonw_put(w, "detail", p->detail);
    } else if (p->faults != NULL && p->faults->errors > 0) {
        snprintf(text, sizeof text, p->turkish ? "%zu hata bulundu." : "%zu faults found.",
                 p->faults->errors);
        jsonw_put(w, "detail", text);
    } else if (k != NULL) {
        jsonw_put(w, "detail", p->turkish ? k->detail_tr : k->detail_en);
    }
}

int problem_write(const struct problem *p, struct buf *out)
{
    const struct problem_kind *k = problem_find(p->code);
    struct json_writer w;
    char text[96];

    jsonw_init(&w, out);
    jsonw_object(&w);
    snprintf(text, sizeof text, PROBLEM_TYPE_PREFIX "%s", p->code);
    jsonw_put(&w, "type", text);
    if (k == NULL) {
        jsonw_put(&w, "title", p->turkish ? "İstek yerine getirilemedi" : "Request failed");
    } else {
        jsonw_put(&w, "title", p->turkish ? k->title_tr : k->title_en);
    }
    jsonw_put_i64(&w, "status", p->status != 0 ? p->status : k == NULL ? 500 : k->status);
    jsonw_put(&w, "code", p->code);
    write_detail(&w, p, k);
    snprintf(text, sizeof text, "urn:request:%.*s", (int)p->request_id.len, p->request_id.ptr);
    jsonw_put(&w, "instance", text);
    write_faults(&w, p);
    jsonw_end_object(&w);
    return buf_failed(out);
}

/* The weight of "tag;q=0.5" in thousandths; 1000 without one. */
static int weight_of(struct str params)
{
    const char *q = params.len < 3 ? NULL : memmem(params.ptr, params.len, "q=", 2);
    struct str digits;
    int weight = 0, unit = 1000;

    if (q == NULL) {
        return 1000;
    }
    digits = (struct str){q + 2, params.len - (size_t)(q + 2 - params.ptr)};
    for (size_t i = 0; i < digits.len && unit > 0; i++) {
        if (ascii_digit(digits.ptr[i])) {
            weight += (digits.ptr[i] - '0') * unit;
            unit /= 10;
        } else if (digits.ptr[i] != '.') {
            break;
        }
    }
    return weight;
}

static bool is_language(struct str tag, const char *two)
{
    return tag.len >= 2 && ascii_lower(tag.ptr[0]) == two[0] && ascii_lower(tag.ptr[1]) == two[1] &&
           (tag.len == 2 || tag.ptr[2] == '-');
}

bool problem_turkish(struct str accept_language)
{
    int turkish = 0, english = 0;

    while (accept_language.len > 0) {
        const char *comma = memchr(accept_language.ptr, ',', accept_language.len);
        size_t len = comma == NULL ? accept_language.len : (size_t)(comma - accept_language.ptr);
        const char *semicolon = memchr(accept_language.ptr, ';', len);
        size_t tag_len = semicolon == NULL ? len : (size_t)(semicolon - accept_language.ptr);
        struct str tag = str_trim((struct str){accept_language.ptr, tag_len});
        int weight = weight_of((struct str){accept_language.ptr + tag_len, len - tag_len});

        if (is_language(tag, "tr") && weight > turkish) {
            turkish = weight;
        } else if (is_language(tag, "en") && weight > english) {
            english = weight;
        }
        len += comma == NULL ? 0 : 1;
        accept_language.ptr += len;
        accept_language.len -= len;
    }
    return turkish >= english;
}
