#include "cli/template_files.h"

#include "cli/common.h"

#include <unistd.h>

#define CONF_USUAL "/etc/hatirlat/hatirlat.jsonc"

#define CONF_HERE "config/templates"

static struct str optional(const char *s)
{
    return str_of(s == NULL ? "" : s);
}

static int open_conf(struct cli *cli, const char *path, struct template_files *t)
{
    struct err e = {0};
    const struct conf_office *o;

    if (conf_load_to_check(path, provider_types, &t->conf, &t->faults, &e) != 0) {
        if (t->faults.count == 0) {
            cli_error(cli, "%s", e.text);
        }
        return CLI_CONFIG;
    }
    o = &t->conf->office;
    t->office = (struct render_office){.name = optional(o->name),
                                       .unit = optional(o->unit),
                                       .province = optional(o->province),
                                       .phone = optional(o->phone),
                                       .portal = optional(o->portal),
                                       .portal_url = optional(o->portal_url),
                                       .guide = optional(o->guide_short),
                                       .guide_url = optional(o->guide_url),
                                       .privacy_url = optional(o->privacy_url),
                                       .stop_note = optional(o->stop_note)};
    return CLI_OK;
}

int template_files_open(struct cli *cli, const char *dir, struct template_files *t)
{
    const char *conf = cli->config;
    int rc = CLI_OK;

    *t = (struct template_files){0};
    faults_init(&t->faults);
    if (conf == NULL && access(CONF_USUAL, R_OK) == 0) {
        conf = CONF_USUAL;
    }
    /* A folder may be looked at with the eyes of an office: its hosts, its guide. */
    if (conf != NULL && (dir == NULL || cli->config != NULL)) {
        rc = open_conf(cli, conf, t);
        dir = rc == CLI_OK && dir == NULL ? t->conf->templates : dir;
    }
    if (rc == CLI_OK && dir == NULL) {
        dir = t->share;
        rc = access(CONF_HERE, R_OK) == 0
                 ? str_copy(t->share, sizeof t->share, STR(CONF_HERE))
                 : common_share(cli, "templates", t->share, sizeof t->share);
    }
    if (rc == CLI_OK && message_set_load(dir, &t->set, &t->faults) != 0) {
        rc = CLI_FAILED;
    }
    return rc;
}

void template_files_close(struct template_files *t)
{
    message_set_free(t->set);
    conf_free(t->conf);
    faults_finish(&t->faults);
}

void template_files_print_faults(struct cli *cli, const struct template_files *t)
{
    struct buf text;

    buf_init(&text, 256 * 1024);
    if (cli->json) {
        conf_print_faults_json(&t->faults, &text);
        fprintf(cli->out, "%s\n", buf_cstr(&text));
    } else if (t->faults.count > 0) {
        conf_print_faults(&t->faults, cli->turkish, &text);
        fputs(buf_cstr(&text), cli->err);
    } else {
        cli_note(cli, "%s", cli_tr(cli, "şablonlarda hata yok", "no faults in the templates"));
    }
    buf_finish(&text);
}
