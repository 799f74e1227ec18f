/* SPDX-License-Identifier: MIT */
#include "server/policy-cmdline.h"

#include <errno.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "wire/template.h"

#define WHITE_SPACE " \t\r\n\v\f"

static int add_file(struct plan *plan, const struct template_piece *piece,
		    const struct place_base *base, struct failure *failure)
{
	_cleanup_free char *place = NULL;
	struct failure why;
	int r;

	if (!str_eq(piece->function, "URL") && !str_eq(piece->function, "ID"))
		return failure_set(failure, EINVAL,
				   "template: there is no function \"%s\", "
				   "only URL and ID",
				   piece->function);
	r = place_resolve(base, piece->value, &place, &why);
	if (r < 0)
		return failure_set(failure, -r, "{{ %s \"…\" }}: %s",
				   piece->function, why.text);
	return plan_add_cmdline(plan, true, place);
}

static void trim(struct plan *plan, size_t first)
{
	struct plan_piece *piece = &plan->cmdline[first];

	if (plan->cmdline_count == first)
		return;
	if (!piece->is_file)
		memmove(piece->text,
			piece->text + strspn(piece->text, WHITE_SPACE),
			strlen(piece->text + strspn(piece->text, WHITE_SPACE)) +
				1);
	piece = &plan->cmdline[plan->cmdline_count - 1];
	if (!piece->is_file)
		str_trim_end(piece->text);
}

static int check(const struct plan *plan, size_t first, struct failure *failure)
{
	for (size_t i = first; i < plan->cmdline_count; i++) {
		for (const char *p = plan->cmdline[i].text; *p; p++) {
			if (*p == '\n')
				return failure_set(failure, EINVAL,
						   "has a line end");
			if (((uint8_t)*p < ' ' && *p != '\t') || *p == '\x7f')
				return failure_set(failure, EINVAL,
						   "has a control character");
		}
	}
	return 0;
}

int plan_end_cmdline(struct plan *plan, size_t first, struct failure *failure)
{
	trim(plan, first);
	return check(plan, first, failure);
}

int plan_add_template(struct plan *plan, const char *text,
		      const struct place_base *base, struct failure *failure)
{
	struct template_reader reader = template_over(text);
	size_t first = plan->cmdline_count, size = strlen(text) + 1;
	_cleanup_free char *buf = malloc(size);
	struct template_piece piece;
	int r = buf ? 1 : -ENOMEM;

	while (r > 0) {
		r = template_next(&reader, buf, size, &piece, failure);
		if (r < 0)
			return -EINVAL;
		if (r > 0 && piece.kind == TEMPLATE_CALL)
			r = add_file(plan, &piece, base, failure);
		else if (r > 0)
			r = plan_add_cmdline(plan, false, piece.value);
		else
			break;
		r = r == 0 ? 1 : r;
	}
	if (r == -ENOMEM)
		return failure_errno(failure, ENOMEM, "is kept");
	if (r < 0)
		return r;
	return plan_end_cmdline(plan, first, failure);
}
