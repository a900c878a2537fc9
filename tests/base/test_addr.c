#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/addr.h"

static struct ip_prefix prefix(const char *text)
{
	struct ip_prefix p = { 0 };
	assert_true(ip_prefix_parse(text, strlen(text), false, &p));
	return p;
}

static void test_parse_and_format(void **state)
{
	(void)state;
	static const char *const same[] = { "0.0.0.0/0",	 "172.31.13.116/24", "10.0.0.1/32",
					    "::/0",		 "fd5f::2/96",	     "2001:db8::/127" };
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		char buffer[IP_TEXT_MAX];
		assert_string_equal(ip_prefix_format(prefix(same[i]), buffer), same[i]);
	}
	static const char *const bad[] = { "",		"/",	    "1.2.3/8",	 "1.2.3.4/33", "1.2.3.4/",
					   "1.2.3.4/08", "1.2.3.4/-1", "1.2.3.4/ 8", "::/129",	"::1/0x1",
					   "256.1.1.1/8", "1.2.3.4",  "01.2.3.4/8" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ip_prefix p = { .length = 77 };
		assert_false(ip_prefix_parse(bad[i], strlen(bad[i]), false, &p));
		assert_int_equal(p.length, 77); /* untouched */
	}
	struct ip_prefix bare;
	assert_true(ip_prefix_parse("1.2.3.4", 7, true, &bare));
	assert_int_equal(bare.length, 32);
	assert_false(ip_prefix_parse("1.2.3.4\0", 8, true, &bare));
}

static void test_masks(void **state)
{
	(void)state;
	/* The seed's own slip: 172.27.0.208/22 is no network. */
	assert_false(ip_prefix_is_network(prefix("172.27.0.208/22")));
	assert_true(ip_prefix_is_network(prefix("172.27.208.0/22")));
	char buffer[IP_TEXT_MAX];
	assert_string_equal(ip_prefix_format(ip_prefix_masked(prefix("172.27.0.208/22")), buffer),
			    "172.27.0.0/22");
	assert_string_equal(ip_addr_format(ip_prefix_last(prefix("172.31.13.0/24")), buffer),
			    "172.31.13.255");
	assert_true(ip_prefix_covers(prefix("172.27.208.0/22"), prefix("172.27.210.0/26")));
	assert_false(ip_prefix_covers(prefix("172.27.210.0/26"), prefix("172.27.208.0/22")));
	assert_false(ip_prefix_covers(prefix("::/0"), prefix("10.0.0.0/8")));
	assert_true(ip_prefix_contains(prefix("0.0.0.0/0"), ip_addr_v4(0xffffffff)));
	assert_int_equal(ip_addr_to_v4(ip_addr_v4(0x0a000001)), 0x0a000001);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_parse_and_format),
					    cmocka_unit_test(test_masks) };
	return cmocka_run_group_tests_name("base/addr", tests, NULL, NULL);
}
