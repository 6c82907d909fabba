#include "cli/demo_data.h"

#include "base/civil.h"
#include "base/json.h"

#include <stdlib.h>

enum { FIRST_END = 20, END_SPAN = 66, LIFE_DAYS = 3 * 365, MINUTE = 60 * 1000 };

static const char *const given[] = {"Şükran", "Çağrı", "Ümit", "Gülşen", "Işıl",
                                    "Hakan",  "Elif",  "İnci", "Özgür",  "Yağız"};
static const char *const family[] = {"Işık", "Gümüşoğlu", "Yıldız", "Çiğdem"};

enum { GIVEN = sizeof given / sizeof given[0], FAMILY = sizeof family / sizeof family[0] };

static const struct {
    const char *tr;
    const char *en;
} fates[DEMO_FATES] = {
    [DEMO_RENEWS] = {"yeniledi", "renewed"},
    [DEMO_REPLACES] = {"yeni sertifika aldı", "got a new certificate"},
    [DEMO_APPLIES] = {"başvurdu", "applied"},
    [DEMO_BLOCKED] = {"girişi engellendi, sonra başvurdu", "was locked out, then applied"},
    [DEMO_LEAVES] = {"görevi sona erdi", "left the duty"},
    [DEMO_ACTIVATES] = {"e-Onay verdi, sonra yeniledi", "activated e-Onay, then renewed"},
    [DEMO_IGNORES] = {"bir şey yapmadı", "did nothing"},
};

const char *demo_fate_label(enum demo_fate fate, bool turkish)
{
    return turkish ? fates[fate].tr : fates[fate].en;
}

enum demo_fate demo_fate_of(int person)
{
    static const enum demo_fate by_tenth[] = {
        DEMO_RENEWS,  DEMO_REPLACES, DEMO_APPLIES,   DEMO_RENEWS,   DEMO_IGNORES,
        DEMO_APPLIES, DEMO_BLOCKED,  DEMO_ACTIVATES, DEMO_REPLACES, DEMO_LEAVES};

    return by_tenth[person % 10];
}

void demo_person_ref(int person, char out[8])
{
    (void)snprintf(out, 8, "p-%02u", (unsigned)(person + 1) % 100);
}

/* Spread over the weeks, each in its own place. */
int demo_person_end(int person)
{
    return FIRST_END + person * 37 % END_SPAN;
}

void demo_person_name(int person, struct buf *out)
{
    (void)buf_addf(out, "%s %s", given[person % GIVEN], family[person / GIVEN % FAMILY]);
}

/* ---- what happens ---- */

struct script {
    struct demo_event *list;
    size_t count;
};

static void happens(struct script *s, int person, int day, enum event_type type, bool closes)
{
    s->list[s->count++] = (struct demo_event){.day = day,
                                              .minute = 8 * 60 + person * 11,
                                              .type = type,
                                              .person = person,
                                              .closes = closes};
}

/* From the application to the card: a fortnight, as in life. */
static void applies(struct script *s, int person, int day)
{
    happens(s, person, day, EVENT_APPLICATION_SUBMITTED, true);
    happens(s, person, day + 3, EVENT_LETTER_RECEIVED, false);
    happens(s, person, day + 5, EVENT_APPROVAL_GIVEN, false);
    happens(s, person, day + 14, EVENT_CARD_DELIVERED, false);
}

/* Some act at the first reminder, some at the last. */
static int day_of_action(int person)
{
    const int before = 2 + person * 7 % 28;
    const int day = demo_person_end(person) - before;

    return day < 2 ? 2 : day;
}

static void live(struct script *s, int person)
{
    const int day = day_of_action(person);

    happens(s, person, 0, EVENT_CERTIFICATE_EXPIRING, false);
    switch (demo_fate_of(person)) {
    case DEMO_RENEWS:
    case DEMO_REPLACES:
        happens(s, person, day, EVENT_CERTIFICATE_RENEWED, true);
        break;
    case DEMO_APPLIES:
        applies(s, person, day);
        break;
    case DEMO_BLOCKED:
        happens(s, person, day > 8 ? day - 7 : 1, EVENT_LOGIN_BLOCKED, false);
        happens(s, person, day, EVENT_LOGIN_UNBLOCKED, false);
        applies(s, person, day + 1);
        break;
    case DEMO_LEAVES:
        happens(s, person, day, EVENT_DUTY_ENDED, true);
        break;
    case DEMO_ACTIVATES:
        happens(s, person, day > 6 ? day - 5 : 1, EVENT_EONAY_ACTIVATED, false);
        happens(s, person, day, EVENT_CERTIFICATE_RENEWED, true);
        break;
    default:
        break;
    }
}

static int by_time(const void *a, const void *b)
{
    const struct demo_event *x = a;
    const struct demo_event *y = b;

    if (x->day != y->day) {
        return x->day - y->day;
    }
    return x->minute != y->minute ? x->minute - y->minute : x->person - y->person;
}

size_t demo_events(struct demo_event list[DEMO_EVENTS_MAX])
{
    struct script s = {.list = list};

    for (int person = 0; person < DEMO_PEOPLE; person++) {
        live(&s, person);
    }
    qsort(list, s.count, sizeof list[0], by_time);
    return s.count;
}

/* ---- as requests ---- */

static void write_holder(struct json_writer *w, int person, const char *ref)
{
    struct buf name;
    char phone[24];
    char email[40];

    (void)snprintf(phone, sizeof phone, "0532 000 00 %02d", (person + 1) % 100);
    (void)snprintf(email, sizeof email, "kisi%02d@ornek.test", (person + 1) % 100);
    buf_init(&name, 256);
    demo_person_name(person, &name);
    jsonw_key(w, "holder");
    jsonw_object(w);
    jsonw_put(w, "ref", ref);
    jsonw_put(w, "name", buf_cstr(&name));
    jsonw_put(w, "phone", person % 13 == 5 ? NULL : phone);
    jsonw_put(w, "email", person % 17 == 7 ? NULL : email);
    jsonw_end_object(w);
    buf_finish(&name);
}

static void write_certificate(struct json_writer *w, const struct demo_event *event,
                              const char *ref, int64_t from_ms)
{
    const bool successor =
        event->type == EVENT_CERTIFICATE_RENEWED && demo_fate_of(event->person) == DEMO_REPLACES;
    int64_t days = demo_person_end(event->person);
    char fresh[16];
    char end[32];

    (void)snprintf(fresh, sizeof fresh, "%s-yeni", ref);
    days = successor ? days + LIFE_DAYS : days;
    rfc3339_format(from_ms + (days + 1) * (int64_t)DAY_MS - 1000, end);
    jsonw_key(w, "certificate");
    jsonw_object(w);
    jsonw_put(w, "ref", successor ? fresh : ref);
    if (successor) {
        jsonw_put(w, "replaces", ref);
    }
    if (successor || event->type == EVENT_CERTIFICATE_EXPIRING) {
        jsonw_put(w, "not_after", end);
    }
    jsonw_end_object(w);
}

static void write_event(struct json_writer *w, const struct demo_event *event, int64_t from_ms)
{
    static const char *const eonay[] = {"active", "absent", "unknown"};
    char id[64];
    char type[64];
    char ref[8];
    char time[32];

    demo_person_ref(event->person, ref);
    (void)snprintf(id, sizeof id, "%s-%s", event_name(event->type), ref);
    (void)snprintf(type, sizeof type, "tr.eimza.%s.v1", event_name(event->type));
    rfc3339_format(from_ms + (int64_t)event->day * DAY_MS + (int64_t)event->minute * MINUTE, time);
    jsonw_object(w);
    jsonw_put(w, "specversion", "1.0");
    jsonw_put(w, "id", id);
    jsonw_put(w, "source", "urn:ornek:sertifika-takip");
    jsonw_put(w, "type", type);
    jsonw_put(w, "subject", ref);
    jsonw_put(w, "time", time);
    jsonw_key(w, "data");
    jsonw_object(w);
    write_certificate(w, event, ref, from_ms);
    write_holder(w, event->person, ref);
    if (event->type == EVENT_CERTIFICATE_EXPIRING) {
        jsonw_put(w, "eonay",
                  demo_fate_of(event->person) == DEMO_ACTIVATES ? "absent"
                                                                : eonay[event->person % 3]);
    }
    jsonw_end_object(w);
    jsonw_end_object(w);
}

void demo_body(struct buf *out, const struct demo_event *events, size_t count, int64_t from_ms)
{
    struct json_writer w;

    jsonw_init(&w, out);
    jsonw_array(&w);
    for (size_t i = 0; i < count; i++) {
        write_event(&w, &events[i], from_ms);
    }
    jsonw_end_array(&w);
}

/* ---- the configuration ---- */

static void put_object(struct json_writer *w, const char *name, const char *key, const char *value)
{
    jsonw_key(w, name);
    jsonw_object(w);
    jsonw_put(w, key, value);
    jsonw_end_object(w);
}

void demo_config(struct buf *out, const char *database, const char *templates, const char *recipes,
                 const char *holidays, int port)
{
    struct json_writer w;
    char listen[32];

    (void)snprintf(listen, sizeof listen, "127.0.0.1:%d", port);
    jsonw_init(&w, out);
    jsonw_object(&w);
    jsonw_key(&w, "office");
    jsonw_raw(&w, STR("{\"province\":\"Örnekil\",\"phone\":\"0000 000 00 00\","
                      "\"guide_url\":\"https://bilgiislem.ornek.test/e-onay\","
                      "\"guide_short\":\"ornek.test/e-onay\",\"link_hosts\":[\"ornek.test\"],"
                      "\"privacy_url\":\"https://bilgiislem.ornek.test/kvkk\","
                      "\"stop_note\":\"bilgiislem@ornek.test adresine e-posta\"}"));
    jsonw_key(&w, "mail");
    jsonw_raw(&w, STR("{\"from\":\"hatirlatma@ornek.test\"}"));
    put_object(&w, "listen", "http", listen);
    put_object(&w, "database", "path", database);
    jsonw_put(&w, "templates", templates);
    jsonw_put(&w, "recipes", recipes);
    jsonw_put(&w, "holidays", holidays);
    jsonw_key(&w, "send_window");
    jsonw_raw(&w, STR("{\"start\":\"09:00\",\"end\":\"17:00\",\"half_day_end\":\"12:30\"}"));
    jsonw_key(&w, "providers");
    jsonw_raw(&w,
              STR("{\"deneme-sms\":{\"kind\":\"sink\",\"delay\":\"5ms\",\"report\":\"delivered\","
                  "\"report_delay\":\"10ms\",\"price_kurus\":21},"
                  "\"deneme-posta\":{\"kind\":\"sink\",\"delay\":\"5ms\"}}"));
    jsonw_key(&w, "routes");
    jsonw_raw(&w, STR("{\"sms\":[\"deneme-sms\"],\"email\":[\"deneme-posta\"]}"));
    jsonw_put_bool(&w, "trial", true);
    jsonw_key(&w, "campaigns");
    jsonw_raw(&w, STR("[{\"name\":\"sertifika-bitis\",\"marks\":[90,60,30,15,7,3,1],"
                      "\"channels\":[\"sms\",\"email\"]}]"));
    jsonw_end_object(&w);
}

void demo_curl_line(FILE *out, const char *url, const char *key, int64_t now_ms)
{
    char end[32];

    rfc3339_format(now_ms + 14LL * DAY_MS, end);
    (void)fprintf(
        out,
        "curl -sS %s -H 'Authorization: Bearer %s' -H 'Content-Type: application/json' -d "
        "'{\"type\":\"certificate.expiring\",\"certificate\":{\"ref\":\"deneme-1\","
        "\"not_after\":\"%s\"},\"holder\":{\"ref\":\"p-99\",\"name\":\"Cansu Örnek\","
        "\"phone\":\"0532 000 00 99\",\"email\":\"cansu.ornek@ornek.test\"}}'\n",
        url, key, end);
}
