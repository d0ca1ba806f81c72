/*
 * programs/skeleton.c - the files that imgcls-plugin new writes
 *
 * The operator is complete, not a stub: y = max(x, alpha * x) of domain org.example. The
 * texts hold @NAME@ and @IDENT@ (the name as a C identifier) where the author's name goes.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "programs/skeleton.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char source[] =
    "/*\n"
    " * @NAME@.c - one operator for imgcls: org.example @NAME@, y = max(x, alpha * x)\n"
    " *\n"
    " * Build with make, look at it with `imgcls-plugin check ./@NAME@.so`, use it with\n"
    " * IMGCLS_PLUGIN_PATH=$PWD. The header <imgcls/plugin.h> says what each field means.\n"
    " */\n"
    "#include <imgcls/plugin.h>\n"
    "\n"
    "/* The output has the type and the shape of the input. */\n"
    "static imgcls_status infer(const struct imgcls_host *host, struct imgcls_infer "
    "*node)\n"
    "{\n"
    "    return host->infer_like(host, node, 0, 0);\n"
    "}\n"
    "\n"
    "/* What run below can compute: float32 in and out, in one layout, whatever it is. */\n"
    "static int32_t accepts(const struct imgcls_host *host, const struct imgcls_node "
    "*node)\n"
    "{\n"
    "    (void)host;\n"
    "    return node->input_count == 1 && node->inputs[0] && node->outputs[0] &&\n"
    "           node->inputs[0]->type == IMGCLS_F32 &&\n"
    "           node->inputs[0]->layout == node->outputs[0]->layout &&\n"
    "           node->epilogue_count == 0;\n"
    "}\n"
    "\n"
    "struct job {\n"
    "    const float *x;\n"
    "    float *y;\n"
    "    float alpha;\n"
    "};\n"
    "\n"
    "static void piece(void *argument, int64_t begin, int64_t end, int32_t thread)\n"
    "{\n"
    "    const struct job *job = argument;\n"
    "    (void)thread;\n"
    "    for (int64_t i = begin; i < end; i++) {\n"
    "        float scaled = job->alpha * job->x[i];\n"
    "        job->y[i] = job->x[i] > scaled ? job->x[i] : scaled;\n"
    "    }\n"
    "}\n"
    "\n"
    "static imgcls_status @IDENT@_f32_portable(const struct imgcls_host *host,\n"
    "                                          const struct imgcls_run *run)\n"
    "{\n"
    "    const struct imgcls_tensor *x = imgcls_input(run, 0);\n"
    "    struct imgcls_tensor *y = imgcls_output(run, 0);\n"
    "    struct job job = {x->data, y->data, host->attr_float(host, run->node, \"alpha\", "
    "0.1f)};\n"
    "    host->parallel_for(host, run, imgcls_count(x->rank, x->dims), 16384, piece, "
    "&job);\n"
    "    return IMGCLS_OK;\n"
    "}\n"
    "\n"
    "static const struct imgcls_kernel portable = {\n"
    "    .struct_size = sizeof(struct imgcls_kernel),\n"
    "    .name = \"@IDENT@_f32_portable\",\n"
    "    .accepts = accepts,\n"
    "    .run = @IDENT@_f32_portable,\n"
    "};\n"
    "\n"
    "static const struct imgcls_op op = {\n"
    "    .struct_size = sizeof(struct imgcls_op),\n"
    "    .domain = \"org.example\",\n"
    "    .type = \"@NAME@\",\n"
    "    .since_first = 1,\n"
    "    .since_last = 1,\n"
    "    .traits = IMGCLS_TRAIT_ELEMENTWISE | IMGCLS_TRAIT_LAYOUT_BLIND |\n"
    "              IMGCLS_TRAIT_IN_PLACE,\n"
    "    .infer = infer,\n"
    "    .kernels = (const struct imgcls_kernel *const[]){&portable, NULL},\n"
    "};\n"
    "\n"
    "static const struct imgcls_plugin plugin = {\n"
    "    .abi_major = IMGCLS_ABI_MAJOR,\n"
    "    .abi_minor_needed = 1, /* a literal: the lowest that has what this plugin uses "
    "*/\n"
    "    .struct_size = sizeof(struct imgcls_plugin),\n"
    "    .name = \"@NAME@\",\n"
    "    .version = \"0.1.0\",\n"
    "    .licence = \"Apache-2.0\",\n"
    "    .ops = (const struct imgcls_op *const[]){&op, NULL},\n"
    "};\n"
    "\n"
    "const struct imgcls_plugin *imgcls_plugin_entry(const struct imgcls_host *host)\n"
    "{\n"
    "    (void)host; /* must not be kept: every function is handed the host again */\n"
    "    return &plugin;\n"
    "}\n";

static const char makefile[] =
    "# Builds @NAME@.so, a plugin for imgcls. It links nothing of imgcls: only the "
    "header.\n"
    "CFLAGS ?= -O2 -g\n"
    "\n"
    "@NAME@.so: @NAME@.c\n"
    "\t$(CC) -std=c17 -Wall -Wextra -fPIC -shared -fvisibility=hidden -ffp-contract=off "
    "\\\n"
    "\t\t$$(pkg-config --cflags imgcls) $(CFLAGS) $(LDFLAGS) -o $@ $<\n"
    "\n"
    "check: @NAME@.so\n"
    "\timgcls-plugin check ./@NAME@.so\n"
    "\timgcls-plugin test ./@NAME@.so\n"
    "\n"
    "clean:\n"
    "\trm -f @NAME@.so\n"
    "\n"
    ".PHONY: check clean\n";

bool skeleton_name_is_good(const char *name)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return length > 0 && length < 64 && name[length] == '\0' && name[0] >= 'a' &&
           name[0] <= 'z';
}

/* The text with its marks replaced. */
static bool write_text(FILE *file, const char *text, const char *name)
{
    while (*text) {
        size_t length = strcspn(text, "@");
        fwrite(text, 1, length, file);
        text += length;
        if (strncmp(text, "@NAME@", 6) == 0) {
            fputs(name, file);
            text += 6;
        } else if (strncmp(text, "@IDENT@", 7) == 0) {
            for (const char *at = name; *at; at++)
                fputc(*at == '-' ? '_' : *at, file);
            text += 7;
        } else if (*text) {
            fputc(*text++, file);
        }
    }
    return !ferror(file);
}

static bool write_file(const char *path, const char *text, const char *name)
{
    FILE *file = fopen(path, "wx");
    if (!file)
        return false;
    bool written = write_text(file, text, name);
    return fclose(file) == 0 && written;
}

bool skeleton_write(const struct command_line *line, const char *name)
{
    char c_file[160], make_file[160];
    if (!skeleton_name_is_good(name)) {
        command_complain(line,
                         "%s: a name is a lower-case letter followed by letters, digits "
                         "and hyphens, 63 at most",
                         name);
        return false;
    }
    snprintf(c_file, sizeof c_file, "%s/%s.c", name, name);
    snprintf(make_file, sizeof make_file, "%s/Makefile", name);
    if (mkdir(name, 0777) != 0) {
        command_complain(line, "%s: %s", name, strerror(errno));
        return false;
    }
    if (write_file(c_file, source, name) && write_file(make_file, makefile, name))
        return true;
    command_complain(line, "%s: %s", name, strerror(errno));
    unlink(c_file);
    unlink(make_file);
    rmdir(name);
    return false;
}
