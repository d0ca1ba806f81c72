/*
 * tests/context/cpu_test.c - CPUs that affinity and cgroups leave
 *
 * The cgroup trees are made in a fresh folder; expected counts are quota / period by hand,
 * rounded up.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/context/context.h"

#include <limits.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static void write_text(const char *root, const char *name, const char *text)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", root, name);
    for (char *p = path + strlen(root) + 1; (p = strchr(p, '/')); p++) {
        *p = '\0';
        mkdir(path, 0777);
        *p = '/';
    }
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static const struct {
    const char *self;              /* /proc/self/cgroup */
    const char *files[5][2];       /* name beneath the mount, text */
    int32_t want;
} rows[] = {
    {"0::/\n", {{"cpu.max", "200000 100000\n"}}, 2},
    {"0::/\n", {{"cpu.max", "150000 100000\n"}}, 2},
    {"0::/\n", {{"cpu.max", "1000 100000\n"}}, 1},
    {"0::/\n", {{"cpu.max", "max 100000\n"}}, 0},
    {"0::/\n", {{NULL, NULL}}, 0},
    {"0::/\n", {{"cpu.max", "nonsense\n"}}, 0},
    {"0::/\n", {{"cpu.max", "100000 0\n"}}, 0},
    /* the smallest quota on the way to the root counts */
    {"0::/a/b\n", {{"a/b/cpu.max", "max 100000\n"}, {"a/cpu.max", "300000 100000\n"}}, 3},
    {"0::/a/b\n", {{"a/b/cpu.max", "400000 100000\n"}, {"a/cpu.max", "300000 100000\n"}}, 3},
    {"0::/a/b\n", {{"a/b/cpu.max", "100000 50000\n"}, {"cpu.max", "900000 100000\n"}}, 2},
    /* within a container the path need not be there */
    {"0::/docker/1234\n", {{"cpu.max", "500000 100000\n"}}, 5},
    /* version 1, in a mount of its own or joined with cpuacct */
    {"5:cpu,cpuacct:/job\n3:memory:/job\n",
     {{"cpu,cpuacct/job/cpu.cfs_quota_us", "250000\n"},
      {"cpu,cpuacct/job/cpu.cfs_period_us", "100000\n"}},
     3},
    {"5:cpu:/job\n",
     {{"cpu/job/cpu.cfs_quota_us", "-1\n"},
      {"cpu/job/cpu.cfs_period_us", "100000\n"},
      {"cpu/cpu.cfs_quota_us", "100000\n"},
      {"cpu/cpu.cfs_period_us", "100000\n"}},
     1},
    {"5:cpuset:/job\n", {{"cpu/job/cpu.cfs_quota_us", "100000\n"}}, 0},
    {"garbage\n", {{"cpu.max", "200000 100000\n"}}, 0},
};

static void quotas_round_up_and_the_least_counts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char root[] = "/tmp/cpu_test.XXXXXX", self[64], command[128];
        assert_non_null(mkdtemp(root));
        write_text(root, "self", rows[i].self);
        for (size_t f = 0; f < 5 && rows[i].files[f][0]; f++)
            write_text(root, rows[i].files[f][0], rows[i].files[f][1]);
        snprintf(self, sizeof self, "%s/self", root);
        int32_t got = icl_cgroup_cpus(self, root);
        snprintf(command, sizeof command, "rm -r %s", root);
        assert_int_equal(system(command), 0);
        if (got != rows[i].want)
            fail_msg("row %zu: %d, wanted %d", i, (int)got, (int)rows[i].want);
    }
}

static void no_cgroup_file_is_no_quota(void **state)
{
    (void)state;
    assert_int_equal(icl_cgroup_cpus("/nonexistent", "/sys/fs/cgroup"), 0);
}

static void affinity_bounds_the_count(void **state)
{
    (void)state;
    cpu_set_t before, one;
    assert_true(icl_cpu_count() >= 1);
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    CPU_ZERO(&one);
    for (int cpu = 0; cpu < CPU_SETSIZE && !CPU_COUNT(&one); cpu++)
        if (CPU_ISSET(cpu, &before))
            CPU_SET(cpu, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_int_equal(icl_cpu_count(), 1);
    assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotas_round_up_and_the_least_counts),
        cmocka_unit_test(no_cgroup_file_is_no_quota),
        cmocka_unit_test(affinity_bounds_the_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
