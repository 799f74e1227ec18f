/* SPDX-License-Identifier: MIT */
#include "wire/pe.h"

#include <errno.h>

#define DOS_MAGIC     "MZ"
#define DOS_PE_OFFSET 0x3c /* where the PE header is */
#define PE_MAGIC      "PE\0"
#define PE_MAGIC_LEN  4

#define OPTIONAL_PE32	   0x010b
#define OPTIONAL_PE32_PLUS 0x020b

/* In the optional header: how many directories, and they behind it. */
#define DIRECTORIES_PE32      92
#define DIRECTORIES_PE32_PLUS 108
#define DIRECTORY_SIZE	      8
#define CERTIFICATE_TABLE     4 /* which of them */

#define REVISION_2	 0x0200
#define PKCS_SIGNED_DATA 0x0002

static int parse_optional(struct view v, struct pe *pe)
{
	struct view magic = v;
	size_t offset;
	uint32_t count;

	switch (view_le16(&magic)) {
	case OPTIONAL_PE32:
		offset = DIRECTORIES_PE32;
		break;
	case OPTIONAL_PE32_PLUS:
		offset = DIRECTORIES_PE32_PLUS;
		break;
	default:
		return -EBADMSG;
	}
	v = view_at(v, offset);
	count = view_le32(&v);
	if (v.bad || count <= CERTIFICATE_TABLE)
		return v.bad ? -EBADMSG : 0;
	view_skip(&v, (size_t)CERTIFICATE_TABLE * DIRECTORY_SIZE);
	pe->certificates = view_le32(&v);
	pe->certificates_size = view_le32(&v);
	return v.bad ? -EBADMSG : 0;
}

int pe_parse(struct view v, struct pe *ret_pe)
{
	struct view offset = view_at(v, DOS_PE_OFFSET), optional;
	struct pe pe = { 0 };
	int r;

	if (!view_starts(v, DOS_MAGIC, strlen(DOS_MAGIC)))
		return -EBADMSG;
	v = view_at(v, view_le32(&offset));
	if (offset.bad || !view_starts(v, PE_MAGIC, PE_MAGIC_LEN))
		return -EBADMSG;
	view_skip(&v, PE_MAGIC_LEN);
	pe.machine = view_le16(&v);
	view_skip(&v, 2 + 4 + 4 + 4); /* sections, date, symbols */
	optional = view_at(v, 2 + 2); /* its length, characteristics */
	r = parse_optional(optional, &pe);
	if (r < 0)
		return r;
	*ret_pe = pe;
	return 0;
}

bool pe_is_signature(struct view v, uint32_t size)
{
	uint32_t length = view_le32(&v);
	uint16_t revision = view_le16(&v);
	uint16_t type = view_le16(&v);

	return !v.bad && length > PE_CERTIFICATE_HEADER && length <= size &&
	       revision == REVISION_2 && type == PKCS_SIGNED_DATA;
}
