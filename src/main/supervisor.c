/* SPDX-License-Identifier: GPL-2.0-or-later */
/* whale-supervisor: one per running project; see engine/supervisor.c. */
#include "whale/engine.h"

int main(int argc, char **argv)
{
    return wh_supervisor_main(argc, argv);
}
