/*
 * tests/onnx/malformed_test.c - each way to be malformed gives its own line, and no graph
 *
 * The files are written by tests/onnx/make_fixtures.py; each has one fault.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "tests/onnx/fixture.h"

#include <unistd.h>

static const struct {
    const char *file;
    imgcls_status want;
    const char *message; /* a part of it; the file's name must be there, too */
} rows[] = {
    {"empty.onnx", IMGCLS_BAD_INPUT, "empty file"},
    {"pointer.onnx", IMGCLS_BAD_INPUT, "a Git LFS pointer"},
    {"page.onnx", IMGCLS_BAD_INPUT, "an HTML page"},
    {"no_graph.onnx", IMGCLS_BAD_INPUT, "there is no graph in it"},
    {"no_version.onnx", IMGCLS_BAD_INPUT, "ir_version is 0"},
    {"graph_twice.onnx", IMGCLS_BAD_INPUT, "ModelProto has graph twice"},
    {"cut.onnx", IMGCLS_BAD_INPUT, "a length passes the end of what holds it"},
    {"length_past_end.onnx", IMGCLS_BAD_INPUT, "a length passes the end of what holds it"},
    {"length_64_bits.onnx", IMGCLS_BAD_INPUT, "a length passes the end of what holds it"},
    {"varint_long.onnx", IMGCLS_BAD_INPUT, "a number is cut off or longer than 10 bytes"},
    {"group.onnx", IMGCLS_BAD_INPUT, "a wire type that ONNX does not use"},
    {"wire_type.onnx", IMGCLS_BAD_INPUT, "GraphProto.node has wire type 0"},
    {"packed.onnx", IMGCLS_BAD_INPUT, "ends within one"},
    {"nul.onnx", IMGCLS_BAD_INPUT, "NodeProto.op_type is not text"},
    {"latin1.onnx", IMGCLS_BAD_INPUT, "NodeProto.name is not text"},
    {"newline.onnx", IMGCLS_BAD_INPUT, "NodeProto.input is not text"},
    {"deep_graphs.onnx", IMGCLS_BAD_INPUT, "nested more than 256 deep"},
    {"deep_types.onnx", IMGCLS_BAD_INPUT, "nested more than 256 deep"},
    {"opset_zero.onnx", IMGCLS_BAD_INPUT, "operator set 'ai.onnx' has version 0"},
    {"no_op_type.onnx", IMGCLS_BAD_INPUT, "node 'relu' has no op_type"},
    {"input_unnamed.onnx", IMGCLS_BAD_INPUT, "a graph input has no name"},
    {"input_type.onnx", IMGCLS_UNSUPPORTED,
     "input 'x': element type 77, known are 1 to 28"},
    {"input_rank.onnx", IMGCLS_UNSUPPORTED, "input 'x': 17 dimensions, at most 16"},
    {"overload.onnx", IMGCLS_BAD_INPUT, "overload 'other'"},
    {"attribute_unnamed.onnx", IMGCLS_BAD_INPUT,
     "node 'relu' (Relu): attribute '' has no name"},
    {"attribute_empty.onnx", IMGCLS_BAD_INPUT,
     "node 'relu' (Relu): attribute 't' has no value"},
    {"attribute_kind.onnx", IMGCLS_UNSUPPORTED, "attribute 't' is of kind 14"},
    {"opaque.onnx", IMGCLS_UNSUPPORTED, "input 'x': opaque type 'secret'"},

    {"tensor_raw_short.onnx", IMGCLS_BAD_INPUT,
     "initializer 'w': raw_data has 12 bytes, float32[2,3] needs 24"},
    {"tensor_raw_long.onnx", IMGCLS_BAD_INPUT,
     "raw_data has 25 bytes, float32[2,3] needs 24"},
    {"tensor_no_data.onnx", IMGCLS_BAD_INPUT,
     "float_data has 0 entries, float32[2,3] needs 6"},
    {"tensor_typed_count.onnx", IMGCLS_BAD_INPUT,
     "float_data has 5 entries, float32[2,3] needs 6"},
    {"tensor_wrong_field.onnx", IMGCLS_BAD_INPUT,
     "float_data has 0 entries, float32[2,3] needs 6"},
    {"tensor_range.onnx", IMGCLS_BAD_INPUT, "int32_data[2] is 300, uint8 has 0 to 255"},
    {"tensor_range_u32.onnx", IMGCLS_BAD_INPUT,
     "uint64_data[5] is 4294967296, uint32 has 0 to 4294967295"},
    {"tensor_range_float6.onnx", IMGCLS_BAD_INPUT, "int32_data[2] is 64, float6e2m3 has 0 to 63"},
    {"tensor_negative.onnx", IMGCLS_BAD_INPUT, "dimension 1 is -3"},
    {"tensor_huge.onnx", IMGCLS_BAD_INPUT, "more elements than 64 bits count"},
    {"tensor_huge_bytes.onnx", IMGCLS_BAD_INPUT, "more elements than 64 bits count"},
    {"tensor_rank.onnx", IMGCLS_UNSUPPORTED, "17 dimensions, at most 16"},
    {"tensor_type_unknown.onnx", IMGCLS_UNSUPPORTED, "element type 99, known are 1 to 28"},
    {"tensor_type_undefined.onnx", IMGCLS_BAD_INPUT, "element type 0, known are 1 to 28"},
    {"tensor_both.onnx", IMGCLS_BAD_INPUT, "both in raw_data and in a typed field"},
    {"tensor_string_raw.onnx", IMGCLS_BAD_INPUT, "raw_data cannot hold strings"},
    {"tensor_unnamed.onnx", IMGCLS_BAD_INPUT, "an initializer has no name"},
    {"tensor_segment.onnx", IMGCLS_UNSUPPORTED, "stored in segments"},

    {"external_missing.onnx", IMGCLS_BAD_INPUT, "initializer 'w': external data: "},
    {"external_parent.onnx", IMGCLS_BAD_INPUT, "initializer 'w': external data: "},
    {"external_absolute.onnx", IMGCLS_BAD_INPUT, "initializer 'w': external data: "},
    {"external_past_end.onnx", IMGCLS_BAD_INPUT,
     "external data 'six.bin' ends at byte 6, wanted are 16 from byte 4"},
    {"external_offset_text.onnx", IMGCLS_BAD_INPUT, "offset is '0x10'"},
    {"external_offset_huge.onnx", IMGCLS_BAD_INPUT, "from byte 18446744073709551600"},
    {"external_offset_overflow.onnx", IMGCLS_BAD_INPUT, "offset is '18446744073709551616'"},
    {"external_negative.onnx", IMGCLS_BAD_INPUT, "offset is '-4'"},
    {"external_length_wrong.onnx", IMGCLS_BAD_INPUT, "has length 12, the shape needs 16"},
    {"external_no_location.onnx", IMGCLS_BAD_INPUT, "external data without a location"},
    {"external_string.onnx", IMGCLS_BAD_INPUT, "strings cannot be external data"},

    {"sparse_range.onnx", IMGCLS_BAD_INPUT,
     "sparse index 1 is out of range or does not rise"},
    {"sparse_order.onnx", IMGCLS_BAD_INPUT,
     "sparse index 1 is out of range or does not rise"},
    {"sparse_negative.onnx", IMGCLS_BAD_INPUT, "sparse index 0 is out of range"},
    {"sparse_shape.onnx", IMGCLS_BAD_INPUT, "indices int64[n] or int64[n,2]"},
    {"sparse_huge.onnx", IMGCLS_LIMIT, "sparse tensors have more than 2147483648 bytes"},

    {"function_self.onnx", IMGCLS_BAD_INPUT, "function 'F' calls itself"},
    {"function_mutual.onnx", IMGCLS_BAD_INPUT, "function 'F' calls itself"},
    {"function_unknown_attribute.onnx", IMGCLS_BAD_INPUT,
     "refers to attribute 'absent', which function 'F' does not have"},
    {"function_wrong_kind.onnx", IMGCLS_BAD_INPUT,
     "is of kind 1, 'slope' that it refers to of kind 2"},
    {"function_reference_outside.onnx", IMGCLS_BAD_INPUT, "of a function, outside of any"},
    {"function_dangling.onnx", IMGCLS_BAD_INPUT,
     "function 'F' reads 'q', which nothing gives"},
    {"function_twice.onnx", IMGCLS_BAD_INPUT, "function 'F' is defined twice"},
    {"function_inputs.onnx", IMGCLS_BAD_INPUT, "called with 2 inputs and 1 outputs"},
    {"function_input_twice.onnx", IMGCLS_BAD_INPUT, "function 'F' has input 'x' twice"},
    {"function_explosion.onnx", IMGCLS_LIMIT, "functions become more than 1000000 nodes"},
    {"function_deep.onnx", IMGCLS_LIMIT, "call each other more than 64 deep"},
};

static void each_fault_is_named_in_one_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char name[128];
        struct imgcls_context *ctx = fixture_context();
        struct imgcls_graph *graph;
        snprintf(name, sizeof name, "bad/%s", rows[i].file);
        imgcls_status status = fixture_read(ctx, fixture_path(name), &graph);
        const char *text = imgcls_error(ctx);
        if (status != rows[i].want || !strstr(text, rows[i].message) ||
            !strstr(text, rows[i].file) || strchr(text, '\n'))
            fail_msg("%s: status %d, wanted %d; \"%s\", wanted \"%s\"", rows[i].file,
                     (int)status, (int)rows[i].want, text, rows[i].message);
        assert_null(graph);
        imgcls_context_destroy(ctx);
    }
}

/* The link is made here: archives of the sources need not keep links. */
static void links_do_not_lead_out_of_the_folder(void **state)
{
    char folder[] = "/tmp/imgcls-onnx-XXXXXX", model[2048], copy[64], link[64];
    struct imgcls_context *ctx = fixture_context();
    struct imgcls_graph *graph;
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(copy, sizeof copy, "%s/model.onnx", folder);
    snprintf(link, sizeof link, "%s/link.bin", folder);
    snprintf(model, sizeof model, "cp '%s' '%s'", fixture_path("bad/external_link.onnx"),
             copy);
    assert_int_equal(system(model), 0);
    assert_int_equal(symlink("/etc/passwd", link), 0);
    imgcls_status status = fixture_read(ctx, copy, &graph);
    assert_int_not_equal(status, IMGCLS_OK);
    assert_non_null(strstr(imgcls_error(ctx), "initializer 'w'"));
    assert_null(graph);
    assert_int_equal(unlink(link), 0);
    assert_int_equal(unlink(copy), 0);
    assert_int_equal(rmdir(folder), 0);
    imgcls_context_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fault_is_named_in_one_line),
        cmocka_unit_test(links_do_not_lead_out_of_the_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
