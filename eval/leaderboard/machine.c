/*
 * eval/leaderboard/machine.c - what a run says about the machine it was made on
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "eval/leaderboard/machine.h"

#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

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

int64_t icl_machine_memory(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    return pages > 0 && size > 0 ? (int64_t)pages * size : 0;
}

void icl_machine_user(char *text, size_t capacity)
{
    struct utsname system;
    struct passwd entry, *found = NULL;
    char buffer[1024];
    const char *host = uname(&system) == 0 ? system.nodename : "unknown";
    if (getpwuid_r(geteuid(), &entry, buffer, sizeof buffer, &found) == 0 && found)
        snprintf(text, capacity, "%s@%s", found->pw_name, host);
    else
        snprintf(text, capacity, "%ld@%s", (long)geteuid(), host);
}

/* proc(5): writing 5 to clear_refs resets the high-water mark of resident memory. */
void icl_peak_memory_reset(void)
{
    int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
    ssize_t written = fd >= 0 ? write(fd, "5", 1) : 0;
    (void)written; /* where it is not allowed, the mark since the start stands */
    if (fd >= 0)
        close(fd);
}

int64_t icl_peak_memory(void)
{
    FILE *file = fopen("/proc/self/status", "re");
    struct rusage usage;
    char line[256];
    long long kib = 0;
    while (file && kib == 0 && fgets(line, sizeof line, file))
        if (strncmp(line, "VmHWM:", 6) == 0)
            kib = strtoll(line + 6, NULL, 10);
    if (file)
        fclose(file);
    if (kib <= 0 && getrusage(RUSAGE_SELF, &usage) == 0)
        kib = usage.ru_maxrss;
    return kib > 0 ? (int64_t)kib * 1024 : 0;
}
