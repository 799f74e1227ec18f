/* SPDX-License-Identifier: MIT */
/* Indexes, manifests, configs and docker save's manifest.json. */
#include <errno.h>
#include <stdlib.h>

#include "base/text.h"
#include "image/oci.h"
#include "tap.h"

#define A64   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B64   "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define SHA_A "sha256:" A64
#define SHA_B "sha256:" B64

#define OCI_MANIFEST   "application/vnd.oci.image.manifest.v1+json"
#define OCI_INDEX      "application/vnd.oci.image.index.v1+json"
#define OCI_CONFIG     "application/vnd.oci.image.config.v1+json"
#define OCI_LAYER      "application/vnd.oci.image.layer.v1.tar"
#define DOCKER	       "application/vnd.docker."
#define DOCKER_CONFIG  DOCKER "container.image.v1+json"
#define DOCKER_LIST    DOCKER "distribution.manifest.list.v2+json"
#define DOCKER_ONE     DOCKER "distribution.manifest.v2+json"
#define DOCKER_LAYER   DOCKER "image.rootfs.diff.tar.gzip"
#define DOCKER_FOREIGN DOCKER "image.rootfs.foreign.diff.tar.gzip"

#define DESCRIPTOR(type, digest, size)                                         \
	"{\"mediaType\":\"" type "\",\"digest\":\"" digest "\",\"size\":" size \
	"}"
#define WITH(type, digest, more)                           \
	"{\"mediaType\":\"" type "\",\"digest\":\"" digest \
	"\",\"size\":7," more "}"
#define PLATFORM(os, architecture, more)                                   \
	"\"platform\":{\"os\":\"" os "\",\"architecture\":\"" architecture \
	"\"" more "}"
#define NAMED(name) \
	"\"annotations\":{\"org.opencontainers.image.ref.name\":\"" name "\"}"
#define FULL_NAME(name) \
	"\"annotations\":{\"io.containerd.image.name\":\"" name "\"}"

static struct view text_view(const char *text)
{
	return view_over(text, strlen(text));
}

/* A refusal has one line that says why. */
static void ok_refused(int r, int want, const struct failure *failure,
		       const char *says, const char *what)
{
	ok_int(r, want, what);
	if (!ok(strstr(failure->text, says) != NULL, says))
		printf("# it says: %s\n", failure->text);
}

/* --- manifests --- */

#define MANIFEST(config, layers) \
	"{\"schemaVersion\":2,\"config\":" config ",\"layers\":[" layers "]}"
#define CONFIG DESCRIPTOR(OCI_CONFIG, SHA_A, "7")
#define LAYER  DESCRIPTOR(OCI_LAYER "+gzip", SHA_B, "9")

static const struct {
	const char *json, *what;
	size_t layers;
} good_manifests[] = {
	{ MANIFEST(CONFIG, LAYER), "OCI", 1 },
	{ "{\"schemaVersion\":2,\"mediaType\":\"" DOCKER_ONE
	  "\",\"config\":" DESCRIPTOR(
		  DOCKER_CONFIG, SHA_A,
		  "7") ",\"layers\":[" DESCRIPTOR(DOCKER_LAYER, SHA_B,
						  "9") "]}",
	  "Docker", 1 },
	{ MANIFEST(CONFIG, DESCRIPTOR(OCI_LAYER, SHA_B, "1") "," DESCRIPTOR(
				   OCI_LAYER "+zstd", SHA_A, "2")),
	  "plain and zstd", 2 },
	{ MANIFEST(CONFIG, DESCRIPTOR(DOCKER_FOREIGN, SHA_B, "9")),
	  "a foreign layer that was pushed all the same", 1 },
	{ MANIFEST(CONFIG, WITH(DOCKER_FOREIGN, SHA_B, "\"urls\":[]")),
	  "no URLs are none", 1 },
	{ "{\"schemaVersion\":2,\"artifactType\":\"x/y\",\"config\":" CONFIG
	  ",\"layers\":[" LAYER "]}",
	  "an image with an artifact's type", 1 },
	{ MANIFEST(CONFIG, WITH(OCI_LAYER, "sha512:" A64 A64, "\"x\":{}")),
	  "sha512", 1 },
};

static const struct {
	const char *json;
	int r;
	const char *says;
} bad_manifests[] = {
	{ "", -EBADMSG, "img: manifest: not valid JSON" },
	{ "[]", -EBADMSG, "not an object" },
	{ "{}", -EBADMSG, "schemaVersion is missing" },
	{ "{\"schemaVersion\":\"2\"}", -EBADMSG,
	  "schemaVersion is not a whole number" },
	{ "{\"schemaVersion\":2.0}", -EBADMSG, "is not a whole number" },
	{ "{\"schemaVersion\":1}", -EPROTONOSUPPORT, "schema 1" },
	{ "{\"schemaVersion\":3}", -EBADMSG, "schemaVersion is not 2" },
	{ "{\"schemaVersion\":2,\"schemaVersion\":2}", -EBADMSG, "duplicate" },
	{ "{\"schemaVersion\":2}", -EBADMSG, "config is missing" },
	{ "{\"schemaVersion\":2,\"config\":7}", -EBADMSG,
	  "config is not an object" },
	{ "{\"schemaVersion\":2,\"config\":" CONFIG "}", -EBADMSG,
	  "layers is missing" },
	{ "{\"schemaVersion\":2,\"config\":" CONFIG ",\"layers\":{}}", -EBADMSG,
	  "layers is not an array" },
	{ MANIFEST(CONFIG, ""), -EBADMSG, "no layers" },
	{ MANIFEST(CONFIG, "7"), -EBADMSG, "layers[0] is not an object" },
	{ MANIFEST(CONFIG, "{}"), -EBADMSG, "layers[0].mediaType is missing" },
	{ MANIFEST(CONFIG, LAYER "," DESCRIPTOR(OCI_LAYER, SHA_A, "-1")),
	  -EBADMSG, "layers[1].size is negative" },
	{ MANIFEST(CONFIG, DESCRIPTOR(OCI_LAYER, SHA_A, "\"9\"")), -EBADMSG,
	  "layers[0].size is not a whole number" },
	{ MANIFEST(CONFIG, DESCRIPTOR(OCI_LAYER, SHA_A, "9007199254740993")),
	  -EBADMSG, "layers[0].size is too large" },
	{ MANIFEST(CONFIG, DESCRIPTOR(OCI_LAYER, SHA_A, "1e99")), -EBADMSG,
	  "layers[0].size is not a whole number" },
	{ MANIFEST(CONFIG,
		   DESCRIPTOR(OCI_LAYER, SHA_A, "99999999999999999999")),
	  -EBADMSG, "not valid JSON" },
	{ MANIFEST(CONFIG, DESCRIPTOR(OCI_LAYER, "sha256:abc", "1")), -EBADMSG,
	  "layers[0].digest is not a sha256" },
	{ MANIFEST(CONFIG, DESCRIPTOR(OCI_LAYER, "md5:" A64, "1")), -EBADMSG,
	  "layers[0].digest is not a sha256" },
	{ MANIFEST(CONFIG, DESCRIPTOR(OCI_LAYER, "", "1")), -EBADMSG,
	  "layers[0].digest is empty" },
	{ MANIFEST(CONFIG, DESCRIPTOR(OCI_LAYER, SHA_A A64 A64, "1")), -EBADMSG,
	  "layers[0].digest is longer" },
	{ MANIFEST(CONFIG, DESCRIPTOR(OCI_LAYER "\\u0000", SHA_A, "1")),
	  -EBADMSG, "not valid JSON" },
	{ MANIFEST(CONFIG, DESCRIPTOR("text/plain", SHA_A, "1")),
	  -EPROTONOSUPPORT, "layers[0] is of type text/plain" },
	{ MANIFEST(CONFIG, DESCRIPTOR(OCI_LAYER "x", SHA_A, "1")),
	  -EPROTONOSUPPORT, "is of type" },
	{ MANIFEST(CONFIG, DESCRIPTOR(OCI_LAYER "+gzip+encrypted", SHA_A, "1")),
	  -EPROTONOSUPPORT, "layers[0] is encrypted" },
	{ MANIFEST(CONFIG,
		   WITH(DOCKER_FOREIGN, SHA_A, "\"urls\":[\"http://x\"]")),
	  -EPROTONOSUPPORT, "layers[0] is foreign" },
	{ MANIFEST(DESCRIPTOR("application/vnd.oci.empty.v1+json", SHA_A, "2"),
		   LAYER),
	  -EPROTONOSUPPORT, "artifact of type application/vnd.oci.empty" },
	{ "{\"schemaVersion\":2,\"artifactType\":\"x/sbom\",\"config\":" DESCRIPTOR(
		  "application/vnd.oci.empty.v1+json", SHA_A,
		  "2") ",\"layers\":[]}",
	  -EPROTONOSUPPORT, "artifact of type x/sbom" },
	{ "{\"schemaVersion\":2,\"mediaType\":\"" OCI_INDEX "\"}", -EBADMSG,
	  "not that of an image's manifest" },
	{ "{\"schemaVersion\":2,\"manifests\":[],\"config\":" CONFIG
	  ",\"layers\":[" LAYER "]}",
	  -EBADMSG, "manifests has no place" },
};

static void test_manifests(void)
{
	static struct oci_manifest manifest;

	for (size_t i = 0; i < ARRAY_SIZE(good_manifests); i++) {
		struct failure failure = { 0 };
		int r = oci_parse_manifest(text_view(good_manifests[i].json),
					   "img", &manifest, &failure);

		if (!ok_int(r, 0, good_manifests[i].what))
			printf("# it says: %s\n", failure.text);
		ok_int((int64_t)manifest.layer_count,
		       (int64_t)good_manifests[i].layers, "its layers");
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad_manifests); i++) {
		struct failure failure = { 0 };
		int r = oci_parse_manifest(text_view(bad_manifests[i].json),
					   "img", &manifest, &failure);

		ok_refused(r, bad_manifests[i].r, &failure,
			   bad_manifests[i].says, bad_manifests[i].json);
	}
}

static void test_manifest_content(void)
{
	static struct oci_manifest manifest;
	char hex[DIGEST_TEXT_MAX];
	int r = oci_parse_manifest(
		text_view(MANIFEST(CONFIG, LAYER "," LAYER "," DESCRIPTOR(
						   OCI_LAYER, SHA_A, "5"))),
		"img", &manifest, NULL);

	ok_int(r, 0, "a manifest of three layers");
	ok_str(digest_text(&manifest.config.digest, hex), SHA_A,
	       "the config's digest");
	ok_int((int64_t)manifest.config.size, 7, "its size");
	ok_str(digest_text(&manifest.layers[0].digest, hex), SHA_B,
	       "the lowest layer's digest");
	ok_int((int64_t)manifest.layers[0].size, 9, "its size");
	ok_str(manifest.layers[0].type, OCI_LAYER "+gzip", "its type");
	ok(manifest.layers[0].repeated && manifest.layers[1].repeated &&
		   !manifest.layers[2].repeated,
	   "a layer that comes twice is marked");
}

/* n times piece, between head and tail; freed by the caller. */
static char *repeat(const char *head, const char *piece, size_t n,
		    const char *tail)
{
	size_t len = strlen(piece);
	char *text = malloc(strlen(head) + n * len + strlen(tail) + 1), *at;

	if (!text)
		abort();
	at = stpcpy(text, head);
	for (size_t i = 0; i < n; i++)
		at = stpcpy(at, piece);
	stpcpy(at, tail);
	return text;
}

static void test_large_documents(void)
{
	static const struct {
		const char *head, *piece;
		size_t n;
		const char *tail, *says;
	} cases[] = {
		{ "{\"a\":", "[", 100000, "", "more than 65536 values" },
		{ "{\"a\":", "[", 60000, "", "not valid JSON" },
		{ "{\"a\":[{}", ",{}", 40000, "]}", "more than 65536 values" },
		{ "{\"schemaVersion\":2,\"config\":" CONFIG
		  ",\"layers\":[" LAYER,
		  "," LAYER, IMAGE_LAYERS_MAX, "]}",
		  "layers has more than 128 elements" },
		{ "{\"a\":\"", ",", 100000, "\"}", "schemaVersion is missing" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *text = repeat(cases[i].head, cases[i].piece, cases[i].n,
				    cases[i].tail);
		static struct oci_manifest manifest;
		struct failure failure = { 0 };

		ok_refused(oci_parse_manifest(text_view(text), "img", &manifest,
					      &failure),
			   -EBADMSG, &failure, cases[i].says,
			   "a document of many values");
		free(text);
	}
}

/* --- indexes --- */

#define INDEX(entries)	    "{\"schemaVersion\":2,\"manifests\":[" entries "]}"
#define ENTRY(digest, more) WITH(OCI_MANIFEST, digest, more)
#define AMD		    PLATFORM("linux", "amd64", "")
#define ARM		    PLATFORM("linux", "arm64", ",\"variant\":\"v8\"")
#define UNKNOWN		    PLATFORM("unknown", "unknown", "")

static const struct {
	const char *what, *json, *tag, *architecture;
	const char *digest; /* NULL: refused */
	int r;
	const char *says;
} indexes[] = {
	{ "this machine's", INDEX(ENTRY(SHA_A, ARM) "," ENTRY(SHA_B, AMD)),
	  NULL, "amd64", SHA_B, 0, NULL },
	{ "arm64 without its variant",
	  INDEX(ENTRY(SHA_A, ARM) "," ENTRY(SHA_B, AMD)), NULL, "arm64", SHA_A,
	  0, NULL },
	{ "Docker's list",
	  "{\"schemaVersion\":2,\"mediaType\":\"" DOCKER_LIST
	  "\",\"manifests\":[" WITH(DOCKER_ONE, SHA_A, AMD) "]}",
	  NULL, "amd64", SHA_A, 0, NULL },
	{ "the first of two", INDEX(ENTRY(SHA_B, AMD) "," ENTRY(SHA_A, AMD)),
	  NULL, "amd64", SHA_B, 0, NULL },
	{ "another variant is another machine",
	  INDEX(ENTRY(SHA_A, PLATFORM("linux", "amd64",
				      ",\"variant\":\"v3\"")) "," ENTRY(SHA_B,
									AMD)),
	  NULL, "amd64", SHA_B, 0, NULL },
	{ "386 does not stand in",
	  INDEX(ENTRY(SHA_A, PLATFORM("linux", "386", ""))), NULL, "amd64",
	  NULL, -ENODATA, "img: has linux/386; this machine is linux/amd64" },
	{ "not for this machine",
	  INDEX(ENTRY(SHA_A, ARM) "," ENTRY(SHA_B, ARM) "," ENTRY(
		  SHA_A, PLATFORM("linux", "arm", ",\"variant\":\"v6\""))),
	  NULL, "amd64", NULL, -ENODATA,
	  "has linux/arm64, linux/arm/v6; this machine is linux/amd64" },
	{ "an attestation", INDEX(ENTRY(SHA_A, UNKNOWN) "," ENTRY(SHA_B, AMD)),
	  NULL, "amd64", SHA_B, 0, NULL },
	{ "nothing but attestations", INDEX(ENTRY(SHA_A, UNKNOWN)), NULL,
	  "amd64", NULL, -ENODATA, "lists no image" },
	{ "a referrer", INDEX(ENTRY(SHA_A, "\"artifactType\":\"x/y\"")), NULL,
	  "amd64", NULL, -ENODATA, "lists no image" },
	{ "the only one, without platform",
	  INDEX(DESCRIPTOR(OCI_MANIFEST, SHA_A, "7")), NULL, "amd64", SHA_A, 0,
	  NULL },
	{ "the only image, beside something unknown",
	  INDEX(DESCRIPTOR("x/y", SHA_B, "7") "," DESCRIPTOR(OCI_INDEX, SHA_A,
							     "7")),
	  NULL, "amd64", SHA_A, 0, NULL },
	{ "two without platform",
	  INDEX(DESCRIPTOR(OCI_MANIFEST, SHA_A,
			   "7") "," DESCRIPTOR(OCI_MANIFEST, SHA_B, "7")),
	  "", "amd64", NULL, -ENODATA, "has one for no said platform" },
	{ "empty", INDEX(""), NULL, "amd64", NULL, -ENODATA, "lists no image" },
	{ "by name",
	  INDEX(ENTRY(SHA_A, NAMED("a")) "," ENTRY(SHA_B, NAMED("b"))), "b",
	  "amd64", SHA_B, 0, NULL },
	{ "by name and platform",
	  INDEX(ENTRY(SHA_A, ARM "," NAMED("a")) "," ENTRY(SHA_B,
							   AMD "," NAMED("a"))),
	  "a", "amd64", SHA_B, 0, NULL },
	{ "by containerd's name",
	  INDEX(ENTRY(SHA_A, NAMED("a")) "," ENTRY(
		  SHA_B, FULL_NAME("docker.io/library/b:1"))),
	  "docker.io/library/b:1", "amd64", SHA_B, 0, NULL },
	{ "another name",
	  INDEX(ENTRY(SHA_A, NAMED("a")) "," ENTRY(SHA_B, NAMED("aa"))), "x",
	  "amd64", NULL, -ENODATA, "has no image called x; it has a, aa" },
	{ "a name where there is none",
	  INDEX(DESCRIPTOR(OCI_MANIFEST, SHA_A, "7")), "x", "amd64", NULL,
	  -ENODATA, "none in it has a name" },
	{ "no name of several",
	  INDEX(ENTRY(SHA_A, NAMED("a")) "," ENTRY(SHA_B, NAMED("b"))), "",
	  "amd64", NULL, -ENODATA, "say which of a, b" },
	{ "several names of one",
	  INDEX(ENTRY(SHA_A, NAMED("a")) "," ENTRY(SHA_A, NAMED("b"))), "",
	  "amd64", SHA_A, 0, NULL },
	{ "one named image for several machines",
	  INDEX(ENTRY(SHA_A, ARM "," NAMED("a")) "," ENTRY(SHA_B,
							   AMD "," NAMED("a"))),
	  "", "amd64", SHA_B, 0, NULL },
	{ "a manifest as well",
	  "{\"schemaVersion\":2,\"manifests\":[],\"layers\":[]}", NULL, "amd64",
	  NULL, -EBADMSG, "layers has no place in an index" },
	{ "the type of a manifest",
	  "{\"schemaVersion\":2,\"mediaType\":\"" OCI_MANIFEST "\"}", NULL,
	  "amd64", NULL, -EBADMSG, "not that of an index" },
	{ "another version", "{\"schemaVersion\":1,\"manifests\":[]}", NULL,
	  "amd64", NULL, -EBADMSG, "schemaVersion is not 2" },
	{ "no list", "{\"schemaVersion\":2}", NULL, "amd64", NULL, -EBADMSG,
	  "manifests is missing" },
	{ "half a platform",
	  INDEX(ENTRY(SHA_A, "\"platform\":{\"os\":\"linux\"}")), NULL, "amd64",
	  NULL, -EBADMSG, "manifests[0].platform.architecture is missing" },
	{ "a wrong annotation", INDEX(ENTRY(SHA_A, "\"annotations\":[]")), NULL,
	  "amd64", NULL, -EBADMSG,
	  "manifests[0].annotations is not an object" },
};

static void test_indexes(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(indexes); i++) {
		struct oci_platform platform = { .os = "linux" };
		struct oci_descriptor entry;
		struct failure failure = { 0 };
		char text[DIGEST_TEXT_MAX];
		int r;

		str_copy(platform.architecture, sizeof(platform.architecture),
			 indexes[i].architecture);
		r = oci_parse_index(text_view(indexes[i].json), indexes[i].tag,
				    &platform, "img", &entry, &failure);
		if (!indexes[i].digest)
			ok_refused(r, indexes[i].r, &failure, indexes[i].says,
				   indexes[i].what);
		else if (!ok_str(r < 0 ? failure.text
				       : digest_text(&entry.digest, text),
				 indexes[i].digest, indexes[i].what))
			printf("# r is %d\n", r);
	}
}

static void test_large_index(void)
{
	char *text =
		repeat("{\"schemaVersion\":2,\"manifests\":[",
		       ENTRY(SHA_A, ARM) ",", 1000, ENTRY(SHA_B, AMD) "]}");
	struct oci_platform platform = { "linux", "amd64", "" };
	struct oci_descriptor entry;
	char hex[DIGEST_TEXT_MAX];

	ok_int(oci_parse_index(text_view(text), NULL, &platform, "img", &entry,
			       NULL),
	       0, "an index of 1001 entries");
	ok_str(digest_text(&entry.digest, hex), SHA_B, "the last is it");
	free(text);
}

static void test_is_index(void)
{
	struct view index = text_view(INDEX("")), empty = text_view("{}");

	ok(oci_is_index(index, OCI_INDEX), "by its type");
	ok(oci_is_index(empty, DOCKER_LIST), "by Docker's type");
	ok(!oci_is_index(index, DOCKER_ONE), "not by that of a manifest");
	ok(oci_is_index(index, ""), "by its content");
	ok(!oci_is_index(empty, "application/json"), "none by its content");
	ok(!oci_is_index(text_view("["), ""), "what is no JSON is no index");
}

/* --- configs --- */

#define CONFIG_OF(config)                                                 \
	"{\"os\":\"linux\",\"architecture\":\"amd64\",\"config\":" config \
	",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" SHA_A "\"]}}"

static const struct {
	const char *json, *says;
} bad_configs[] = {
	{ "{}", "os is missing" },
	{ "{\"os\":\"linux\"}", "architecture is missing" },
	{ "{\"os\":\"linux\",\"architecture\":\"amd64\"}",
	  "rootfs is missing" },
	{ CONFIG_OF("[]"), "config is not an object" },
	{ CONFIG_OF("{\"Cmd\":\"x\"}"), "config.Cmd is not an array" },
	{ CONFIG_OF("{\"Cmd\":[\"x\",1]}"), "config.Cmd[1] is not a string" },
	{ CONFIG_OF("{\"Cmd\":[\"\"]}"), "begins with an empty string" },
	{ CONFIG_OF("{\"Env\":[\"A=b\",\"C\"]}"),
	  "config.Env[1] is not NAME=value" },
	{ CONFIG_OF("{\"Env\":[\"=C\"]}"), "config.Env[0] is not NAME" },
	{ CONFIG_OF("{\"Env\":[\"\"]}"), "config.Env[0] is not NAME" },
	{ CONFIG_OF("{\"Labels\":{\"a\":1}}"),
	  "config.Labels.a is not a string" },
	{ CONFIG_OF("{\"User\":\"" A64 "\"}"),
	  "config.User is longer than 63 bytes" },
	{ "{\"os\":\"linux\",\"architecture\":\"amd64\",\"rootfs\":"
	  "{\"diff_ids\":[\"x\"]}}",
	  "rootfs.diff_ids[0] is not a sha256" },
	{ "{\"os\":\"linux\",\"architecture\":\"amd64\",\"created\":1}",
	  "created is not a string" },
};

static void test_config(void)
{
	static struct oci_config config;
	const struct image_start *start = &config.start;
	char hex[DIGEST_TEXT_MAX];
	int r = oci_parse_config(
		text_view("{\"os\":\"linux\",\"architecture\":\"arm64\","
			  "\"variant\":\"v8\",\"created\":\"2024-01-02\","
			  "\"author\":\"a\\u001b[31m\",\"config\":{"
			  "\"Entrypoint\":[\"/init\"],\"Cmd\":[\"a\",\"\"],"
			  "\"Env\":[\"A=b\",\"C=\"],\"WorkingDir\":\"/w\","
			  "\"User\":\"1:2\",\"Volumes\":{\"/x\":{}},"
			  "\"Labels\":{\"k\":\"v\\n\",\"l\":\"w\"}},"
			  "\"rootfs\":{\"diff_ids\":[\"" SHA_A "\",\"" SHA_B
			  "\"]}}"),
		"img", &config, NULL);

	ok_int(r, 0, "a config");
	ok_str(config.platform.architecture, "arm64", "its architecture");
	ok_str(config.platform.variant, "v8", "its variant");
	ok_str(config.created, "2024-01-02", "when it was made");
	ok_str(config.author, "a?[31m", "its author, printable");
	ok(start->args_len == 9 && !memcmp(start->args, "/init\0a\0", 9),
	   "Entrypoint and Cmd");
	ok(start->env_len == 7 && !memcmp(start->env, "A=b\0C=", 7),
	   "the environment");
	ok_str(start->directory, "/w", "the directory");
	ok_str(start->user, "1:2", "the user");
	ok_str(config.labels, "k=v?\nl=w\n", "the labels");
	ok_int((int64_t)config.diff_id_count, 2, "the layers' digests");
	ok_str(digest_text(&config.diff_ids[1], hex), SHA_B, "one of them");
	ok_int(oci_parse_config(text_view(CONFIG_OF("{\"Cmd\":null,"
						    "\"Env\":null,"
						    "\"Labels\":null}")),
				"img", &config, NULL),
	       0, "null is nothing");
	ok_int(config.start.args_len, 0, "no program is named");
}

static void test_bad_configs(void)
{
	static const struct {
		const char *key, *piece;
		size_t n;
		const char *says;
	} large[] = {
		{ "Cmd", "aaaaaaaa", IMAGE_ARGS_MAX / 8,
		  "config.Cmd[0] does not fit: more than 4096 bytes" },
		{ "Env", "a=aaaaaa", IMAGE_ENV_MAX / 8,
		  "config.Env[0] does not fit: more than 8192 bytes" },
	};
	static struct oci_config config;

	for (size_t i = 0; i < ARRAY_SIZE(bad_configs); i++) {
		struct failure failure = { 0 };

		ok_refused(oci_parse_config(text_view(bad_configs[i].json),
					    "img", &config, &failure),
			   -EBADMSG, &failure, bad_configs[i].says,
			   bad_configs[i].json);
	}
	for (size_t i = 0; i < ARRAY_SIZE(large); i++) {
		struct failure failure = { 0 };
		char head[120], *text;
		struct text at = text_over(head, sizeof(head));

		text_add(&at,
			 "{\"os\":\"linux\",\"architecture\":\"amd64\","
			 "\"config\":{\"%s\":[\"",
			 large[i].key);
		text = repeat(head, large[i].piece, large[i].n, "\"]}}");
		ok_refused(oci_parse_config(text_view(text), "img", &config,
					    &failure),
			   -EBADMSG, &failure, large[i].says, large[i].key);
		free(text);
	}
}

/* --- docker save --- */

#define IMAGE(config, tags)                             \
	"{\"Config\":\"" config "\",\"RepoTags\":" tags \
	",\"Layers\":[\"x/layer.tar\",\"y/layer.tar\"]}"
#define TWO                                                                 \
	"[" IMAGE("1.json", "[\"debian:12\",\"debian:latest\"]") "," IMAGE( \
		"2.json", "[\"localhost/own:1\"]") "]"

static const struct {
	const char *json, *name_tag;
	const char *config; /* NULL: refused */
	int r;
	const char *says;
} docker_archives[] = {
	{ "[" IMAGE("1.json", "null") "]", "", "1.json", 0, NULL },
	{ TWO, "debian:12", "1.json", 0, NULL },
	{ TWO, "debian", "1.json", 0, NULL },
	{ TWO, "docker.io/library/debian:12", "1.json", 0, NULL },
	{ TWO, "localhost/own:1", "2.json", 0, NULL },
	{ TWO, "", NULL, -ENODATA,
	  "has 2 images: say which of debian:12, debian:latest, "
	  "localhost/own:1" },
	{ TWO, "debian:13", NULL, -ENODATA,
	  "has no image called debian:13; it has debian:12" },
	{ TWO, "debian:1", NULL, -ENODATA, "has no image called debian:1" },
	{ "[" IMAGE("1.json", "null") "]", "x", NULL, -ENODATA,
	  "one without a name" },
	{ "[]", "", NULL, -ENODATA, "has 0 images" },
	{ "{}", "", NULL, -EBADMSG, "not an array" },
	{ "[7]", "", NULL, -EBADMSG, "[0] is not an object" },
	{ "[{}]", "", NULL, -EBADMSG, "[0].Config is missing" },
	{ "[" IMAGE("1", "[7]") "]", "", NULL, -EBADMSG,
	  "[0].RepoTags[0] is not a string" },
	{ "[{\"Config\":\"1\",\"Layers\":[null]}]", "", NULL, -EBADMSG,
	  "[0].Layers[0] is missing" },
};

static void test_docker_archives(void)
{
	static struct oci_docker_entry entry;

	for (size_t i = 0; i < ARRAY_SIZE(docker_archives); i++) {
		struct failure failure = { 0 };
		int r = oci_parse_docker_archive(
			text_view(docker_archives[i].json),
			docker_archives[i].name_tag, "img", &entry, &failure);

		if (!docker_archives[i].config) {
			ok_refused(r, docker_archives[i].r, &failure,
				   docker_archives[i].says,
				   docker_archives[i].json);
			continue;
		}
		ok_str(r < 0 ? failure.text : entry.config,
		       docker_archives[i].config, docker_archives[i].name_tag);
		ok_int((int64_t)entry.layer_count, 2, "its layers");
		ok_str(entry.layers[1], "y/layer.tar", "the upper one");
	}
}

int main(void)
{
	test_manifests();
	test_manifest_content();
	test_large_documents();
	test_indexes();
	test_large_index();
	test_is_index();
	test_config();
	test_bad_configs();
	test_docker_archives();
	return tap_done();
}
