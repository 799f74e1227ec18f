/* SPDX-License-Identifier: MIT */
#include "image/decode.h"

const struct decoder *decoder_of(enum image_kind kind)
{
	switch (kind) {
	case KIND_TAR_GZIP:
		return &decoder_gzip;
	case KIND_TAR_ZSTD:
		return &decoder_zstd;
	case KIND_TAR_XZ:
		return &decoder_xz;
	case KIND_TAR_LZ4:
		return &decoder_lz4;
	case KIND_UNKNOWN:
	case KIND_TAR:
	case KIND_CPIO:
	case KIND_SQUASHFS:
	case KIND_EROFS:
	case KIND_DISK:
	case KIND_QCOW2:
	case KIND_ISO:
		break;
	}
	return NULL;
}

const char *decode_status_text(enum decode_status status)
{
	switch (status) {
	case DECODE_GOOD:
		return "is good";
	case DECODE_DAMAGED:
		return "is damaged";
	case DECODE_CHECKSUM:
		return "is damaged: its check sum differs";
	case DECODE_RUBBISH:
		return "is followed by something else";
	case DECODE_WINDOW:
		return "needs more than 128 MB to decompress: compress it with "
		       "a smaller window";
	case DECODE_MEMORY:
		return "cannot be decompressed: no memory";
	}
	return "cannot be decompressed";
}
