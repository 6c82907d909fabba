/* The templates that the template commands work on, and how they are shown. */
#pragma once

#include "cli/cli.h"
#include "config/conf.h"
#include "text/render.h"

struct template_files {
    char share[512];         /* where the templates were found when nobody said */
    struct message_set *set; /* null when they cannot be loaded */
    struct conf *conf;       /* null when a folder was named or there is no configuration */
    struct render_office office;
    struct faults faults;
};

/*
 * Loads the templates of dir; without dir those of the configuration (--config, or the usual file
 * when it is there), else of the folders where they are installed. An enum cli_exit; close t even
 * after a failure.
 */
int template_files_open(struct cli *cli, const char *dir, struct template_files *t);
void template_files_close(struct template_files *t);
/* Faults on err for people, on out with --json. */
void template_files_print_faults(struct cli *cli, const struct template_files *t);
/* Renders one template and prints it as the reader will see it. An enum cli_exit. */
int template_preview(struct cli *cli, const struct message_set *set, enum channel channel,
                     struct str name, const struct render_values *values);
