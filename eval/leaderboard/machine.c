/*
 * eval/leaderboard/machine.c - what a run says about the machine it was made on
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/leaderboard/machine.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

void icl_cpu_name(char *text, size_t capacity)
{
    FILE *file = fopen("/proc/cpuinfo", "re");
    struct utsname system;
    char line[512];
    text[0] = '\0';
    while (file && !text[0] && fgets(line, sizeof line, file)) {
        char *colon = strchr(line, ':');
        if (!colon || strncmp(line, "model name", 10) != 0)
            continue;
        colon += 1 + strspn(colon + 1, " \t");
        colon[strcspn(colon, "\r\n")] = '\0';
        snprintf(text, capacity, "%s", colon);
    }
    if (file)
        fclose(file);
    if (!text[0])
        snprintf(text, capacity, "%s", uname(&system) == 0 ? system.machine : "unknown");
}
