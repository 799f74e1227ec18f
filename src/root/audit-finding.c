/* SPDX-License-Identifier: MIT */
/* What the audit tells a person. */
#include "root/audit-internal.h"

static struct finding *add(struct findings *findings)
{
	struct finding *finding =
		arena_alloc(findings->arena, sizeof(*finding));

	if (!finding)
		return NULL;
	if (findings->last)
		findings->last->next = finding;
	else
		findings->first = finding;
	findings->last = finding;
	return finding;
}

struct finding *findings_of(struct findings *findings, enum audit_probe probe,
			    const struct change *change)
{
	const struct fact *fact = change_fact(change);
	struct finding *finding;
	struct text what, cure;

	for (finding = findings->first; finding; finding = finding->next)
		if (finding->key && finding->probe == probe &&
		    str_eq(finding->key, fact->key))
			return finding;
	finding = add(findings);
	if (!finding)
		return NULL;
	finding->probe = probe;
	finding->key = fact->key;
	finding->severity = audit_probes[probe]->severity;
	what = text_over(finding->what, sizeof(finding->what));
	cure = text_over(finding->cure, sizeof(finding->cure));
	audit_probes[probe]->describe(change, &what, &cure);
	return finding;
}

int findings_add(struct findings *findings, unsigned severity, const char *what)
{
	struct finding *finding = add(findings);

	if (!finding)
		return -ENOBUFS;
	finding->severity = severity;
	finding->remains = true;
	(void)str_copy(finding->what, sizeof(finding->what), what);
	return 0;
}

static void write_leak(const struct finding *finding, struct leak *leak)
{
	struct text text = text_over(leak->what, sizeof(leak->what));

	leak->undone = !finding->remains;
	text_add(&text, "%s", finding->what);
	if (!finding->remains)
		text_add(&text, ": %s", finding->cure);
	else if (finding->err < 0)
		text_add(&text, ": remains (%s)", strerror(-finding->err));
	else
		text_add(&text, ": remains");
	str_make_printable(leak->what);
}

static bool is_told(const struct finding *finding)
{
	return finding->remains || finding->undone;
}

/* All findings of one rank, in the order they were made. */
static void write_rank(const struct findings *findings, bool remains,
		       unsigned severity, struct leaks *leaks)
{
	for (const struct finding *finding = findings->first; finding;
	     finding = finding->next)
		if (is_told(finding) && finding->remains == remains &&
		    finding->severity == severity &&
		    leaks->listed < CONTROL_LEAKS)
			write_leak(finding, &leaks->list[leaks->listed++]);
}

void findings_write(const struct findings *findings, struct leaks *ret_leaks)
{
	memset(ret_leaks, 0, sizeof(*ret_leaks));
	for (const struct finding *finding = findings->first; finding;
	     finding = finding->next) {
		ret_leaks->count += is_told(finding);
		ret_leaks->undone += finding->undone && !finding->remains;
	}
	for (unsigned n = 0; n <= AUDIT_SEVERITY_MAX; n++)
		write_rank(findings, true, AUDIT_SEVERITY_MAX - n, ret_leaks);
	for (unsigned n = 0; n <= AUDIT_SEVERITY_MAX; n++)
		write_rank(findings, false, AUDIT_SEVERITY_MAX - n, ret_leaks);
}
