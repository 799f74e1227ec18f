/* SPDX-License-Identifier: MIT */
/* Which entry of an auth.json is for which registry, and which file wins. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "image/credentials.h"
#include "tap.h"

#define HOST_A	"YTpob3N0"     /* a:host */
#define GROUP_A "YTpncm91cA==" /* a:group */
#define DOCKER	"ZDpkb2NrZXI=" /* d:docker */
#define NOTHING "bm90aGluZw==" /* nothing */

static const char file[] =
	"{\"auths\": {"
	"\"a.example:5000\": {\"auth\": \"" HOST_A "\"},"
	"\"a.example:5000/group\": {\"auth\": \"" GROUP_A "\"},"
	"\"a.example:5000/helped/by\": {},"
	"\"https://index.docker.io/v1/\": {\"auth\": \"" DOCKER "\"},"
	"\"helper.example\": {},"
	"\"empty.example\": {\"auth\": \"\"},"
	"\"nothing.example\": {\"auth\": \"" NOTHING "\"},"
	"\"header.example\": {\"auth\": \"YTpi\\r\\nX: y\"},"
	"\"cut.example\": {\"auth\": \"YTp\"}"
	"}, \"credsStore\": \"desktop\"}";

static const struct {
	const char *host, *repository, *basic;
	int r;
} cases[] = {
	{ "a.example:5000", "other/image", HOST_A, 0 },
	{ "A.Example:5000", "other/image", HOST_A, 0 },
	{ "a.example:5000", "group/image", GROUP_A, 0 },
	{ "a.example:5000", "group", GROUP_A, 0 },
	{ "a.example:5000", "groups/image", HOST_A, 0 },
	{ "a.example:5000", "helped/by/it", HOST_A, 0 },
	{ "a.example", "group/image", NULL, -ENODATA },
	{ "a.example:50000", "group/image", NULL, -ENODATA },
	{ "registry-1.docker.io", "library/debian", DOCKER, 0 },
	{ "docker.io.example", "library/debian", NULL, -ENODATA },
	{ "helper.example", "a", NULL, -ENODATA },
	{ "empty.example", "a", NULL, -ENODATA },
	{ "nothing.example", "a", NULL, -EBADMSG },
	{ "header.example", "a", NULL, -EBADMSG },
	{ "cut.example", "a", NULL, -EBADMSG },
};

static void test_parse(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free char *basic = NULL;
		int r = credentials_parse(view_over(file, strlen(file)),
					  cases[i].host, cases[i].repository,
					  &basic);

		ok_int(r, cases[i].r, cases[i].host);
		ok_str(basic, cases[i].basic, cases[i].repository);
	}
}

static void test_no_file(void)
{
	static const struct {
		const char *json;
		int r;
	} files[] = {
		{ "", -EBADMSG },
		{ "[]", -EBADMSG },
		{ "{\"auths\": {", -EBADMSG },
		{ "{}", -ENODATA },
		{ "{\"auths\": 5}", -ENODATA },
		{ "{\"auths\": {\"h\": []}}", -ENODATA },
		{ "{\"auths\": {\"h\": {\"auth\": 5}}}", -ENODATA },
		{ "{\"auths\": {\"h\": {\"auth\": \"a\\u0000b\"}}}", -EBADMSG },
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_free char *basic = NULL;
		struct view json =
			view_over(files[i].json, strlen(files[i].json));

		ok_int(credentials_parse(json, "h", "r", &basic), files[i].r,
		       files[i].json);
	}
}

static void test_places(void)
{
	char dir[] = "/tmp/test-credentials.XXXXXX", path[64];
	struct failure failure = { 0 };
	_cleanup_free char *basic = NULL;
	int fd;

	if (!mkdtemp(dir) || (fd = open(dir, O_PATH | O_CLOEXEC)) < 0)
		return (void)ok(false, "a directory");
	unsetenv("REGISTRY_AUTH_FILE");
	unsetenv("XDG_RUNTIME_DIR");
	unsetenv("XDG_CONFIG_HOME");
	unsetenv("DOCKER_CONFIG");
	setenv("HOME", dir, 1);
	snprintf(path, sizeof(path), "%s/none", dir);
	setenv("REGISTRY_AUTH_FILE", path, 1);
	ok_int(credentials_find("test.invalid", "a", &basic, &failure),
	       -ENODATA, "no file at all");

	ok(mkdirat(fd, ".docker", 0700) == 0 &&
		   file_create(fd, ".docker/config.json",
			       "{\"auths\":{\"test.invalid\":{\"auth\":\"" DOCKER
			       "\"}}}") == 0,
	   "docker's file");
	ok_int(credentials_find("test.invalid", "a", &basic, &failure), 0,
	       "is found");
	ok_str(basic, DOCKER, "and read");
	free(TAKE_PTR(basic));

	ok_int(file_create(fd, "none",
			   "{\"auths\":{\"test.invalid\":{\"auth\":\"" HOST_A
			   "\"}}}"),
	       0, "the variable's file");
	ok_int(credentials_find("test.invalid", "a", &basic, &failure), 0,
	       "is found");
	ok_str(basic, HOST_A, "first");

	ok_int(file_create(fd, "none", "{"), 0, "a damaged file");
	free(TAKE_PTR(basic));
	ok_int(credentials_find("test.invalid", "a", &basic, &failure),
	       -EBADMSG, "is not passed over");
	ok(strstr(failure.text, path) == failure.text, failure.text);

	unlinkat(fd, "none", 0);
	unlinkat(fd, ".docker/config.json", 0);
	unlinkat(fd, ".docker", AT_REMOVEDIR);
	rmdir(dir);
	close(fd);
}

int main(void)
{
	test_parse();
	test_no_file();
	test_places();
	return tap_done();
}
