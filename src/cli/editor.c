/* SPDX-License-Identifier: MIT */
/*
 * libedit with three keys of our own. While a line is edited the terminal
 * sends no signals, so that Ctrl+C is such a key: libedit starts a read again
 * that a signal interrupted.
 */
#include "cli/editor.h"

#include <histedit.h>
#include <signal.h>

#include "base/cleanup.h"
#include "base/text.h"

#define HISTORY_LINES 200

struct editor {
	EditLine *el;
	History *history;
	const char *prompt;
	void (*complete_from)(struct complete_source *ret_source);
	bool ends;    /* by Ctrl+D */
	bool dropped; /* the line being read is not to be returned */
};

static struct editor *editor_of(EditLine *el)
{
	void *editor = NULL;

	el_get(el, EL_CLIENTDATA, &editor);
	return editor;
}

static FILE *output_of(EditLine *el)
{
	FILE *out = stdout;

	el_get(el, EL_GETFP, 1, &out);
	return out;
}

static char *show_prompt(EditLine *el)
{
	return (char *)(uintptr_t)editor_of(el)->prompt;
}

static unsigned char drop_line(EditLine *el, const char *shown)
{
	fputs(shown, output_of(el));
	editor_of(el)->dropped = true;
	return CC_NEWLINE;
}

static unsigned char key_interrupt(EditLine *el, int key _unused)
{
	return drop_line(el, "^C\n");
}

static unsigned char key_end(EditLine *el, int key _unused)
{
	const LineInfo *line = el_line(el);

	if (line->lastchar == line->buffer && editor_of(el)->ends)
		return CC_EOF;
	if (line->lastchar == line->buffer)
		return drop_line(el, "\n");
	if (line->cursor == line->lastchar)
		return CC_ERROR;
	el_cursor(el, 1);
	el_deletestr(el, 1);
	return CC_REFRESH;
}

static void list_words(EditLine *el, const struct completion *completion)
{
	FILE *out = output_of(el);

	fputc('\n', out);
	for (size_t i = 0; i < completion->count; i++)
		fprintf(out, "%s\n", completion->word[i]);
}

/* Adds what all the choices share; when that is nothing, lists them. */
static unsigned char complete(EditLine *el, const struct completion *completion)
{
	const char *first = completion->word[0];
	bool whole = completion->count == 1 && !first[completion->common];
	char more[4096];
	struct text text = text_over(more, sizeof(more));

	text_add(&text, "%.*s", (int)(completion->common - completion->typed),
		 first + completion->typed);
	if (whole && first[completion->common - 1] != '/')
		text_add(&text, " ");
	if (text.len == 0) {
		list_words(el, completion);
		return CC_REDISPLAY;
	}
	return el_insertstr(el, more) < 0 ? CC_ERROR : CC_REFRESH;
}

static unsigned char key_complete(EditLine *el, int key _unused)
{
	const LineInfo *line = el_line(el);
	_cleanup_free char *typed =
		strndup(line->buffer, (size_t)(line->cursor - line->buffer));
	struct complete_source source;
	struct completion completion;
	unsigned char answer = CC_ERROR;

	if (!typed)
		return CC_ERROR;
	editor_of(el)->complete_from(&source);
	complete_line(typed, &source, &completion);
	if (completion.count > 0)
		answer = complete(el, &completion);
	completion_done(&completion);
	return answer;
}

static void set_keys(EditLine *el)
{
	static const struct {
		const char *key, *name, *help;
		unsigned char (*press)(EditLine *el, int key);
	} keys[] = {
		{ "^C", "boomerang-interrupt", "drop the line", key_interrupt },
		{ "^D", "boomerang-end", "delete, or end", key_end },
		{ "^I", "boomerang-complete", "complete", key_complete },
	};

	el_set(el, EL_SETTY, "-d", "-isig", NULL);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		el_set(el, EL_ADDFN, keys[i].name, keys[i].help, keys[i].press);
		el_set(el, EL_BIND, keys[i].key, keys[i].name, NULL);
	}
}

struct editor *
editor_new(const char *prompt,
	   void (*complete_from)(struct complete_source *ret_source))
{
	struct editor *editor = calloc(1, sizeof(*editor));
	HistEvent event;

	if (!editor)
		return NULL;
	editor->prompt = prompt;
	editor->complete_from = complete_from;
	editor->history = history_init();
	editor->el = el_init("boomerang", stdin, stdout, stderr);
	if (!editor->history || !editor->el)
		return editor_free(editor);
	history(editor->history, &event, H_SETSIZE, HISTORY_LINES);
	history(editor->history, &event, H_SETUNIQUE, 1);
	el_set(editor->el, EL_CLIENTDATA, editor);
	el_set(editor->el, EL_PROMPT, show_prompt);
	el_set(editor->el, EL_HIST, history, editor->history);
	el_set(editor->el, EL_EDITOR, "emacs");
	/* PID 1 writes a line now and then, and sends SIGCONT: the prompt is
	 * shown anew below it. */
	el_set(editor->el, EL_SIGNAL, 1);
	/* libedit hands SIGHUP on to what it found; that a terminal is gone
	 * is told by the read, and is an orderly end. */
	signal(SIGHUP, SIG_IGN);
	set_keys(editor->el);
	return editor;
}

struct editor *editor_free(struct editor *editor)
{
	if (editor->el)
		el_end(editor->el);
	if (editor->history)
		history_end(editor->history);
	free(editor);
	return NULL;
}

void editor_end_by_key(struct editor *editor)
{
	editor->ends = true;
}

const char *editor_read(struct editor *editor)
{
	const char *line;
	int len;

	editor->dropped = false;
	/* el_gets() would do it only after it showed the prompt, and keys
	 * pressed in between would be the kernel's. */
	el_set(editor->el, EL_PREP_TERM, 1);
	line = el_gets(editor->el, &len);
	if (editor->dropped)
		return "";
	return len > 0 ? line : NULL;
}

void editor_remember(struct editor *editor, const char *line)
{
	HistEvent event;

	if (line[strspn(line, " \t\r\n")])
		history(editor->history, &event, H_ENTER, line);
}
