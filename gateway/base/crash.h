/*
 * Named places where a test ends the process as a power cut would: without a word, without a
 * handler. They exist only in a build with HATIRLAT_CRASH_POINTS; elsewhere they are nothing.
 * HATIRLAT_CRASH_AT=name or name:n picks the place and its n-th passing; see tests/fault/crash.py.
 */
#pragma once

#ifdef HATIRLAT_CRASH_POINTS
/* Does not return at the n-th passing of the place named in the environment. Any thread. */
void crash_point(const char *name);
#else
#define crash_point(name) ((void)0)
#endif
