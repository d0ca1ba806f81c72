/*
 * src/context/cpu.c - how many CPUs this process may really use
 *
 * The least of the affinity mask and of every CPU quota on the way from this process's cgroup
 * to the root (Linux Documentation/admin-guide/cgroup-v2.rst: "cpu.max" holds "$MAX $PERIOD";
 * version 1: cpu.cfs_quota_us, cpu.cfs_period_us). A container that may use 1.5 CPUs gets 2
 * threads: with 1 a third of what it paid for would lie idle.
 *
 * Not here: OMP_NUM_THREADS, which caps the default only (context.c); instruction sets (isa.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/context/context.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rounded up, at least 1; 0 for "no quota". */
static int32_t quota_cpus(long long quota, long long period)
{
    if (quota <= 0 || period <= 0)
        return 0;
    long long cpus = quota / period + (quota % period != 0);
    return cpus < INT32_MAX ? (int32_t)cpus : INT32_MAX;
}

/* First line of a file of the kernel's; false where it cannot be read. */
static bool read_line(const char *folder, const char *name, char *line, size_t capacity)
{
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s/%s", folder, name);
    if (length < 0 || (size_t)length >= sizeof path)
        return false;
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    bool read = fgets(line, (int)capacity, file) != NULL;
    fclose(file);
    return read;
}

static int32_t quota_of_v2(const char *folder)
{
    char line[128];
    long long quota, period;
    if (!read_line(folder, "cpu.max", line, sizeof line) ||
        sscanf(line, "%lld %lld", &quota, &period) != 2) /* "max 100000" has no number */
        return 0;
    return quota_cpus(quota, period);
}

static int32_t quota_of_v1(const char *folder)
{
    char line[128];
    if (!read_line(folder, "cpu.cfs_quota_us", line, sizeof line))
        return 0;
    long long quota = strtoll(line, NULL, 10);
    if (!read_line(folder, "cpu.cfs_period_us", line, sizeof line))
        return 0;
    return quota_cpus(quota, strtoll(line, NULL, 10));
}

/* The smallest quota of mount/path and all folders above it, mount included. Where a container
 * shows its cgroup under another name, the folders that are not there count nothing. */
static int32_t least_quota(const char *mount, const char *path,
                           int32_t (*quota_of)(const char *folder))
{
    char folder[PATH_MAX];
    int32_t least = 0;
    int length = snprintf(folder, sizeof folder, "%s%s", mount, path);
    if (length < 0 || (size_t)length >= sizeof folder)
        return 0;
    for (;;) {
        int32_t cpus = quota_of(folder);
        if (cpus && (!least || cpus < least))
            least = cpus;
        char *slash = strrchr(folder, '/');
        if (strlen(folder) <= strlen(mount) || !slash)
            return least;
        *slash = '\0';
    }
}

/* True where the comma-separated list has the word. */
static bool list_has(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *p = list; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
        if (!strncmp(p, word, length) && (p[length] == ',' || p[length] == '\0'))
            return true;
    return false;
}

/* One line of /proc/self/cgroup: "0::/user.slice" (v2) or "4:cpu,cpuacct:/job" (v1). */
static int32_t quota_of_line(char *line, const char *mount)
{
    char folder[PATH_MAX];
    char *controllers = strchr(line, ':');
    char *path = controllers ? strchr(controllers + 1, ':') : NULL;
    if (!path)
        return 0;
    *controllers++ = '\0';
    *path++ = '\0';
    path[strcspn(path, "\n")] = '\0';
    if (!controllers[0])
        return least_quota(mount, path, quota_of_v2);
    if (!list_has(controllers, "cpu"))
        return 0;
    static const char *const usual[] = {"cpu", "cpu,cpuacct", "cpuacct,cpu"};
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++) {
        int length = snprintf(folder, sizeof folder, "%s/%s", mount, usual[i]);
        int32_t cpus = length < 0 || (size_t)length >= sizeof folder
                           ? 0
                           : least_quota(folder, path, quota_of_v1);
        if (cpus)
            return cpus;
    }
    return 0;
}

int32_t icl_cgroup_cpus(const char *self, const char *mount)
{
    char line[PATH_MAX];
    int32_t least = 0;
    FILE *file = fopen(self, "re");
    if (!file)
        return 0;
    while (fgets(line, sizeof line, file)) {
        int32_t cpus = quota_of_line(line, mount);
        if (cpus && (!least || cpus < least))
            least = cpus;
    }
    fclose(file);
    return least;
}

/* CPUs in the affinity mask; the mask grows until the kernel's fits. */
static int32_t affinity_cpus(void)
{
    for (int possible = 1024; possible <= 1 << 20; possible *= 2) {
        cpu_set_t *set = CPU_ALLOC((size_t)possible);
        size_t bytes = CPU_ALLOC_SIZE((size_t)possible);
        if (!set)
            return 1;
        int failed = sched_getaffinity(0, bytes, set);
        int error = errno;
        int count = failed ? 0 : CPU_COUNT_S(bytes, set);
        CPU_FREE(set);
        if (count > 0)
            return count;
        if (failed && error != EINVAL)
            break;
    }
    return 1;
}

int32_t icl_cpu_count(void)
{
    int32_t cpus = affinity_cpus();
    int32_t quota = icl_cgroup_cpus("/proc/self/cgroup", "/sys/fs/cgroup");
    return quota && quota < cpus ? quota : cpus;
}
