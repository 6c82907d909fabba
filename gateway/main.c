/* The one program: its first word chooses the command. */
#include "cli/commands.h"
#include <signal.h>

/*
 * A peer that hangs up is an error of one write, not the end of the program. The process keeps the
 * "C" locale: text has functions of its own, and protocols must not depend on the environment.
 */
int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    return cli_main(argc, argv, cli_commands);
}
