/* "hatirlat template …" as typed. */
#include "cli/commands.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TEMPLATES HATIRLAT_SOURCE_DIR "/config/templates"

struct run {
    const char *args[10]; /* after the program's name */
    const char *input;    /* read as the data file "-" */
    int rc;
    const char *out; /* a part of what is printed; null for nothing */
    const char *err;
};

static const struct run runs[] = {
    {{"template", "list", TEMPLATES, NULL}, " ", CLI_OK, "tr  e-posta  a90\n", NULL},
    {{"--json", "template", "list", TEMPLATES, NULL},
     " ",
     CLI_OK,
     "{\"lang\":\"en\",\"channel\":\"email\",\"name\":\"x\"}]",
     NULL},
    {{"template", "lint", TEMPLATES, NULL}, " ", CLI_OK, NULL, "hata yok"},
    {{"template", "names", NULL}, " ", CLI_OK, "{{remaining}}", NULL},
    {{"--json", "template", "names", NULL}, " ", CLI_OK, "\"name\":\"holder.given_name\"", NULL},
    {{"template", "lint", "/yok/boyle", NULL}, " ", CLI_FAILED, NULL, "TPL-010"},
    {{"template", "render", "a30", "--dir", TEMPLATES, NULL},
     " ",
     CLI_OK,
     "Konu: E-imzanızın süresi 30 gün sonra doluyor\n",
     NULL},
    {{"template", "render", "n2", "--dir", TEMPLATES, "--channel", "sms", NULL},
     " ",
     CLI_OK,
     "  │ E-imzanızın süresi 30 gün sonra    │\n",
     NULL},
    {{"template", "render", "n2", "--dir", TEMPLATES, "--channel", "sms", NULL},
     " ",
     CLI_OK,
     "1/1  149/155\n",
     NULL},
    {{"template", "render", "t", "--dir", TEMPLATES, "--lang", "en", NULL},
     " ",
     CLI_OK,
     "Subject: Your new e-imza has been delivered\n",
     NULL},
    {{"template", "render", "n", "--dir", TEMPLATES, "--html", NULL},
     " ",
     CLI_OK,
     "<html lang=\"tr\">",
     NULL},
    {{"template", "render", "a3", "--dir", TEMPLATES, "--data", "-", NULL},
     "{\"now\": \"2027-05-19\", \"certificate\": {\"not_after\": \"2027-05-20\"},"
     " \"holder\": {\"given_name\": \"Ali\"}}",
     CLI_OK,
     "Sayın Ali ÇİĞDEM,\n\nE-imzanızın süresi yarın, 20 Mayıs 2027 Perşembe günü dolacaktır.",
     NULL},
    {{"template", "render", "a3", "--dir", TEMPLATES, "--data", "-", NULL},
     "{\"holder\": {\"given\": \"Ali\"}}",
     CLI_FAILED,
     NULL,
     "holder.given"},
    {{"template", "render", "a3", "--dir", TEMPLATES, "--data", "-", NULL},
     "{\"now\": \"dün\"}",
     CLI_FAILED,
     NULL,
     "now"},
    {{"template", "render", "yok", "--dir", TEMPLATES, NULL}, " ", CLI_NOT_FOUND, NULL, "yok"},
    {{"template", "render", "a3", "--channel", "faks", NULL}, " ", CLI_USAGE, NULL, "faks"},
};

static void check(const struct run *r)
{
    char *argv[12] = {(char *)(uintptr_t) "hatirlat"};
    char *out = NULL;
    char *err = NULL;
    size_t out_len;
    size_t err_len;
    int argc = 1;
    struct cli cli = {.program = "hatirlat", .commands = cli_commands, .turkish = true};
    for (; r->args[argc - 1] != NULL; argc++)
        argv[argc] = (char *)(uintptr_t)r->args[argc - 1];
    cli.in = fmemopen((void *)(uintptr_t)r->input, strlen(r->input), "rb");
    cli.out = open_memstream(&out, &out_len);
    cli.err = open_memstream(&err, &err_len);
    int rc = cli_run(&cli, argc, argv);
    (void)fclose(cli.in);
    (void)fclose(cli.out);
    (void)fclose(cli.err);
    if (rc != r->rc || (r->out != NULL && strstr(out, r->out) == NULL) ||
        (r->err != NULL && strstr(err, r->err) == NULL))
        fail_msg("%s %s: %d\n%s\n%s", r->args[1], r->args[2], rc, out, err);
    free(out);
    free(err);
}

static void each_command_does_what_it_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++)
        check(&runs[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_command_does_what_it_says)};
    return cmocka_run_group_tests_name("cli template", tests, NULL, NULL);
}
