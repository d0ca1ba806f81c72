# tests/pictures/local.mk - tests of the folder of the same name
check_PROGRAMS += %D%/decode_test
TESTS += %D%/decode_test
%C%_decode_test_SOURCES = %D%/decode_test.c
%C%_decode_test_LDADD = $(TEST_LIBS)
check_PROGRAMS += %D%/preprocess_test
TESTS += %D%/preprocess_test
%C%_preprocess_test_SOURCES = %D%/preprocess_test.c
%C%_preprocess_test_LDADD = $(TEST_LIBS)
check_PROGRAMS += %D%/planes_test
TESTS += %D%/planes_test
%C%_planes_test_SOURCES = %D%/planes_test.c
%C%_planes_test_LDADD = $(TEST_LIBS)
check_PROGRAMS += %D%/part_test
TESTS += %D%/part_test
%C%_part_test_SOURCES = %D%/part_test.c
%C%_part_test_LDADD = $(TEST_LIBS)
check_PROGRAMS += %D%/kinds_test
TESTS += %D%/kinds_test
%C%_kinds_test_SOURCES = %D%/kinds_test.c
%C%_kinds_test_LDADD = $(TEST_LIBS)
check_PROGRAMS += %D%/engines_test
TESTS += %D%/engines_test
%C%_engines_test_SOURCES = %D%/engines_test.c
%C%_engines_test_LDADD = $(TEST_LIBS)
# Not tests: what scripts run beside Pillow, OpenCV and TensorFlow.
check_PROGRAMS += %D%/picture_bytes
%C%_picture_bytes_SOURCES = %D%/picture_bytes.c
%C%_picture_bytes_LDADD = $(TEST_LIBS)
check_PROGRAMS += %D%/picture_times
%C%_picture_times_SOURCES = %D%/picture_times.c
%C%_picture_times_LDADD = $(TEST_LIBS)
EXTRA_DIST += \
	%D%/make_fixtures.py \
	%D%/picture_race.py \
	%D%/pillow_peers.py \
	%D%/resize_peers.py \
	%D%/fixtures/bmp_bits.bmp \
	%D%/fixtures/bmp_gray.bmp \
	%D%/fixtures/bmp_rgb.bmp \
	%D%/fixtures/expected.txt \
	%D%/fixtures/imagenet-sample.txt \
	%D%/fixtures/jpeg_420.jpg \
	%D%/fixtures/jpeg_422.jpg \
	%D%/fixtures/jpeg_440.jpg \
	%D%/fixtures/jpeg_444.jpg \
	%D%/fixtures/jpeg_cmyk.jpg \
	%D%/fixtures/jpeg_gray.jpg \
	%D%/fixtures/jpeg_odd.jpg \
	%D%/fixtures/jpeg_orientation6.jpg \
	%D%/fixtures/jpeg_progressive.jpg \
	%D%/fixtures/jpeg_restart.jpg \
	%D%/fixtures/jpeg_rgb.jpg \
	%D%/fixtures/jpeg_tiny.jpg \
	%D%/fixtures/jpeg_trailing.jpg \
	%D%/fixtures/jpeg_ycck.jpg \
	%D%/fixtures/kinds.txt \
	%D%/fixtures/opencv.txt \
	%D%/fixtures/tf.txt \
	%D%/fixtures/png_gray_transparent.png \
	%D%/fixtures/png_named.JPEG \
	%D%/fixtures/png_palette_depth1.png \
	%D%/fixtures/png_palette_depth1_adam7.png \
	%D%/fixtures/png_palette_depth2.png \
	%D%/fixtures/png_palette_depth2_adam7.png \
	%D%/fixtures/png_palette_depth4.png \
	%D%/fixtures/png_palette_depth4_adam7.png \
	%D%/fixtures/png_palette_depth8.png \
	%D%/fixtures/png_palette_depth8_adam7.png \
	%D%/fixtures/png_palette_short.png \
	%D%/fixtures/png_rgb_transparent.png \
	%D%/fixtures/png_type0_depth1.png \
	%D%/fixtures/png_type0_depth16.png \
	%D%/fixtures/png_type0_depth16_adam7.png \
	%D%/fixtures/png_type0_depth1_adam7.png \
	%D%/fixtures/png_type0_depth2.png \
	%D%/fixtures/png_type0_depth2_adam7.png \
	%D%/fixtures/png_type0_depth4.png \
	%D%/fixtures/png_type0_depth4_adam7.png \
	%D%/fixtures/png_type0_depth8.png \
	%D%/fixtures/png_type0_depth8_adam7.png \
	%D%/fixtures/png_type2_depth16.png \
	%D%/fixtures/png_type2_depth16_adam7.png \
	%D%/fixtures/png_type2_depth8.png \
	%D%/fixtures/png_type2_depth8_adam7.png \
	%D%/fixtures/png_type4_depth16.png \
	%D%/fixtures/png_type4_depth16_adam7.png \
	%D%/fixtures/png_type4_depth8.png \
	%D%/fixtures/png_type4_depth8_adam7.png \
	%D%/fixtures/png_type6_depth16.png \
	%D%/fixtures/png_type6_depth16_adam7.png \
	%D%/fixtures/png_type6_depth8.png \
	%D%/fixtures/png_type6_depth8_adam7.png \
	%D%/fixtures/tiff_gray_packbits.tif \
	%D%/fixtures/tiff_palette.tif \
	%D%/fixtures/tiff_rgb.tif \
	%D%/fixtures/tiff_rgb_deflate.tif \
	%D%/fixtures/webp_alpha.webp \
	%D%/fixtures/webp_alpha_exact.webp \
	%D%/fixtures/webp_animated.webp \
	%D%/fixtures/webp_lossless.webp \
	%D%/fixtures/webp_lossy.webp
