/*
 * plugins/architectures/resample.c - position tables for another input size
 *
 * Every library resamples along each axis on its own, so a table is multiplied by one small
 * matrix from each side; the matrices are made here, in double, and the products stay in
 * the graph, behind the parameter that the file has.
 *
 * Kernels: Keys, "Cubic Convolution Interpolation for Digital Image Processing" (1981),
 * with a = -0.5 or -0.75; the cubic spline has no knot at its second and last but one
 * positions (de Boor, "A Practical Guide to Splines"), which is what FITPACK and so SciPy
 * compute.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/architectures/tokens.h"

#include <math.h>
#include <string.h>

#define SIDE_MAX 512 /* positions along an axis; 512 x 16 pixels make a picture of 8192 */

/* ---- Convolution kernels --------------------------------------------------------------*/

static double keys(double x, double a)
{
    x = fabs(x);
    if (x < 1.0)
        return ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0;
    return x < 2.0 ? (((x - 5.0) * x + 8.0) * x - 4.0) * a : 0.0;
}

/* Four neighbours around `at`, those past the ends taken from the ends. */
static void cubic_row(double at, int64_t in, double *row)
{
    double first = floor(at);
    for (int k = -1; k <= 2; k++) {
        int64_t i = (int64_t)first + k;
        i = i < 0 ? 0 : i >= in ? in - 1 : i;
        row[i] += keys(at - (first + k), -0.75);
    }
}

/* A kernel as wide as the step when shrinking; what falls off the ends is made up for. */
static void antialiased_row(double scale, int64_t o, int64_t in, double *row)
{
    double wide = scale > 1.0 ? scale : 1.0, centre = scale * ((double)o + 0.5), sum = 0.0;
    int64_t first = (int64_t)(centre - 2.0 * wide + 0.5);
    int64_t end = (int64_t)(centre + 2.0 * wide + 0.5);
    first = first < 0 ? 0 : first;
    end = end > in ? in : end;
    for (int64_t i = first; i < end; i++)
        sum += row[i] = keys(((double)i - centre + 0.5) / wide, -0.5);
    for (int64_t i = first; i < end; i++)
        row[i] /= sum;
}

static void linear_row(double at, int64_t in, double *row)
{
    at = at < 0.0 ? 0.0 : at;
    int64_t first = (int64_t)at;
    if (first >= in - 1) {
        row[in - 1] = 1.0;
        return;
    }
    row[first + 1] = at - (double)first;
    row[first] = 1.0 - row[first + 1];
}

/* ---- Grids in geometric progression ---------------------------------------------------*/

/* Positions of a source of `in`, whose distances from the middle grow by a ratio that makes
 * them reach from end to end of a target of `out` (found by bisection as far as BEiT's code
 * looks for it). */
static void geometric_grid(int64_t in, int64_t out, double *grid)
{
    int64_t half = in / 2;
    double left = 1.01, right = 1.5, ratio = left, position = 1.0;
    while (right - left > 1e-6) {
        ratio = (left + right) / 2.0;
        if ((1.0 - pow(ratio, (double)half)) / (1.0 - ratio) > (double)(out / 2))
            right = ratio;
        else
            left = ratio;
    }
    grid[half] = 0.0;
    for (int64_t i = 0; i < half; i++) {
        grid[half + 1 + i] = position;
        grid[half - 1 - i] = -position;
        position += pow(ratio, (double)(i + 1));
    }
}

/* The first of the two positions around x, which lies between the ends. */
static int64_t interval(const double *grid, int64_t count, double x)
{
    int64_t i = 0;
    while (i + 2 < count && x > grid[i + 1])
        i++;
    return i;
}

static double between_ends(const double *grid, int64_t count, double x)
{
    return x < grid[0] ? grid[0] : x > grid[count - 1] ? grid[count - 1] : x;
}

/* Solves matrix * x = right, n x n, by elimination with pivots; both are overwritten. */
static void solve(int64_t n, double *matrix, double *right)
{
    for (int64_t c = 0; c < n; c++) {
        int64_t pivot = c;
        for (int64_t r = c + 1; r < n; r++)
            if (fabs(matrix[r * n + c]) > fabs(matrix[pivot * n + c]))
                pivot = r;
        for (int64_t k = 0; k < n && pivot != c; k++) {
            double kept = matrix[c * n + k];
            matrix[c * n + k] = matrix[pivot * n + k];
            matrix[pivot * n + k] = kept;
        }
        double kept = right[c];
        right[c] = right[pivot];
        right[pivot] = kept;
        for (int64_t r = c + 1; r < n; r++) {
            double factor = matrix[r * n + c] / matrix[c * n + c];
            for (int64_t k = c; k < n && factor != 0.0; k++)
                matrix[r * n + k] -= factor * matrix[c * n + k];
            right[r] -= factor * right[c];
        }
    }
    for (int64_t r = n - 1; r >= 0; r--) {
        for (int64_t k = r + 1; k < n; k++)
            right[r] -= matrix[r * n + k] * right[k];
        right[r] /= matrix[r * n + r];
    }
}

/*
 * The spline at x is linear in the values y. With m its second derivatives at the grid, it
 * is y's straight line plus two terms in m, and A m = B y (continuous slopes inside, third
 * derivatives that agree at the second and last but one positions). So the weights of y are
 * those of the line plus B' z with A' z = the weights of m.
 */
static void spline_row(const double *grid, int64_t n, double x, double *transposed,
                       double *z, double *row)
{
    memset(transposed, 0, (size_t)(n * n) * sizeof *transposed);
    memset(z, 0, (size_t)n * sizeof *z);
    double *const a = transposed; /* a[column * n + row] */
    const double h0 = grid[1] - grid[0], h1 = grid[2] - grid[1];
    const double g0 = grid[n - 1] - grid[n - 2], g1 = grid[n - 2] - grid[n - 3];
    a[0] = h1;
    a[n] = -(h0 + h1);
    a[2 * n] = h0;
    a[(n - 1) * n + n - 1] = g1;
    a[(n - 2) * n + n - 1] = -(g0 + g1);
    a[(n - 3) * n + n - 1] = g0;
    for (int64_t i = 1; i + 1 < n; i++) {
        double before = grid[i] - grid[i - 1], after = grid[i + 1] - grid[i];
        a[(i - 1) * n + i] = before / 6.0;
        a[i * n + i] = (before + after) / 3.0;
        a[(i + 1) * n + i] = after / 6.0;
    }
    int64_t i = interval(grid, n, x);
    double h = grid[i + 1] - grid[i], u = (grid[i + 1] - x) / h, v = 1.0 - u;
    row[i] = u;
    row[i + 1] = v;
    z[i] = (u * u * u - u) * h * h / 6.0;
    z[i + 1] = (v * v * v - v) * h * h / 6.0;
    solve(n, transposed, z);
    for (int64_t k = 1; k + 1 < n; k++) {
        double before = grid[k] - grid[k - 1], after = grid[k + 1] - grid[k];
        row[k - 1] += z[k] / before;
        row[k] -= z[k] * (1.0 / before + 1.0 / after);
        row[k + 1] += z[k] / after;
    }
}

static bool geometric(const struct imgcls_host *host, bool spline, int64_t in, int64_t out,
                      double *weights)
{
    bool done = in >= (spline ? 4 : 2);
    double *grid = host->alloc(host, (size_t)(in * in + 2 * in), sizeof *grid);
    if (!grid || !done) {
        host->release(host, grid);
        return false;
    }
    geometric_grid(in, out, grid);
    for (int64_t o = 0; o < out; o++) {
        double x = between_ends(grid, in, (double)(o - out / 2)), *row = weights + o * in;
        if (spline) {
            spline_row(grid, in, x, grid + 2 * in, grid + in, row);
            continue;
        }
        int64_t i = interval(grid, in, x);
        row[i + 1] = (x - grid[i]) / (grid[i + 1] - grid[i]);
        row[i] = 1.0 - row[i + 1];
    }
    host->release(host, grid);
    return true;
}

/* ---- Tables ---------------------------------------------------------------------------*/

bool resample_weights(const struct imgcls_host *host, enum resampling kind, int64_t in,
                      int64_t out, double *weights)
{
    double scale = (double)in / (double)out;
    memset(weights, 0, (size_t)(in * out) * sizeof *weights);
    if (kind == GEOMETRIC_LINEAR || kind == GEOMETRIC_SPLINE)
        return geometric(host, kind == GEOMETRIC_SPLINE, in, out, weights);
    for (int64_t o = 0; o < out; o++) {
        double *row = weights + o * in, at = ((double)o + 0.5) * scale - 0.5;
        if (kind == CUBIC_ANTIALIASED)
            antialiased_row(scale, o, in, row);
        else if (kind == BILINEAR)
            linear_row(at, in, row);
        else if (kind == CUBIC)
            cubic_row(at, in, row);
        else
            cubic_row(out > 1 ? (double)o * (double)(in - 1) / (double)(out - 1) : 0.0, in,
                      row);
    }
    return true;
}

/* The matrix as a constant of the graph. */
static struct value matrix(struct net *net, enum resampling kind, int64_t in, int64_t out)
{
    const int64_t dims[] = {out, in};
    struct value made = {.name = ""};
    double *weights = net->host->alloc(net->host, (size_t)(in * out), sizeof *weights);
    float *rounded = net->host->alloc(net->host, (size_t)(in * out), sizeof *rounded);
    if (!weights || !rounded) {
        net_try(net, IMGCLS_NO_MEMORY);
    } else if (!resample_weights(net->host, kind, in, out, weights)) {
        net_try(net, net->host->fail(net->host, IMGCLS_UNSUPPORTED,
                                     "%s: a table of %lld positions a side is too small to "
                                     "be resampled to %lld",
                                     net->where, (long long)in, (long long)out));
    } else {
        for (int64_t i = 0; i < in * out; i++)
            rounded[i] = (float)weights[i];
        made = numbers(net, 2, dims, rounded);
    }
    net->host->release(net->host, weights);
    net->host->release(net->host, rounded);
    return made;
}

struct value resampled(struct net *net, struct value table, enum resampling kind,
                       int64_t old_height, int64_t old_width, int64_t height, int64_t width)
{
    bool known = old_height > 0 && old_width > 0 && height > 0 && width > 0;
    if (!net->graph || net->status != IMGCLS_OK || !known ||
        (old_height == height && old_width == width))
        return table;
    if (old_height > SIDE_MAX || old_width > SIDE_MAX || height > SIDE_MAX ||
        width > SIDE_MAX) {
        net_try(net,
                net->host->fail(net->host, IMGCLS_UNSUPPORTED,
                                "%s: %lldx%lld positions cannot become %lldx%lld, at "
                                "most %d a side are resampled",
                                net->where, (long long)old_height, (long long)old_width,
                                (long long)height, (long long)width, SIDE_MAX));
        return table;
    }
    const int64_t lines[] = {old_height, old_width * table.channels};
    const int64_t cube[] = {height, old_width, table.channels};
    const int64_t flat[] = {height * width, table.channels};
    struct value out = net_reshape(net, table, 2, lines);
    out = net_binary(net, "MatMul", matrix(net, kind, old_height, height), out);
    out.channels = table.channels;
    out = net_reshape(net, out, 3, cube);
    out = net_binary(net, "MatMul", matrix(net, kind, old_width, width), out);
    out.channels = table.channels;
    return net_reshape(net, out, 2, flat);
}
