/* hatirlat recipe check: everything that can be known about a recipe without its vendor. */
#include "cli/commands.h"
#include "cli/common.h"
#include "cli/recipe_try.h"
#include "config/conf.h"
#include "providers/recipe.h"

#include <limits.h>

int recipe_find(struct cli *cli, const char *wanted, char *out, size_t size)
{
    char name[160];

    if (strchr(wanted, '/') != NULL || strchr(wanted, '.') != NULL) {
        return snprintf(out, size, "%s", wanted) < (int)size ? CLI_OK : CLI_NOT_FOUND;
    }
    (void)snprintf(name, sizeof name, "recipes/%.120s.json", wanted);
    return common_share(cli, name, out, size);
}

static int check(struct cli *cli, const char *wanted)
{
    char path[PATH_MAX];
    struct faults faults;
    struct err e = {0};
    int rc = recipe_find(cli, wanted, path, sizeof path);
    int code;

    if (rc != CLI_OK) {
        return rc;
    }
    faults_init(&faults);
    code = recipe_check(path, &faults, &e);
    if (code != 0 && faults.total == 0) {
        rc = common_failed(cli, "tarif okunamadı", "the recipe could not be read", &e);
    } else {
        common_print_checked(cli, path, &faults, "tarif geçerli", "the recipe is good");
        rc = code == 0 && faults.errors == 0 ? CLI_OK : CLI_CONFIG;
    }
    faults_finish(&faults);
    return rc;
}

static int run(int argc, char **argv, struct cli *cli)
{
    int worst = CLI_OK;

    for (int i = 0; i < argc; i++) {
        int rc = check(cli, argv[i]);

        worst = rc != CLI_OK ? rc : worst;
    }
    return worst;
}

static const struct cli_example examples[] = {
    {"hatirlat recipe check bizim-saglayici.json", "kendi yazdığınız tarif",
     "a recipe of your own"},
    {"hatirlat recipe check netgsm verimor", "kurulu tarifler", "installed recipes"},
    {NULL, NULL, NULL},
};

const struct cli_command command_recipe_check = {
    .name = "recipe check",
    .tr = "sağlayıcı tariflerini denetler",
    .en = "checks vendor recipes",
    .usage = "DOSYA|AD…",
    .usage_en = "FILE|NAME…",
    .examples = examples,
    .min_args = 1,
    .max_args = 20,
    .run = run,
};
