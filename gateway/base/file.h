/* Files that a person names: what is none is told apart, and nothing waits for a pipe's writer. */
#pragma once

#include "base/err.h"

/*
 * Opens a regular file for reading, or a pipe that the shell hands over as /dev/fd/N or /dev/stdin;
 * the descriptor, or an err_code with a sentence. Any thread.
 */
int file_open(const char *path, struct err *e);
