/* SPDX-License-Identifier: MIT */
#include "root/os-release.h"

#include "base/text.h"

/* Of "…", '…' and bare words, any of which may follow each other; \ as in each
 * of them. Expansions are not allowed in this file and stay as they are. */
static void unquote(const char *value, size_t len, char *ret_value, size_t size)
{
	size_t out = 0;
	char quote = '\0';

	for (size_t i = 0; i < len; i++) {
		char c = value[i];

		if (quote == '\0' && (c == '"' || c == '\'')) {
			quote = c;
			continue;
		}
		if (quote != '\0' && c == quote) {
			quote = '\0';
			continue;
		}
		if (quote == '\0' && (c == ' ' || c == '\t'))
			break;
		if (c == '\\' && quote != '\'' && i + 1 < len)
			c = value[++i];
		if (out + 1 < size)
			ret_value[out++] = c;
	}
	ret_value[out] = '\0';
	str_make_printable(ret_value);
}

bool os_release_find(const char *file, const char *variable, char *ret_value,
		     size_t size)
{
	bool found = false;

	while (*file) {
		size_t line = strcspn(file, "\r\n");
		const char *rest = str_after(file, variable);

		if (rest && *rest == '=') {
			size_t len = line - (size_t)(rest + 1 - file);

			unquote(rest + 1, len, ret_value, size);
			found = true;
		}
		file += line;
		file += strspn(file, "\r\n");
	}
	return found;
}
