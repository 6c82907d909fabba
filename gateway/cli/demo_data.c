#include "cli/demo_data.h"

#include "base/civil.h"
#include "base/json.h"

struct person {
    const char *ref;
    const char *name;
    const char *phone; /* null: none */
    const char *email; /* null: none */
    int days;          /* until the certificate ends */
    const char *eonay;
};

enum { SUKRAN, CAGRI, UMIT, GULSEN, ISIL, HAKAN, ELIF, DENIZ, PERSON_COUNT };

static const struct person people[PERSON_COUNT] = {
    [SUKRAN] = {"p-01", "Şükran Işık", "0532 000 00 01", "sukran.isik@ornek.test", 88, "active"},
    [CAGRI] = {"p-02", "Çağrı Gümüşoğlu", "0532 000 00 02", "cagri.gumusoglu@ornek.test", 29,
               "absent"},
    [UMIT] = {"p-03", "Ümit Yıldız", "0532 000 00 03", "umit.yildiz@ornek.test", 12, "unknown"},
    [GULSEN] = {"p-04", "Gülşen Çiğdem", "0532 000 00 04", "gulsen.cigdem@ornek.test", 6, "active"},
    [ISIL] = {"p-05", "Işıl Öztürk", "0532 000 00 05", NULL, 1, "active"},
    [HAKAN] = {"p-06", "Hakan Doğan", "0532 000 00 06", "hakan.dogan@ornek.test", 40, "active"},
    [ELIF] = {"p-07", "Elif Kaya", "0532 000 00 07", "elif.kaya@ornek.test", 25, "active"},
    [DENIZ] = {"p-08", "Deniz Arslan", NULL, "deniz.arslan@ornek.test", 58, "unknown"},
};

enum { EVENTS_MAX = 2 };

struct event {
    const char *type;
    int person;
};

/* Hakan's renewal arrives before the late notice of expiry; Elif has applied in the meantime. */
static const struct {
    struct event events[EVENTS_MAX];
    size_t count;
} posts[] = {
    {{{"certificate.expiring", SUKRAN}}, 1},
    {{{"certificate.expiring", CAGRI}}, 1},
    {{{"certificate.expiring", UMIT}}, 1},
    {{{"certificate.expiring", GULSEN}}, 1},
    {{{"certificate.expiring", ISIL}}, 1},
    {{{"certificate.renewed", HAKAN}}, 1},
    {{{"certificate.expiring", HAKAN}}, 1},
    {{{"certificate.expiring", ELIF}, {"application.submitted", ELIF}}, 2},
    {{{"certificate.expiring", DENIZ}}, 1},
};

size_t demo_person_count(void)
{
    return PERSON_COUNT;
}

const char *demo_person_ref(size_t person)
{
    return people[person].ref;
}

const char *demo_person_name(size_t person)
{
    return people[person].name;
}

size_t demo_post_count(void)
{
    return sizeof posts / sizeof posts[0];
}

const char *demo_content_type(size_t post)
{
    return post < demo_post_count() && posts[post].count > 1
               ? "Content-Type: application/cloudevents-batch+json"
               : "Content-Type: application/cloudevents+json";
}

void demo_config(struct buf *out, const char *database, const char *templates, const char *recipes,
                 int port)
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
    jsonw_key(&w, "listen");
    jsonw_object(&w);
    jsonw_put(&w, "http", listen);
    jsonw_end_object(&w);
    jsonw_key(&w, "database");
    jsonw_object(&w);
    jsonw_put(&w, "path", database);
    jsonw_end_object(&w);
    jsonw_put(&w, "templates", templates);
    jsonw_put(&w, "recipes", recipes);
    jsonw_key(&w, "providers");
    jsonw_raw(&w,
              STR("{\"deneme-sms\":{\"kind\":\"sink\",\"delay\":\"40ms\",\"report\":\"delivered\","
                  "\"report_delay\":\"60ms\",\"price_kurus\":21},"
                  "\"deneme-posta\":{\"kind\":\"sink\",\"delay\":\"40ms\"}}"));
    jsonw_key(&w, "routes");
    jsonw_raw(&w, STR("{\"sms\":[\"deneme-sms\"],\"email\":[\"deneme-posta\"]}"));
    jsonw_put_bool(&w, "trial", true);
    jsonw_key(&w, "campaigns");
    jsonw_raw(&w, STR("[{\"name\":\"sertifika-bitis\",\"marks\":[90,60,30,15,7,3,1],"
                      "\"channels\":[\"sms\",\"email\"]}]"));
    jsonw_end_object(&w);
}

static void write_data(struct json_writer *w, const struct person *p, int64_t now_ms)
{
    char end[32];

    rfc3339_format(now_ms + (int64_t)p->days * DAY_MS, end);
    jsonw_key(w, "data");
    jsonw_object(w);
    jsonw_key(w, "certificate");
    jsonw_object(w);
    jsonw_put(w, "ref", p->ref);
    jsonw_put(w, "not_after", end);
    jsonw_end_object(w);
    jsonw_key(w, "holder");
    jsonw_object(w);
    jsonw_put(w, "ref", p->ref);
    jsonw_put(w, "name", p->name);
    jsonw_put(w, "phone", p->phone);
    jsonw_put(w, "email", p->email);
    jsonw_end_object(w);
    jsonw_put(w, "eonay", p->eonay);
    jsonw_end_object(w);
}

static void write_event(struct json_writer *w, const struct event *event, int64_t now_ms)
{
    const struct person *p = &people[event->person];
    char id[64];
    char type[64];

    (void)snprintf(id, sizeof id, "demo-%s-%s", event->type, p->ref);
    (void)snprintf(type, sizeof type, "tr.eimza.%s.v1", event->type);
    jsonw_object(w);
    jsonw_put(w, "specversion", "1.0");
    jsonw_put(w, "id", id);
    jsonw_put(w, "source", "urn:ornek:sertifika-takip");
    jsonw_put(w, "type", type);
    jsonw_put(w, "subject", p->ref);
    write_data(w, p, now_ms);
    jsonw_end_object(w);
}

void demo_body(struct buf *out, size_t post, int64_t now_ms)
{
    struct json_writer w;
    bool batch = posts[post].count > 1;

    jsonw_init(&w, out);
    if (batch) {
        jsonw_array(&w);
    }
    for (size_t i = 0; i < posts[post].count; i++) {
        write_event(&w, &posts[post].events[i], now_ms);
    }
    if (batch) {
        jsonw_end_array(&w);
    }
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
