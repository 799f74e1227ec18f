/* SPDX-License-Identifier: MIT */
/*
 * As Pixiecore reads it (its encoding/json): names of fields in either case,
 * null is the same as absent, fields that are not known do not matter.
 */
#include "server/api-answer.h"

#include <errno.h>
#include <jansson.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "server/policy-cmdline.h"

struct answer {
	const struct api_context *context;
	struct place_base base;
	json_t *root;
	struct plan *plan;
};

static void cleanup_json(json_t **json)
{
	json_decref(*json);
}

/* --- fields --- */

static json_t *field(const struct answer *answer, const char *name)
{
	json_t *value = json_object_get(answer->root, name), *other;
	const char *key;

	if (!value)
		json_object_foreach(answer->root, key,
				    other) if (strcasecmp(key, name) == 0)
			value = other;
	return json_is_null(value) ? NULL : value;
}

/* *ret_text is NULL when there is none, or an empty one. */
static int text_field(const struct answer *answer, const char *name,
		      const char **ret_text, struct failure *failure)
{
	json_t *value = field(answer, name);

	if (value && !json_is_string(value))
		return failure_set(failure, EBADMSG, "%s is not a string",
				   name);
	*ret_text =
		json_string_length(value) > 0 ? json_string_value(value) : NULL;
	return 0;
}

static int no_memory(struct failure *failure)
{
	return failure_errno(failure, ENOMEM, "the plan");
}

static int copy_field(const struct answer *answer, const char *name,
		      char **ret_copy, struct failure *failure)
{
	const char *text;
	int r = text_field(answer, name, &text, failure);

	if (r < 0 || !text)
		return r;
	*ret_copy = strdup(text);
	return *ret_copy ? 0 : no_memory(failure);
}

static int resolve(const struct answer *answer, const char *name,
		   const char *text, char **ret_place, struct failure *failure)
{
	struct failure why;
	int r = place_resolve(&answer->base, text, ret_place, &why);

	return r < 0 ? failure_set(failure, EBADMSG, "%s: %s", name, why.text)
		     : 0;
}

static int resolve_image(const struct answer *answer, const char *text,
			 char **ret_place, struct failure *failure)
{
	struct failure why;
	int r = place_resolve_image(&answer->base, text, ret_place, &why);

	return r < 0 ? failure_set(failure, EBADMSG, "image: %s", why.text) : 0;
}

static int add_initrds(struct answer *answer, struct failure *failure)
{
	struct plan *plan = answer->plan;
	json_t *list = field(answer, "initrd"), *item;
	size_t i;
	int r = 0;

	if (list && !json_is_array(list))
		return failure_set(failure, EBADMSG, "initrd is not a list");
	if (json_array_size(list) + plan->initrd_count > PLAN_INITRDS_MAX)
		return failure_set(failure, EBADMSG, "more than %d initrds",
				   PLAN_INITRDS_MAX);
	json_array_foreach(list, i, item)
	{
		if (!json_is_string(item))
			return failure_set(failure, EBADMSG,
					   "initrd has something other than "
					   "strings");
		r = resolve(answer, "initrd", json_string_value(item),
			    &plan->initrds[plan->initrd_count], failure);
		if (r < 0)
			break;
		plan->initrd_count++;
	}
	return r;
}

/* --- the command line --- */

static int add_text(struct answer *answer, const char *text)
{
	return plan_add_cmdline(answer->plan, false, text);
}

/* As Go's %q writes it. */
static int add_quoted(struct answer *answer, const char *text)
{
	static const char escapes[] = "a\ab\bf\fn\nr\rt\tv\v\\\\\"\"";
	size_t size = 4 * strlen(text) + 3;
	_cleanup_free char *buf = malloc(size);
	struct text out;

	if (!buf)
		return -ENOMEM;
	out = text_over(buf, size);
	text_add(&out, "\"");
	for (; *text; text++) {
		const char *p = escapes;

		while (*p && p[1] != *text)
			p += 2;
		if (*p)
			text_add(&out, "\\%c", *p);
		else if ((uint8_t)*text < ' ' || *text == '\x7f')
			text_add(&out, "\\x%02x", (unsigned int)*text);
		else
			text_add(&out, "%c", *text);
	}
	text_add(&out, "\"");
	return add_text(answer, buf);
}

static int add_url(struct answer *answer, json_t *value,
		   struct failure *failure)
{
	json_t *url = json_object_get(value, "url");
	_cleanup_free char *place = NULL;
	int r;

	if (!json_is_string(url))
		return failure_set(failure, EBADMSG,
				   "cmdline: an object without \"url\"");
	r = resolve(answer, "cmdline", json_string_value(url), &place, failure);
	return r < 0 ? r : plan_add_cmdline(answer->plan, true, place);
}

static int add_option(struct answer *answer, const char *key, json_t *value,
		      struct failure *failure)
{
	int r = add_text(answer, key);

	if (r < 0 || json_is_boolean(value))
		return r;
	if (!json_is_string(value) && !json_is_object(value))
		return failure_set(failure, EBADMSG,
				   "cmdline: \"%.60s\" is neither a string, "
				   "a boolean nor an object",
				   key);
	r = add_text(answer, "=");
	if (r < 0)
		return r;
	return json_is_string(value)
		       ? add_quoted(answer, json_string_value(value))
		       : add_url(answer, value, failure);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int add_options(struct answer *answer, json_t *object,
		       struct failure *failure)
{
	size_t count = json_object_size(object), n = 0;
	_cleanup_free const char **keys = calloc(count + 1, sizeof(*keys));
	size_t first = answer->plan->cmdline_count;
	const char *key;
	json_t *value;
	int r = keys ? 0 : -ENOMEM;

	if (keys)
		json_object_foreach(object, key, value) keys[n++] = key;
	if (n > 1)
		qsort(keys, n, sizeof(*keys), compare);
	for (size_t i = 0; i < n && r == 0; i++) {
		if (i > 0)
			r = add_text(answer, " ");
		if (r == 0)
			r = add_option(answer, keys[i],
				       json_object_get(object, keys[i]),
				       failure);
	}
	if (r == -ENOMEM)
		return no_memory(failure);
	return r < 0 ? r : plan_end_cmdline(answer->plan, first, failure);
}

static int add_cmdline(struct answer *answer, struct failure *failure)
{
	json_t *cmdline = field(answer, "cmdline");
	struct failure why = { 0 };
	int r;

	if (!cmdline)
		return 0;
	if (!json_is_string(cmdline) && !json_is_object(cmdline))
		return failure_set(failure, EBADMSG,
				   "cmdline is neither a string nor an object");
	if (answer->plan->cmdline_count > 0 && add_text(answer, " ") < 0)
		return no_memory(failure);
	if (json_is_object(cmdline))
		r = add_options(answer, cmdline, &why);
	else
		r = plan_add_template(answer->plan, json_string_value(cmdline),
				      &answer->base, &why);
	if (r == 0)
		return 0;
	return failure_set(
		failure, EBADMSG, "%s%s",
		str_after(why.text, "cmdline") ? "" : "cmdline: ", why.text);
}

/* --- plans --- */

static int fill_linux(struct answer *answer, struct failure *failure)
{
	_cleanup_free char *image = NULL;
	const char *kernel, *reference;
	struct plan *plan = answer->plan;
	int r;

	plan->kind = PLAN_LINUX;
	r = text_field(answer, "kernel", &kernel, failure);
	if (r == 0)
		r = text_field(answer, "image", &reference, failure);
	if (r < 0)
		return r;
	if (!kernel == !reference)
		return failure_set(failure, EBADMSG,
				   kernel ? "kernel and image at once"
					  : "no kernel");
	if (kernel)
		r = resolve(answer, "kernel", kernel, &plan->kernel, failure);
	else
		r = resolve_image(answer, reference, &image, failure);
	if (r == 0 && image)
		r = bootstrap_plan_image(answer->context->bootstrap, plan,
					 image, failure);
	if (r == 0)
		r = add_initrds(answer, failure);
	if (r == 0)
		r = add_cmdline(answer, failure);
	if (r == 0)
		r = copy_field(answer, "message", &plan->message, failure);
	return r;
}

static int fill(struct answer *answer, struct failure *failure)
{
	struct plan *plan = answer->plan;
	json_t *local;
	int r;

	r = copy_field(answer, "ipxe-script", &plan->script, failure);
	if (r < 0)
		return r;
	if (plan->script) {
		plan->kind = PLAN_SCRIPT;
		return 0;
	}
	r = copy_field(answer, "loader", &plan->loader, failure);
	if (r < 0)
		return r;
	if (plan->loader && !plan_loader_fits(plan->loader))
		return failure_set(failure, EBADMSG,
				   "loader is no name of a file");
	local = field(answer, "local");
	if (local && !json_is_boolean(local))
		return failure_set(failure, EBADMSG,
				   "local is neither true nor false");
	if (json_is_true(local)) {
		plan->kind = PLAN_LOCAL;
		return 0;
	}
	return fill_linux(answer, failure);
}

int api_answer_parse(const struct api_context *context, const char *body,
		     size_t len, struct plan **ret_plan,
		     struct failure *failure)
{
	_cleanup(cleanup_json) json_t *root = NULL;
	_cleanup_plan struct plan *plan = NULL;
	struct answer answer;
	json_error_t error;
	int r;

	if (len > API_ANSWER_MAX)
		return failure_set(failure, EBADMSG, "more than %zu KiB",
				   API_ANSWER_MAX / KIB);
	root = json_loadb(body, len, 0, &error);
	if (!root)
		return failure_set(failure, EBADMSG, "not JSON: %s, line %d",
				   error.text, error.line);
	if (!json_is_object(root))
		return failure_set(failure, EBADMSG, "not a JSON object");
	plan = plan_new("API");
	if (!plan)
		return no_memory(failure);
	answer = (struct answer){
		.context = context,
		.base.url = context->base_url,
		.root = root,
		.plan = plan,
	};
	r = fill(&answer, failure);
	if (r < 0)
		return r;
	*ret_plan = TAKE_PTR(plan);
	return 0;
}
