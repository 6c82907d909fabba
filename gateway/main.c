/* The one program: its first word chooses the command. */
#include "cli/commands.h"

#include <malloc.h>
#include <signal.h>

/*
 * Under load the heaps of the threads breathe with every transaction; keeping a little of what was
 * freed saves the system calls that give pages back and ask for them again.
 */
static void keep_heaps(void)
{
    enum { TOP_PAD = 256 << 10, KEPT = 2 << 20, LARGE = 1 << 20 };

    (void)mallopt(M_TOP_PAD, TOP_PAD);
    (void)mallopt(M_TRIM_THRESHOLD, KEPT);
    (void)mallopt(M_MMAP_THRESHOLD, LARGE);
}

/*
 * A peer that hangs up is an error of one write, not the end of the program. The process keeps the
 * "C" locale: text has functions of its own, and protocols must not depend on the environment.
 */
int main(int argc, char **argv)
{
    keep_heaps();
    signal(SIGPIPE, SIG_IGN);
    return cli_main(argc, argv, cli_commands);
}
