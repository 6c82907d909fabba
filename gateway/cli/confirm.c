#include "cli/confirm.h"

#include <unistd.h>

enum { LINE_MAX_BYTES = 256 };

int cli_confirm(struct cli *cli, const char *name, const char *question)
{
    const char *given = cli_value(cli, "yes");
    char line[LINE_MAX_BYTES];

    if (given != NULL && strcmp(given, name) == 0) {
        return CLI_OK;
    }
    if (given != NULL) {
        return cli_usage(
            cli, "%s",
            cli_tr(cli, "--yes aynı kodu yinelemeli", "--yes has to repeat the same reference"));
    }
    if (isatty(fileno(cli->in)) == 0) {
        cli_error(cli,
                  cli_tr(cli, "%s; sorulmadan yapılması için --yes=%s gerekir",
                         "%s; to do it unasked it needs --yes=%s"),
                  question, name);
        return CLI_REFUSED;
    }
    (void)fprintf(
        cli->err,
        cli_tr(cli, "%s.\nOnaylamak için kodu yazın: ", "%s.\nTo confirm, type the reference: "),
        question);
    (void)fflush(cli->err);
    if (fgets(line, sizeof line, cli->in) == NULL || !str_eqs(str_trim(str_of(line)), name)) {
        cli_error(cli, "%s", cli_tr(cli, "yapılmadı", "not done"));
        return CLI_REFUSED;
    }
    return CLI_OK;
}
