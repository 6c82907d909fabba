/* The bar of a long import, and the lines that stand in for it. */
#include "cli/import_print.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct shown {
    struct cli cli;
    struct import_progress progress;
    char *text;
    size_t size;
};

static void begin(struct shown *s, bool terminal, bool turkish)
{
    *s = (struct shown){.cli = {.turkish = turkish}};
    s->cli.err = open_memstream(&s->text, &s->size);
    import_progress_begin(&s->progress, &s->cli, terminal, 5000);
}

static void expect(struct shown *s, const char *text)
{
    (void)fclose(s->cli.err);
    assert_string_equal(s->text, text);
    free(s->text);
}

static void a_short_import_shows_nothing(void **state)
{
    struct shown s;

    (void)state;
    begin(&s, true, true);
    import_progress_show(&s.progress, 1, 2, 5999);
    import_progress_end(&s.progress);
    expect(&s, "");
    begin(&s, false, true);
    import_progress_show(&s.progress, 1, 2, 14999);
    import_progress_end(&s.progress);
    expect(&s, "");
    begin(&s, true, true);
    s.cli.quiet = true;
    import_progress_show(&s.progress, 1, 2, 60000);
    import_progress_end(&s.progress);
    expect(&s, "");
}

static void a_terminal_gets_a_bar(void **state)
{
    struct shown s;

    (void)state;
    begin(&s, true, true);
    s.progress.bad = 14;
    import_progress_show(&s.progress, 8540, 12000, 13000);
    import_progress_show(&s.progress, 8541, 12000, 13199); /* too soon to draw again */
    import_progress_end(&s.progress);
    expect(&s, "\rİçe aktarılıyor ▕███████░░░▏ 71 %  8 540/12 000  hata 14  kalan 00:03\033[K"
               "\r\033[K");
    begin(&s, true, false);
    import_progress_show(&s.progress, 100, 100, 6000);
    import_progress_end(&s.progress);
    expect(&s, "\rImporting ▕██████████▏ 100 %  100/100  errors 0  left 00:00\033[K\r\033[K");
}

static void a_file_gets_a_line_every_ten_seconds(void **state)
{
    struct shown s;

    (void)state;
    begin(&s, false, true);
    import_progress_show(&s.progress, 1000, 100000, 15000);
    import_progress_show(&s.progress, 1500, 100000, 24999);
    import_progress_show(&s.progress, 2000, 100000, 25000);
    import_progress_end(&s.progress);
    expect(&s, "İçe aktarılıyor  1 %  1 000/100 000  hata 0  kalan 16:30\n"
               "İçe aktarılıyor  2 %  2 000/100 000  hata 0  kalan 16:20\n");
}

static void numbers_are_grouped(void **state)
{
    static const struct {
        int64_t n;
        const char *text;
    } cases[] = {{0, "0"}, {999, "999"}, {1000, "1 000"}, {1234567, "1 234 567"}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[IMPORT_NUMBER_SIZE];

        assert_string_equal(import_number(cases[i].n, out), cases[i].text);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_short_import_shows_nothing),
    cmocka_unit_test(a_terminal_gets_a_bar),
    cmocka_unit_test(a_file_gets_a_line_every_ten_seconds),
    cmocka_unit_test(numbers_are_grouped),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
