/*
 * Lists as offices have them, good and bad: every file of tests/vectors/rosters against the exact
 * report that stands beside it. HATIRLAT_WRITE=1 writes the reports anew; read them then.
 */
#include "roster_scene.h"

#include <dirent.h>

enum { FILES_MAX = 200, NAME_SIZE = 80 };

static char names[FILES_MAX][NAME_SIZE];
static size_t name_count;

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void find_files(void)
{
    DIR *dir = opendir(ROSTERS);
    const struct dirent *entry;

    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        size_t n = strlen(entry->d_name);

        if (n > 4 && n < NAME_SIZE && strcmp(entry->d_name + n - 4, ".csv") == 0) {
            assert_true(name_count < FILES_MAX);
            (void)str_copy(names[name_count++], NAME_SIZE, (struct str){entry->d_name, n - 4});
        }
    }
    (void)closedir(dir);
    qsort(names, name_count, NAME_SIZE, by_name);
}

/* "map=Numara=phone&mode=…", decoded. */
static void read_query(const char *name, struct roster_params *params)
{
    struct buf text;

    buf_init(&text, 65536);
    params->count = 0;
    if (roster_scene_read(name, ".query", &text)) {
        char *at = text.data;

        while (at != NULL && *at != '\0') {
            char *next = strchr(at, '&');
            char *value = strchr(at, '=');

            assert_non_null(value);
            *value = '\0';
            if (next != NULL) {
                *next++ = '\0';
            }
            roster_param(params, at, value + 1);
            at = next;
        }
    }
    buf_finish(&text);
}

static void write_expected(const char *name, struct str report)
{
    char path[512];
    FILE *f;

    (void)snprintf(path, sizeof path, ROSTERS "/%s.json", name);
    f = fopen(path, "we");
    assert_non_null(f);
    (void)fwrite(report.ptr, 1, report.len, f);
    (void)fclose(f);
}

static bool check_file(struct roster_scene *s, const char *name)
{
    struct roster_params params;
    struct buf expected;
    struct buf file;
    struct str report;
    bool same;

    buf_init(&expected, 1 << 22);
    buf_init(&file, 1 << 22);
    assert_true(roster_scene_read(name, ".csv", &file));
    read_query(name, &params);
    report = roster_scene_report(s, "import.check", &params, (struct str){file.data, file.len});
    if (getenv("HATIRLAT_WRITE") != NULL) {
        write_expected(name, report);
    }
    same = roster_scene_read(name, ".json", &expected) &&
           str_eq(report, (struct str){expected.data, expected.len});
    if (!same) {
        print_error("%s: the report is now\n%.*s\n", name, (int)report.len, report.ptr);
    }
    buf_finish(&expected);
    buf_finish(&file);
    return same;
}

static void every_list_has_its_exact_report(void **state)
{
    struct roster_scene s;
    size_t wrong = 0;
    size_t bad = 0;

    (void)state;
    roster_scene_open(&s, false);
    find_files();
    for (size_t i = 0; i < name_count; i++) {
        wrong += !check_file(&s, names[i]);
        bad += strncmp(names[i], "good", 4) != 0;
    }
    assert_int_equal(wrong, 0);
    assert_true(bad >= 40);
    roster_scene_close(&s);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_list_has_its_exact_report),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
