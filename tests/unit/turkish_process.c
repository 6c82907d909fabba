/*
 * Linked into every test program: puts the process into the locale of HATIRLAT_TEST_LOCALE before
 * the tests run. Nothing in the gateway may depend on it: a library may set one behind our back.
 */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

enum { SKIPPED = 77 };

static void __attribute__((constructor)) take_locale(void)
{
    const char *wanted = getenv("HATIRLAT_TEST_LOCALE");

    if (wanted != NULL && (setlocale)(LC_ALL, wanted) == NULL) {
        (void)fprintf(stderr, "locale %s is not installed: skipped\n", wanted);
        exit(SKIPPED);
    }
}
