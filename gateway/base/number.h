/*
 * Floating-point numbers as protocols write them: with a point, whatever the locale of the process
 * says. Any thread.
 */
#pragma once

enum { NUMBER_TEXT_MAX = 40 };

/* Prints n with so many significant digits (at most 17, as printf's %g); returns the length. */
int number_print(double n, int digits, char out[NUMBER_TEXT_MAX]);
/* The value at the start of text, as strtod() in the C locale. */
double number_parse(const char *text);
