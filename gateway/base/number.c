#include "base/number.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

/* glibc keeps this one locale ready: nothing is allocated, nothing to free. */
static locale_t c_locale(void)
{
    return newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

int number_print(double n, int digits, char out[NUMBER_TEXT_MAX])
{
    locale_t before = uselocale(c_locale());
    int len = snprintf(out, NUMBER_TEXT_MAX, "%.*g", digits, n);

    (void)uselocale(before);
    return len;
}

double number_parse(const char *text)
{
    return strtod_l(text, NULL, c_locale());
}
