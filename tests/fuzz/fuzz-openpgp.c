/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "image/openpgp.h"

#define WHO "D449471CB5A433A3FB1FA04C7C363A454297CA9F"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is believed names a signer that may sign, and has no bad signature. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free char *text = malloc(size + 1);
	struct openpgp_signer signer;
	struct failure failure;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (openpgp_judge(text, WHO, "m", &signer, &failure) == 0 &&
	    (strcasecmp(signer.fingerprint, WHO) != 0 ||
	     !str_is_printable(signer.name) ||
	     strstr(text, "\n[GNUPG:] BADSIG ")))
		abort();
	(void)!openpgp_judge(text, NULL, "m", &signer, &failure);
	return 0;
}
