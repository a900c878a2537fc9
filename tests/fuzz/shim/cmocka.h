/* Stands in for cmocka where a fuzzer uses the harness of a unit test: what is asserted there ends
 * the program here, and libFuzzer keeps the input. */
#ifndef TESTS_FUZZ_SHIM_CMOCKA_H
#define TESTS_FUZZ_SHIM_CMOCKA_H

#include <stdio.h>
#include <string.h>

#include "base/assert.h"

#define assert_true(c) ASSERT(c)
#define assert_false(c) ASSERT(!(c))
#define assert_null(p) ASSERT(!(p))
#define assert_non_null(p) ASSERT(p)
#define assert_int_equal(a, b) ASSERT((long long)(a) == (long long)(b))
#define assert_string_equal(a, b) ASSERT(strcmp((a), (b)) == 0)
#define print_message(...) fprintf(stderr, __VA_ARGS__)

#endif
