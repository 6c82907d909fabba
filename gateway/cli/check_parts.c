#include "base/clock.h"
#include "cli/check.h"
#include "flow/settings.h"
#include "providers/http_sms.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

enum { HOLIDAYS_BYTES_MAX = 1024 * 1024 };

conf_checker *const check_parts[] = {check_holidays, check_templates, check_recipes, check_approver,
                                     NULL};

static bool read_file(const char *path, struct buf *out)
{
    FILE *f = fopen(path, "re");
    size_t n = 1;

    if (f == NULL) {
        return false;
    }
    while (n > 0) {
        char *at = buf_reserve(out, 65536);

        n = at == NULL ? 0 : fread(at, 1, 65536, f);
        if (n > 0) {
            buf_commit(out, n);
        }
    }
    n = (size_t)ferror(f);
    (void)fclose(f);
    return n == 0 && !buf_failed(out);
}

/* Planning reaches this far; a file that ends sooner makes reminders fall on holidays. */
static void check_years(const struct calendar *c, const char *path, struct faults *faults)
{
    struct timespec now;
    struct civil today;
    struct fault *f;
    int first;
    int last;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    civil_from_ms((int64_t)now.tv_sec * 1000, &today);
    calendar_years(c, &first, &last);
    if (last >= today.year) {
        return;
    }
    f = faults_add(faults, "/holidays", "CFG-302",
                   "tatil günleri %d yılında bitiyor; dosyayı yenileyin",
                   "the holidays end in %d; renew the file", last);
    if (f != NULL) {
        (void)snprintf(f->file, sizeof f->file, "%s", path);
    }
    fault_warning(faults, f);
}

int check_holidays(const struct conf *conf, struct faults *faults)
{
    struct calendar *calendar = NULL;
    struct buf text;
    int rc = 0;

    if (conf->holidays == NULL) {
        fault_warning(faults, faults_add(faults, "/holidays", "CFG-303",
                                         "tatil günleri dosyası yok; her gün iş günü sayılır",
                                         "no holidays file; every day counts as a working day"));
        return 0;
    }
    buf_init(&text, HOLIDAYS_BYTES_MAX);
    if (!read_file(conf->holidays, &text)) {
        (void)faults_add(faults, "/holidays", "CFG-213", "yok ya da okunamıyor: %s",
                         "does not exist or cannot be read: %s", conf->holidays);
        rc = ERR_IO;
    } else {
        rc = calendar_load((struct str){buf_cstr(&text), text.len}, conf->holidays, &calendar,
                           faults);
    }
    if (rc == 0) {
        check_years(calendar, conf->holidays, faults);
    }
    calendar_destroy(calendar);
    buf_finish(&text);
    return rc;
}

static bool sends_sms(const struct conf *conf, const struct conf_provider *p)
{
    bool used = conf_route_has(&conf->routes[CHANNEL_SMS], p);

    for (size_t i = 0; i < conf->campaign_count && !used; i++) {
        used = conf_route_has(&conf->campaigns[i].routes[CHANNEL_SMS], p);
    }
    return used;
}

struct lint_rules check_lint_rules(const struct conf *conf)
{
    struct lint_rules rules = lint_default_rules;

    rules.hosts = (const char *const *)conf->office.link_hosts.items;
    rules.host_count = conf->office.link_hosts.count;
    for (size_t i = 0; i < conf->provider_count; i++) {
        const struct conf_provider *p = &conf->providers[i];

        if (p->mode == SMS_GSM7 && !p->ascii && sends_sms(conf, p)) {
            rules.mode = SMS_GSM7;
        }
    }
    return rules;
}

int check_templates(const struct conf *conf, struct faults *faults)
{
    const struct conf_office *o = &conf->office;
    struct render_office office = {.name = str_of(o->name),
                                   .unit = str_of(o->unit),
                                   .province = str_of(o->province),
                                   .phone = str_of(o->phone),
                                   .portal = str_of(o->portal),
                                   .portal_url = str_of(o->portal_url),
                                   .guide = str_of(o->guide_short),
                                   .guide_url = str_of(o->guide_url),
                                   .privacy_url = str_of(o->privacy_url),
                                   .stop_note = str_of(o->stop_note)};
    const struct lint_rules rules = check_lint_rules(conf);
    struct message_set *set = NULL;
    int rc = message_set_load(conf->templates, &set, faults);

    if (rc == 0) {
        lint_message_set(set, &rules, &office, faults);
        settings_check_words(conf, set, faults);
    }
    message_set_free(set);
    return rc;
}

static void check_recipe(const struct conf *conf, const struct conf_provider *p,
                         struct faults *faults)
{
    const struct http_sms_settings *settings = p->settings;
    size_t errors = faults->errors;
    struct recipe *recipe = NULL;
    char pointer[FAULT_POINTER_MAX];
    char below[FAULT_POINTER_MAX];
    struct err e = {0};
    int rc;

    option_pointer("/providers", p->name, pointer);
    rc = http_sms_read_recipe(conf->recipes, settings, pointer, &recipe, faults, &e);
    if (rc != 0 && faults->errors == errors) {
        option_pointer(pointer, "recipe", below);
        (void)faults_add(faults, below, "CFG-216", "\"%1$s\" sağlayıcısının tarifi okunamadı: %2$s",
                         "the recipe of \"%1$s\" cannot be read: %2$s", p->name, e.text);
    }
    recipe_free(recipe);
}

int check_recipes(const struct conf *conf, struct faults *faults)
{
    for (size_t i = 0; i < conf->provider_count; i++) {
        if (conf->providers[i].type == &http_sms_provider_type) {
            check_recipe(conf, &conf->providers[i], faults);
        }
    }
    return 0;
}
