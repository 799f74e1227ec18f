/* SPDX-License-Identifier: MIT */
/* The texts for iPXE and GRUB, with a real signer: tokens are opened again. */
#include <errno.h>
#include <stdlib.h>

#include "base/text.h"
#include "server/script-file.h"
#include "tap.h"

static struct signer signer;
static const struct script_base base = { "http://192.0.2.1:80" };
static struct client client = {
	.mac = { { 0x52, 0x54, 0, 0, 0, 1 } },
	.arch = ARCH_EFI_X64,
};
static char out[SCRIPT_MAX];

/* Replaces each file/TOKEN/ in out by file/<PLACE>/. */
static void open_tokens(void)
{
	static char from[SCRIPT_MAX];
	const char *p = from, *at;
	struct text text;

	memcpy(from, out, sizeof(from));
	text = text_over(out, sizeof(out));
	while ((at = strstr(p, "file/"))) {
		char place[SIGNER_PLACE_MAX];
		struct mac mac;
		size_t len = strcspn(at + 5, "/ \n");

		if (signer_open(&signer, at + 5, len, &mac, place) < 0 ||
		    !mac_eq(&mac, &client.mac))
			(void)str_copy(place, sizeof(place), "FORGED");
		text_add(&text, "%.*sfile/<%s>", (int)(at - p), p, place);
		p = at + 5 + len;
	}
	text_add(&text, "%s", p);
}

static const char *ipxe(const struct plan *plan)
{
	size_t len = 0;

	if (script_ipxe(plan, &client, &signer, &base, out, sizeof(out), &len) <
		    0 ||
	    strlen(out) != len)
		return "failed";
	open_tokens();
	return out;
}

static const char *grub(const struct plan *plan)
{
	size_t len = 0;

	if (script_grub(plan, &client, &signer, &base, out, sizeof(out), &len) <
		    0 ||
	    strlen(out) != len)
		return "failed";
	open_tokens();
	return out;
}

static struct plan *new_plan(const char *kernel, const char *const *initrds,
			     const char *cmdline)
{
	struct plan *plan = plan_new("test");

	if (!plan)
		abort();
	plan->kind = PLAN_LINUX;
	plan->kernel = strdup(kernel);
	for (; initrds && *initrds; initrds++)
		plan->initrds[plan->initrd_count++] = strdup(*initrds);
	if (cmdline && plan_add_cmdline(plan, false, cmdline) < 0)
		abort();
	return plan;
}

#define FAILED                                                    \
	":failed\n"                                               \
	"imgfree\n"                                               \
	"inc tries\n"                                             \
	"iseq ${tries} 3 && goto end ||\n"                        \
	"echo boomerang: did not load or start, again in 5 s\n"   \
	"sleep 5\n"                                               \
	"goto again\n"                                            \
	":end\n"                                                  \
	"echo boomerang: gave up, on with the next boot device\n" \
	"exit 1\n"

static void test_ipxe(void)
{
	static const char *const initrds[] = { "/srv/a b#.img",
					       "http://h/dir/i2?x=1", NULL };
	struct plan *plan = new_plan("/srv/vmlinuz", initrds, "a=1 cfg=");

	if (plan_add_cmdline(plan, true, "https://h/cfg") < 0 ||
	    plan_add_cmdline(plan, false, " --x") < 0)
		abort();
	plan->message = strdup("Hello\n-n ${net0/ip} && exit\r\n\n# end\033");
	ok_str(ipxe(plan),
	       "#!ipxe\n"
	       "echo Hello\n"
	       "set ampersand:hex 26\n"
	       "echo -- -n $(net0/ip} ${ampersand:string}& exit\n"
	       "echo\n"
	       "set hash:hex 23\n"
	       "echo ${hash:string} end?\n"
	       "set tries:int32 0\n"
	       ":again\n"
	       "kernel --name kernel "
	       "http://192.0.2.1:80/file/</srv/vmlinuz>/vmlinuz"
	       " || goto failed\n"
	       "initrd --name initrd0 "
	       "http://192.0.2.1:80/file/</srv/a b#.img>/a-b-.img"
	       " || goto failed\n"
	       "initrd --name initrd1 "
	       "http://192.0.2.1:80/file/<http://h/dir/i2?x=1>/i2"
	       " || goto failed\n"
	       "boot kernel initrd=initrd0 initrd=initrd1 a=1 "
	       "cfg=http://192.0.2.1:80/file/<https://h/cfg>/cfg --x"
	       " || goto failed\n" FAILED,
	       "an iPXE script");
	plan_drop(plan);
}

static void test_ipxe_kinds(void)
{
	struct plan *plan = plan_new("API: 404 Not Found");

	ok_str(ipxe(plan),
	       "#!ipxe\n"
	       "echo boomerang: this machine is left alone: "
	       "API: 404 Not Found\n"
	       "exit 1\n",
	       "a machine that is left alone");
	plan->kind = PLAN_LOCAL;
	ok_str(ipxe(plan),
	       "#!ipxe\n"
	       "echo boomerang: this machine boots from its own disk\n"
	       "exit 1\n",
	       "UEFI boots from disk");
	client.arch = ARCH_BIOS;
	ok(strstr(ipxe(plan), "\nsanboot --no-describe --drive 0x80 || "
			      "exit 1\n"),
	   "BIOS boots from disk");
	client.arch = ARCH_EFI_X64;
	plan->kind = PLAN_SCRIPT;
	plan->script = strdup("#!ipxe\nchain http://h/${x}\n");
	ok_str(ipxe(plan), plan->script, "a script as it is");
	plan_drop(plan);
}

static void test_ipxe_bootstrap(void)
{
	static const char *const initrds[] = { "./bootstrap.img", NULL };
	struct plan *plan = new_plan("./vmlinuz", initrds, "quiet");

	ok(strstr(ipxe(plan), "boot kernel initrd=initrd0 quiet "
			      "boomerang_server=http://192.0.2.1:80 "
			      "BOOTIF=01-52-54-00-00-00-01 ${parameters} "
			      "|| goto failed\n"),
	   "our bootstrap is told where to report, and what was typed");
	plan_drop(plan);
}

static void test_ipxe_wimboot(void)
{
	static const char *const initrds[] = { "/win/BCD", "/win/boot.sdi",
					       NULL };
	struct plan *plan = new_plan("http://h/wimboot", initrds, "gui");

	ipxe(plan);
	ok(strstr(out, "initrd --name boot.sdi http://192.0.2.1:80/file/"
		       "</win/boot.sdi>/boot.sdi boot.sdi || "),
	   "wimboot's files keep their names");
	ok(strstr(out, "\nboot kernel gui || goto failed\n"),
	   "wimboot is spared initrd=");
	plan_drop(plan);
}

/* What iPXE makes of a line: core/exec.c and expand_settings() in
 * core/settings.c, for settings written with "set NAME:hex XX". */
static void evaluate(const char *script, char *ret_args, size_t size)
{
	char names[16][16], values[16], line[2048];
	struct text args = text_over(ret_args, size);
	size_t count = 0;

	args.cut = false;
	while (*script) {
		size_t len = strcspn(script, "\n");
		char *save = NULL, *word;
		unsigned int value;

		(void)str_copy(line, MIN(len + 1, sizeof(line)), script);
		script += len + (script[len] == '\n');
		if (sscanf(line, "set %15[a-z]:hex %2x", names[count],
			   &value) == 2) {
			values[count++] = (char)value;
			continue;
		}
		if (strncmp(line, "boot kernel", 11) != 0)
			continue;
		if (len && line[len - 1] == '\\')
			text_add(&args, "CONTINUED");
		word = strtok_r(line + 11, " \t", &save);
		for (; word; word = strtok_r(NULL, " \t", &save)) {
			if (word[0] == '#' || str_eq(word, "||") ||
			    str_eq(word, "&&") || str_eq(word, ";"))
				return;
			text_add(&args, "%s", args.len ? " " : "");
			for (; *word; word++) {
				size_t i = 0;

				while (i < count &&
				       !(word[0] == '$' && word[1] == '{' &&
					 str_after(word + 2, names[i]) &&
					 str_after(str_after(word + 2, names[i]),
						   ":string}")))
					i++;
				text_add(&args, "%c",
					 i < count ? values[i] : *word);
				if (i < count)
					word = strchr(word, '}');
			}
		}
	}
}

static void test_ipxe_words(void)
{
	static const char *const rows[] = {
		"a b c",   "a  b",	  "a=\"x   y\" b",
		"a\tb",	   "\t a",	  "a || reboot",
		"|| && ;", "a ||",	  "a|| ||b &&& ;; ;b",
		"# a",	   "a #b c#d ##", "a  #b  || c",
		"a\\",	   "a \\",	  "\\ a\\b",
		"a ",	   "${unset",	  "$ { } 'a' \"b\" `c` %d %s",
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct plan *plan = new_plan("/k", NULL, rows[i]);
		char args[2048];

		ipxe(plan);
		evaluate(out, args, sizeof(args));
		if (!ok_str(args, rows[i], "passes iPXE as it is"))
			printf("# %s", strstr(out, "boot kernel"));
		plan_drop(plan);
	}
}

static void test_grub(void)
{
	static const char *const initrds[] = { "/srv/i1", "http://h/i2", NULL };
	struct plan *plan = new_plan("/srv/vmlinuz", initrds,
				     "a=1 b='x;y' c=\"d\te\" ${f} # $(g)");

	plan->message = strdup("it's\n-x");
	ok_str(grub(plan),
	       "echo 'it'\\''s'\n"
	       "echo ' ''-x'\n"
	       "if linux /file/</srv/vmlinuz>/vmlinuz 'a=1' "
	       "'b='\\''x;y'\\''' 'c=d e' '${f}' '#' '$(g)'; then\n"
	       "if initrd /file/</srv/i1>/i1 "
	       "(http,192.0.2.1)/file/<http://h/i2>/i2; then\n"
	       "boot\n"
	       "fi\n"
	       "fi\n"
	       "echo 'boomerang: did not load or start, on with the next "
	       "boot device in 10 s'\n"
	       "sleep 10\n"
	       "exit\n",
	       "a GRUB configuration");
	plan_drop(plan);
	plan = plan_new("it's");
	ok_str(grub(plan),
	       "echo 'boomerang: this machine is left alone: it'\\''s'\n"
	       "exit\n",
	       "GRUB leaves the machine alone");
	plan_drop(plan);
}

static void test_grub_long(void)
{
	const struct script_base other = { "http://192.0.2.1:8080" };
	char place[600] = "/";
	struct plan *plan;
	size_t len;

	memset(place + 1, 'x', sizeof(place) - 2);
	plan = new_plan(place, NULL, NULL);
	ok_int(script_grub(plan, &client, &signer, &other, out, sizeof(out),
			   &len),
	       0, "a long name");
	ok(strstr(out, "if linux (http,192.0.2.1:8080)/file/"),
	   "what TFTP cannot name goes by HTTP");
	ok_int(script_grub(plan, &client, &signer, &other, out, 100, &len),
	       -ENOBUFS, "a script that does not fit");
	ok_int(script_ipxe(plan, &client, &signer, &other, out, 100, &len),
	       -ENOBUFS, "an iPXE script that does not fit");
	plan_drop(plan);
}

static void test_names(void)
{
	static const struct {
		const char *place, *want;
	} rows[] = {
		{ "/boot/vmlinuz-6.1_x", "vmlinuz-6.1_x" },
		{ "http://h/a/b.img?c=d/e#f", "b.img" },
		{ "http://h/a/", "a" },
		{ "/", "file" },
		{ "/a/..", "-." },
		{ "/a/.x y\"\xc3\xa9", "-x-y---" },
	};
	char buf[SCRIPT_NAME_MAX], place[200] = "/";

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		ok_str(script_file_name(rows[i].place, buf), rows[i].want,
		       "a name for people");
	memset(place + 1, 'x', 150);
	memcpy(place + 140, ".efi", 5);
	ok(strlen(script_file_name(place, buf)) == SCRIPT_NAME_MAX - 1 &&
		   strstr(buf, "x.efi"),
	   "a long name keeps its end");
}

int main(void)
{
	if (signer_init(&signer) < 0)
		return 1;
	test_ipxe();
	test_ipxe_kinds();
	test_ipxe_bootstrap();
	test_ipxe_wimboot();
	test_ipxe_words();
	test_grub();
	test_grub_long();
	test_names();
	return tap_done();
}
