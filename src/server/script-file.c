/* SPDX-License-Identifier: MIT */
#include "server/script-file.h"

#include <errno.h>

#include "server/policy-bootstrap.h"
#include "server/policy-place.h"

#define LINES_MAX 32
#define LINE_MAX  256

const char *script_file_name(const char *place,
			     char buf[static SCRIPT_NAME_MAX])
{
	bool url = place_is_url(place);
	size_t end = strcspn(place, url ? "?#" : ""), start, len;

	while (end > 0 && place[end - 1] == '/')
		end--;
	for (start = end; start > 0 && place[start - 1] != '/';)
		start--;
	/* The end of a long name has its suffix. */
	len = MIN(end - start, (size_t)SCRIPT_NAME_MAX - 1);
	start = end - len;
	for (size_t i = 0; i < len; i++) {
		char c = place[start + i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			     (c >= '0' && c <= '9') || c == '_' || c == '-' ||
			     (c == '.' && i > 0);

		buf[i] = plain ? c : '-';
	}
	buf[len] = '\0';
	if (len == 0)
		(void)str_copy(buf, SCRIPT_NAME_MAX, "file");
	return buf;
}

struct script script_begin(const struct plan *plan, const struct client *client,
			   const struct signer *signer,
			   const struct script_base *base, char *buf,
			   size_t size)
{
	return (struct script){
		.out = text_over(buf, size),
		.plan = plan,
		.client = client,
		.signer = signer,
		.base = base,
	};
}

int script_end(const struct script *script, size_t *ret_len)
{
	if (script->r < 0)
		return script->r;
	if (script->out.cut)
		return -ENOBUFS;
	*ret_len = script->out.len;
	return 0;
}

int script_file_path(const struct script *script, const char *place,
		     char buf[static SCRIPT_PATH_MAX])
{
	char token[SIGNER_TOKEN_MAX], name[SCRIPT_NAME_MAX];
	struct text out = text_over(buf, SCRIPT_PATH_MAX);
	int r = signer_seal(script->signer, &script->client->mac, place, token);

	if (r < 0)
		return r;
	text_add(&out, "file/%s/%s", token, script_file_name(place, name));
	return out.cut ? -ENOBUFS : 0;
}

/* Where the bootstrap reports, and as which machine: it may have more than one
 * network device. */
static void add_report(const struct script *script, struct text *out)
{
	const uint8_t *mac = script->client->mac.bytes;

	text_add(out, "%sboomerang_server=%s", out->len ? " " : "",
		 script->base->http);
	text_add(out, " BOOTIF=01-%02x-%02x-%02x-%02x-%02x-%02x", mac[0],
		 mac[1], mac[2], mac[3], mac[4], mac[5]);
}

int script_cmdline(const struct script *script,
		   char buf[static SCRIPT_CMDLINE_MAX])
{
	struct text out = text_over(buf, SCRIPT_CMDLINE_MAX);
	const struct plan *plan = script->plan;
	char path[SCRIPT_PATH_MAX];

	for (size_t i = 0; i < plan->cmdline_count; i++) {
		const struct plan_piece *piece = &plan->cmdline[i];

		if (!piece->is_file) {
			text_add(&out, "%s", piece->text);
			continue;
		}
		int r = script_file_path(script, piece->text, path);

		if (r < 0)
			return r;
		text_add(&out, "%s/%s", script->base->http, path);
	}
	if (bootstrap_is(plan))
		add_report(script, &out);
	if (out.cut)
		return -ENOBUFS;
	return strpbrk(buf, "\n\r") ? -EINVAL : 0;
}

void script_each_line(const char *text, void *to,
		      void (*line)(void *to, const char *text))
{
	char buf[LINE_MAX];

	for (int i = 0; *text && i < LINES_MAX; i++) {
		size_t len = strcspn(text, "\n");

		(void)str_copy(buf, MIN(len + 1, sizeof(buf)), text);
		str_trim_end(buf);
		str_make_printable(buf);
		line(to, buf);
		text += len + (text[len] == '\n');
	}
}
