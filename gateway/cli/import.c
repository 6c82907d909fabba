/* hatirlat import: a list of persons, looked at first and then taken in; imports taken back. */
#include "base/clock.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/import_print.h"
#include "flow/roster_report.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    FILE_BYTES_MAX = 256 << 20,
    MAP_TEXT_MAX = 8192,
    ID_SIZE = 24,
    POLL_MS = 250,
    PATIENCE_MS = 30 * 60 * 1000
};

struct importing {
    struct cli *cli;
    struct buf file;
    struct buf map;
    struct import_progress progress;
};

static int64_t now(void)
{
    return clock_mono_ms(clock_system());
}

static bool on_terminal(const struct cli *cli)
{
    return cli->err == stderr && isatty(STDERR_FILENO);
}

static bool valid_rows(const struct cli *cli)
{
    return cli_flag(cli, "valid-rows");
}

/* ---- asking ---- */

static void on_applied(void *ctx, int64_t done, int64_t total)
{
    import_progress_show(ctx, done, total, now());
}

/* A file that is wrong is a refusal, not a wrong way to call us. */
static int ask_file(struct importing *im, const char *operation, struct client_answer *ret)
{
    struct cli *cli = im->cli;
    const struct client_field fields[] = {
        {"map", im->map.len > 0 ? buf_cstr(&im->map) : NULL},
        {"mode", valid_rows(cli) ? "valid_rows" : "all_or_nothing"},
        {"source", cli_value(cli, "source")},
        {NULL, NULL}};
    const struct client_question question = {.operation = operation,
                                             .fields = fields,
                                             .file = {im->file.data, im->file.len},
                                             .progress = on_applied,
                                             .progress_ctx = &im->progress};
    int rc = client_ask(cli, &question, ret);

    return rc == CLI_USAGE ? CLI_REFUSED : rc;
}

static int ask_about(struct cli *cli, const char *operation, const char *id,
                     struct client_answer *ret)
{
    const struct client_field fields[] = {{"id", id}, {NULL, NULL}};
    const struct client_question question = {.operation = operation, .fields = fields};

    return client_ask(cli, &question, ret);
}

/* ---- the errors as a file ---- */

static int write_errors(struct importing *im, const struct json *report)
{
    struct cli *cli = im->cli;
    const char *path = cli_value(cli, "errors");
    struct buf out;
    FILE *f;
    bool ok;

    if (path == NULL) {
        return CLI_OK;
    }
    buf_init(&out, FILE_BYTES_MAX);
    f = roster_errors_csv(json_get(report, "errors"), cli->turkish, &out) == 0 ? fopen(path, "we")
                                                                               : NULL;
    ok = f != NULL && fwrite(out.data, 1, out.len, f) == out.len;
    ok = (f == NULL || fclose(f) == 0) && ok;
    buf_finish(&out);
    if (!ok) {
        cli_error(cli, cli_tr(cli, "%s yazılamadı: %s", "%s cannot be written: %s"), path,
                  strerror(errno));
    }
    return ok ? CLI_OK : CLI_FAILED;
}

/* ---- the import ---- */

static bool agreed(struct cli *cli)
{
    char line[16] = "";

    if (cli_flag(cli, "yes")) {
        return true;
    }
    if (cli->in != stdin || !isatty(STDIN_FILENO)) {
        cli_note(cli, "%s",
                 cli_tr(cli, "içe aktarmak için --yes ekleyin", "add --yes to import it"));
        return false;
    }
    (void)fprintf(cli->err, "%s", cli_tr(cli, "İçe aktarılsın mı? (e/h) ", "Import it? (y/n) "));
    (void)fflush(cli->err);
    if (fgets(line, sizeof line, cli->in) == NULL) {
        return false;
    }
    return ascii_lower(line[0]) == 'e' || ascii_lower(line[0]) == 'y';
}

static void nap(void)
{
    const struct timespec t = {.tv_nsec = POLL_MS * 1000000L};

    (void)nanosleep(&t, NULL);
}

/* The service plans behind the import: it is done when nothing waits any more. */
static int follow(struct importing *im, const char *id)
{
    int64_t end = now() + PATIENCE_MS;
    int64_t total = 1;
    int64_t left = 1;
    int rc = CLI_OK;

    while (left > 0 && rc == CLI_OK && now() < end) {
        struct client_answer answer;

        rc = ask_about(im->cli, "import.show", id, &answer);
        if (rc == CLI_OK) {
            total = json_get_i64(json_root(answer.doc), "events", 0);
            left = json_get_i64(json_root(answer.doc), "events_waiting", 0);
            import_progress_show(&im->progress, total - left, total, now());
        }
        client_finish(&answer);
        if (rc == CLI_OK && left > 0) {
            nap();
        }
    }
    import_progress_end(&im->progress);
    return rc;
}

static int take_in(struct importing *im)
{
    struct cli *cli = im->cli;
    struct client_answer answer;
    char id[ID_SIZE] = "";
    int64_t refused;
    int rc = ask_file(im, "import.create", &answer);

    import_progress_end(&im->progress);
    if (rc != CLI_OK) {
        client_finish(&answer);
        return rc;
    }
    (void)str_copy(id, sizeof id, json_str(json_get(json_root(answer.doc), "import")));
    refused = json_get_i64(json_get(json_root(answer.doc), "counts"), "refused", 0);
    rc = follow(im, id);
    if (!client_print_json(cli, &answer)) {
        (void)fprintf(cli->out,
                      cli_tr(cli,
                             "İçe aktarıldı: %s   Geri almak için: hatirlat import --undo %s\n",
                             "Imported: %s   To take it back: hatirlat import --undo %s\n"),
                      id, id);
    }
    client_finish(&answer);
    return rc != CLI_OK ? rc : refused > 0 ? CLI_PARTLY : CLI_OK;
}

static int refuse_list(struct cli *cli, int64_t refused)
{
    cli_error(cli,
              cli_tr(cli,
                     "%lld satır hatalı, hiçbir şey içe aktarılmadı; hatasız satırlar için "
                     "--valid-rows",
                     "%lld rows are wrong, nothing was imported; --valid-rows takes the others"),
              (long long)refused);
    return CLI_REFUSED;
}

/* What was seen decides what is done. */
static int decide(struct importing *im, const struct client_answer *seen)
{
    struct cli *cli = im->cli;
    const struct json *report = json_root(seen->doc);
    int64_t refused = json_get_i64(json_get(report, "counts"), "refused", 0);
    bool look = cli_flag(cli, "dry-run");
    bool refuses = refused > 0 && !valid_rows(cli);
    int rc = write_errors(im, report);

    if (rc != CLI_OK) {
        return rc;
    }
    if (look || refuses || !cli->json) {
        if (!client_print_json(cli, seen)) {
            import_print_report(cli, report);
        }
    }
    if (look) {
        return refused > 0 ? CLI_PARTLY : CLI_OK;
    }
    im->progress.bad = refused;
    if (refuses) {
        return refuse_list(cli, refused);
    }
    return agreed(cli) ? take_in(im) : CLI_REFUSED;
}

static int import_file(struct cli *cli, const char *path)
{
    struct importing im = {.cli = cli};
    const char *map;
    int rc;

    buf_init(&im.file, FILE_BYTES_MAX);
    buf_init(&im.map, MAP_TEXT_MAX);
    for (size_t i = 0; (map = cli_value_at(cli, "map", i)) != NULL; i++) {
        (void)buf_adds(&im.map, map);
        (void)buf_addc(&im.map, '\n');
    }
    import_progress_begin(&im.progress, cli, on_terminal(cli), now());
    rc = cli_read(cli, path, &im.file);
    if (rc == CLI_OK) {
        struct client_answer seen;

        rc = ask_file(&im, "import.check", &seen);
        import_progress_end(&im.progress);
        rc = rc == CLI_OK ? decide(&im, &seen) : rc;
        client_finish(&seen);
    }
    buf_finish(&im.file);
    buf_finish(&im.map);
    return rc;
}

/* ---- undo and list ---- */

static int undo_steps(struct cli *cli, const char *id)
{
    int64_t restored = 0;
    int64_t left = 0;
    int64_t stopped = 0;
    bool more = true;
    int rc = CLI_OK;

    while (more && rc == CLI_OK) {
        struct client_answer answer;

        rc = ask_about(cli, "import.undo", id, &answer);
        if (rc == CLI_OK) {
            const struct json *root = json_root(answer.doc);

            more = str_eqs(json_str(json_get(root, "result")), "undoing");
            restored += json_get_i64(root, "restored", 0);
            left += json_get_i64(root, "left_as_is", 0);
            stopped += json_get_i64(root, "messages_stopped", 0);
            if (!client_print_json(cli, &answer)) {
                import_print_left(cli, root);
            }
        }
        client_finish(&answer);
    }
    if (rc == CLI_OK && !cli->json) {
        (void)fprintf(cli->out,
                      cli_tr(cli,
                             "Geri alındı: %lld kayıt eski hâline döndü, %lld ileti durduruldu, "
                             "%lld kayıt sonradan değiştiği için bırakıldı\n",
                             "Undone: %lld records are as before, %lld messages were stopped, "
                             "%lld records had changed since and were left\n"),
                      (long long)restored, (long long)stopped, (long long)left);
    }
    return rc != CLI_OK ? rc : left > 0 ? CLI_PARTLY : CLI_OK;
}

static int undo(struct cli *cli, const char *wanted)
{
    int64_t number;

    if (str_i64(str_of(wanted), &number) != 0 || number <= 0) {
        return cli_usage(
            cli, cli_tr(cli, "içe aktarma numarası değil: %s", "not the number of an import: %s"),
            wanted);
    }
    return undo_steps(cli, wanted);
}

static int list(struct cli *cli)
{
    struct client_answer answer;
    int rc = ask_about(cli, "import.list", NULL, &answer);

    if (rc == CLI_OK && !client_print_json(cli, &answer)) {
        import_print_list(cli, json_root(answer.doc));
    }
    client_finish(&answer);
    return rc;
}

static int run(int argc, char **argv, struct cli *cli)
{
    const char *wanted = cli_value(cli, "undo");
    const bool lists = cli_flag(cli, "list");

    if (argc + (wanted != NULL) + lists != 1) {
        return cli_usage(cli, "%s",
                         cli_tr(cli, "yalnız birini verin: bir dosya, --undo ya da --list",
                                "give one of these: a file, --undo or --list"));
    }
    if (valid_rows(cli) && cli_flag(cli, "all-or-nothing")) {
        return cli_usage(cli, cli_tr(cli, "%s ile %s birlikte verilemez", "%s excludes %s"),
                         "--valid-rows", "--all-or-nothing");
    }
    if (wanted != NULL && cli_flag(cli, "dry-run")) {
        return cli_usage(cli, cli_tr(cli, "%s ile %s birlikte verilemez", "%s excludes %s"),
                         "--undo", "--dry-run");
    }
    return wanted != NULL ? undo(cli, wanted) : lists ? list(cli) : import_file(cli, argv[0]);
}

static const struct cli_option options[] = {
    {.name = "map",
     .letter = 'm',
     .arg = "BAŞLIK=ALAN",
     .repeated = true,
     .tr = "sütunun anlamı: Tel=phone, #3=end, Not=- (okuma)",
     .en = "what a column means: Tel=phone, #3=end, Note=-"},
    {.name = "dry-run", .letter = 'n', .tr = "yalnız bak, aktarma", .en = "look only"},
    {.name = "yes", .letter = 'y', .tr = "sormadan aktar", .en = "import without asking"},
    {.name = "valid-rows",
     .tr = "hatalı satırları bırak, ötekileri aktar",
     .en = "leave wrong rows out and import the others"},
    {.name = "all-or-nothing",
     .tr = "bir satır bile hatalıysa aktarma (öntanımlı)",
     .en = "one wrong row refuses the list (the default)"},
    {.name = "errors",
     .arg = "DOSYA",
     .tr = "hataları CSV olarak yaz",
     .en = "write the errors as CSV"},
    {.name = "source",
     .arg = "AD",
     .tr = "hangi liste; çıkan kişiler bunun öncekinde aranır",
     .en = "which list; who is gone is looked for in its last one"},
    {.name = "undo", .arg = "NO", .tr = "içe aktarmayı geri al", .en = "take an import back"},
    {.name = "list", .letter = 'l', .tr = "içe aktarmaları say", .en = "list the imports"},
    {.name = NULL},
};

static const struct cli_example examples[] = {
    {"hatirlat import liste.csv --dry-run --errors hatalar.csv", NULL, NULL},
    {"hatirlat import liste.csv --map \"İrtibat=phone\" --valid-rows", NULL, NULL},
    {NULL, NULL, NULL},
};

const struct cli_command command_import = {
    .name = "import",
    .tr = "Kişi listesini (CSV) içe aktarır; önce ne olacağını gösterir",
    .en = "Imports a list of persons (CSV); shows first what will happen",
    .usage = "[SEÇENEKLER] DOSYA | --undo NO | --list",
    .usage_en = "[OPTIONS] FILE | --undo NO | --list",
    .options = options,
    .examples = examples,
    .max_args = 1,
    .run = run,
};
